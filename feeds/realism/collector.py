"""Collects the trades of a tape for the statistics that tell a market from coin flips.

Pure. Must not know how the tape was made. Days are days in UTC of exchange time, and only complete
days count.
"""

import sys
from array import array
from collections.abc import Iterable, Mapping
from itertools import pairwise
from math import inf
from typing import Final

import numpy as np

from feeds.market.bars import DAY_MS, MINUTE_MS
from feeds.market.events import Trade
from feeds.realism.days import VERSION, DayState, TradesState
from feeds.realism.statistics import SAMPLE_MS, SAMPLES_PER_MINUTE, MarketSample
from feeds.simulator.randomness import Floats

FIELDS: Final = TradesState.__struct_fields__
SLACK_MINUTES: Final = 15
"""A whole day has no silence longer than this, measured over the span of the longest day."""


class _DayTrades:
    """The trades of a symbol on a day: the last price of each sample and the sums of each minute.

    Samples and minutes without a trade are left out. Arrays of numbers side by side take about
    20 KB on a busy day; objects would take many times that.
    """

    __slots__ = ("_minutes", "_prices", "_samples", "_trades", "_volumes")

    def __init__(self) -> None:
        self._samples, self._minutes = array("I"), array("I")
        self._prices, self._volumes, self._trades = array("q"), array("q"), array("q")

    def add(self, passed_ms: int, trade: Trade) -> None:
        """Add the next trade, `passed_ms` after midnight; one of an earlier sample is ignored."""
        sample, minute = passed_ms // SAMPLE_MS, passed_ms // MINUTE_MS
        # A market that lives through a part of its day again must not count that part twice.
        if self._samples and sample < self._samples[-1]:
            return
        if self._samples and sample == self._samples[-1]:
            self._prices[-1] = trade.price_ticks
        else:
            self._samples.append(sample)
            self._prices.append(trade.price_ticks)
        if self._minutes and minute == self._minutes[-1]:
            self._volumes[-1] += trade.size
            self._trades[-1] += 1
        else:
            self._minutes.append(minute)
            self._volumes.append(trade.size)
            self._trades.append(1)

    def state(self) -> TradesState:
        """Return the numbers as a value."""
        return TradesState(*(getattr(self, f"_{name}").tobytes() for name in FIELDS))

    def restore(self, state: TradesState) -> None:
        """Take the numbers of a value."""
        for name in FIELDS:
            getattr(self, f"_{name}").frombytes(getattr(state, name))

    def minutes(self) -> list[int]:
        """Return the minutes that had a trade."""
        return self._minutes.tolist()

    def closes(self, first: int, count: int) -> Floats:
        """Return the prices of `count` samples from `first`.

        A sample without a trade has the price before it (previous-tick interpolation), and before
        the first trade of the day the price of that trade.
        """
        samples, prices = self._samples.tolist(), self._prices.tolist()
        found = np.full(count, float(prices[0]))
        for sample, price in zip(samples, prices, strict=False):
            if first <= sample < first + count:
                found[sample - first :] = price
        return found

    def sums(self, first: int, count: int) -> Floats:
        """Return volume and number of trades of `count` minutes from `first`, [minute, 2]."""
        found = np.zeros((count, 2))
        minutes, volumes = self._minutes.tolist(), self._volumes.tolist()
        for minute, *sums in zip(minutes, volumes, self._trades.tolist(), strict=False):
            if first <= minute < first + count:
                found[minute - first] = sums
        return found


class TradeCollector:
    """Collect the trades of symbols, given as symbol -> sector, by day; keep the newest `days`.

    Any thread may read while another thread observes.
    """

    def __init__(self, sectors: dict[str, str], *, days: float = inf) -> None:
        self._sectors = dict(sectors)
        self._most_days = days
        self._days: dict[int, dict[str, _DayTrades]] = {}
        self._changed: set[int] = set()

    @property
    def symbols(self) -> int:
        """Return how many symbols are watched."""
        return len(self._sectors)

    def has(self, symbol: str) -> bool:
        """Say whether a symbol is watched."""
        return symbol in self._sectors

    def add_symbol(self, symbol: str, sector: str) -> None:
        """Watch another symbol; what was collected before stays."""
        self._sectors[symbol] = sector

    def observe(self, trades: Iterable[Trade]) -> None:
        """Add the next trades; trades of other symbols are ignored."""
        for trade in trades:
            if trade.symbol not in self._sectors:
                continue
            # By exchange time, so that compressed days are as long as real days.
            day, passed_ms = divmod(trade.exchange_ms or trade.ts_event, DAY_MS)
            by_symbol = self._days.get(day)
            if by_symbol is None:
                by_symbol = self._begin(day)
            day_trades = by_symbol.get(trade.symbol)
            if day_trades is None:
                day_trades = by_symbol[trade.symbol] = _DayTrades()
            day_trades.add(passed_ms, trade)
            self._changed.add(day)

    def changed(self) -> dict[int, DayState]:
        """Return the days that are new or have changed since this was asked last."""
        changed, self._changed = self._changed, set()
        return {day: self._state_of(day) for day in sorted(changed) if day in self._days}

    def restore(self, days: Mapping[int, DayState]) -> None:
        """Go on from days that were observed in an earlier life of the market, or elsewhere."""
        for day, state in sorted(days.items()):
            self._sectors |= state.sectors
            by_symbol = self._begin(day)
            for symbol, trades in state.trades.items():
                day_trades = by_symbol[symbol] = _DayTrades()
                day_trades.restore(trades)

    def _state_of(self, day: int) -> DayState:
        trades = {symbol: found.state() for symbol, found in self._days[day].items()}
        sectors = {symbol: self._sectors[symbol] for symbol in trades}
        return DayState(VERSION, sys.byteorder, sectors, trades)

    def _begin(self, day: int) -> dict[str, _DayTrades]:
        if len(self._days) >= self._most_days:
            del self._days[min(self._days)]
        by_symbol: dict[str, _DayTrades] = {}
        # A new dictionary each day: a reader in another thread keeps the one it iterates over.
        self._days = self._days | {day: by_symbol}
        return by_symbol

    def whole_days(self) -> list[int]:
        """Return the days that were observed from start to end, without a long silence.

        A lone day is never whole: nothing says how long a day is.
        """
        minutes = {day: _minutes_of(by_symbol) for day, by_symbol in self._days.items()}
        spans = {day: seen for day, seen in minutes.items() if seen}
        if len(spans) < 2:
            return []
        first, last = min(map(min, spans.values())), max(map(max, spans.values()))
        return [day for day, seen in sorted(spans.items()) if _is_whole(seen, first, last)]

    def sample(self) -> MarketSample:
        """Return a sample of all symbols that traded on every whole day.

        Raises:
            ValueError: no whole day was observed.
        """
        days = [self._days[day] for day in self.whole_days()]
        sectors = dict(self._sectors)
        # In one order, whatever came first: the sums of floats depend on it in the last digit.
        symbols = sorted(
            symbol for symbol in sectors if all(symbol in by_symbol for by_symbol in days)
        )
        if not days or not symbols:
            raise ValueError("no whole day was seen")
        seen = [minute for by_symbol in days for minute in _minutes_of(by_symbol)]
        first, count = min(seen), max(seen) + 1 - min(seen)
        samples = first * SAMPLES_PER_MINUTE, count * SAMPLES_PER_MINUTE
        closes = np.stack(
            [
                np.stack([by_symbol[symbol].closes(*samples) for symbol in symbols], -1)
                for by_symbol in days
            ]
        )
        sums = np.stack(
            [
                np.stack([by_symbol[symbol].sums(first, count) for symbol in symbols], 1)
                for by_symbol in days
            ]
        )
        sectors_of = [sectors[symbol] for symbol in symbols]
        return MarketSample(closes, sums[..., 0], sums[..., 1], sectors_of)


def _minutes_of(by_symbol: dict[str, _DayTrades]) -> list[int]:
    """Return the minutes in which any symbol traded, in order."""
    # Copied to a list, because another thread may add a symbol meanwhile.
    return sorted(
        {minute for day_trades in list(by_symbol.values()) for minute in day_trades.minutes()}
    )


def _is_whole(minutes: list[int], first: int, last: int) -> bool:
    ends = [first, *minutes, last]
    return max(after - before for before, after in pairwise(ends)) <= SLACK_MINUTES
