"""Recordings of feeds in Parquet files: written, read back to the byte, imported, replayed."""
