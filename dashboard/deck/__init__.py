"""The flight deck: what operators see of the running market, and what they can do."""
