"""People's alerts: rules, the judge of every raw tick, and the rows they leave."""
