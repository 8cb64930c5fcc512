"""The flight deck: what operators are told of the running market, and what they can do."""
