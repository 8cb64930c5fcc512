"""Readers who ask for them get corrections of trades and bars; the others notice nothing."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from feeds.market.bars import DAY_MS, LEVEL_OF
from feeds.market.events import (
    AmendedBar,
    Amendment,
    AmendmentKind,
    Batch,
    Event,
    PriceBand,
    ReportedTrade,
    Side,
)
from tests.support.listener import Listener
from tests.support.market_script import NOW, listing
from tests.support.schemas import schemas_of

MINUTE = NOW - NOW % 60_000


def trade(price: int, at_ms: int, ref: str, size: int = 5) -> ReportedTrade:
    day_ms = at_ms - at_ms % DAY_MS
    return ReportedTrade("NVX", price, size, Side.BUY, NOW, at_ms, day_ms=day_ms, ref=ref)


def amendment(kind: AmendmentKind, price: int, size: int, *bars: AmendedBar) -> Amendment:
    return Amendment(
        "NVX", kind, NOW, "D:1", "D:1", price, size, 101, 5, MINUTE,
        last=103, open=102, high=103, low=102, volume=10, bars=bars,
    )  # fmt: skip


def amended(start_ms: int, price: int, volume: int, revision: int = 1) -> AmendedBar:
    return AmendedBar(
        LEVEL_OF["1m"], revision, start_ms, price, price, price, price, volume, volume
    )


TRADES = (
    trade(101, MINUTE, "D:1"),
    trade(102, MINUTE + 60_000, "D:2"),
    trade(103, MINUTE + 120_000, "D:3"),
)
CORRECTED = amendment(AmendmentKind.CORRECTED, 105, 2, amended(MINUTE, 105, 2))
CANCELLED = amendment(AmendmentKind.CANCELLED, 0, 0, amended(MINUTE, 0, 0, 2))


class Reader:
    """A listener of trades and bars, and the entries it got."""

    def __init__(self, *, asks: bool, **since: str) -> None:
        self.listener = Listener()
        self.happen(listing("NVX"))
        more = {"corrections": True} if asks else {}
        self.listener.send("subscribe", channel="trades", symbols=["NVX"], **more, **since)
        self.listener.send("subscribe", channel="bars", symbols=["NVX@1m"], **more, **since)
        self.listener.send("subscribe", channel="status")

    def happen(self, *events: Event) -> None:
        replica = self.listener.replica
        self.listener.happen(Batch("e1", replica.sequence + 1, events))

    def hear(self, channel: str) -> list[dict[str, Any]]:
        """Return the entries that a channel has for the reader now."""
        self.listener.texts.clear()
        self.listener.listen(1)
        for text in self.listener.texts:
            assert len(schemas_of(text)) == 1, text
        frames = [json.loads(text) for text in self.listener.texts]
        return [entry for f in frames if f["channel"] == channel for entry in f.get("data", [])]


@pytest.mark.parametrize("asks", [True, False])
def test_a_correction_is_an_entry_of_its_own_for_those_who_ask(asks: bool) -> None:
    reader = Reader(asks=asks)
    reader.happen(*TRADES)
    assert [entry["ref"] for entry in reader.hear("trades")] == ["D:1", "D:2", "D:3"]
    reader.happen(CORRECTED, CANCELLED)
    corrected = {
        "s": "NVX", "fix": "corrected", "i": 5, "ref": "D:1", "p": 1.05, "q": 2, "op": 1.01,
        "oq": 5, "et": MINUTE, "ms": 0,
    }  # fmt: skip
    cancelled = {
        "s": "NVX", "fix": "cancelled", "i": 6, "ref": "D:1", "op": 1.01, "oq": 5, "et": MINUTE,
        "ms": 0,
    }  # fmt: skip
    entries = [entry | {"ms": 0} for entry in reader.hear("trades")]
    assert entries == ([corrected, cancelled] if asks else [])


@pytest.mark.parametrize("asks", [True, False])
def test_a_mended_bar_says_so_to_those_who_ask(asks: bool) -> None:
    reader = Reader(asks=asks)
    reader.happen(*TRADES)
    assert [bar["o"] for bar in reader.hear("bars")] == [1.01, 1.02, 1.03]
    reader.happen(CORRECTED)
    live, *mended = reader.hear("bars")
    assert (live["t"], live.get("closed")) == (MINUTE + 120_000, None)
    bar = {"s": "NVX", "iv": "1m", "t": MINUTE, "o": 1.05, "h": 1.05, "l": 1.05, "c": 1.05}
    expected = bar | {"v": 2, "n": 2, "closed": True, "rev": 1}
    assert mended == ([expected] if asks else [])
    reader.happen(CANCELLED)
    gone = {"s": "NVX", "iv": "1m", "t": MINUTE, "gone": True, "rev": 2}
    assert reader.hear("bars")[1:] == ([gone] if asks else [])


NO_BAR = amended(MINUTE, 0, 0)


@pytest.mark.parametrize("asks", [True, False])
def test_a_live_bar_that_is_gone_is_shown_to_those_who_ask(asks: bool) -> None:
    reader = Reader(asks=asks)
    reader.happen(TRADES[0])
    reader.hear("bars")
    reader.happen(amendment(AmendmentKind.CANCELLED, 0, 0, NO_BAR))
    gone = {"s": "NVX", "iv": "1m", "t": MINUTE, "gone": True, "rev": 1}
    assert reader.hear("bars") == ([gone] if asks else [])


def test_a_reader_who_comes_after_the_only_bar_is_gone_hears_that_there_is_none() -> None:
    reader = Reader(asks=False)
    reader.happen(TRADES[0], amendment(AmendmentKind.CANCELLED, 0, 0, NO_BAR))
    reader.listener.send("unsubscribe", channel="bars")
    reader.listener.texts.clear()
    reader.listener.send("subscribe", channel="bars", symbols=["NVX@1m"])
    frames = [json.loads(text) for text in reader.listener.texts]
    [data] = [frame["data"] for frame in frames if frame.get("channel") == "bars"]
    assert data == [{"s": "NVX", "iv": "1m", "none": True}]


@pytest.mark.parametrize("later", [(), TRADES[1:]])
def test_a_live_bar_that_comes_back_before_the_reader_looks_is_not_gone(
    later: tuple[Event, ...],
) -> None:
    reader = Reader(asks=True)
    reader.happen(TRADES[0])
    reader.hear("bars")
    cancelled = amendment(AmendmentKind.CANCELLED, 0, 0, NO_BAR)
    reader.happen(cancelled, trade(107, MINUTE + 1, "D:9"), *later)
    bars = reader.hear("bars")
    assert (bars[0]["t"], bars[0]["o"]) == (MINUTE, 1.07)
    assert not any("gone" in bar for bar in bars)


def test_a_later_reader_who_does_not_ask_sees_each_mended_bar_once() -> None:
    reader = Reader(asks=False)
    reader.happen(*TRADES, CORRECTED)
    reader.listener.send("unsubscribe", channel="bars")
    reader.listener.texts.clear()
    reader.listener.send("subscribe", channel="bars", symbols=["NVX@1m"])
    frames = [json.loads(text) for text in reader.listener.texts]
    [data] = [frame["data"] for frame in frames if frame.get("channel") == "bars"]
    assert [(bar["o"], bar.get("rev")) for bar in data] == [
        (1.05, None),
        (1.02, None),
        (1.03, None),
    ]


@pytest.mark.parametrize(("later", "revisions"), [(58, [1]), (59, [])])
def test_a_mended_bar_is_sent_while_it_is_among_the_newest(
    later: int, revisions: list[int]
) -> None:
    """The newest 59 closed bars and the live one are those that a later reader gets."""
    reader = Reader(asks=True)
    reader.happen(TRADES[0], trade(102, MINUTE + 60_000, "D:2"), CORRECTED)
    reader.happen(*(trade(103, MINUTE + 60_000 * n, f"D:{n + 1}") for n in range(2, later + 2)))
    bars = reader.listener.replica.bars
    found = [json.loads(text) for text in bars.amended("NVX", LEVEL_OF["1m"])]
    assert [bar["rev"] for bar in found] == revisions


def test_a_later_reader_sees_the_mended_bar_and_the_correction() -> None:
    reader = Reader(asks=True)
    reader.happen(*TRADES, CORRECTED)
    reader.hear("bars")
    reader.listener.send("unsubscribe", channel="bars")
    reader.listener.send("unsubscribe", channel="trades")
    reader.listener.texts.clear()
    reader.listener.send("subscribe", channel="bars", symbols=["NVX@1m"], corrections=True)
    reader.listener.send("subscribe", channel="trades", symbols=["NVX"], corrections=True)
    frames = [json.loads(text) for text in reader.listener.texts]
    bars, trades = ([f for f in frames if f.get("channel") == name] for name in ("bars", "trades"))
    assert [(bar["o"], bar.get("rev")) for bar in bars[0]["data"]] == [
        (1.05, None), (1.02, None), (1.03, None), (1.05, 1),
    ]  # fmt: skip
    assert [entry.get("fix") for entry in trades[0]["data"]] == [None, None, None, "corrected"]


def test_a_price_band_comes_with_the_instrument() -> None:
    reader = Reader(asks=False)
    assert not any('"band"' in text for text in reader.listener.texts)
    reader.happen(PriceBand("NVX", 95, 105, NOW))
    [entry] = reader.hear("status")
    assert entry["band"] == [0.95, 1.05]


def test_a_later_reader_gets_the_corrections_of_its_own_symbols_only() -> None:
    reader = Reader(asks=True)
    other = replace(TRADES[0], symbol="ORB", ref="O:1")
    reader.happen(listing("ORB"), other, *TRADES, CORRECTED)
    found = []
    for symbol in ("ORB", "NVX"):
        reader.listener.send("unsubscribe", channel="trades")
        reader.listener.texts.clear()
        reader.listener.send("subscribe", channel="trades", symbols=[symbol], corrections=True)
        [frame] = [
            f for f in map(json.loads, reader.listener.texts) if f.get("channel") == "trades"
        ]
        found.append([(entry["ref"], entry.get("fix")) for entry in frame["data"]])
    assert found == [
        [("O:1", None)],
        [("D:1", None), ("D:2", None), ("D:3", None), ("D:1", "corrected")],
    ]
