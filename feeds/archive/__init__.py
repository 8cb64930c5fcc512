"""Closed bars in the database: what they are, who writes them, and how they are read."""
