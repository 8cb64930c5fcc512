"""What UDF says of a symbol and its values, in the units of its specification."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from msgspec.structs import replace

from dashboard.api.resolutions import RESOLUTIONS
from dashboard.api.udf_descriptions import config_of, found_in, symbol_of, values_of
from feeds.clock import ms_of
from feeds.market.board import Board, Row
from feeds.market.delayed_keys import delayed
from feeds.market.events import FeedState, FeedStatus, Listing, Quote, Side, Trade
from feeds.plan.calendars import EXCHANGES
from tests.support.market_script import NOW, listing


def row_of(event: Listing, *more: Quote | Trade) -> Row:
    board = Board()
    for sequence, each in enumerate((event, *more), 1):
        board.apply(sequence, each)
    return board.rows[event.definition.symbol]


def test_a_chart_knows_everything_about_a_symbol() -> None:
    """Every field: a chart does without what is missing, and nobody would see why."""
    assert symbol_of(row_of(listing("NVX")), None, NOW) == {
        "name": "NVX",
        "ticker": "NVX",
        "full_name": "demo:NVX",
        "description": "Novexa",
        "type": "stock",
        "exchange": "demo",
        "listed_exchange": "demo",
        "sector": "Technology",
        "session": "24x7",
        "session_holidays": "",
        "timezone": "Etc/UTC",
        "format": "price",
        "minmov": 1,
        "pricescale": 100,
        "has_intraday": True,
        "has_daily": True,
        "has_weekly_and_monthly": True,
        "has_seconds": True,
        "seconds_multipliers": ["1", "5"],
        "intraday_multipliers": ["1", "3", "5", "15", "30", "45", "60", "120", "180", "240"],
        "monthly_multipliers": ["1", "3", "6", "12"],
        "supported_resolutions": list(RESOLUTIONS),
        "delay": 0,
        "volume_precision": 0,
        "data_status": "streaming",
    }


def test_a_chart_knows_everything_about_the_server() -> None:
    feed = FeedStatus("demo", "Demo", FeedState.RUNNING, 200.0, "", NOW)
    assert config_of([feed]) == {
        "supports_search": True,
        "supports_group_request": False,
        "supports_marks": False,
        "supports_timescale_marks": False,
        "supports_time": True,
        "exchanges": [
            {"value": "", "name": "All exchanges", "desc": ""},
            {"value": "demo", "name": "Demo", "desc": "Demo"},
        ],
        "symbols_types": [
            {"name": "All types", "value": ""},
            {"name": "Stock", "value": "stock"},
        ],
        "supported_resolutions": list(RESOLUTIONS),
    }


def test_a_delay_is_in_seconds_and_its_mark_is_not_shown() -> None:
    plain = listing("NVX")
    definition = replace(plain.definition, symbol=delayed("NVX", 15))
    late = symbol_of(row_of(Listing(delayed(plain.feed, 15), definition, NOW)), None, NOW)
    assert (late["delay"], late["data_status"]) == (900, "delayed_streaming")
    assert (late["name"], late["full_name"]) == ("NVX", f"{plain.feed}:NVX")
    live = symbol_of(row_of(plain), None, NOW)
    assert (live["delay"], live["data_status"]) == (0, "streaming")


@pytest.mark.parametrize(("lot", "decimals"), [("1", 0), ("0.1", 1), ("0.0001", 4)])
def test_volumes_have_as_many_decimals_as_the_lot_size(lot: str, decimals: int) -> None:
    plain = listing("NVX")
    definition = replace(plain.definition, lot=Decimal(lot))
    info = symbol_of(row_of(Listing(plain.feed, definition, NOW)), None, NOW)
    assert info["volume_precision"] == decimals
    assert info["pricescale"] == 100


def test_a_change_is_relative_to_the_close_of_the_day_before() -> None:
    row = row_of(listing("NVX"), Trade("NVX", 12_500, 5, Side.BUY, NOW))
    values = values_of(row)
    assert (values["lp"], values["prev_close_price"]) == (125.0, 100.0)
    assert (values["ch"], values["chp"]) == (25.0, 25.0)
    assert "bid" not in values


def test_a_change_in_percent_has_two_decimals() -> None:
    plain = listing("NVX")
    definition = replace(plain.definition, reference_ticks=30_000)
    listed = Listing(plain.feed, definition, NOW)
    values = values_of(row_of(listed, Trade("NVX", 30_010, 5, Side.BUY, NOW)))
    assert (values["ch"], values["chp"]) == (0.1, 0.03)


def test_holidays_are_weekdays_of_three_years() -> None:
    exchange = EXCHANGES["XNYS"]
    at_ms = ms_of(datetime(2026, 6, 1, tzinfo=UTC))
    feed = FeedStatus(
        "demo", "Demo", FeedState.RUNNING, 200.0, "", at_ms,
        exchange=exchange.name, zone=exchange.zone, exchange_ms=at_ms,
    )  # fmt: skip
    listed = symbol_of(row_of(listing("NVX")), feed, at_ms)["session_holidays"].split(",")
    days = [date(int(day[:4]), int(day[4:6]), int(day[6:])) for day in listed]
    assert max(day.weekday() for day in days) == 4
    assert {day.year for day in days} == {2025, 2026, 2027}
    assert days == sorted(days)
    assert date(2025, 1, 1) in days
    assert date(2027, 12, 24) in days, "Christmas of 2027 is a Saturday, and kept on the Friday"


def test_what_begins_with_the_text_is_found_first_and_once() -> None:
    rows = {symbol: row_of(listing(symbol)) for symbol in ("XNV", "NVX", "ORB")}
    assert found_in(rows, "nv") == ["NVX", "XNV"]
    assert found_in(rows, "novexa") == ["XNV", "NVX", "ORB"]
    assert found_in(rows, "zz") == []
