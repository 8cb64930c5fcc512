"""The simulated market: prices, quotes and trades drawn from a seed. Pure."""
