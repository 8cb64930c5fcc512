"""Figures as the table shows them, and where they are read."""

import time
from collections import Counter
from collections.abc import Iterable

from dashboard.servers.limits import MIB


def as_mib(count: int) -> str:
    """Return bytes as MiB."""
    return f"{count / MIB:.1f} MiB"


def as_s(seconds: float) -> str:
    """Return seconds with as many digits as they are worth."""
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds:.2f} s"


def counted(answers: Iterable[object]) -> str:
    """Return how often each answer came, the most frequent first, as in `403 (11), 400 (1)`."""
    return ", ".join(f"{answer} ({n})" for answer, n in Counter(answers).most_common())


def status_of(answer: bytes) -> int:
    """Return the status of a response; 0 if there is none."""
    line = answer.partition(b"\r\n")[0].split()
    return int(line[1]) if len(line) > 1 and line[0].startswith(b"HTTP/") else 0


class Stopwatch:
    """Counts seconds from where it was made."""

    def __init__(self) -> None:
        self._begun_s = time.monotonic()

    @property
    def s(self) -> float:
        """Return the seconds until now."""
        return time.monotonic() - self._begun_s
