"""The pages of where notifications go besides the pages."""
