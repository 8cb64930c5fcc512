"""Bars of reported trades, and what an amendment makes of them."""

import pytest

from feeds.market import bars as all_bars
from feeds.market.bars import DAY, LEVEL_OF, Bar, ClosedBars, SymbolBars, bar_of
from feeds.market.events import (
    MOVES_ALL,
    MOVES_LAST,
    MOVES_RANGE,
    MOVES_VOLUME,
    AmendedBar,
    Amendment,
    AmendmentKind,
    ReportedTrade,
    Side,
)
from feeds.market.mended_bars import MendedBars

MIDNIGHT = 1_789_948_800_000
MINUTE_MS = 60_000
MINUTE, HOUR = LEVEL_OF["1m"], LEVEL_OF["1h"]


def reported(price: int, at_s: int, bar: int = MOVES_ALL, day: int = MOVES_ALL) -> ReportedTrade:
    at_ms = MIDNIGHT + at_s * 1_000
    return ReportedTrade("NVX", price, 5, Side.BUY, 7, at_ms, bar=bar, day=day, day_ms=MIDNIGHT)


def folded(*trades: ReportedTrade) -> MendedBars:
    bars = MendedBars(100)
    for sequence, trade in enumerate(trades, 1):
        bars.fold_reported(sequence, trade)
    return bars


def amended(start: int, price: int, volume: int = 5, *, level: int = MINUTE) -> AmendedBar:
    at_ms = MIDNIGHT + start * MINUTE_MS
    return AmendedBar(level, 1, at_ms, *[price] * 4, volume, 1 if volume else 0)


def amendment(*bars: AmendedBar) -> Amendment:
    return Amendment(
        "NVX", AmendmentKind.CANCELLED, 7, "a", "a", 0, 0, 100, 5, MIDNIGHT, volume=5, bars=bars
    )


# --- closed bars ------------------------------------------------------------------------------


def closed_bars(kept: int = 3) -> ClosedBars:
    """Return bars that begin at 10, 20 and 40, and closed at 100, 200 and 300."""
    closed = ClosedBars(kept)
    for sequence, start in ((100, 10), (200, 20), (300, 40)):
        closed.append(sequence, (start, 1, 1, 1, 1, 1, 1))
    return closed


def starts(closed: ClosedBars, since: int = 0) -> list[int]:
    return [bar.start_ms for bar in closed.since(since)]


@pytest.mark.parametrize(
    ("start", "kept", "found", "newer"),
    [
        (20, 3, [10, 20, 40], [40]),
        (30, 9, [10, 20, 30, 40], [40]),  # it is older than what closed before
        (50, 9, [10, 20, 40, 50], [40, 50]),
        (5, 9, [5, 10, 20, 40], [40]),
        (5, 3, [10, 20, 40], [40]),  # before everything that is kept
        (30, 3, [10, 20, 30, 40], [40]),
    ],
)
def test_an_amended_bar_stands_where_it_belongs_in_time(
    start: int, kept: int, found: list[int], newer: list[int]
) -> None:
    """Its place among the sequences is before the bar after it."""
    closed = closed_bars(kept)
    closed.amend(400, AmendedBar(0, 1, start, 7, 8, 6, 7, 9, 2))
    assert starts(closed) == found
    assert starts(closed, 200) == newer
    if start in found:
        assert closed.since(0)[found.index(start)] == Bar(start, 7, 8, 6, 7, 9, 2)


def test_a_bar_without_trades_is_gone_from_the_closed_ones() -> None:
    closed = closed_bars()
    closed.amend(400, AmendedBar(0, 1, 20, 0, 0, 0, 0, 0, 0))
    assert starts(closed) == [10, 40]
    assert (closed.has(20), closed.has(40)) == (False, True)
    closed.amend(500, AmendedBar(0, 2, 20, 7, 7, 7, 7, 9, 1))
    assert starts(closed) == [10, 20, 40]
    assert starts(closed, 100) == [40], "it closes no later than the bar before it"


@pytest.mark.parametrize(
    ("price", "volume", "trades"), [(7, 9, 2), (0, 9, 2), (7, 0, 0), (0, 0, 0)]
)
def test_a_bar_needs_a_price_and_a_volume(price: int, volume: int, trades: int) -> None:
    bar = bar_of(AmendedBar(0, 1, 20, price, price, price, price, volume, trades))
    whole = Bar(20, 7, 7, 7, 7, 9, 2)
    assert bar == (whole if price and volume else Bar(20, 0, 0, 0, 0, 0, 0))


def test_amended_bars_are_bounded_and_dropped_ones_are_reported_as_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(all_bars, "AMENDED_KEPT", 2)
    bars = SymbolBars(9, 0)
    bars.note_amended(5, amended(1, 70))
    bars.note_amended(6, amended(2, 70))
    assert bars.amended_since(MINUTE, 0) == [amended(1, 70), amended(2, 70)]
    bars.note_amended(7, amended(2, 80))
    assert bars.amended_since(MINUTE, 4) is None
    assert bars.amended_since(MINUTE, 5) == [amended(2, 80)], "each as it is now"
    assert bars.amended_since(MINUTE, 7) == []
    assert bars.amended_since(HOUR, 5) == []


# --- bars that grow -----------------------------------------------------------------------------


def test_a_trade_moves_in_each_bar_what_its_conditions_let_it() -> None:
    bars = folded(
        reported(100, 0),
        reported(120, 1, bar=MOVES_VOLUME, day=MOVES_RANGE),
        reported(90, 2, bar=MOVES_RANGE | MOVES_VOLUME, day=MOVES_LAST),
        reported(200, 3, bar=0, day=0),
    ).symbols["NVX"]
    assert bars.live(MINUTE) == bars.live(HOUR) == Bar(MIDNIGHT, 100, 100, 90, 100, 15, 3)
    assert bars.live(DAY) == Bar(MIDNIGHT, 100, 120, 100, 90, 5, 1)


def test_a_minute_without_a_price_counts_in_the_day_only_until_it_has_one() -> None:
    odd = reported(100, 0, bar=MOVES_VOLUME)
    bars = folded(odd, odd)
    assert bars.symbols["NVX"].live(MINUTE) is None
    assert bars.symbols["NVX"].live(HOUR) is None
    bars.fold_reported(3, reported(110, 59))
    whole = Bar(MIDNIGHT, 110, 110, 110, 110, 15, 3)
    assert bars.symbols["NVX"].live(MINUTE) == bars.symbols["NVX"].live(HOUR) == whole
    bars.fold_reported(4, reported(100, 60, bar=MOVES_VOLUME))
    assert bars.symbols["NVX"].newest(MINUTE, 9) == [whole]
    assert bars.symbols["NVX"].live(HOUR) == whole
    bars.fold_reported(5, reported(105, 61))
    assert bars.symbols["NVX"].live(HOUR) == Bar(MIDNIGHT, 110, 110, 105, 105, 25, 5)


def test_a_trade_changes_no_bar_that_has_closed() -> None:
    """What it makes of closed ones comes as an amendment."""
    bars = folded(reported(100, 59), reported(110, 60))
    bars.fold_reported(3, reported(500, 59, day=0))
    symbol = bars.symbols["NVX"]
    assert symbol.newest(MINUTE, 9) == [Bar(MIDNIGHT, 100, 100, 100, 100, 5, 1)]
    assert symbol.live(MINUTE) == Bar(MIDNIGHT + MINUTE_MS, 110, 110, 110, 110, 5, 1)
    assert symbol.live(DAY) == Bar(MIDNIGHT, 100, 110, 100, 110, 10, 2)


def test_an_amendment_replaces_closed_and_live_bars() -> None:
    bars = folded(reported(100, 0), reported(110, 60))
    first, live = amended(0, 70), amended(1, 80)
    assert bars.amend(9, amendment(first, live)) == [first]
    symbol = bars.symbols["NVX"]
    assert symbol.newest(MINUTE, 9) == [bar_of(first)]
    assert symbol.live(MINUTE) == bar_of(live)
    assert symbol.sequence == 9
    assert symbol.amended_since(MINUTE, 8) == [first]
    assert symbol.amended_since(MINUTE, 9) == []


def test_a_live_bar_without_trades_is_gone_until_trades_come() -> None:
    bars = folded(reported(100, 0))
    gone = amended(0, 0, 0)
    assert bars.amend(9, amendment(gone, amended(1, 0, 0))) == []
    symbol = bars.symbols["NVX"]
    assert symbol.live(MINUTE) is None
    assert symbol.amended_since(MINUTE, 8) == [gone], "the other was never seen"
    bars.fold_reported(10, reported(105, 5))
    assert symbol.live(MINUTE) == Bar(MIDNIGHT, 105, 105, 105, 105, 5, 1)
    assert symbol.amended_since(MINUTE, 8) == []


def test_a_correction_may_begin_a_bar() -> None:
    bars = folded(reported(100, 0))
    bars.amend(9, amendment(amended(2, 80)))
    symbol = bars.symbols["NVX"]
    assert symbol.newest(MINUTE, 9) == [Bar(MIDNIGHT, 100, 100, 100, 100, 5, 1)]
    assert symbol.live(MINUTE) == bar_of(amended(2, 80))
