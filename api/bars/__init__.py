"""Daily bars to the prediction for their last day."""
