"""A day of messages in the vendor's shapes gives the bars that the vendor's rules give."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from feeds.engine.checkpoint import (
    NO_CHECKPOINT,
    Checkpoint,
    checkpoint_of,
    pack_checkpoint,
    unpack_checkpoint,
)
from feeds.engine.engine import Engine
from feeds.market.bars import DAY_MS, LEVEL_OF, Bar
from feeds.market.board import HIGH, LAST, LOW, OPEN, PREVIOUS_CLOSE, VOLUME, Board
from feeds.market.events import Amendment, Batch, Event, FeedState, FeedStatus, Phase, Status
from feeds.market.packing import pack_board, unpack_board
from feeds.market.parsing import parse_rfc3339
from feeds.plan.plans import FeedKind, FeedPlan
from feeds.services.bar_queue import BarQueue
from feeds.services.bars import ClosedBar
from feeds.upstream.protocol import parse_message
from feeds.upstream.source import UpstreamSource
from tests.feeds.upstream.vendor_rules import VendorBar, hourly, vendor_bars
from tests.support.market_script import definition

DAY = json.loads((Path(__file__).parent / "vendor_day.json").read_text())
MESSAGES: list[dict[str, Any]] = DAY["messages"]
EXPECTED: dict[str, dict[str, list[list[Any]]]] = DAY["expected"]
SYMBOLS = ["NVX", "ORB"]
MIDNIGHT_MS = parse_rfc3339("2026-12-01T05:00:00Z")
"""In New York."""
BEGIN_MS = parse_rfc3339("2026-11-30T09:00:00Z")


def written(bars: list[VendorBar]) -> list[list[Any]]:
    return [[bar.start, *map(float, bar[1:5]), *bar[5:]] for bar in bars]


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_the_expected_bars_are_those_of_the_vendors_rules(symbol: str) -> None:
    minutes = vendor_bars(MESSAGES, symbol, kind="M")
    assert written(minutes) == EXPECTED[symbol]["1m"]
    assert written(hourly(minutes)) == EXPECTED[symbol]["1h"]
    assert written(vendor_bars(MESSAGES, symbol, kind="D")) == EXPECTED[symbol]["1d"]


# --- our code -------------------------------------------------------------------------------


class Market:
    """An upstream feed that hears messages, and the boards of those who follow it."""

    def __init__(self, *, now_ms: int = BEGIN_MS, left: Checkpoint = NO_CHECKPOINT) -> None:
        self.source = UpstreamSource()
        self.engine = Engine(epoch="e1", open_source=lambda _: self.source, left=left)
        self.board, self.stored = Board(), Stored()
        self.board.bars.keep(1000, 0)
        self.now_ms = now_ms
        self._apply(self.engine.reconcile([plan_of(*SYMBOLS)], self.now_ms))

    def hear(self, *messages: dict[str, Any]) -> list[Event]:
        parsed = parse_message(json.dumps(messages))
        assert not parsed.bad
        for message, entry in zip(messages, parsed.entries, strict=True):
            self.now_ms = max(self.now_ms, parse_rfc3339(message["t"]))
            self.source.receive(entry, self.now_ms)
        assert not self.source.bad
        return self.step(self.now_ms)

    def step(self, now_ms: int) -> list[Event]:
        self.now_ms = now_ms
        batch = self.engine.step(now_ms)
        self._apply(batch)
        return list(batch.events)

    def _apply(self, batch: Batch) -> None:
        self.stored.queue.observe(batch)
        for sequence, event in enumerate(batch.events, batch.first):
            self.board.apply(sequence, event)

    def bars(self, symbol: str, interval: str) -> list[list[Any]]:
        """Return the bars of a symbol as the expected ones are written."""
        level = LEVEL_OF[interval]
        bars = self.board.bars.symbols[symbol]
        live = bars.live(level)
        found = [*bars.newest(level, 1000), *([live] if live else [])]
        return [row_of(bar, interval) for bar in found]


class Stored:
    """The bars as the database would have them, by symbol, interval and start."""

    def __init__(self) -> None:
        self.bars: dict[tuple[str, str, int], Bar] = {}
        self.queue = BarQueue()

    def put(self, closed: list[ClosedBar]) -> None:
        for each in closed:
            key = each.symbol, "1d" if each.is_day else "1m", each.bar.start_ms
            self.bars[key] = each.bar

    def of(self, symbol: str, interval: str) -> list[list[Any]]:
        for closed in self.queue.oldest(len(self.queue)):
            self.put([closed])
        found = [bar for key, bar in sorted(self.bars.items()) if key[:2] == (symbol, interval)]
        return [row_of(bar, interval) for bar in found if bar.trades]


def plan_of(*symbols: str, **changes: object) -> FeedPlan:
    plan = FeedPlan(
        feed="live", name="Live", state=FeedState.RUNNING, rate=1.0, seed=1,
        definitions=tuple(map(definition, symbols)), kind=FeedKind.UPSTREAM,
    )  # fmt: skip
    return replace(plan, **changes)


def row_of(bar: Bar, interval: str) -> list[Any]:
    start = datetime.fromtimestamp(bar.start_ms / 1000, UTC)
    written = f"{start:%Y-%m-%d}" if interval == "1d" else f"{start:%Y-%m-%dT%H:%MZ}"
    prices = [bar.open, bar.high, bar.low, bar.close]
    return [written, *(price / 100 for price in prices), bar.volume, bar.trades]


@pytest.mark.parametrize("symbol", SYMBOLS)
@pytest.mark.parametrize("at_once", [1, 7, len(MESSAGES)])
def test_a_day_gives_the_expected_bars(symbol: str, at_once: int) -> None:
    market = Market()
    for begin in range(0, len(MESSAGES), at_once):
        market.hear(*MESSAGES[begin : begin + at_once])
    for interval in ("1m", "1h", "1d"):
        assert market.bars(symbol, interval) == EXPECTED[symbol][interval], interval


def test_amended_bars_are_stored_again() -> None:
    market = Market()
    market.hear(*MESSAGES)
    for symbol in SYMBOLS:
        live = market.bars(symbol, "1m")[-1]
        assert [*market.stored.of(symbol, "1m"), live] == EXPECTED[symbol]["1m"]
    assert market.stored.of("NVX", "1d") == EXPECTED["NVX"]["1d"]


def test_the_last_price_and_the_day_follow_the_rules_of_days() -> None:
    market = Market()
    market.hear(*(message for message in MESSAGES if not message["t"].startswith("2026-12-01T09")))
    row = market.board.rows["NVX"]
    day = [row.values[index] for index in (OPEN, HIGH, LOW, LAST, VOLUME)]
    [_, *prices, volume, _] = EXPECTED["NVX"]["1d"][0]
    assert day == [*(round(price * 100) for price in prices), volume]


def test_a_day_of_new_york_begins_the_next_one() -> None:
    market = Market()
    market.hear(*(message for message in MESSAGES if message["t"] < "2026-12-01"))
    market.step(parse_rfc3339("2026-12-01T04:59:59.999Z"))
    row = market.board.rows["NVX"]
    assert row.values[OPEN] == 10_190
    events = market.step(parse_rfc3339("2026-12-01T05:00:00.040Z"))
    assert {type(event) for event in events} == {FeedStatus, Status}
    assert (row.values[OPEN], row.values[VOLUME]) == (None, 0)
    assert (row.values[LAST], row.values[PREVIOUS_CLOSE]) == (10_540, 10_540)


def test_what_is_taken_back_is_an_event() -> None:
    market = Market()
    amendments = [event for event in market.hear(*MESSAGES) if isinstance(event, Amendment)]
    kinds = Counter(event.kind for event in amendments)
    assert (kinds["corrected"], kinds["cancelled"]) == (3, 4)
    [cancelled] = [event for event in amendments if event.ref == "D:30"]
    assert (cancelled.former_ticks, cancelled.former_size) == (12_000, 1000)
    assert (cancelled.price_ticks, cancelled.last) == (0, 10_280)


@pytest.mark.parametrize("kind", ["x", "c"])
def test_a_change_of_a_trade_that_is_not_known_changes_nothing(kind: str) -> None:
    market = Market()
    market.hear(*MESSAGES[:8])
    before = market.bars("NVX", "1m"), [*market.board.rows["NVX"].values]
    change = next(message for message in MESSAGES if message["T"] == kind)
    name = {"x": "i", "c": "oi"}[kind]
    [amendments] = market.hear({**change, name: 999_999})
    assert isinstance(amendments, Amendment)
    assert amendments.volume is None
    assert (market.bars("NVX", "1m"), market.board.rows["NVX"].values) == before


def test_a_trade_of_before_a_halt_counts_and_one_after_it_does_not() -> None:
    market = Market()
    halt = {"T": "s", "S": "NVX", "sc": "H", "sm": "Halt", "rc": "T1", "rm": "News", "z": "C"}
    first, late, during = (
        {**MESSAGES[0], "i": number, "c": ["@"], "t": f"2026-11-30T15:00:{second}Z", "p": price}
        for number, second, price in ((1, "01", 100.0), (2, "05", 101.0), (3, "11", 102.0))
    )
    market.hear(first, {**halt, "t": "2026-11-30T15:00:10Z"}, late, during)
    row = market.board.rows["NVX"]
    assert (row.phase, row.values[LAST], row.values[VOLUME]) == (Phase.HALTED, 10_100, 400)


RESUMED = "2026-11-30T15:02:00Z"


@pytest.mark.parametrize("is_new_life", [True, False])
@pytest.mark.parametrize(
    ("changes", "is_traded"),
    [
        ({}, True),
        ({"c": ["@", "I"]}, False),  # it sets no price
        ({"t": "2026-11-30T15:01:00Z"}, False),  # nobody heard what happened since
    ],
)
def test_the_end_of_a_halt_may_come_while_nobody_listens(
    is_new_life: bool, changes: dict[str, Any], is_traded: bool
) -> None:
    """The vendor does not say again who is halted, after a restart or a lost connection."""
    market = Market()
    halt = {"T": "s", "S": "NVX", "sc": "H", "sm": "Halt", "rc": "T1", "rm": "News", "z": "C"}
    trade = {**MESSAGES[0], "i": 1, "c": ["@"], "t": "2026-11-30T15:00:01Z"}
    market.hear(trade, {**halt, "t": "2026-11-30T15:00:10Z"})
    if is_new_life:
        packed = unpack_board(pack_board(market.board))
        market = Market(
            now_ms=market.now_ms, left=checkpoint_of(market.engine.state(), packed, market.now_ms)
        )
    market.source.begin(SYMBOLS, parse_rfc3339(RESUMED))
    later = trade | {"i": 2, "p": 101.0, "t": RESUMED} | changes
    market.hear(later)
    row = market.board.rows["NVX"]
    found = row.phase, row.values[LAST]
    assert found == ((Phase.OPEN, 10_100) if is_traded else (Phase.HALTED, 10_000))


def test_a_halt_that_is_heard_holds_until_its_end_is_heard() -> None:
    market = Market()
    market.source.begin(SYMBOLS, market.now_ms)
    halt = {"T": "s", "S": "NVX", "sc": "H", "sm": "Halt", "rc": "T1", "rm": "News", "z": "C"}
    trade = {**MESSAGES[0], "i": 1, "c": ["@"], "t": "2026-11-30T15:00:11Z"}
    market.hear({**halt, "t": "2026-11-30T15:00:10Z"}, trade)
    assert market.board.rows["NVX"].phase == Phase.HALTED


def test_a_market_that_goes_on_mends_what_it_said_before() -> None:
    """The trades of the earlier life are not known any more, but their bars count."""
    before, after = MESSAGES[:28], MESSAGES[28:]
    first = Market()
    first.hear(*before)
    packed = unpack_board(pack_board(first.board))
    left = checkpoint_of(first.engine.state(), packed, first.now_ms)
    second = Market(now_ms=first.now_ms, left=unpack_checkpoint(pack_checkpoint(left)))
    # Changes of trades of the earlier life are only amendments.
    known = {(message["S"], message["i"]) for message in after if message["T"] == "t"}
    heard = [m for m in after if (m["S"], m.get("oi", m.get("i"))) in known]
    second.hear(*heard)
    for symbol in SYMBOLS:
        for kind, interval in (("M", "1m"), ("D", "1d")):
            expected = written(vendor_bars([*before, *heard], symbol, kind=kind))
            found = second.bars(symbol, interval)
            assert found == expected[-len(found) :]
            assert len(found) > (interval == "1m") * 3


def trade_at(at: str, price: float, number: int = 1, **changes: Any) -> dict[str, Any]:
    return {**MESSAGES[0], "i": number, "c": ["@"], "t": at, "p": price} | changes


def day_of(market: Market) -> list[Any]:
    """Return open, high, low, last and volume of the day so far."""
    values = market.board.rows["NVX"].values
    return [values[index] for index in (OPEN, HIGH, LOW, LAST, VOLUME)]


def next_life(market: Market) -> Market:
    packed = unpack_board(pack_board(market.board))
    left = checkpoint_of(market.engine.state(), packed, market.now_ms)
    return Market(now_ms=market.now_ms, left=unpack_checkpoint(pack_checkpoint(left)))


def test_a_trade_that_comes_twice_counts_once() -> None:
    market = Market()
    trade = trade_at("2026-11-30T15:00:00.5Z", 100.0, s=100)
    fix = next(message for message in MESSAGES if message["T"] == "c")
    market.hear(trade, trade)
    assert market.hear(trade) == []
    # Exchanges give numbers again.
    market.hear(trade | {"t": "2026-11-30T15:00:01Z"})
    assert day_of(market)[-1] == 200
    market.hear({**fix, "oi": 1, "ci": 2, "cs": 50})
    assert market.hear(trade | {"t": "2026-11-30T15:00:01Z"}) == []
    assert day_of(market)[-1] == 150


def test_a_trade_of_a_former_day_is_not_the_newest() -> None:
    market = Market(now_ms=parse_rfc3339("2026-12-01T15:00:00Z"))
    market.hear(trade_at("2026-11-30T20:00:00Z", 90.0))
    assert day_of(market) == [None, None, None, None, 0]
    market.hear(trade_at("2026-12-01T15:00:01Z", 101.0, 2))
    assert day_of(market) == [10_100, 10_100, 10_100, 10_100, 200]


def test_a_day_begins_with_its_first_trade_if_the_clock_of_the_exchange_is_ahead() -> None:
    market = Market(now_ms=parse_rfc3339("2026-12-01T04:59:50Z"))
    market.hear(trade_at("2026-12-01T04:59:51Z", 100.0))
    ahead = trade_at("2026-12-01T05:00:01Z", 120.0, 2)
    [entry] = parse_message(json.dumps([ahead])).entries
    market.source.receive(entry, market.now_ms)
    for at in ("2026-12-01T04:59:59Z", "2026-12-01T05:00:00.040Z"):
        market.step(parse_rfc3339(at))
        assert day_of(market) == [12_000, 12_000, 12_000, 12_000, 200]
        assert market.board.rows["NVX"].values[PREVIOUS_CLOSE] == 10_000


@pytest.mark.parametrize("late_at", ["2026-11-30T15:00:30Z", "2026-11-30T15:02:00.5Z"])
def test_a_late_trade_changes_no_bar_that_closed_in_an_earlier_life(late_at: str) -> None:
    """All but one of the trades of that bar are gone."""
    first = Market(now_ms=parse_rfc3339("2026-11-30T15:00:00Z"))
    first.hear(trade_at("2026-11-30T15:00:00Z", 100.0), trade_at("2026-11-30T15:00:10Z", 99.0, 2))
    first.hear(trade_at("2026-11-30T15:02:10Z", 103.0, 3))
    second = next_life(first)
    [_, amendment] = second.hear(trade_at(late_at, 110.0, 4))
    assert isinstance(amendment, Amendment)
    assert day_of(second) == [10_000, 11_000, 9900, 10_300, 800]
    base = "2026-11-30T15:02Z"
    whole = {"1m": [[base, 103.0, 110.0, 103.0, 103.0, 400, 2]]}
    untouched = {"1m": [[base, 103.0, 103.0, 103.0, 103.0, 200, 1]]}
    assert second.bars("NVX", "1m") == (whole if "15:02" in late_at else untouched)["1m"]
    assert second.bars("NVX", "1h") == [["2026-11-30T15:00Z", 100.0, 110.0, 99.0, 103.0, 800, 4]]
    cancel = {"T": "x", "S": "NVX", "i": 4, "x": "D", "p": 110.0, "s": 200, "a": "C", "z": "C"}
    second.hear({**cancel, "t": "2026-11-30T15:02:20Z"})
    assert day_of(second) == [10_000, 10_300, 9900, 10_300, 600]
    assert second.bars("NVX", "1m") == untouched["1m"]
    assert second.stored.of("NVX", "1m") == []


CANCEL = {"T": "x", "S": "NVX", "x": "D", "a": "C", "z": "C", "s": 200}


@pytest.mark.parametrize("is_new_life", [True, False])
@pytest.mark.parametrize("has_yesterday", [True, False])
def test_a_day_whose_only_trade_is_cancelled_is_as_before_it(
    has_yesterday: bool, is_new_life: bool
) -> None:
    market = Market()
    if has_yesterday:
        market.hear(trade_at("2026-11-30T20:00:00Z", 90.0))
    market.step(MIDNIGHT_MS + 1)
    if is_new_life:
        market = next_life(market)
    last = 9_000 if has_yesterday else None
    assert day_of(market) == [None, None, None, last, 0]
    market.hear(trade_at("2026-12-01T15:00:00Z", 101.0, 2))
    market.hear(CANCEL | {"i": 2, "p": 101.0, "t": "2026-12-01T15:00:10Z"})
    assert day_of(market) == [None, None, None, last, 0]
    assert not market.bars("NVX", "1m")[has_yesterday:]
    market.step(MIDNIGHT_MS + DAY_MS + 1)
    row = market.board.rows["NVX"].values
    assert row[PREVIOUS_CLOSE] == (last or market.board.rows["NVX"].definition.reference_ticks)
    market.hear(trade_at("2026-12-02T15:00:00Z", 102.0, 3))
    assert [bar[0] for bar in market.stored.of("NVX", "1d")] == ["2026-11-30"] * has_yesterday


CORRECTION = {"T": "c", "S": "NVX", "x": "D", "z": "C", "os": 200, "oc": ["@"], "cs": 200}


@pytest.mark.parametrize("has_today", [True, False])
@pytest.mark.parametrize(
    ("change", "close"),
    [
        (trade_at("2026-12-01T04:59:00Z", 92.0, 9), 9_200),
        (CANCEL | {"i": 2, "p": 91.0}, 9_000),
        (CORRECTION | {"oi": 2, "op": 91.0, "ci": 9, "cp": 93.0, "cc": ["@"]}, 9_300),
        (CORRECTION | {"oi": 1, "op": 90.0, "ci": 9, "cp": 95.0, "cc": ["@"]}, 9_100),
        (trade_at("2026-12-01T04:00:00Z", 95.0, 9, c=["@", "I"]), 9_100),
    ],
    ids=["late", "cancelled", "corrected", "not the close", "odd lot"],
)
def test_the_previous_close_is_that_of_the_day_as_it_is_mended(
    change: dict[str, Any], close: int, has_today: bool
) -> None:
    market = Market()
    market.hear(trade_at("2026-12-01T04:30:00Z", 90.0), trade_at("2026-12-01T04:30:01Z", 91.0, 2))
    market.step(MIDNIGHT_MS + 1)
    if has_today:
        market.hear(trade_at("2026-12-01T05:00:30Z", 99.0, 3))
    if change["T"] == "t":
        market.now_ms = MIDNIGHT_MS + 60_000
        market.hear(change)
    else:
        market.hear(change | {"t": "2026-12-01T05:01:00Z"})
    row = market.board.rows["NVX"].values
    assert (row[PREVIOUS_CLOSE], row[LAST]) == (close, 9_900 if has_today else close)


def test_the_close_of_an_earlier_day_stands_when_all_trades_of_a_day_are_cancelled() -> None:
    market = Market()
    market.hear(trade_at("2026-11-30T20:00:00Z", 88.0))
    market.step(MIDNIGHT_MS + 1)
    market.hear(trade_at("2026-12-01T20:00:00Z", 90.0, 2))
    market.step(MIDNIGHT_MS + DAY_MS + 1)
    row = market.board.rows["NVX"].values
    assert row[PREVIOUS_CLOSE] == 9_000
    market.hear(CANCEL | {"i": 2, "p": 90.0, "t": "2026-12-02T05:01:00Z"})
    assert (row[PREVIOUS_CLOSE], row[LAST]) == (8_800, 8_800)
    assert not market.stored.of("NVX", "1d")[1:]
    market.hear(trade_at("2026-12-02T15:00:00Z", 91.0, 3))
    assert [bar[:2] for bar in market.stored.of("NVX", "1d")] == [["2026-11-30", 88.0]]


def test_without_a_day_before_the_previous_close_is_the_reference_again() -> None:
    market = Market()
    row = market.board.rows["NVX"].values
    reference = row[PREVIOUS_CLOSE]
    market.hear(trade_at("2026-12-01T04:30:00Z", 90.0))
    market.step(MIDNIGHT_MS + 1)
    assert row[PREVIOUS_CLOSE] == 9_000
    market.hear(CANCEL | {"i": 1, "p": 90.0, "t": "2026-12-01T05:01:00Z"})
    assert (row[PREVIOUS_CLOSE], row[LAST]) == (reference, None)


CONDITIONS = ["@", "I", "T", "P", "Z", "4", "W", "M", "9", "O", "6"]


@st.composite
def days(draw: st.DrawFn, begin: str = "2026-11-30T15:00:00") -> list[dict[str, Any]]:
    """Return trades in any order, of which some are corrected or cancelled."""
    messages: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 25))):
        second, ms = draw(st.integers(0, 150)), draw(st.sampled_from([0, 1, 999]))
        moment = datetime.fromisoformat(begin) + timedelta(seconds=second)
        at = f"{moment:%Y-%m-%dT%H:%M:%S}.{ms:03}Z"
        conditions = sorted({"@", *draw(st.lists(st.sampled_from(CONDITIONS), max_size=1))})
        price, size = draw(st.integers(1, 9)), draw(st.integers(1, 9))
        trade = {
            "T": "t", "S": "NVX", "i": number, "x": "D", "p": price, "s": size, "t": at,
            "c": conditions, "z": "C",
        }  # fmt: skip
        messages.append(trade)
        trades = [message for message in messages if message["T"] == "t"]
        former = draw(st.sampled_from(trades)) if draw(st.integers(0, 3)) == 0 else None
        changed = {
            message.get("oi", message.get("i")) for message in messages if message["T"] in "xc"
        }
        if former is None or former["i"] in changed:
            continue
        change = {"S": "NVX", "x": "D", "z": "C", "t": at}
        if draw(st.booleans()):
            change |= {"T": "x", "i": former["i"], "p": former["p"], "s": former["s"], "a": "C"}
        else:
            change |= {
                "T": "c", "oi": former["i"], "op": former["p"], "os": former["s"],
                "oc": former["c"], "ci": 1000 + former["i"], "cp": draw(st.integers(1, 9)),
                "cs": draw(st.integers(1, 9)), "cc": draw(st.sampled_from([["@"], ["@", "I"]])),
            }  # fmt: skip
        messages.append(change)
    return messages


@pytest.mark.slow
@given(days(), st.integers(1, 5))
def test_any_day_gives_the_bars_of_the_vendors_rules(
    messages: list[dict[str, Any]], at_once: int
) -> None:
    market = Market(now_ms=parse_rfc3339("2026-11-30T15:00:00Z"))
    for begin in range(0, len(messages), at_once):
        market.hear(*messages[begin : begin + at_once])
        heard = messages[: begin + at_once]
        minutes = vendor_bars(heard, "NVX", kind="M")
        days = written(vendor_bars(heard, "NVX", kind="D"))
        assert market.bars("NVX", "1m") == written(minutes)
        assert market.bars("NVX", "1h") == written(hourly(minutes))
        assert market.bars("NVX", "1d") == days
        row = market.board.rows["NVX"]
        if days:
            [_, *prices, volume, _] = days[0]
            found = [row.values[index] for index in (OPEN, HIGH, LOW, LAST)]
            assert found == [round(price * 100) for price in prices]
            assert row.values[VOLUME] == volume


CORRECTED_CLOSE = [
    trade_at("2026-12-01T04:59:43Z", 8.0, 0),
    trade_at("2026-12-01T05:00:59Z", 3.0, 1) | {"c": ["@", "9"]},
]
"""The new day has a price, and no volume."""


@pytest.mark.slow
@given(days("2026-12-01T04:59:00"), st.integers(1, 5))
@example(CORRECTED_CLOSE, 1)
def test_what_comes_over_midnight_counts_in_its_own_day(
    messages: list[dict[str, Any]], at_once: int
) -> None:
    market = Market(now_ms=parse_rfc3339("2026-12-01T04:59:00Z"))
    for begin in range(0, len(messages), at_once):
        market.hear(*messages[begin : begin + at_once])
        heard = messages[: begin + at_once]
        days = written(vendor_bars(heard, "NVX", kind="D"))
        assert market.bars("NVX", "1m") == written(vendor_bars(heard, "NVX", kind="M"))
        assert market.bars("NVX", "1d") == days
        has_begun = market.now_ms >= MIDNIGHT_MS
        priced = written(vendor_bars(heard, "NVX", kind="D", needs_volume=False))
        so_far = [bar for bar in priced if bar[0] == ("2026-12-01" if has_begun else "2026-11-30")]
        if so_far:
            [_, *prices, _, volume, _] = so_far[0]
            expected = [*(round(price * 100) for price in prices), volume]
            assert [*day_of(market)[:3], day_of(market)[4]] == expected
        if priced:
            assert day_of(market)[3] == round(priced[-1][4] * 100)
        if has_begun and priced and priced[0][0] == "2026-11-30":
            previous = market.board.rows["NVX"].values[PREVIOUS_CLOSE]
            assert previous == round(priced[0][4] * 100)
