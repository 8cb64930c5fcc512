"""A feed from an external WebSocket: what it says, what is kept of it, and the connection."""
