"""How real a market looks: statistics of a tape, and what collects them. Pure."""
