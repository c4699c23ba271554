"""The Predict page: a scenario, its answer, and why."""
