"""Carries batches and pokes between processes, in memory or over Redis."""
