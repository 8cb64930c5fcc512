"""What the trades of a ledger move, in whatever order they come, over midnight and over lives."""

from typing import Any

import pytest
from msgspec.structs import replace

from feeds.market.bars import DAY_MS, LEVEL_OF
from feeds.market.events import (
    MOVES_ALL,
    MOVES_FIRST,
    MOVES_LAST,
    MOVES_RANGE,
    MOVES_VOLUME,
    AmendedBar,
    Amendment,
    AmendmentKind,
    Carryover,
    Phase,
    ReportedTrade,
    Side,
)
from feeds.sessions import ledger as ledgers
from feeds.sessions.ledger import InstrumentLedger, TradeChange

DAY = 1_789_948_800_000
BEGIN = DAY + 14 * 3_600_000
MINUTE = 60_000
NO_PRICE = MOVES_VOLUME | MOVES_RANGE
OUT_OF_ORDER = MOVES_FIRST | NO_PRICE
"""What the day takes of a trade that is reported out of order."""
SECOND, MINUTES, HOURS = (LEVEL_OF[name] for name in ("1s", "1m", "1h"))


def reported(price: int, after_ms: int = 0, ref: str = "", **changes: Any) -> ReportedTrade:
    at_ms = BEGIN + after_ms
    trade = ReportedTrade("NVX", price, 5, Side.BUY, at_ms, at_ms, day_ms=DAY, ref=ref)
    return replace(trade, **changes)


def ledger_of(*trades: ReportedTrade) -> InstrumentLedger:
    ledger = InstrumentLedger()
    for trade in trades:
        ledger.take(trade)
    return ledger


def late_of(ledger: InstrumentLedger, trade: ReportedTrade) -> Amendment:
    """Let a late trade come, which itself moves nothing; return what it mends."""
    moved, amendment = ledger.take(trade)
    assert moved == replace(trade, bar=0, day=0)
    assert isinstance(amendment, Amendment)
    return amendment


def cancel(ref: str) -> TradeChange:
    return TradeChange("NVX", ref, 100, 5, BEGIN)


def day_of(amendment: Amendment) -> tuple[int | None, ...]:
    """Return open, high, low, last and volume of the day."""
    return amendment.open, amendment.high, amendment.low, amendment.last, amendment.volume


def bar_of(amendment: Amendment, level: int) -> AmendedBar:
    [bar] = [bar for bar in amendment.bars if bar.level == level]
    return bar


# --- trades that come in order, or a little late ----------------------------------------------


@pytest.mark.parametrize(
    ("trade", "bar", "day"),
    [
        (reported(101, 800), MOVES_ALL, MOVES_ALL),
        (reported(101, 500), MOVES_ALL, MOVES_ALL),  # at the time of the newest
        (reported(101, 450), NO_PRICE, NO_PRICE),
        (reported(101, 450, day=MOVES_FIRST | MOVES_VOLUME), NO_PRICE, MOVES_VOLUME),
        (reported(101, 200), NO_PRICE, NO_PRICE),  # at the time of the first
        (reported(101, 100, bar=MOVES_VOLUME, day=MOVES_VOLUME), MOVES_VOLUME, MOVES_VOLUME),
        (reported(101, 800, day=MOVES_FIRST | MOVES_VOLUME), MOVES_ALL, MOVES_VOLUME),
        (reported(101, -5_000, bar=0, day=MOVES_VOLUME), 0, MOVES_VOLUME),
        (reported(101, 0, bar=MOVES_VOLUME, day=MOVES_VOLUME), MOVES_VOLUME, MOVES_VOLUME),
    ],
)
def test_within_the_newest_second_a_trade_needs_no_amendment(
    trade: ReportedTrade, bar: int, day: int
) -> None:
    """Late by some milliseconds it only does not set the last price."""
    ledger = ledger_of(reported(100, 200), reported(100, 500))
    assert ledger.take(trade) == [replace(trade, bar=bar, day=day)]


@pytest.mark.parametrize(
    "trade",
    [
        reported(101, 199),
        reported(101, 199, day=MOVES_VOLUME),
        reported(101, 199, bar=MOVES_VOLUME),
        reported(101, -1, bar=MOVES_VOLUME, day=MOVES_VOLUME),
        reported(101, -1, bar=MOVES_VOLUME, day=MOVES_VOLUME, nanos=999_999),
    ],
)
def test_a_trade_before_the_first_of_its_second_amends(trade: ReportedTrade) -> None:
    late_of(ledger_of(reported(100, 200), reported(100, 500)), trade)


def test_nanoseconds_decide_between_equal_milliseconds() -> None:
    ledger = ledger_of(reported(100, 0, nanos=500), reported(105, 0, nanos=700))
    between, after = reported(103, 0, nanos=600), reported(104, 0, nanos=701)
    assert ledger.take(between) == [replace(between, bar=NO_PRICE, day=NO_PRICE)]
    assert ledger.take(after) == [after]
    amendment = late_of(ledger, reported(99, 0, nanos=499))
    assert day_of(amendment) == (99, 105, 99, 104, 25)


@pytest.mark.parametrize(
    ("first", "second", "moved"),
    [
        (MOVES_FIRST, MOVES_FIRST, [MOVES_LAST, 0]),
        (MOVES_FIRST, MOVES_LAST, [MOVES_LAST, MOVES_LAST]),
        (MOVES_LAST, MOVES_FIRST, [MOVES_LAST, 0]),
        (MOVES_VOLUME, MOVES_FIRST, [MOVES_VOLUME, MOVES_LAST]),
    ],
)
def test_a_first_price_counts_only_without_another(
    first: int, second: int, moved: list[int]
) -> None:
    ledger = InstrumentLedger()
    trades = [reported(100, 0, day=first), reported(101, 1_000, day=second)]
    assert [trade.day for each in trades for trade in ledger.take(each)] == moved  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("trade", "is_late"),
    [(reported(90, 1_100), True), (reported(90, 1_300), False), (reported(90, 900), True)],
)
def test_after_a_cancel_the_newest_second_begins_where_it_did(
    trade: ReportedTrade, is_late: bool
) -> None:
    ledger = ledger_of(reported(100, 0), reported(101, 1_200), reported(102, 1_500))
    ledger.take(reported(103, 1_900, "a"))
    ledger.change(cancel("a"))
    assert len(ledger.take(trade)) == 1 + is_late


def test_an_earlier_first_price_of_the_day_is_where_the_day_begins() -> None:
    """So what comes between it and the newest price needs no amendment."""
    ledger = ledger_of(reported(100, 500, bar=0))
    earlier = late_of(ledger, reported(90, 200, bar=0, day=MOVES_FIRST | MOVES_VOLUME))
    assert day_of(earlier) == (90, 100, 90, 100, 10)
    between = reported(101, 300, bar=0)
    assert ledger.take(between) == [replace(between, day=NO_PRICE)]


def test_a_first_price_that_is_no_longer_the_first_closes_nothing() -> None:
    odd = MOVES_FIRST | MOVES_VOLUME
    ledger = ledger_of(reported(100, 500, bar=0, day=odd))
    assert day_of(late_of(ledger, reported(90, 200, bar=0, day=odd))) == (90, 90, 90, 90, 10)
    between = reported(101, 300, bar=0)
    assert ledger.take(between) == [between]


def test_an_earlier_price_of_the_newest_second_is_where_it_begins() -> None:
    ledger = ledger_of(reported(100, 500))
    late_of(ledger, reported(90, 200, day=MOVES_VOLUME))
    between = reported(101, 300, day=MOVES_VOLUME)
    assert ledger.take(between) == [replace(between, bar=NO_PRICE)]


def test_after_a_cancel_the_day_begins_where_it_did() -> None:
    ledger = ledger_of(reported(100, 500, bar=0), reported(101, 900, "a", bar=0))
    ledger.change(cancel("a"))
    late_of(ledger, reported(90, 200, bar=0))


# --- what an amendment says -------------------------------------------------------------------


def test_an_amendment_has_the_bars_of_its_own_time_only() -> None:
    """A trade at the end of a second, or of a minute, belongs to the next one."""
    ledger = ledger_of(
        reported(100, 0), reported(101, 999, "a"), reported(90, 1_000), reported(80, MINUTE)
    )
    amendment = ledger.change(cancel("a"))
    assert bar_of(amendment, SECOND) == AmendedBar(SECOND, 1, BEGIN, 100, 100, 100, 100, 5, 1)
    assert bar_of(amendment, MINUTES) == AmendedBar(MINUTES, 1, BEGIN, 100, 100, 90, 90, 10, 2)
    assert bar_of(amendment, HOURS) == AmendedBar(HOURS, 1, BEGIN, 100, 100, 80, 80, 15, 3)
    assert day_of(amendment) == (100, 100, 80, 80, 15)
    again = late_of(ledger, reported(70, 500, "b"))
    assert bar_of(again, SECOND) == AmendedBar(SECOND, 2, BEGIN, 100, 100, 70, 70, 10, 2)


def test_a_day_may_last_beyond_midnight_in_utc() -> None:
    at_ms = DAY + DAY_MS + 5_000
    amendment = ledger_of(reported(100, exchange_ms=at_ms, ref="a")).change(cancel("a"))
    starts = {bar.level: bar.start_ms for bar in amendment.bars}
    assert (starts[SECOND], starts[HOURS], starts[6]) == (at_ms, DAY + DAY_MS, DAY)


def test_a_minute_without_a_price_counts_in_no_longer_bar() -> None:
    ledger = ledger_of(reported(100, 0, "a"), reported(101, 1_000, bar=MOVES_VOLUME))
    amendment = ledger.change(cancel("a"))
    assert bar_of(amendment, MINUTES) == AmendedBar(MINUTES, 1, BEGIN, 0, 0, 0, 0, 5, 1)
    assert bar_of(amendment, HOURS) == AmendedBar(HOURS, 1, BEGIN, 0, 0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("trades", "day"),
    [
        ([(100, 0, MOVES_ALL), (105, 1, MOVES_ALL), (120, 2, MOVES_VOLUME)], (100, 105, 100, 105)),
        ([(120, 0, MOVES_VOLUME), (100, 1, MOVES_ALL)], (100, 100, 100, 100)),
        ([(100, 0, MOVES_ALL), (90, 60, OUT_OF_ORDER)], (100, 100, 90, 100)),
        ([(90, 0, OUT_OF_ORDER), (95, 1, OUT_OF_ORDER)], (90, 95, 90, 90)),
        ([(90, 0, OUT_OF_ORDER), (100, 1, MOVES_ALL)], (90, 100, 90, 100)),
        ([(100, 0, MOVES_ALL), (90, 60, OUT_OF_ORDER), (95, 61, MOVES_ALL)], (100, 100, 90, 95)),
    ],
)
def test_the_prices_of_a_day_follow_from_the_conditions_of_its_trades(
    trades: list[tuple[int, int, int]], day: tuple[int, ...]
) -> None:
    ledger = ledger_of(*(reported(each, at * 1_000, day=moves) for each, at, moves in trades))
    ledger.take(reported(300, 62_000, "a"))
    assert day_of(ledger.change(cancel("a")))[:4] == day


def test_a_correction_stays_at_the_time_of_its_trade() -> None:
    ledger = ledger_of(reported(100, 0, "a", nanos=7), reported(101, 1_000))
    fix = TradeChange(
        "NVX", "a", 100, 5, BEGIN + 9_000, reported(120, 9_000, "b", size=7, day_ms=DAY + DAY_MS)
    )
    assert ledger.change(fix) == Amendment(
        "NVX", AmendmentKind.CORRECTED, BEGIN + 9_000, "a", "b", 120, 7, 100, 5, BEGIN,
        last=101, open=120, high=120, low=101, volume=12,
        bars=(
            AmendedBar(0, 1, BEGIN, 120, 120, 120, 120, 7, 1),
            AmendedBar(1, 1, BEGIN, 120, 120, 101, 101, 12, 2),
            AmendedBar(2, 1, BEGIN, 120, 120, 101, 101, 12, 2),
            AmendedBar(3, 1, BEGIN, 120, 120, 101, 101, 12, 2),
            AmendedBar(4, 1, BEGIN, 120, 120, 101, 101, 12, 2),
            AmendedBar(5, 1, BEGIN, 120, 120, 101, 101, 12, 2),
            AmendedBar(6, 1, DAY, 120, 120, 101, 101, 12, 2),
        ),
    )  # fmt: skip
    assert ledger.change(cancel("a")).volume is None, "its name is another now"
    assert day_of(ledger.change(cancel("b"))) == (101, 101, 101, 101, 5)


def test_a_correction_stays_at_the_nanosecond_of_its_trade() -> None:
    ledger = ledger_of(reported(100, 0, nanos=500), reported(105, 0, "a", nanos=700))
    ledger.change(TradeChange("NVX", "a", 105, 5, BEGIN, reported(120, 0, "b")))
    between = reported(103, 0, nanos=600)
    assert ledger.take(between) == [replace(between, bar=NO_PRICE, day=NO_PRICE)]
    assert day_of(late_of(ledger, reported(99, 0, nanos=499))) == (99, 120, 99, 120, 20)
    assert ledger.take(reported(120, 0, "b", nanos=700)) == [], "it is known already"


def test_a_cancel_of_the_only_trade_leaves_no_prices() -> None:
    amendment = ledger_of(reported(100, 0, "a")).change(cancel("a"))
    assert day_of(amendment) == (None, None, None, None, 0)
    assert (amendment.price_ticks, amendment.former_ticks, amendment.former_size) == (0, 100, 5)
    assert bar_of(amendment, MINUTES) == AmendedBar(MINUTES, 1, BEGIN, 0, 0, 0, 0, 0, 0)


def test_the_older_half_of_the_minutes_can_no_longer_be_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ledgers, "TRADES_KEPT", 5)
    ledger = ledger_of(*(reported(100 + at, at * MINUTE, str(at)) for at in range(4)))
    assert ledger.change(cancel("0")).volume == 15
    ledger.take(reported(104, 4 * MINUTE, "4"))
    found = [ledger.change(cancel(str(at))).volume for at in (1, 2, 3, 4)]
    assert found == [None, 15, 10, 5], "the minutes 0 and 1 are sealed; 1 still counts"


# --- the day before ---------------------------------------------------------------------------


def over_midnight(at_ms: int = DAY + MINUTE) -> InstrumentLedger:
    """Return a ledger of a day that closed at 100 and of the next one, which trades at 200."""
    before = reported(100, day_ms=DAY - DAY_MS, exchange_ms=DAY - MINUTE, ref="a")
    return ledger_of(before, reported(200, exchange_ms=at_ms))


def test_what_comes_for_the_day_before_changes_its_close() -> None:
    ledger = over_midnight()
    trade = reported(110, day_ms=DAY - DAY_MS, exchange_ms=DAY - 1, ref="c")
    amendment = late_of(ledger, trade)
    assert amendment.previous_close == 110
    assert day_of(amendment) == (200, 200, 200, 200, 5)
    assert ledger.take(trade) == [], "it is known"
    assert ledger.change(cancel("c")).previous_close == 100
    assert ledger.take(trade) == [], "it is cancelled"
    assert ledger.change(cancel("a")).previous_close == 0


def test_what_comes_for_an_older_day_changes_nothing() -> None:
    amendment = late_of(over_midnight(), reported(110, 1_000, "c", day_ms=DAY - 2 * DAY_MS))
    assert (amendment.volume, amendment.bars, amendment.previous_close) == (None, (), None)


@pytest.mark.parametrize(("after_ms", "close"), [(0, 0), (1, None)])
def test_the_day_before_is_kept_for_six_hours(after_ms: int, close: int | None) -> None:
    ledger = over_midnight(DAY + 6 * 3_600_000 + after_ms)
    assert ledger.change(cancel("a")).previous_close == close


# --- an earlier life --------------------------------------------------------------------------


def left_at(second_ms: int) -> Carryover:
    """Return what a life left that traded 5 at 100 and in a later second 5 at 105."""
    spans = (5_000, MINUTE, 5 * MINUTE, 15 * MINUTE, 60 * MINUTE)
    growing = [(second_ms - second_ms % span, 100, 105, 100, 105, 10, 2) for span in spans]
    second, day = (second_ms, 105, 105, 105, 105, 5, 1), (DAY, 100, 105, 100, 105, 10, 2)
    parts = second, *growing, day, None
    return Carryover("NVX", BEGIN, 1, Phase.OPEN, last=105, growing=parts)


def test_the_bars_of_an_earlier_life_count_and_its_trades_are_not_known() -> None:
    ledger = InstrumentLedger(left_at(BEGIN + 2 * MINUTE + 1_000))
    later = reported(107, 2 * MINUTE + 1_000, "b")
    assert ledger.take(later) == [later], "it comes after all that is left"
    amendment = late_of(ledger, reported(90, 2 * MINUTE + 999, "c"))
    assert [bar.level for bar in amendment.bars] == [1, 2, 3, 4, 5, 6], "the second had closed"
    minute = AmendedBar(MINUTES, 1, BEGIN + 2 * MINUTE, 100, 107, 90, 107, 20, 4)
    assert bar_of(amendment, MINUTES) == minute
    assert day_of(amendment) == (100, 107, 90, 107, 20)
    amendment = ledger.change(cancel("b"))
    second = AmendedBar(SECOND, 1, BEGIN + 2 * MINUTE + 1_000, 105, 105, 105, 105, 5, 1)
    assert bar_of(amendment, SECOND) == second
    assert day_of(amendment) == (100, 105, 90, 105, 15)


def test_after_the_cancel_of_all_that_came_an_earlier_life_still_has_the_first_prices() -> None:
    ledger = InstrumentLedger(left_at(BEGIN))
    ledger.take(reported(107, 5_000, "b"))
    ledger.change(cancel("b"))
    little_later = reported(103, 5_000)
    assert ledger.take(little_later) == [little_later]
    assert len(ledger.take(reported(104, 4_000))) == 2


def test_what_comes_before_all_that_an_earlier_life_left_is_late() -> None:
    ledger = InstrumentLedger(left_at(BEGIN + 2 * MINUTE + 1_000))
    amendment = late_of(ledger, reported(90, 2 * MINUTE + 999, "c"))
    assert bar_of(amendment, 1) == AmendedBar(1, 1, BEGIN + 2 * MINUTE, 100, 105, 90, 105, 15, 3)
    amendment = late_of(ledger, reported(80, 0, bar=0, day=MOVES_VOLUME))
    assert day_of(amendment) == (100, 105, 90, 105, 20)


@pytest.mark.parametrize("growing", [(), left_at(BEGIN).growing[:7], (None,) * 8])
def test_without_bars_an_earlier_life_leaves_only_the_last_price(growing: tuple) -> None:
    """Bars of a market that knew no conditions are no such bars."""
    ledger = InstrumentLedger(replace(left_at(BEGIN), growing=growing))
    ledger.take(reported(107, -MINUTE, "b"))
    assert day_of(ledger.change(cancel("b"))) == (None, None, None, 105, 0)


def test_an_earlier_life_may_leave_a_day_without_a_second() -> None:
    left = replace(left_at(BEGIN), growing=(*[None] * 6, (DAY, 100, 105, 100, 105, 10, 2), None))
    ledger = InstrumentLedger(left)
    trade = reported(107, 0, "b")
    assert ledger.take(trade) == [trade]
    assert day_of(ledger.change(cancel("b"))) == (100, 105, 100, 105, 10)
