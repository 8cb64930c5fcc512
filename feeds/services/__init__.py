"""The only writers of the market's rows; each change is audited."""
