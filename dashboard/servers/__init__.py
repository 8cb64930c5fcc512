"""The servers that can run the application, each with back-pressure for slow readers."""
