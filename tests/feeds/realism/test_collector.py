"""Trades are counted by their time on the exchange, and only whole days are judged."""

import numpy as np
import pytest

from feeds.market.bars import DAY_MS, MINUTE_MS
from feeds.market.events import Side, Trade
from feeds.realism.collector import TradeCollector
from feeds.realism.days import DayFacts

DAY = 20_000
AT = DAY * DAY_MS
OPEN_MIN = 600


def trade(at_ms: int, price: int = 100, size: int = 1, symbol: str = "NVX") -> Trade:
    return Trade(symbol, price, size, Side.BUY, 7, AT + at_ms)


def watched(*symbols: str, **how: object) -> TradeCollector:
    return TradeCollector(dict.fromkeys(symbols or ("NVX",), "Technology"), **how)  # type: ignore[arg-type]


def minute(number: int, symbol: str = "NVX", day: int = 0) -> Trade:
    """Return a trade in the middle of a minute of a day."""
    return trade(day * DAY_MS + number * MINUTE_MS + 30_000, symbol=symbol)


def opened(collector: TradeCollector, begin: int, end: int, day: int = 0) -> None:
    """Note that a day was seen from its open to its close, in minutes."""
    collector.note_open(AT + day * DAY_MS + begin * MINUTE_MS)
    collector.note_close(AT + day * DAY_MS + end * MINUTE_MS)


def test_a_sample_has_its_last_price_and_a_minute_its_sums() -> None:
    collector = watched(tells_hours=True)
    opened(collector, 0, 3)
    times = [(0, 100, 1), (4_999, 101, 2), (5_000, 102, 3), (59_999, 103, 4), (60_000, 104, 5)]
    collector.observe(trade(at_ms, price, size) for at_ms, price, size in times)
    sample = collector.sample()
    assert sample.volumes[0, :, 0].tolist() == [10, 5, 0]
    assert sample.trades[0, :, 0].tolist() == [4, 1, 0]
    state = collector.changed()[DAY].trades["NVX"]
    assert memoryview(state.samples).cast("I").tolist() == [0, 1, 11, 12]
    assert memoryview(state.prices).cast("q").tolist() == [101, 102, 103, 104]
    assert memoryview(state.minutes).cast("I").tolist() == [0, 1]


def test_a_part_of_a_day_that_is_lived_again_does_not_count_twice() -> None:
    collector = watched(tells_hours=True)
    opened(collector, 0, 2)
    again = [trade(70_000, 100), trade(64_999, 200, 50), trade(0, 200, 50), trade(70_000, 101, 2)]
    collector.observe(again)
    assert collector.sample().volumes[0, :, 0].tolist() == [0, 3]


def test_without_a_time_of_the_exchange_the_wall_time_counts() -> None:
    collector = watched(tells_hours=True)
    collector.observe([Trade("NVX", 100, 1, Side.BUY, AT + DAY_MS)])
    assert collector.facts().keys() == {DAY + 1}


def test_other_symbols_are_ignored_until_they_are_watched() -> None:
    collector = watched()
    collector.observe([minute(0, "ORB")])
    assert (collector.facts(), collector.changed(), collector.symbols) == ({}, {}, 1)
    assert (collector.has("NVX"), collector.has("ORB")) == (True, False)
    collector.add_symbol("ORB", "Energy")
    collector.observe([minute(0, "ORB")])
    assert (collector.symbols, collector.has("ORB")) == (2, True)
    (state,) = collector.changed().values()
    assert state.sectors == {"ORB": "Energy"}
    assert collector.changed() == {}


def test_the_newest_days_are_kept() -> None:
    collector = watched(days=2)
    collector.observe(minute(0, day=day) for day in (1, 0, 2, 2, 3))
    assert list(collector.facts()) == [DAY + 2, DAY + 3]
    assert list(collector.changed()) == [DAY + 2, DAY + 3]


@pytest.mark.parametrize(
    ("minutes", "is_whole"),
    [
        ([0, 15, 30, 44], True),
        ([15, 30], True),
        ([16, 30], False),
        ([0, 15, 29], True),
        ([0, 15, 28], False),
        ([0, 16, 30], False),
        ([0, 14, 29, 60], True),
        ([0, 15, 29, 45], True),
    ],
)
def test_a_silence_of_more_than_a_quarter_of_an_hour_breaks_a_day(
    minutes: list[int], is_whole: bool
) -> None:
    """A day of 45 minutes; it ends with its minute 44."""
    collector = watched(tells_hours=True)
    opened(collector, OPEN_MIN, OPEN_MIN + 45)
    collector.observe(minute(OPEN_MIN + number) for number in minutes)
    assert collector.whole_days() == [DAY] * is_whole


def test_trades_before_the_open_and_from_the_close_on_are_left_out() -> None:
    collector = watched(tells_hours=True)
    opened(collector, 10, 13)
    collector.observe(minute(number) for number in (9, 10, 12, 13))
    sample = collector.sample()
    assert sample.trades[0, :, 0].tolist() == [1, 0, 1]
    assert np.isnan(sample.returns[0, :, 0]).tolist() == [True, True, False]


@pytest.mark.parametrize(("halted_min", "is_kept"), [(15, True), (15.1, False)])
def test_an_instrument_halted_for_more_than_a_quarter_of_an_hour_is_left_out(
    halted_min: float, is_kept: bool
) -> None:
    collector = watched("NVX", "ORB", tells_hours=True)
    opened(collector, 0, 5)
    collector.observe(minute(number, symbol) for number in range(5) for symbol in ("NVX", "ORB"))
    half_ms = round(halted_min * MINUTE_MS) // 2
    for begin_ms in (AT, AT + 2 * half_ms):
        collector.note_halt("NVX", begin_ms, begin_ms + half_ms)
    assert len(collector.sample().sectors) == 1 + is_kept


def test_what_a_day_is_said_to_be_is_kept() -> None:
    collector = watched()
    collector.note_open(AT + 5)
    for rate in (50.0, 40.0, 60.0, 45.0):
        collector.note_rate(AT + 6, rate, has_hours=True)
    collector.note_halt("NVX", AT + 7, AT + 10)
    collector.note_close(AT + DAY_MS)
    expected = DayFacts(AT + 5, AT + DAY_MS, True, 40.0, 60.0, 45.0, {"NVX": 3})
    assert collector.facts() == {DAY: expected}
    assert list(collector.changed()) == [DAY]


def test_a_close_at_midnight_is_that_of_the_day_before() -> None:
    collector = watched(tells_hours=True)
    collector.note_open(AT + DAY_MS - 2 * MINUTE_MS)
    collector.note_close(AT + DAY_MS)
    collector.observe(minute(number) for number in (1438, 1439))
    assert collector.whole_days() == [DAY]
    assert collector.sample().minutes == 2
    collector.note_close(AT + DAY_MS + 1)
    assert collector.facts()[DAY + 1].close_ms == AT + DAY_MS + 1


@pytest.mark.parametrize(
    ("lengths", "whole"),
    [((5, 5, 4), [0, 1]), ((4, 4, 5), [0, 1]), ((4, 5), [1]), ((4, 5, 5, 4), [1, 2]), ((3,), [0])],
)
def test_days_of_another_length_than_most_are_left_out(
    lengths: tuple[int, ...], whole: list[int]
) -> None:
    """Of two lengths that are as usual the longer one counts."""
    collector = watched(tells_hours=True)
    for day, length in enumerate(lengths):
        opened(collector, 0, length, day)
        collector.observe(minute(number, day=day) for number in range(length))
    assert [day - DAY for day in collector.whole_days()] == whole


def test_where_nobody_tells_the_hours_a_day_is_as_long_as_the_longest() -> None:
    collector = watched()
    collector.observe(minute(number) for number in range(10, 20))
    assert collector.whole_days() == []
    collector.observe(minute(number, day=1) for number in range(8, 19))
    assert collector.whole_days() == [DAY, DAY + 1]
    sample = collector.sample()
    assert (sample.days, sample.minutes) == (2, 12)
    assert sample.trades[:, :, 0].tolist() == [[0] * 2 + [1] * 10, [1] * 11 + [0]]


@pytest.mark.parametrize("hours", [{"tells_hours": True}, {}])
def test_where_hours_are_known_nothing_is_inferred(hours: dict) -> None:
    collector = watched(**hours)
    for day in (0, 1):
        collector.observe(minute(number, day=day) for number in range(5))
    if not hours:
        assert collector.whole_days() == [DAY, DAY + 1]
        collector.note_rate(AT, 50.0, has_hours=True)
    assert collector.whole_days() == []


def test_only_symbols_that_trade_on_all_days_are_sampled_in_order() -> None:
    collector = TradeCollector({"ZED": "Z", "NVX": "N", "ORB": "O"}, tells_hours=True)
    for day in (0, 1):
        opened(collector, 0, 2, day)
        symbols = ("ZED", "NVX", "ORB") if day else ("ZED", "NVX")
        collector.observe(minute(n, symbol, day) for n in (0, 1) for symbol in symbols)
    assert collector.sample().sectors.tolist() == ["N", "Z"]
    assert collector.sample([DAY + 1]).sectors.tolist() == ["N", "O", "Z"]


def test_without_a_whole_day_there_is_no_sample() -> None:
    with pytest.raises(ValueError, match="no whole day was seen"):
        watched().sample()
    collector = watched("NVX", "ORB", tells_hours=True)
    for day, symbol in enumerate(("NVX", "ORB")):
        opened(collector, 0, 2, day)
        collector.observe(minute(n, symbol, day) for n in (0, 1))
    with pytest.raises(ValueError, match="no whole day was seen"):
        collector.sample()


def test_a_later_life_goes_on_with_the_days_and_changes_no_earlier_one() -> None:
    first = watched(tells_hours=True)
    opened(first, 0, 2)
    first.observe([minute(0)])
    left = first.changed()
    second = TradeCollector({}, tells_hours=True)
    second.restore(left)
    assert second.changed() == {}
    second.observe([minute(0), minute(1)])
    second.note_halt("NVX", AT, AT + 1)
    assert second.sample().trades[0, :, 0].tolist() == [2, 1]
    assert second.sample().sectors.tolist() == ["Technology"]
    assert first.facts()[DAY].halted_ms == {}
    assert left[DAY].facts.halted_ms == {}
