"""What each reader gets of the market, and when; the same for every transport."""
