"""Statistics of a tape: does it look like a real market?

Pure. Must not know how the tape was made, or who shows the result.
"""
