"""What a market is: instruments, events, bars, the board and the tape.

Pure. Must not know feeds' plans, sessions, or where events come from and go to.
"""
