"""Watches the trades of a tape, for the statistics that tell a market from coin flips.

Pure. Must not know how the tape was made. Fed with trades by the tests of realism and by whoever
shows a tape. Days are those of the exchange's clock; only whole ones count.
"""

from array import array
from collections.abc import Iterable
from itertools import pairwise
from math import inf
from typing import Final

import numpy as np

from feeds.market.bars import DAY_MS, MINUTE_MS
from feeds.market.events import Trade
from feeds.realism.statistics import PER_MINUTE, STEP_MS, MarketSample
from feeds.simulator.randomness import Floats

SLACK_MINUTES: Final = 15
"""A whole day begins and ends so near to the longest one, and has no longer silence in it."""


class _Trail:
    """What one symbol did on one day: the price of each step and the sums of each minute that had
    a trade; about 20 KB on a busy day."""

    __slots__ = ("_minutes", "_prices", "_steps", "_trades", "_volumes")

    def __init__(self) -> None:
        self._steps, self._minutes = array("I"), array("I")
        self._prices, self._volumes, self._trades = array("q"), array("q"), array("q")

    def add(self, passed_ms: int, trade: Trade) -> None:
        """Take the next trade, so long after midnight."""
        step, minute = passed_ms // STEP_MS, passed_ms // MINUTE_MS
        if self._steps and step == self._steps[-1]:
            self._prices[-1] = trade.price_ticks
        else:
            self._steps.append(step)
            self._prices.append(trade.price_ticks)
        if self._minutes and minute == self._minutes[-1]:
            self._volumes[-1] += trade.size
            self._trades[-1] += 1
        else:
            self._minutes.append(minute)
            self._volumes.append(trade.size)
            self._trades.append(1)

    def minutes(self) -> list[int]:
        """Return the minutes that had a trade."""
        return self._minutes.tolist()

    def closes(self, first: int, count: int) -> Floats:
        """Return the price of so many steps, each until the next; before the first its own."""
        steps, prices = self._steps.tolist(), self._prices.tolist()
        found = np.full(count, float(prices[0]))
        for step, price in zip(steps, prices, strict=False):
            if first <= step < first + count:
                found[step - first :] = price
        return found

    def sums(self, first: int, count: int) -> Floats:
        """Return volume and number of trades of so many minutes, [minute, 2]."""
        found = np.zeros((count, 2))
        minutes, volumes = self._minutes.tolist(), self._volumes.tolist()
        for minute, *sums in zip(minutes, volumes, self._trades.tolist(), strict=False):
            if first <= minute < first + count:
                found[minute - first] = sums
        return found


class Watch:
    """Collect the trades of some symbols, given with their sectors: prices every 5 seconds, volume
    and number of trades every minute, by day; the newest `days` are kept.

    Any thread may ask while another one observes.
    """

    def __init__(self, sectors: dict[str, str], *, days: float = inf) -> None:
        self._sectors = dict(sectors)
        self._most_days = days
        self._days: dict[int, dict[str, _Trail]] = {}

    @property
    def symbols(self) -> int:
        """Return how many symbols are watched."""
        return len(self._sectors)

    def has(self, symbol: str) -> bool:
        """Say whether a symbol is watched."""
        return symbol in self._sectors

    def add_symbol(self, symbol: str, sector: str) -> None:
        """Watch one more symbol; what was watched before stays."""
        self._sectors[symbol] = sector

    def observe(self, trades: Iterable[Trade]) -> None:
        """Take the next trades; those of other symbols are passed over."""
        for trade in trades:
            if trade.symbol not in self._sectors:
                continue
            day, passed_ms = divmod(trade.exchange_ms or trade.ts_event, DAY_MS)
            trails = self._days.get(day)
            if trails is None:
                trails = self._begin(day)
            trail = trails.get(trade.symbol)
            if trail is None:
                trail = trails[trade.symbol] = _Trail()
            trail.add(passed_ms, trade)

    def _begin(self, day: int) -> dict[str, _Trail]:
        if len(self._days) >= self._most_days:
            del self._days[min(self._days)]
        trails: dict[str, _Trail] = {}
        self._days = self._days | {day: trails}
        return trails

    def whole_days(self) -> list[int]:
        """Return the days that were seen from their beginning to their end, without a long rest."""
        minutes = {day: _minutes_of(trails) for day, trails in self._days.items()}
        spans = {day: seen for day, seen in minutes.items() if seen}
        if not spans:
            return []
        first, last = min(map(min, spans.values())), max(map(max, spans.values()))
        return [day for day, seen in sorted(spans.items()) if _is_whole(seen, first, last)]

    def market(self) -> MarketSample:
        """Return what the symbols did that traded on every whole day.

        Raises:
            ValueError: there was no such day.
        """
        days = [self._days[day] for day in self.whole_days()]
        sectors = dict(self._sectors)
        symbols = [symbol for symbol in sectors if all(symbol in trails for trails in days)]
        if not days or not symbols:
            raise ValueError("no whole day was seen")
        seen = [minute for trails in days for minute in _minutes_of(trails)]
        first, count = min(seen), max(seen) + 1 - min(seen)
        steps = first * PER_MINUTE, count * PER_MINUTE
        closes = np.stack(
            [np.stack([trails[one].closes(*steps) for one in symbols], -1) for trails in days]
        )
        sums = np.stack(
            [np.stack([trails[one].sums(first, count) for one in symbols], 1) for trails in days]
        )
        return MarketSample(closes, sums[..., 0], sums[..., 1], [sectors[one] for one in symbols])


def _minutes_of(trails: dict[str, _Trail]) -> list[int]:
    """Return the minutes in which anything was traded, in their order."""
    return sorted({minute for trail in list(trails.values()) for minute in trail.minutes()})


def _is_whole(minutes: list[int], first: int, last: int) -> bool:
    ends = [first, *minutes, last]
    return max(after - before for before, after in pairwise(ends)) <= SLACK_MINUTES
