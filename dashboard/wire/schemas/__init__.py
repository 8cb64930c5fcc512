"""The shapes of all frames and answers of the wire, as types. Pure."""
