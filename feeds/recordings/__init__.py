"""Feeds on disk: written, read back to the byte, made of tables; and the rows that name them."""
