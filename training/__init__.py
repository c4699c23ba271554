"""From raw bars to a feature table to a bundle; knows no web or dashboard framework."""
