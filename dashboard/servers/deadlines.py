"""A deadline of a connection, one at a time. Bytes that arrive do not move it."""

from collections.abc import Callable
from typing import Any, Protocol


class Timer(Protocol):
    """A call that will be made, unless it is cancelled."""

    def cancel(self) -> Any:
        """Forget the call."""


class Deadline:
    """Calls a function when the time is over; a new time replaces the one before."""

    def __init__(self, call_later: Callable[..., Timer]) -> None:
        self._call_later = call_later
        self._timer: Timer | None = None

    @property
    def is_set(self) -> bool:
        """Say whether a time runs."""
        return self._timer is not None

    def start(self, seconds: float, end: Callable[..., None], *args: Any) -> None:
        """Call `end` after so many seconds."""
        self.cancel()
        self._timer = self._call_later(seconds, self._end, end, args)

    def cancel(self) -> None:
        """Stop the time that runs, if one does."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _end(self, end: Callable[..., None], args: tuple[Any, ...]) -> None:
        self._timer = None
        end(*args)
