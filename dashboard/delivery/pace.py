"""How often one reader gets merged frames, and what limits that.

Its choice, painting, its network, or the memory of the server. Pure. Must not know frames or
sockets. A page confirms the frames that it painted. When it stops, or when painting takes too much
of its time, or when it paints what was sent long ago, it gets fewer frames, and each merges more
ticks.
"""

from collections import deque
from typing import Final

from dashboard.wire.registry import DEFAULT_RATE, MAX_RATE, MIN_RATE

PAINT_SHARE: Final = 0.15
"""Share of its time that a page may spend on painting prices: 38 ms allow 4 frames per second."""
CREDIT_S: Final = 3.0
"""Frames of so many seconds may be unconfirmed: a page confirms once a second, on slow networks."""
LATE_S: Final = 1.5
"""When frames are painted so long after they were sent, too many are on their way."""
GRID_S: Final = 0.08
"""A frame this late still counts as on time: it waited for a batch, and these come every 50 ms."""
MEMORY: Final = 0.7
"""Weight of the earlier waits in the moving average; the newest wait has the rest."""
NOTHING_MS: Final = 1.0
"""A socket that accepts a frame within this time does not limit the rate."""
MAX_WINDOW: Final = 64
"""The window is how many frames may be on their way; this one is more than any credit."""
NEWS_S: Final = 1.0
"""The pace is announced at most this often, and only when it changed by NEWS_RATIO."""
NEWS_RATIO: Final = 1.2


class ReaderPace:
    """When the next merged frame is due; `rate` is frames per second.

    `is_news` says that rate or reason may differ from what was announced to the reader.
    """

    __slots__ = (
        *("_announced", "_announced_s", "_ceiling", "_delay_s", "_interval_s", "_paint_ms"),
        *("_shrunk_s", "_wait_ms", "_window"),
        "due_s",
        *("is_news", "is_paused", "max_rate", "unpainted"),
    )

    def __init__(self, now_s: float) -> None:
        self.is_paused = False
        self.due_s = now_s
        self.max_rate = DEFAULT_RATE
        self._ceiling = MAX_RATE
        self._interval_s = 1 / DEFAULT_RATE
        self._paint_ms = 0.0
        self._wait_ms = 0.0
        self._delay_s = 0.0
        self._window = MAX_WINDOW
        self._shrunk_s = now_s
        self.unpainted: deque[tuple[int, float]] | None = None
        """Frames that the page has not confirmed: up to which sequence, and when sent (s)."""
        self.is_news = False
        self._announced = (DEFAULT_RATE, "")
        self._announced_s = now_s

    @property
    def rate(self) -> float:
        """Return how many frames per second there are now."""
        # A late page gets a frame when it has confirmed one: the interval says nothing of that.
        return max(MIN_RATE, self._timely_rate()) if self._is_late() else 1 / self._interval_s

    @property
    def is_steady(self) -> bool:
        """Say whether nothing but time and the next frames can change the pace."""
        return not self.is_paused and not self.is_news and self._wait_ms < NOTHING_MS

    @property
    def is_last_credit(self) -> bool:
        """Say whether the page must confirm a frame before there may be two more."""
        allowed = min(self._window, self._credit())
        return self.unpainted is not None and len(self.unpainted) + 1 >= allowed

    def is_due(self, now_s: float) -> bool:
        """Say whether a merged frame may go."""
        return now_s >= self.due_s and not self.is_paused

    def limit(self, max_rate: float, now_s: float) -> None:
        """Set the highest rate that the reader wants, in frames per second."""
        self.max_rate = max_rate
        self._find_interval()
        self.due_s = min(self.due_s, now_s + self._interval_s)

    def cap(self, ceiling: float, now_s: float) -> None:
        """Set the highest rate that the server has memory for, in frames per second."""
        self._ceiling = ceiling
        self._find_interval()
        self.due_s = min(self.due_s, now_s + self._interval_s)

    def note_sent(self, sequence: int, now_s: float) -> None:
        """Note that a frame up to `sequence` was sent; the next is due an interval later."""
        # The interval counts from the time when the frame was due: counted from now, each wait for
        # a batch would lower the rate. After a rest it does count from now: the frames that nobody
        # needed must not come in a burst. A frame that is late by an interval is such a rest, too.
        late_s = now_s - self.due_s
        is_rest = late_s > GRID_S or late_s >= self._interval_s
        self.due_s = (now_s if is_rest else self.due_s) + self._interval_s
        if self.unpainted is not None:
            self._forget_other_epoch(sequence)
            self.unpainted.append((sequence, now_s))
            if self._is_out_of_credit():
                self._find_interval()

    def note_painted(self, sequence: int, paint_ms: float, now_s: float) -> None:
        """Note that the page painted everything up to `sequence`, each frame within `paint_ms`."""
        # An empty deque is replaced, so that a changed rate brings its own credit.
        unpainted = self.unpainted = self.unpainted or deque(maxlen=self._credit())
        count, sent_s = len(unpainted), self._shrunk_s
        while unpainted and unpainted[0][0] <= sequence:
            _, sent_s = unpainted.popleft()
        # What went before the window shrank says nothing of the new one.
        if sent_s > self._shrunk_s:
            self._note_delay(now_s - sent_s, count, now_s)
        self._paint_ms = paint_ms
        self._find_interval()
        self.due_s = min(self.due_s, now_s + self._interval_s)

    def note_wait(self, seconds: float) -> None:
        """Note how long the socket took to accept a frame, 0 when it accepted at once."""
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

    def _note_delay(self, delay_s: float, count: int, now_s: float) -> None:
        """Let fewer frames be on their way while they arrive late, and more while they do not."""
        # A machine that slept is late once.
        least_s, self._delay_s = min(self._delay_s, delay_s), delay_s
        if least_s > LATE_S:
            self._window = max(1, int(count * LATE_S / least_s))
            self._shrunk_s = now_s
        elif delay_s < LATE_S / 2:
            self._window = min(MAX_WINDOW, 2 * self._window)

    def _find_interval(self) -> None:
        limit = MIN_RATE if self._is_out_of_credit() else self._limit()
        self._interval_s = 1 / max(MIN_RATE, limit)
        self.is_news = True

    def _limit(self) -> float:
        return min(self.max_rate, self._paint_rate(), self._line_rate(), self._ceiling)

    def _timely_rate(self) -> float:
        """Return the rate at which the frames that may be on their way arrive (Little's law)."""
        return self._window / self._delay_s if self._delay_s > 0 else MAX_RATE

    def _is_late(self) -> bool:
        """Say whether frames arrive so late that this limits the rate more than anything else."""
        return self._window < self._credit() and self._timely_rate() < self._limit()

    @property
    def reason(self) -> str:
        """Return what limits the rate; empty when only the reader's own choice does."""
        if self._is_late():
            return f"line {1000 * self._delay_s:.0f} ms"
        if self._is_out_of_credit():
            return "nothing painted"
        if self._ceiling < min(self.max_rate, self._paint_rate(), self._line_rate()):
            return "memory is short"
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
        """Forget unconfirmed frames of an earlier epoch, which nobody will paint."""
        if self.unpainted and sequence < self.unpainted[-1][0]:
            self.unpainted.clear()
            self._find_interval()

    def _is_out_of_credit(self) -> bool:
        unpainted = self.unpainted
        # `maxlen` is the credit. The oldest falls out when it is full: a later `ack` covers it.
        return unpainted is not None and len(unpainted) >= min(self._window, unpainted.maxlen or 0)
