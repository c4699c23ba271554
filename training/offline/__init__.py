"""The report in one file: it opens without a server and without a network, and its sliders work."""
