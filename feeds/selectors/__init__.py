"""Reads the rows of the market; must not write."""
