"""The trading session of a feed: which phase each instrument is in, and which ticks may exist."""
