"""Commands of the market, which know no users."""
