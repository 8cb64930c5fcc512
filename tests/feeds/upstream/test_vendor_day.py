"""A day of messages in the vendor's shapes gives the bars that the vendor's rules give."""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
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
from feeds.market.bars import LEVEL_OF, Bar
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


CONDITIONS = ["@", "I", "T", "P", "Z", "4", "W", "M", "9", "O", "6"]


@st.composite
def days(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Return trades in any order, of which some are corrected or cancelled."""
    messages: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 25))):
        second, ms = draw(st.integers(0, 150)), draw(st.sampled_from([0, 1, 999]))
        at = f"2026-11-30T15:{second // 60:02}:{second % 60:02}.{ms:03}Z"
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
