"""What an operator still has to be told of the deck: the newest frame, nothing older.

Pure. Must not know what it says, or who may read it.
"""


class DeckOutbox:
    """Merged: a frame that was not taken yet is replaced by the next."""

    def __init__(self) -> None:
        self.is_open = False
        self._waiting: str | None = None

    @property
    def is_behind(self) -> bool:
        """Say whether there is something to tell."""
        return self._waiting is not None

    def open(self) -> None:
        """Want the channel; it begins with the next frame that is made."""
        self.is_open = True

    def close(self) -> None:
        """Want the channel no more."""
        self.is_open = False
        self._waiting = None

    def offer(self, frame: str) -> None:
        """Take the newest frame."""
        self._waiting = frame

    def take(self) -> list[str]:
        """Return the newest frame, once."""
        frame, self._waiting = self._waiting, None
        return [] if frame is None else [frame]
