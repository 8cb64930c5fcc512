"""The servers that can serve the application, each made to wait for slow readers."""
