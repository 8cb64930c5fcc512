"""The pages that people read, rendered by the server."""
