"""Collects the trades of a tape for the statistics that tell a market from coin flips.

Pure. Must not know how the tape was made, or how many days a verdict needs. Days are days in UTC of
exchange time, and only complete days count.
"""

import sys
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import pairwise
from math import inf
from typing import Final, NamedTuple

import numpy as np
from msgspec.structs import replace

from feeds.market.bars import DAY_MS, MINUTE_MS
from feeds.market.events import Trade
from feeds.realism.days import VERSION, DayFacts, DayState, TradesState
from feeds.realism.sample import SAMPLE_MS, SAMPLES_PER_MINUTE, MarketSample, SymbolTrades

FIELDS: Final = TradesState.__struct_fields__
SLACK_MINUTES: Final = 15
"""A whole day has no silence longer than this. An instrument that was halted for longer on a day is
left out."""


class Span(NamedTuple):
    """The minutes of a day, from its open to before its close, counted from midnight in UTC."""

    begin: int
    end: int

    @property
    def length(self) -> int:
        """Return how many minutes there are."""
        return self.end - self.begin


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

    def within(self, span: Span) -> SymbolTrades:
        """Return the trades of a part of the day, with times from its begin on."""
        samples, minutes = (
            np.array(column, dtype=np.int64) for column in (self._samples, self._minutes)
        )
        of_span = _is_within(samples // SAMPLES_PER_MINUTE, span), _is_within(minutes, span)
        return SymbolTrades(
            samples[of_span[0]] - span.begin * SAMPLES_PER_MINUTE,
            np.array(self._prices, dtype=float)[of_span[0]],
            minutes[of_span[1]] - span.begin,
            np.array(self._volumes, dtype=float)[of_span[1]],
            np.array(self._trades, dtype=float)[of_span[1]],
        )


class _Day:
    """A day: the trades by symbol, and what the feed told of it."""

    def __init__(self, facts: DayFacts) -> None:
        self.trades: dict[str, _DayTrades] = {}
        self.facts = facts

    def minutes(self) -> list[int]:
        """Return the minutes in which any symbol traded, in order."""
        return sorted({minute for trades in self.trades.values() for minute in trades.minutes()})

    def seen_span(self) -> Span | None:
        """Return the span that was seen to begin and to end, None for a part of a day."""
        facts = self.facts
        if facts.open_ms is None or facts.close_ms is None:
            return None
        # The close of a day round the clock is the midnight after it.
        midnight_ms = facts.open_ms // DAY_MS * DAY_MS
        begin, end = (
            round((at_ms - midnight_ms) / MINUTE_MS) for at_ms in (facts.open_ms, facts.close_ms)
        )
        return Span(begin, end)

    def traded(self, symbol: str) -> bool:
        """Say whether a symbol traded, and was not halted for long."""
        halted_ms = self.facts.halted_ms.get(symbol, 0)
        return symbol in self.trades and halted_ms <= SLACK_MINUTES * MINUTE_MS


class TradeCollector:
    """Collect the trades of symbols, given as symbol -> sector, by day; keep the newest `days`.

    A feed that `tells_hours` says when a day begins and ends. Of others this is inferred: a day is
    as long as the longest, and a lone day is never whole, as nothing says how long it is.
    """

    def __init__(
        self, sectors: dict[str, str], *, days: float = inf, tells_hours: bool = False
    ) -> None:
        self._sectors = dict(sectors)
        self._most_days = days
        self._tells_hours = tells_hours
        self._days: dict[int, _Day] = {}
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

    # --- watching -----------------------------------------------------------------------------
    def observe(self, trades: Iterable[Trade]) -> None:
        """Add the next trades; trades of other symbols are ignored."""
        for trade in trades:
            if trade.symbol not in self._sectors:
                continue
            # By exchange time, so that compressed days are as long as real days.
            number, passed_ms = divmod(trade.exchange_ms or trade.ts_event, DAY_MS)
            day = self._days.get(number) or self._begin(number)
            day_trades = day.trades.get(trade.symbol)
            if day_trades is None:
                day_trades = day.trades[trade.symbol] = _DayTrades()
            day_trades.add(passed_ms, trade)
            self._changed.add(number)

    def note_open(self, at_ms: int) -> None:
        """Note that continuous trading was seen to begin, at a time of the exchange (UTC ms)."""
        self._note(at_ms).open_ms = at_ms

    def note_close(self, at_ms: int) -> None:
        """Note that continuous trading was seen to end; at midnight it is the day before."""
        self._note(at_ms - 1).close_ms = at_ms

    def note_rate(self, at_ms: int, rate: float, *, has_hours: bool) -> None:
        """Note the target rate (ticks/s) from a time on, and whether the feed has an exchange."""
        facts = self._note(at_ms)
        facts.least_rate = min(facts.least_rate or rate, rate)
        facts.greatest_rate = max(facts.greatest_rate, rate)
        facts.last_rate = rate
        facts.has_hours = has_hours

    def note_halt(self, symbol: str, from_ms: int, until_ms: int) -> None:
        """Note that a symbol did not trade for a part of a day."""
        facts = self._note(from_ms)
        halted_ms = facts.halted_ms.get(symbol, 0) + until_ms - from_ms
        facts.halted_ms = facts.halted_ms | {symbol: halted_ms}

    def _note(self, at_ms: int) -> DayFacts:
        number = at_ms // DAY_MS
        day = self._days.get(number) or self._begin(number)
        self._changed.add(number)
        return day.facts

    def _begin(self, number: int) -> _Day:
        if len(self._days) >= self._most_days:
            del self._days[min(self._days)]
        day = self._days[number] = _Day(DayFacts())
        return day

    # --- lives of the market ------------------------------------------------------------------
    def changed(self) -> dict[int, DayState]:
        """Return the days that are new or have changed since this was asked last."""
        changed, self._changed = self._changed, set()
        return {number: self._state_of(number) for number in sorted(changed & self._days.keys())}

    def restore(self, days: Mapping[int, DayState]) -> None:
        """Go on from days that were observed in an earlier life of the market, or elsewhere."""
        for number, state in sorted(days.items()):
            self._sectors |= state.sectors
            day = self._begin(number)
            day.facts = replace(state.facts)
            for symbol, trades in state.trades.items():
                day_trades = day.trades[symbol] = _DayTrades()
                day_trades.restore(trades)

    def _state_of(self, number: int) -> DayState:
        day = self._days[number]
        trades = {symbol: found.state() for symbol, found in day.trades.items()}
        sectors = {symbol: self._sectors[symbol] for symbol in trades}
        return DayState(VERSION, sys.byteorder, sectors, trades, replace(day.facts))

    # --- what was seen ------------------------------------------------------------------------
    def facts(self) -> dict[int, DayFacts]:
        """Return what the feed told of each day."""
        return {number: day.facts for number, day in sorted(self._days.items())}

    def whole_days(self) -> list[int]:
        """Return the days that were observed from open to close, without a long silence.

        Days of another length than most, such as those of an early close, are left out: the time of
        day is not the same on them.
        """
        spans = self._whole_spans()
        lengths = Counter(span.length for span in spans.values())
        usual = max(lengths, key=lambda length: (lengths[length], length), default=0)
        return [number for number, span in spans.items() if span.length == usual]

    def _whole_spans(self) -> dict[int, Span]:
        minutes = {number: day.minutes() for number, day in sorted(self._days.items())}
        spans = self._spans(minutes)
        return {number: span for number, span in spans.items() if _is_whole(minutes[number], span)}

    def _spans(self, minutes: dict[int, list[int]]) -> dict[int, Span]:
        seen = {number: day.seen_span() for number, day in self._days.items()}
        known = {number: span for number, span in seen.items() if span is not None}
        facts = [day.facts for day in self._days.values()]
        edges = [fact for fact in facts if (fact.open_ms, fact.close_ms) != (None, None)]
        if self._tells_hours or edges or any(fact.has_hours for fact in facts):
            return dict(sorted(known.items()))
        traded = {number: at for number, at in minutes.items() if at}
        if len(traded) < 2:
            return {}
        longest = Span(min(map(min, traded.values())), max(map(max, traded.values())) + 1)
        return dict.fromkeys(traded, longest)

    def sample(self, days: Iterable[int] | None = None) -> MarketSample:
        """Return a sample of all symbols that traded on each of some days: the whole days.

        Raises:
            ValueError: no whole day was observed.
        """
        spans = self._whole_spans()
        chosen = self.whole_days() if days is None else list(days)
        found = [self._days[number] for number in chosen]
        # In one order, whatever came first: the sums of floats depend on it in the last digit.
        symbols = sorted(
            symbol for symbol in self._sectors if all(day.traded(symbol) for day in found)
        )
        if not found or not symbols:
            raise ValueError("no whole day was seen")
        parts = [
            [self._days[number].trades[symbol].within(spans[number]) for symbol in symbols]
            for number in chosen
        ]
        sectors = [self._sectors[symbol] for symbol in symbols]
        return MarketSample(parts, sectors, spans[chosen[0]].length)


def _is_within(minutes: np.ndarray, span: Span) -> np.ndarray:
    return (span.begin <= minutes) & (minutes < span.end)


def _is_whole(minutes: list[int], span: Span) -> bool:
    """Say whether there is no long silence between the open and the close."""
    within = [minute for minute in minutes if span.begin <= minute < span.end]
    ends = [span.begin, *within, span.end - 1]
    return max(after - before for before, after in pairwise(ends)) <= SLACK_MINUTES
