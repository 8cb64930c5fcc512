"""How dates, times and missing numbers are written, in one way on all pages."""
