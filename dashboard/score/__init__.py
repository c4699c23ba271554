"""Score a file: bars or rows in, probabilities and calls out."""
