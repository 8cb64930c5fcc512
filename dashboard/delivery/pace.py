"""How often one reader gets merged frames, and why: its wish, its painting and its line.

Pure. Must not know frames or sockets. A reader that says what it painted has credit: when it stops
saying so, or painting takes too much of its time, frames come less often and conflate meanwhile.
"""

from collections import deque
from typing import Final

from dashboard.wire.registry import DEFAULT_RATE, MAX_RATE, MIN_RATE

PAINT_SHARE: Final = 0.15
"""Share of its time that a page may spend on painting prices: 38 ms allow 4 frames per second."""
CREDIT_S: Final = 3.0
"""Frames of this long may be unpainted: a page says so once a second, over a slow line."""
GRID_S: Final = 0.05
"""A frame may be this late without being late: it waited for a batch, which come every 40 ms."""
MEMORY: Final = 0.7
"""Weight of what was known of the line before the last frame."""
NOTHING_MS: Final = 1.0
"""A line that takes a frame within this time limits nothing."""
NEWS_S: Final = 1.0
"""The reader is told of another pace at most this often, and only when it changed by a fifth."""
NEWS_RATIO: Final = 1.2


class ReaderPace:
    """When the next merged frame is due; `rate` is frames per second.

    `is_news` says that rate or reason may be other than the reader was told.
    """

    def __init__(self, now_s: float) -> None:
        self.is_paused = False
        self.due_s = now_s
        self.max_rate = DEFAULT_RATE
        self._interval_s = 1 / DEFAULT_RATE
        self._paint_ms = 0.0
        self._wait_ms = 0.0
        self._unpainted: deque[int] | None = None
        self.is_news = False
        self._announced = (DEFAULT_RATE, "")
        self._announced_s = now_s

    @property
    def rate(self) -> float:
        """Return how many frames per second there are now."""
        return 1 / self._interval_s

    def is_due(self, now_s: float) -> bool:
        """Say whether a merged frame may go."""
        return now_s >= self.due_s and not self.is_paused

    def limit(self, max_rate: float, now_s: float) -> None:
        """Take the reader's wish, in frames per second."""
        self.max_rate = max_rate
        self._find_interval()
        self.due_s = min(self.due_s, now_s + self._interval_s)

    def send(self, sequence: int, now_s: float) -> None:
        """Note that a frame up to `sequence` goes; after a rest the next is an interval off."""
        self.due_s = (now_s if now_s - self.due_s > GRID_S else self.due_s) + self._interval_s
        if self._unpainted is not None:
            self._forget_other_epoch(sequence)
            self._unpainted.append(sequence)
            if self._is_out_of_credit():
                self._find_interval()

    def paint(self, sequence: int, paint_ms: float, now_s: float) -> None:
        """Note that everything up to `sequence` was painted, each frame within `paint_ms`."""
        unpainted = self._unpainted = self._unpainted or deque(maxlen=self._credit())
        while unpainted and unpainted[0] <= sequence:
            unpainted.popleft()
        self._paint_ms = paint_ms
        self._find_interval()
        self.due_s = min(self.due_s, now_s + self._interval_s)

    def wait(self, seconds: float) -> None:
        """Note how long the line took for a frame, 0 when it took it at once."""
        wait_ms = seconds * 1000
        if wait_ms < NOTHING_MS and self._wait_ms < NOTHING_MS:
            return
        self._wait_ms = MEMORY * self._wait_ms + (1 - MEMORY) * wait_ms
        self._find_interval()

    def take_news(self, now_s: float) -> tuple[float, str] | None:
        """Return rate and reason when the reader should hear of another pace."""
        rate, reason = round(self.rate, 1), self.reason
        was, why = self._announced
        is_same = bool(reason) == bool(why) and 1 / NEWS_RATIO < rate / was < NEWS_RATIO
        if not is_same and now_s - self._announced_s < NEWS_S:
            return None
        self.is_news = False
        if is_same:
            return None
        self._announced, self._announced_s = (rate, reason), now_s
        return self._announced

    def _find_interval(self) -> None:
        limits = [self.max_rate, self._paint_rate(), self._line_rate()]
        if self._is_out_of_credit():
            limits.append(MIN_RATE)
        self._interval_s = 1 / max(MIN_RATE, min(limits))
        self.is_news = True

    @property
    def reason(self) -> str:
        """Return what limits the rate; empty when only the reader's wish does."""
        if self._is_out_of_credit():
            return "nothing painted"
        if self._paint_rate() < min(self.max_rate, self._line_rate()):
            return f"paint {self._paint_ms:.0f} ms"
        return f"line {self._wait_ms:.0f} ms" if self._line_rate() < self.max_rate else ""

    def _paint_rate(self) -> float:
        return 1000 * PAINT_SHARE / self._paint_ms if self._paint_ms else MAX_RATE

    def _line_rate(self) -> float:
        return 1000 / self._wait_ms if self._wait_ms >= NOTHING_MS else MAX_RATE

    def _credit(self) -> int:
        return max(3, round(self.max_rate * CREDIT_S))

    def _forget_other_epoch(self, sequence: int) -> None:
        """Sequences that begin anew are of a new epoch; nobody will paint those of the old one."""
        if self._unpainted and sequence < self._unpainted[-1]:
            self._unpainted.clear()
            self._find_interval()

    def _is_out_of_credit(self) -> bool:
        unpainted = self._unpainted
        return unpainted is not None and len(unpainted) == unpainted.maxlen
