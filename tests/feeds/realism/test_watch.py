"""Only days that were seen from their open to their close are whole, whatever cut the others."""

import pytest
from msgspec.structs import replace

from feeds.market.bars import DAY_MS, MINUTE_MS
from feeds.market.delayed_keys import delayed
from feeds.market.events import (
    Batch,
    Delisting,
    FeedState,
    FeedStatus,
    Listing,
    Phase,
    Side,
    Status,
    Trade,
)
from feeds.realism.collector import TradeCollector
from feeds.realism.days import pack_day, unpack_day
from feeds.realism.watch import RealismWatch
from tests.support.market_script import definition

FIRST_DAY = 20_000
OPEN_MIN, CLOSE_MIN, EARLY_MIN = 14 * 60 + 30, 20 * 60 + 55, 17 * 60 + 55
SYMBOLS = ("NVX", "ORB", "PQX")


class Market:
    """A feed by its statuses and trades; exchange time is wall time, in minutes of a day."""

    def __init__(self, left=None, *, exchange="NYSE"):
        self.exchange = exchange
        self.watch = RealismWatch(left)
        self.stored = dict(left["demo"]) if left else {}
        self.status = None
        self.halted = set()
        self.send(*(Listing("demo", definition(symbol), 1) for symbol in SYMBOLS))

    def send(self, *events):
        self.watch.observe(Batch("e", 1, tuple(events)))

    def feed(self, day, minute, phase, state=FeedState.RUNNING, rate=200.0):
        at_ms = (FIRST_DAY + day) * DAY_MS + minute * MINUTE_MS
        self.status = FeedStatus(
            "demo", "Demo", state, rate, "", at_ms, self.exchange, day=day, phase=phase,
            exchange_ms=at_ms,
        )  # fmt: skip
        self.send(self.status)
        for symbol in SYMBOLS:
            if symbol not in self.halted or phase is Phase.CLOSED:
                self.send(Status(symbol, phase, "", at_ms, day))

    def halt(self, day, minute, symbol, phase=Phase.HALTED):
        self.send(Status(symbol, phase, "", (FIRST_DAY + day) * DAY_MS + minute * MINUTE_MS, day))

    def trade(self, day, begin, end, symbols=SYMBOLS):
        for minute in range(begin, end):
            at_ms = (FIRST_DAY + day) * DAY_MS + minute * MINUTE_MS + 30_000
            self.send(
                *(Trade(symbol, 100 + minute % 7, 100, Side.BUY, at_ms) for symbol in symbols)
            )

    def open(self, day, minute=OPEN_MIN, **options):
        self.feed(day, minute - 15, Phase.PRE_OPEN, **options)
        self.feed(day, minute - 2, Phase.AUCTION, **options)
        self.feed(day, minute, Phase.OPEN, **options)

    def close(self, day, minute=CLOSE_MIN):
        self.feed(day, minute, Phase.AUCTION)
        self.feed(day, minute + 5, Phase.CLOSED)

    def day(self, day, begin=OPEN_MIN, end=CLOSE_MIN):
        self.open(day, begin)
        self.trade(day, begin, end)
        self.close(day, end)

    def left(self):
        changed = {item.day: unpack_day(pack_day(item.state)) for item in self.watch.changed()}
        self.stored |= changed
        return {"demo": self.stored}

    def collector(self):
        found = TradeCollector({}, tells_hours=True)
        found.restore(self.left()["demo"])
        return found

    def whole(self):
        return [day - FIRST_DAY for day in self.collector().whole_days()]


def test_a_day_from_open_to_close_is_whole_even_alone():
    market = Market()
    market.day(0)
    assert market.whole() == [0]
    sample = market.collector().sample()
    assert (sample.days, sample.minutes) == (1, CLOSE_MIN - OPEN_MIN)
    assert sample.trades.sum() == 3 * (CLOSE_MIN - OPEN_MIN)


@pytest.mark.parametrize("late_min", [1, 10, 180])
def test_a_day_that_was_joined_after_its_open_is_not_whole(late_min):
    market = Market()
    market.feed(0, OPEN_MIN + late_min, Phase.OPEN)
    market.trade(0, OPEN_MIN + late_min, CLOSE_MIN)
    market.close(0)
    assert market.whole() == []
    market.day(1)
    assert market.whole() == [1]


def test_days_that_are_all_joined_at_noon_are_not_whole():
    left = None
    for day in range(4):
        market = Market(left)
        market.feed(day, 17 * 60, Phase.OPEN)
        market.trade(day, 17 * 60, CLOSE_MIN - 60)
        left = market.left()
    assert market.whole() == []


@pytest.mark.parametrize("early_min", [1, 10, 180])
def test_a_day_that_goes_on_is_not_whole(early_min):
    market = Market()
    market.day(0)
    market.open(1)
    market.trade(1, OPEN_MIN, CLOSE_MIN - early_min)
    assert market.whole() == [0]


def test_a_feed_that_was_closed_early_leaves_no_whole_day():
    market = Market()
    market.open(0)
    market.trade(0, OPEN_MIN, CLOSE_MIN - 5)
    market.feed(0, CLOSE_MIN - 5, Phase.CLOSED, FeedState.CLOSED)
    market.feed(1, OPEN_MIN, Phase.CLOSED, FeedState.CLOSED)
    market.day(2)
    assert market.whole() == [2]


def test_a_feed_that_is_started_in_the_middle_of_the_day_has_not_opened():
    market = Market()
    market.feed(0, OPEN_MIN - 60, Phase.CLOSED, FeedState.CLOSED)
    market.feed(0, OPEN_MIN + 5, Phase.OPEN)
    market.trade(0, OPEN_MIN + 5, CLOSE_MIN)
    market.close(0)
    assert market.whole() == []


def test_a_clock_that_jumps_has_not_opened():
    market = Market()
    market.feed(0, OPEN_MIN - 60, Phase.PRE_OPEN)
    jumped = market.status.ts_event + 1_000
    market.feed(0, OPEN_MIN, Phase.OPEN)
    assert market.collector().facts()[FIRST_DAY].open_ms is not None
    other = Market()
    other.feed(0, OPEN_MIN - 60, Phase.PRE_OPEN)
    other.send(replace(market.status, ts_event=jumped))
    other.trade(0, OPEN_MIN, CLOSE_MIN)
    other.close(0)
    assert other.collector().facts()[FIRST_DAY].open_ms is None
    assert other.whole() == []


def test_an_early_close_is_left_out_beside_longer_days():
    market = Market()
    market.day(0, end=EARLY_MIN)
    assert market.whole() == [0]
    market.day(1)
    assert market.whole() == [1]
    market.day(2, end=EARLY_MIN)
    market.day(3)
    assert market.whole() == [1, 3]


def test_days_before_and_after_the_clocks_change_are_laid_upon_each_other():
    market = Market()
    market.day(0)
    market.day(1, OPEN_MIN - 60, CLOSE_MIN - 60)
    assert market.whole() == [0, 1]
    first, second = market.collector().sample().trades
    assert first.tolist() == second.tolist()


@pytest.mark.parametrize(("minutes", "is_kept"), [(6, True), (60, False)])
def test_an_instrument_that_was_halted_for_long_is_left_out_of_a_whole_day(minutes, is_kept):
    market = Market()
    market.open(0)
    market.trade(0, OPEN_MIN, 1000)
    market.halt(0, 1000, "NVX")
    market.trade(0, 1000, 1000 + minutes, SYMBOLS[1:])
    market.halt(0, 1000 + minutes, "NVX", Phase.AUCTION)
    market.halt(0, 1000 + minutes, "NVX", Phase.OPEN)
    market.trade(0, 1000 + minutes, CLOSE_MIN)
    market.close(0)
    assert market.whole() == [0]
    assert len(market.collector().sample().sectors) == 2 + is_kept


def test_an_instrument_that_is_halted_until_the_close_is_left_out():
    market = Market()
    market.open(0)
    market.trade(0, OPEN_MIN, 1000)
    market.halt(0, 1000, "NVX")
    market.halted = {"NVX"}
    market.trade(0, 1000, CLOSE_MIN, SYMBOLS[1:])
    market.close(0)
    assert market.whole() == [0]
    assert len(market.collector().sample().sectors) == 2


@pytest.mark.parametrize(("minutes", "whole"), [(5, [0]), (30, [])])
def test_a_halt_of_the_whole_market_is_a_silence(minutes, whole):
    market = Market()
    market.open(0)
    market.trade(0, OPEN_MIN, 1000)
    for phase, at in ((Phase.HALTED, 1000), (Phase.OPEN, 1000 + minutes)):
        for symbol in SYMBOLS:
            market.halt(0, at, symbol, phase)
    market.trade(0, 1000 + minutes, CLOSE_MIN)
    market.close(0)
    assert market.whole() == whole


def test_round_the_clock_a_day_is_from_midnight_to_midnight():
    market = Market(exchange="")
    market.feed(0, 9 * 60, Phase.OPEN)
    market.trade(0, 9 * 60, 24 * 60)
    for day in (1, 2):
        market.feed(day, 0, Phase.OPEN)
        market.trade(day, 0, 24 * 60)
    market.feed(3, 0, Phase.OPEN)
    market.trade(3, 0, 9 * 60)
    assert market.whole() == [1, 2]
    assert market.collector().sample().minutes == 24 * 60
    assert not market.collector().sample().has_hours


def test_round_the_clock_office_hours_are_no_days():
    left = None
    for day in range(3):
        market = Market(left, exchange="")
        market.feed(day, 9 * 60, Phase.OPEN)
        market.trade(day, 9 * 60, 17 * 60)
        left = market.left()
    assert market.whole() == []


def test_a_restart_within_the_day_keeps_it_whole_and_one_over_the_open_does_not():
    market = Market()
    market.open(0)
    market.trade(0, OPEN_MIN, 1000)
    second = Market(market.left())
    second.feed(0, 1001, Phase.OPEN)
    second.trade(0, 1001, CLOSE_MIN)
    second.close(0)
    assert second.whole() == [0]
    third = Market(second.left())
    third.feed(1, OPEN_MIN + 1, Phase.OPEN)
    third.trade(1, OPEN_MIN + 1, CLOSE_MIN)
    third.close(1)
    assert third.whole() == [0]


def test_late_twins_of_a_feed_say_nothing_of_its_hours():
    market = Market()
    market.feed(0, OPEN_MIN - 2, Phase.AUCTION)
    twin = replace(market.status, feed=delayed("demo", 15), phase=Phase.OPEN)
    market.send(twin)
    assert market.collector().facts() == {}


def test_rates_are_those_of_open_trading():
    market = Market()
    market.open(0, rate=50.0)
    market.feed(0, 1000, Phase.OPEN, rate=400.0)
    market.feed(0, 1100, Phase.OPEN, rate=100.0)
    market.trade(0, OPEN_MIN, CLOSE_MIN)
    market.close(0)
    facts = market.collector().facts()[FIRST_DAY]
    assert (facts.least_rate, facts.greatest_rate, facts.last_rate) == (50.0, 400.0, 100.0)
    assert facts.has_hours


def test_only_continuous_trading_counts():
    market = Market()
    market.feed(0, OPEN_MIN - 2, Phase.AUCTION)
    market.trade(0, OPEN_MIN - 2, OPEN_MIN)
    market.feed(0, OPEN_MIN, Phase.OPEN)
    market.trade(0, OPEN_MIN, OPEN_MIN + 1)
    market.halt(0, OPEN_MIN + 1, "NVX")
    market.trade(0, OPEN_MIN + 1, OPEN_MIN + 2)
    market.feed(0, CLOSE_MIN, Phase.CLOSED)
    market.trade(0, CLOSE_MIN, CLOSE_MIN + 1)
    (state,) = market.left()["demo"].values()
    minutes = {symbol: len(trades.minutes) // 4 for symbol, trades in state.trades.items()}
    assert minutes == {"NVX": 1, "ORB": 2, "PQX": 2}


def test_delayed_twins_and_symbols_that_left_are_not_watched():
    market = Market()
    twin = delayed("NVX", 15)
    market.send(Listing("demo", definition(twin), 1), Delisting("ORB", 1))
    market.open(0)
    market.send(Status(twin, Phase.OPEN, "", 1))
    market.trade(0, OPEN_MIN, OPEN_MIN + 1, (*SYMBOLS, twin))
    (state,) = market.left()["demo"].values()
    assert state.trades.keys() == {"NVX", "PQX"}


def test_the_first_symbols_and_the_newest_days_of_a_feed_are_kept():
    market = Market()
    others = [f"X{number}" for number in range(40)]
    market.send(*(Listing("demo", definition(symbol), 1) for symbol in (*others, "NVX")))
    market.send(*(Status(symbol, Phase.OPEN, "", 1) for symbol in others))
    for day in range(21):
        market.feed(day, OPEN_MIN, Phase.OPEN)
        market.trade(day, OPEN_MIN, OPEN_MIN + 1, (*SYMBOLS, *others))
    days = market.left()["demo"]
    assert list(days) == [FIRST_DAY + day for day in range(1, 21)]
    assert set(days[FIRST_DAY + 1].trades) == {*SYMBOLS, *others[:29]}


def test_a_halt_counts_from_its_beginning_to_its_end_within_open_trading():
    market = Market()
    market.feed(0, OPEN_MIN - 60, Phase.PRE_OPEN)
    market.halt(0, OPEN_MIN - 50, "ORB")
    market.halt(0, OPEN_MIN - 40, "ORB", Phase.PRE_OPEN)
    market.halt(0, OPEN_MIN - 30, "PQX")
    market.feed(0, OPEN_MIN, Phase.OPEN)
    market.halt(0, OPEN_MIN + 1, "PQX", Phase.OPEN)
    market.halt(0, 1000, "NVX")
    market.halt(0, 1010, "NVX", Phase.OPEN)
    market.halt(0, CLOSE_MIN - 30, "NVX")
    market.halted = {"NVX"}
    market.feed(0, CLOSE_MIN, Phase.CLOSED)
    halted = {"NVX": 40 * MINUTE_MS - 1}
    assert market.collector().facts()[FIRST_DAY].halted_ms == halted


@pytest.mark.parametrize(("late_ms", "is_seen"), [(0, True), (59_999, True), (60_000, False)])
def test_round_the_clock_a_day_begins_within_a_minute_of_midnight(late_ms, is_seen):
    """It ends the day before at midnight, however late it is."""
    market = Market(exchange="")
    market.feed(0, 12 * 60, Phase.OPEN)
    at_ms = (FIRST_DAY + 1) * DAY_MS + late_ms
    turn = replace(market.status, day=1, ts_event=at_ms, exchange_ms=at_ms)
    market.send(turn, replace(turn, rate=100.0, ts_event=at_ms + 1, exchange_ms=at_ms + 1))
    facts = market.collector().facts()
    assert facts[FIRST_DAY + 1].open_ms == (at_ms if is_seen else None)
    assert facts[FIRST_DAY].open_ms is None
    ended_ms = (FIRST_DAY + 1) * DAY_MS if is_seen else None
    assert (facts[FIRST_DAY].close_ms, facts[FIRST_DAY + 1].close_ms) == (ended_ms, None)


@pytest.mark.parametrize("off_ms", [0, 59_999, -59_999, 60_000, -60_000])
def test_a_clock_may_be_off_by_less_than_a_minute_at_the_open(off_ms):
    market = Market()
    market.feed(0, OPEN_MIN - 60, Phase.PRE_OPEN)
    before = market.status
    open_ms = before.exchange_ms + 1_000 + off_ms
    market.send(
        replace(before, phase=Phase.OPEN, ts_event=before.ts_event + 1_000, exchange_ms=open_ms)
    )
    facts = market.collector().facts()[FIRST_DAY]
    assert facts.open_ms == (open_ms if abs(off_ms) < 60_000 else None)
