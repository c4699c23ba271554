"""What tells that features or rows know more than they could: the parts of the leak probe."""
