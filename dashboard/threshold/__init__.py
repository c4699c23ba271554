"""The Threshold page: what calling earlier or later is worth."""
