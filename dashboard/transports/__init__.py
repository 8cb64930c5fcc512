"""The mouths of a subscriber: each only carries frames between a socket and one Subscriber."""
