"""The Curve page: the probability along one feature, or over two."""
