"""What the Retrain page is made of: data, settings, a run, its challenger, and what that changes."""
