"""How often a rule would have fired: an estimate from bars, because the ticks are not kept.

Pure. Must not know rows. A bar stands for four trades in the order that its ends suggest: a bar
that closed higher went to its low first. What happened within a minute can thus be missed.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final

from dashboard.alerts.judge import Judge
from dashboard.alerts.rules import Firing, Kind, Rule
from feeds.market.bars import DAY_MS, MINUTE_MS, Bar
from feeds.market.events import FIRST, Batch, Event, Listing, Phase, Side, Status, Trade
from feeds.market.instruments import Definition

UNKNOWN: Final = frozenset({Kind.HALT, Kind.STALE})
"""Kinds that bars say nothing about."""
_FEED: Final = "forecast"


def can_forecast(rule: Rule) -> bool:
    """Say whether bars can tell when the conditions of a rule held."""
    return all(condition.kind not in UNKNOWN for condition in rule.conditions)


def forecast(rule: Rule, tick_size: Decimal, bars: Iterable[Bar]) -> list[Firing]:
    """Return the firings of a rule about one key over bars of a minute, oldest first."""
    (key,) = rule.keys
    judge = Judge()
    judge.replace([rule])
    events = list(_events(key, tick_size, bars))
    # One batch, because a batch for each event would cost more. Time is that of the trades, so
    # the judge finds no event late.
    return judge.take(Batch(_FEED, FIRST, tuple(events)), events[-1].ts_event)


def _events(key: str, tick_size: Decimal, bars: Iterable[Bar]) -> Iterator[Event]:
    definition = Definition(symbol=key, name=key, sector="", tick_size=tick_size, reference_ticks=1)
    yield Listing(_FEED, definition, 0)
    day = -1
    for bar in bars:
        if bar.start_ms // DAY_MS != day:
            day = bar.start_ms // DAY_MS
            yield Status(key, Phase.OPEN, "", bar.start_ms, day)
        yield from _trades(key, bar)


def _trades(key: str, bar: Bar) -> Iterator[Trade]:
    middle = (bar.low, bar.high) if bar.close >= bar.open else (bar.high, bar.low)
    size, rest = divmod(max(bar.volume, 4), 4)
    for index, price in enumerate((bar.open, *middle, bar.close)):
        at_ms = bar.start_ms + index * (MINUTE_MS // 4)
        yield Trade(key, price, size + (rest if index == 0 else 0), Side.BUY, at_ms, at_ms)
