"""A load test: many readers over one transport, and what they received."""
