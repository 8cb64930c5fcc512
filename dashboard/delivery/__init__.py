"""One position for every subscriber, whatever transport carries it."""
