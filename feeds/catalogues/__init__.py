"""The instruments of a feed as a CSV table: written, read, compared with the rows, and applied."""
