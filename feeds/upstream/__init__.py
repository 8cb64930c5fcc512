"""Feeds from an external WebSocket: its messages, the inbox for them, and the connection."""
