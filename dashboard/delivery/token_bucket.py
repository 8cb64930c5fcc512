"""How much somebody may ask for: so many a second, with a burst (a token bucket).

Pure. Must not know what is asked.
"""


class TokenBucket:
    """Earns `per_s` a second up to `burst`."""

    def __init__(self, *, per_s: float, burst: float, now_s: float) -> None:
        self._per_s = per_s
        self._burst = burst
        self._left = burst
        self._looked_s = now_s

    def spend(self, now_s: float) -> bool:
        """Take one, if there is one; what is refused costs nothing."""
        self._earn(now_s)
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def is_full(self, now_s: float) -> bool:
        """Say whether nothing was asked for lately."""
        self._earn(now_s)
        return self._left >= self._burst

    def _earn(self, now_s: float) -> None:
        self._left = min(self._burst, self._left + (now_s - self._looked_s) * self._per_s)
        self._looked_s = now_s
