"""What an operator still has to receive of the deck: the newest frame, nothing older.

Pure. Must not know what the frame says, or who may read it.
"""


class DeckOutbox:
    """Merged: the next frame replaces the one that is still `waiting` to be sent."""

    __slots__ = ("is_open", "waiting")

    def __init__(self) -> None:
        self.is_open = False
        self.waiting: str | None = None

    def open(self) -> None:
        """Subscribe; the channel begins with the next frame that is made."""
        self.is_open = True

    def close(self) -> None:
        """Unsubscribe, and drop a frame that waits."""
        self.is_open = False
        self.waiting = None

    def offer(self, frame: str) -> None:
        """Take the newest frame."""
        self.waiting = frame

    def take(self) -> list[str]:
        """Return the newest frame if it was not returned before."""
        frame, self.waiting = self.waiting, None
        return [] if frame is None else [frame]
