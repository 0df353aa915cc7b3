"""Measurements, with ratios within one run: `make bench`."""
