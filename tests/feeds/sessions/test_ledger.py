"""A ledger keeps only the bars of older minutes; what comes late for them still counts."""

import pytest
from msgspec.structs import replace

from feeds.market.bars import MINUTE, MINUTE_MS
from feeds.market.events import (
    MOVES_VOLUME,
    Amendment,
    AmendmentKind,
    ReportedTrade,
    Side,
)
from feeds.sessions import ledger as ledgers
from feeds.sessions.ledger import InstrumentLedger

DAY = 1_789_948_800_000
BEGIN = DAY + 14 * 3_600_000


def reported(price: int, passed_ms: int, ref: str = "") -> ReportedTrade:
    at_ms = BEGIN + passed_ms
    return ReportedTrade("NVX", price, 5, Side.BUY, at_ms, at_ms, day_ms=DAY, ref=ref)


def minute_bar(amendment: Amendment) -> tuple[int, ...]:
    """Return the values of the minute's bar: open, high, low, close, volume and trades."""
    (bar,) = [bar for bar in amendment.bars if bar.level == MINUTE]
    return bar.open, bar.high, bar.low, bar.close, bar.volume, bar.trades


@pytest.mark.parametrize("kept", [4, 100])
@pytest.mark.parametrize(
    ("price", "wanted"),
    [
        (103, (100, 105, 100, 105, 15, 3)),
        (120, (100, 120, 100, 105, 15, 3)),
        (90, (100, 105, 90, 105, 15, 3)),
    ],
)
def test_a_late_trade_never_closes_an_older_minute(
    monkeypatch: pytest.MonkeyPatch, kept: int, price: int, wanted: tuple[int, ...]
) -> None:
    """Whether its trades are still kept or not: after four, those of the older minute are not."""
    monkeypatch.setattr(ledgers, "TRADES_KEPT", kept)
    ledger = InstrumentLedger()
    for number, (each, passed_ms) in enumerate(
        [(100, 10_000), (105, 50_000), (110, MINUTE_MS), (111, MINUTE_MS + 9_000)]
    ):
        ledger.take(reported(each, passed_ms, str(number)))
    _, late = ledger.take(reported(price, 20_000, "late"))
    assert isinstance(late, Amendment)
    assert minute_bar(late) == wanted
    assert (late.last, late.open, late.volume) == (111, 100, 25)


def test_an_older_minute_without_a_price_takes_one_that_comes_late(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No trade of it set a close, so that of the late trade cannot be wrong."""
    monkeypatch.setattr(ledgers, "TRADES_KEPT", 2)
    ledger = InstrumentLedger()
    ledger.take(replace(reported(100, 10_000), bar=MOVES_VOLUME))
    ledger.take(reported(110, MINUTE_MS))
    _, late = ledger.take(reported(103, 20_000, "late"))
    assert isinstance(late, Amendment)
    assert minute_bar(late) == (103, 103, 103, 103, 10, 2)


def test_a_late_trade_was_nothing_before() -> None:
    ledger = InstrumentLedger()
    ledger.take(reported(100, 5_000))
    _, late = ledger.take(reported(90, 0, "late"))
    assert late == Amendment(
        "NVX", AmendmentKind.LATE, BEGIN, "late", "late", 90, 5, 0, 0, BEGIN,
        last=100, open=90, high=100, low=90, volume=10, bars=late.bars,  # type: ignore[union-attr]
    )  # fmt: skip


def test_a_trade_that_comes_twice_counts_once() -> None:
    ledger = InstrumentLedger()
    assert len(ledger.take(reported(100, 0, "a"))) == 1
    assert ledger.take(reported(100, 0, "a")) == []
    assert len(ledger.take(reported(101, 0, "a"))) == 1, "another trade may have the number"


def test_trades_without_a_name_are_never_the_same() -> None:
    ledger = InstrumentLedger()
    assert [len(ledger.take(reported(100, 0))) for _ in range(3)] == [1, 1, 1]
