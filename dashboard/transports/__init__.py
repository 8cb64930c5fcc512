"""The transports: each carries frames between a socket and one connection of the hub."""
