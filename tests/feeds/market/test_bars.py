"""Bars contain every trade once, in the bar of its time, whatever the interval."""

from collections.abc import Iterable
from datetime import date
from itertools import groupby

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.market.bars import (
    DAY,
    INTERVALS,
    LATE_MS,
    LEVEL_OF,
    SPANS,
    Bar,
    Bars,
    SymbolBars,
    merged,
)
from feeds.market.board import Board
from feeds.market.events import Delisting, Side, Trade
from feeds.market.packing import pack_board, unpack_board
from feeds.plan.calendars import EXCHANGES, Calendar
from tests.support.market_script import NOW, listing

FINEST = SPANS[0]
_steps = st.one_of(st.integers(0, 900), st.integers(0, 90_000), st.integers(0, 30_000_000))
_deals = st.tuples(_steps, st.integers(1, 50), st.integers(1, 9))
deals = st.lists(_deals, min_size=1, max_size=60)


def trades_of(deals: Iterable[tuple[int, int, int]], symbol: str = "NVX") -> list[Trade]:
    at_ms, trades = NOW, []
    for step, price, size in deals:
        at_ms += step
        trades.append(Trade(symbol, price, size, Side.BUY, 7, at_ms))
    return trades


def folded(trades: Iterable[Trade], *, kept: int = 100) -> Bars:
    bars = Bars(kept)
    for sequence, trade in enumerate(trades, 1):
        bars.fold(sequence, trade)
    return bars


def all_of(bars: SymbolBars, level: int) -> list[Bar]:
    live = bars.live(level)
    return [*bars.newest(level, 100), *([live] if live else [])]


def plain_bars(trades: list[Trade], span: int) -> list[Bar]:
    """Return the bars as they are defined, the slow and plain way."""
    plain = []
    for start, group in groupby(trades, lambda trade: trade.exchange_ms // span * span):
        mine = list(group)
        prices = [trade.price_ticks for trade in mine]
        volume = sum(trade.size for trade in mine)
        high, low = max(prices), min(prices)
        plain.append(Bar(start, prices[0], high, low, prices[-1], volume, len(mine)))
    return plain


@given(deals)
def test_bars_of_every_interval_are_what_their_definition_says(deals) -> None:
    trades = trades_of(deals)
    bars = folded(trades).symbols["NVX"]
    for level, span in enumerate(SPANS):
        found = all_of(bars, level)
        assert found == plain_bars(trades, span)[-len(found) :]
        assert sum(bar.volume for bar in found) == sum(trade.size for trade in trades)
        for bar in found:
            assert bar.high >= max(bar.open, bar.close) >= min(bar.open, bar.close) >= bar.low


@given(deals)
def test_coarse_bars_are_the_fine_ones_merged(deals) -> None:
    bars = folded(trades_of(deals)).symbols["NVX"]
    for level, span in enumerate(SPANS):
        for coarser in range(level, len(SPANS)):
            assert list(merged(all_of(bars, level), SPANS[coarser])) == all_of(bars, coarser)
        assert list(merged(all_of(bars, level), span)) == all_of(bars, level)


@given(deals, deals)
def test_instruments_do_not_touch_each_other(mine, others) -> None:
    alone, mixed = trades_of(mine), [*trades_of(mine), *trades_of(others, "ORB")]
    mixed.sort(key=lambda trade: trade.exchange_ms)
    single, both = folded(alone).symbols["NVX"], folded(mixed).symbols["NVX"]
    assert [all_of(single, n) for n in range(DAY + 1)] == [all_of(both, n) for n in range(DAY + 1)]


@given(deals, st.integers(0, 60), st.booleans())
def test_bars_as_of_a_moment_and_the_trades_after_it_are_the_bars(deals, cut, is_packed) -> None:
    """State + stream = state, in this process and in another one."""
    trades = trades_of(deals)
    board = Board()
    board.apply(1, listing("NVX"))
    for sequence, trade in enumerate(trades[:cut], 2):
        board.apply(sequence, trade)
    twin = unpack_board(pack_board(board)) if is_packed else board.copy()
    twin.bars.keep(100, twin.sequence)
    for sequence, trade in enumerate(trades[cut:], 2 + len(trades[:cut])):
        board.apply(sequence, trade)
        twin.apply(sequence, trade)
    whole, bars = board.bars.symbols["NVX"], twin.bars.symbols["NVX"]
    for level in range(len(SPANS)):
        assert bars.live(level) == whole.live(level)
        known = bars.closed_since(level, 1 + cut if cut < len(trades) else twin.sequence) or []
        closed = folded(trades).symbols["NVX"].newest(level, 100)
        assert known == closed[len(closed) - len(known) :]


@given(deals, st.integers(0, 60))
def test_bars_that_closed_after_a_sequence_are_returned_once(deals, since) -> None:
    trades = trades_of(deals)
    before = folded(trades[:since]).symbols.get("NVX")
    bars = folded(trades).symbols["NVX"]
    for level in range(len(SPANS)):
        former = before.newest(level, 100) if before else []
        news = bars.closed_since(level, min(since, len(trades)))
        assert news is not None
        assert former + news == bars.newest(level, 100)


def test_closed_bars_are_bounded_and_dropped_bars_are_reported_as_unknown() -> None:
    bars = folded(trades_of([(FINEST, 5, 1)] * 10), kept=3).symbols["NVX"]
    assert [bar.start_ms for bar in bars.newest(0, 100)] == [NOW + n * FINEST for n in (7, 8, 9)]
    assert bars.closed_since(0, 6) is None
    assert [bar.start_ms for bar in bars.closed_since(0, 7) or []] == [
        NOW + n * FINEST for n in (7, 8, 9)
    ]
    unkept = folded(trades_of([(FINEST, 5, 1)] * 10), kept=0).symbols["NVX"]
    assert unkept.newest(0, 100) == []
    assert unkept.closed_since(0, 9) is None
    assert unkept.closed_since(0, 10) == []


def test_a_late_trade_belongs_to_the_live_bar_and_a_clock_set_back_begins_again() -> None:
    trade = Trade("NVX", 100, 1, Side.BUY, 7, NOW)
    late = msgspec.structs.replace(trade, price_ticks=90, exchange_ms=NOW - LATE_MS)
    back = msgspec.structs.replace(trade, exchange_ms=NOW - LATE_MS - 1)
    bars = folded([trade, late]).symbols["NVX"]
    assert bars.live(0) == Bar(NOW, 100, 100, 90, 90, 2, 2)
    bars = folded([trade, late, back]).symbols["NVX"]
    assert bars.live(DAY) == Bar(_day_of(NOW), 100, 100, 100, 100, 1, 1)
    assert bars.closed_since(0, 2) is None


def test_trades_without_exchange_time_count_at_their_wall_time() -> None:
    bars = folded([Trade("NVX", 100, 1, Side.BUY, NOW)]).symbols["NVX"]
    assert bars.live(0) == Bar(NOW, 100, 100, 100, 100, 1, 1)


def test_the_bars_of_a_delisted_instrument_are_dropped() -> None:
    board = Board()
    for sequence, event in enumerate([listing("NVX"), *trades_of([(0, 5, 1)])], 1):
        board.apply(sequence, event)
    board.apply(3, Delisting("NVX", NOW))
    assert board.bars.symbols == {}


@pytest.mark.parametrize("heard", ["1s", "5s", "1m", "5m"])
def test_a_listener_receives_each_bar_from_its_level_on(heard: str) -> None:
    closed: list[tuple[str, int, Bar]] = []
    level = LEVEL_OF[heard]
    bars = Bars(0, on_closed=lambda *closed_bar: closed.append(closed_bar), heard_from=level)
    for sequence, trade in enumerate(trades_of([(0, 5, 1), (61_000, 6, 2), (400, 7, 1)]), 1):
        bars.fold(sequence, trade)
    names = [name for name in INTERVALS if LEVEL_OF[name] in {level for _, level, _ in closed}]
    assert names == ["1s", "5s", "1m"][level:]
    assert all(msgspec.structs.astuple(bar)[1:] == (5, 5, 5, 5, 1, 1) for _, _, bar in closed)


@pytest.mark.parametrize("code", sorted(EXCHANGES))
def test_a_trading_day_is_within_one_day_of_utc(code: str) -> None:
    """So a daily bar is a day in UTC. An exchange that trades past midnight needs another rule."""
    calendar = Calendar(EXCHANGES[code], date(2026, 11, 23))
    for number in range(300):
        day = calendar.day(number)
        assert _day_of(day.starts_ms[0]) == _day_of(day.end_ms)


def _day_of(ms: int) -> int:
    return ms - ms % SPANS[DAY]
