"""Many readers at once, over any transport, and what they saw from outside."""
