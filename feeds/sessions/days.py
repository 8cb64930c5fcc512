"""Where in its trading day a feed is, when that changes, and how long exchange time takes there.

Pure. Must not know phases or instruments.
"""

from typing import Final

from feeds.plan.price_bands import PART_MS, BandRules
from feeds.plan.schedules import Schedule, Segment

LOOK_MS: Final = 5_000
"""Exchange time between two looks at the index of a feed."""
MIN_LOOK_MS: Final = 100
"""Our time between them, however short the day."""


class Day:
    """Follow a schedule; `at_ms` and everything returned is our clock's UTC ms."""

    def __init__(self, schedule: Schedule, at_ms: int, rules: BandRules | None) -> None:
        self.schedule = schedule
        self._rules = rules or BandRules()
        self.turn(at_ms)

    def turn(self, at_ms: int) -> None:
        """Go to the part of the day that `at_ms` is in."""
        self.time = self.schedule.at(at_ms)
        number, day = self.time.number, self.time.day
        self.next_ms = self._next_ms()
        scale = self.schedule.scale(number)
        self.part_ms = max(1, round(PART_MS / scale))
        self.look_ms = max(MIN_LOOK_MS, round(LOOK_MS / scale))
        opened_ms, closed_ms = (
            day.starts_ms[one] for one in (Segment.CONTINUOUS, Segment.CLOSING_AUCTION)
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
        """Return the present part of the day."""
        return self.time.segment

    @property
    def has_auctions(self) -> bool:
        """Say whether trading begins with an auction: not where it never stops."""
        starts = self.time.day.starts_ms
        return starts[Segment.OPENING_AUCTION] < starts[Segment.CONTINUOUS]

    def is_doubled(self, at_ms: int) -> bool:
        """Say whether bands are twice as wide now: after the open and before the close."""
        return self.has_auctions and not self._single_from <= at_ms < self._single_until

    def exchange_ms(self, at_ms: int) -> int:
        """Return the time on the exchange's clock."""
        return self.schedule.at(at_ms).exchange_ms

    def after(self, at_ms: int, exchange_ms: int) -> int:
        """Return when so much exchange time will have passed."""
        return self._wall_ms(self.exchange_ms(at_ms) + exchange_ms)

    def _wall_ms(self, exchange_ms: int) -> int:
        return self.schedule.wall_ms(self.time.number, exchange_ms)

    def _next_ms(self) -> int:
        number, day, _, exchange_ms = self.time
        for start_ms in day.starts_ms:
            if start_ms > exchange_ms:
                return self.schedule.wall_ms(number, start_ms)
        return self.schedule.wall_ms(number + 1, self.schedule.day(number + 1).starts_ms[0])
