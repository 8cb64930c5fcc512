"""The market over REST and UDF, for programs and other charts."""
