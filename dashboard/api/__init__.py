"""The market over REST, for programs and for charts of others."""
