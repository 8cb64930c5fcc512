"""The current part of a feed's trading day, when it ends, and how fast exchange time runs in it.

Pure. Must not know phases or instruments.
"""

from typing import Final

from feeds.plan.price_bands import PART_MS, BandRules
from feeds.plan.schedules import Schedule, Segment

INDEX_CHECK_MS: Final = 5_000
"""Exchange time between two checks of the index of a feed."""
MIN_INDEX_CHECK_MS: Final = 100
"""Least wall time between two checks, so that a very short day costs no more."""


class Day:
    """The current part of the day; `at_ms` and all returned times are wall time in UTC ms."""

    def __init__(self, schedule: Schedule, at_ms: int, rules: BandRules | None) -> None:
        self.schedule = schedule
        self._rules = rules or BandRules()
        self.enter(at_ms)

    def enter(self, at_ms: int) -> None:
        """Enter the part of the day that contains `at_ms`."""
        # Everything that stays the same until the next part is computed here once, because the
        # session compares it with each tick.
        self.time = self.schedule.at(at_ms)
        number, day = self.time.number, self.time.day
        self.next_ms = self._next_ms()
        scale = self.schedule.scale(number)
        self.band_part_ms = max(1, round(PART_MS / scale))
        self.index_check_ms = max(MIN_INDEX_CHECK_MS, round(INDEX_CHECK_MS / scale))
        opened_ms, closed_ms = (
            day.starts_ms[segment] for segment in (Segment.CONTINUOUS, Segment.CLOSING_AUCTION)
        )
        rules = self._rules
        self._single_from = self._wall_ms(opened_ms + rules.doubled_after_open_ms)
        self._single_until = self._wall_ms(closed_ms - rules.doubled_before_close_ms)

    @property
    def number(self) -> int:
        """Return the number of the trading day."""
        return self.time.number

    @property
    def segment(self) -> Segment:
        """Return the current part of the day."""
        return self.time.segment

    @property
    def has_auctions(self) -> bool:
        """Say whether trading begins with an auction, as it does unless it is round the clock."""
        return self.time.day.has_auctions

    def is_doubled(self, at_ms: int) -> bool:
        """Say whether bands are doubled at a time, soon after the open or before the close."""
        return self.has_auctions and not self._single_from <= at_ms < self._single_until

    def exchange_ms(self, at_ms: int) -> int:
        """Return the exchange time at a wall time."""
        return self.schedule.at(at_ms).exchange_ms

    def after(self, at_ms: int, exchange_ms: int) -> int:
        """Return the wall time at which `exchange_ms` of exchange time has passed since `at_ms`."""
        return self._wall_ms(self.exchange_ms(at_ms) + exchange_ms)

    def _wall_ms(self, exchange_ms: int) -> int:
        return self.schedule.wall_ms(self.time.number, exchange_ms)

    def _next_ms(self) -> int:
        number, day, _, exchange_ms = self.time
        for start_ms in day.starts_ms:
            if start_ms > exchange_ms:
                return self.schedule.wall_ms(number, start_ms)
        return self.schedule.wall_ms(number + 1, self.schedule.day(number + 1).starts_ms[0])
