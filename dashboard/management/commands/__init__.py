"""Commands of the site: what serves, runs and measures it."""
