"""What people do to a market on purpose: shocks of its prices and regimes of its volatility."""
