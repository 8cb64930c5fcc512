"""The only writers of the market's rows; they audit each change."""
