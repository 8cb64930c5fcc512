"""The simulated market: prices, quotes and trades drawn from a seed.

Pure. Must not know phases, the tape or database rows.
"""
