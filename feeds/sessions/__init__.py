"""The trading session of a feed: the phase of each instrument, and the ticks that it admits.

Pure. Must not know how ticks are drawn, or who reads the tape.
"""
