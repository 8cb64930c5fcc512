"""A token bucket: so many requests or commands per second, with a burst.

Pure. Must not know what is counted.
"""


class TokenBucket:
    """Earns `per_s` tokens a second, and holds at most `burst`."""

    __slots__ = ("_burst", "_left", "_looked_s", "_per_s")

    def __init__(self, *, per_s: float, burst: float, now_s: float) -> None:
        self._per_s = per_s
        self._burst = burst
        self._left = burst
        self._looked_s = now_s

    def spend(self, now_s: float) -> bool:
        """Take a token; return False if there is none, which costs nothing."""
        self._earn(now_s)
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def is_full(self, now_s: float) -> bool:
        """Say whether the bucket holds as much as it can, so that it may be forgotten."""
        self._earn(now_s)
        return self._left >= self._burst

    def _earn(self, now_s: float) -> None:
        self._left = min(self._burst, self._left + (now_s - self._looked_s) * self._per_s)
        self._looked_s = now_s
