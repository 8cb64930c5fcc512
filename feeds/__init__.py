"""The market. Knows nothing of users, sockets or HTML; never imports dashboard."""
