"""What a page that the server renders says of prices, and of an exchange's day."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from msgspec.structs import replace

from dashboard.pages.market_display import (
    MarketDisplay,
    blank_row,
    day_text,
    display_row,
    status_text,
)
from dashboard.people.access import Access
from feeds.clock import ms_of
from feeds.market.board import VOLUME, Board, Row
from feeds.market.delayed_keys import delayed
from feeds.market.events import (
    Event,
    FeedState,
    FeedStatus,
    Listing,
    Phase,
    Quote,
    Side,
    Status,
    Trade,
)
from tests.support.exchange import Exchange, StandingClock
from tests.support.market_script import NOW, definition, listing

NOW_MS = NOW
OPENED_MS = ms_of(datetime(2026, 11, 30, 14, 30, tzinfo=UTC))
MINUTE_MS = 60_000


def status(**changes: object) -> FeedStatus:
    facts = {
        "feed": "demo", "name": "Demo", "state": FeedState.RUNNING, "rate": 1.0, "reason": "",
        "ts_event": NOW_MS, "exchange": "NYSE", "zone": "America/New_York", "day": 2,
        "phase": Phase.OPEN, "exchange_ms": OPENED_MS, "scale": 1.0,
    }  # fmt: skip
    return FeedStatus(**facts | changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "passed_ms", "text"),
    [
        ({}, 0, "NYSE · 30 Nov · 09:30 · Open"),
        ({}, 5 * MINUTE_MS, "NYSE · 30 Nov · 09:35 · Open"),
        ({}, -5 * MINUTE_MS, "NYSE · 30 Nov · 09:30 · Open"),
        ({"scale": 13.65}, MINUTE_MS, "NYSE day 3 · 09:43 · Open · 13.7×"),
        ({"scale": 13.65, "day": 1999}, 0, "NYSE day 2,000 · 09:30 · Open · 13.7×"),
        ({"zone": "Asia/Tokyo"}, 0, "NYSE · 30 Nov · 23:30 · Open"),
        ({"phase": Phase.HALTED}, 0, "NYSE · 30 Nov · 09:30 · Halted"),
        ({"state": FeedState.PAUSED}, 0, "NYSE · Paused"),
        ({"exchange": ""}, 0, ""),
    ],
)
def test_the_day_has_a_number_and_a_speed_where_it_is_compressed_and_else_a_date(
    changes: dict[str, object], passed_ms: int, text: str
) -> None:
    assert day_text(status(**changes), NOW_MS + passed_ms) == text


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "Demo: NYSE · 30 Nov · 09:30 · Open"),
        ({"name": "NYSE"}, "NYSE · 30 Nov · 09:30 · Open"),
        ({"state": FeedState.PAUSED}, "Demo: NYSE · Paused"),
        ({"exchange": ""}, "Demo · Running"),
        ({"exchange": "", "state": FeedState.PAUSED}, "Demo · Paused"),
    ],
)
def test_a_feed_is_named_once(changes: dict[str, object], text: str) -> None:
    assert status_text(status(**changes), NOW_MS) == text


# --- prices ---------------------------------------------------------------------------------
def row_of(event: Listing, *more: Event) -> Row:
    board = Board()
    for sequence, each in enumerate((event, *more), 1):
        board.apply(sequence, each)
    return board.rows[event.definition.symbol]


def trade(price: int, size: int = 5, symbol: str = "NVX") -> Trade:
    return Trade(symbol, price, size, Side.BUY, NOW)


def costing(ticks: int) -> Listing:
    """Return a listing with this close of the day before."""
    plain = listing("NVX")
    return replace(plain, definition=replace(plain.definition, reference_ticks=ticks))


def test_a_line_has_everything_that_is_known_of_an_instrument() -> None:
    row = row_of(
        costing(123_450),
        Status("NVX", Phase.PRE_OPEN, "news", NOW),
        Quote("NVX", 123_400, 123_500, 5, 6, NOW),
        trade(124_000),
        trade(123_000, 1_500),
        trade(123_500),
    )
    assert display_row("NVX", row) == {
        "symbol": "NVX",
        "name": "Novexa",
        "sector": "Technology",
        "last": "1,235.00",
        "change": "+0.50",
        "change_percent": "+0.04%",
        "direction": "up",
        "bid": "1,234.00",
        "ask": "1,235.00",
        "volume": "1.51K",
        "high": "1,240.00",
        "low": "1,230.00",
        "phase": "PRE_OPEN",
        "phase_name": "Pre-open",
        "reason": "news",
        "delay": 0,
    }


def test_what_is_not_known_yet_is_marked() -> None:
    row = display_row("NVX", row_of(listing("NVX")))
    unknown = ("last", "change", "change_percent", "bid", "ask", "high", "low")
    assert {row[key] for key in unknown} == {"\u2013"}  # type: ignore[literal-required]
    assert row["direction"] == "flat"
    blank = blank_row("NVX")
    assert {blank[key] for key in (*unknown, "volume")} == {"\u2013"}  # type: ignore[literal-required]


@pytest.mark.parametrize(
    ("close", "last", "change", "percent", "direction"),
    [
        (10_000, 12_345, "+23.45", "+23.45%", "up"),
        (10_000, 9_999, "\u22120.01", "\u22120.01%", "down"),
        (10_000, 10_000, "0.00", "0.00%", "flat"),
        (100_000, 99_999, "\u22120.01", "0.00%", "down"),
        (10_000, 1_010_000, "+10,000.00", "+10,000.00%", "up"),
    ],
)
def test_a_change_has_its_sign_unless_it_rounds_to_nothing(
    close: int, last: int, change: str, percent: str, direction: str
) -> None:
    row = display_row("NVX", row_of(costing(close), trade(last)))
    assert (row["change"], row["change_percent"], row["direction"]) == (change, percent, direction)


@pytest.mark.parametrize(
    ("lots", "text"),
    [
        (999, "999"),
        (1_000, "1.00K"),
        (1_234, "1.23K"),
        (999_999, "1,000.00K"),
        (1_000_000, "1.00M"),
        (2_500_000_000, "2.50B"),
    ],
)
def test_a_volume_has_a_unit_from_a_thousand_on(lots: int, text: str) -> None:
    assert display_row("NVX", row_of(listing("NVX"), trade(1, lots)))["volume"] == text


def test_a_volume_that_is_not_known_is_marked() -> None:
    row = row_of(listing("NVX"))
    row.values[VOLUME] = None
    assert display_row("NVX", row)["volume"] == "\u2013"


def test_a_delayed_line_says_so() -> None:
    late = Listing(delayed("demo", 15), definition(delayed("NVX", 15)), NOW)
    assert display_row("NVX", row_of(late))["delay"] == 15


# --- what pages ask -------------------------------------------------------------------------
@pytest.fixture
def clock() -> StandingClock:
    """The clock of the hub stands until a test sets it."""
    return StandingClock(NOW)


@pytest.mark.parametrize(
    ("age_ms", "text"),
    [
        (-5_000, "0.0 s old"),
        (0, "0.0 s old"),
        (1_500, "1.5 s old"),
        (59_900, "59.9 s old"),
        (60_000, "1 min old"),
        (600_000, "10 min old"),
    ],
)
async def test_the_newest_tick_has_an_age(
    exchange: Exchange, clock: StandingClock, age_ms: int, text: str
) -> None:
    await exchange.happen(trade(1))
    await exchange.settle()
    clock.set(NOW + age_ms)
    assert MarketDisplay(exchange.hub).age_text() == text


async def test_the_last_prices_are_as_they_are_seen(exchange: Exchange) -> None:
    """ORB was not traded, and who sees the feed late sees the price of then."""
    market, late = MarketDisplay(exchange.hub), delayed("NVX", 15)
    await exchange.happen(
        Listing(delayed("demo", 15), definition(late), NOW), trade(12_345), trade(12_000, 5, late)
    )
    await exchange.settle()
    asked = ("NVX", "ORB", "NONE")
    restricted = frozenset(["demo"])
    granted = Access(restricted=restricted, granted=frozenset(["demo~15"]))
    assert market.last_prices(asked, Access()) == {"NVX": Decimal("123.45")}
    assert market.last_prices(asked, granted) == {"NVX": Decimal("120.00")}
    assert market.last_prices(asked, Access(restricted=restricted)) == {}


async def test_a_price_comes_with_its_phase(exchange: Exchange) -> None:
    market = MarketDisplay(exchange.hub)
    await exchange.happen(
        trade(12_345),
        *(Status(symbol, Phase.HALTED, "", NOW) for symbol in ("NVX", "ORB")),
    )
    await exchange.settle()
    assert market.prices(("NVX", "ORB", "NONE")) == {
        "NVX": (12_345, Phase.HALTED),
        "ORB": (None, Phase.HALTED),
    }
