"""What a market is: instruments, events, bars, the board and the tape. Pure."""
