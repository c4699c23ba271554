"""The probability against one feature, drawn."""
