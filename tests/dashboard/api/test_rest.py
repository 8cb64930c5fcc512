"""REST and UDF answer those who may ask, with bars of every origin; junk is refused."""

import json
import re
from collections.abc import Awaitable
from decimal import Decimal
from typing import Any
from urllib.parse import quote as quote_path

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db import OperationalError
from django.http import HttpResponse
from django.test import AsyncClient
from msgspec.structs import replace

from dashboard import urls
from dashboard.api import charts, schemas
from dashboard.api.bar_search import MOST_FOUND
from dashboard.api.charts import MOST_BARS
from dashboard.transports.gatekeeper import Gatekeeper
from dashboard.wire.registry import SYMBOL_LIMIT, Error
from feeds.market.bars import DAY, INTERVALS, LEVEL_OF, SPANS, Bar, merged
from feeds.market.delayed_keys import delayed
from feeds.market.events import (
    AmendedBar,
    Amendment,
    AmendmentKind,
    Listing,
    Phase,
    Quote,
    ReportedTrade,
    Side,
    Status,
    Trade,
)
from feeds.market.symbols import LONGEST_SYMBOL, SYMBOL_RULE
from feeds.services.bars import ClosedBar, store_bars
from feeds.simulator.history import DAYS
from tests.dashboard.api.conftest import Ask, basic
from tests.support.entitlements import entitle
from tests.support.exchange import Exchange, StandingClock
from tests.support.market_script import NOW, definition, levels, listing
from tests.support.tokens import make_token

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE_MS, DAY_MS = INTERVALS["1m"], SPANS[DAY]
TODAY = NOW // DAY_MS * DAY_MS
NOON = TODAY + DAY_MS // 2
FRIDAY = TODAY - 3 * DAY_MS
"""The last trading day before today, a Monday."""


def trade(minute: float, price: int = 10_000, symbol: str = "NVX") -> Trade:
    return Trade(symbol, price, 5, Side.BUY, NOW, NOON + int(minute * MINUTE_MS))


def minute_bar(minute: int, price: int) -> Bar:
    return Bar(NOON + minute * MINUTE_MS, price, price + 9, price - 9, price + 1, 100, 7)


async def data_of(
    ask: Ask, address: str, schema: type[schemas.ResponseSchema], **query: Any
) -> Any:
    """Return what REST says, if it fits its schema."""
    response = await ask(f"api/v1/{address}", **query)
    assert response.status_code == 200, response.content[:300]
    schema.model_validate_json(response.content)
    return response.json()


async def bars(ask: Ask, **query: Any) -> Any:
    return await data_of(ask, "bars", schemas.BarsOut, **({"symbol": "NVX"} | query))


def quote_all(text: str) -> str:
    """Quote the slashes of a text as well."""
    return quote_path(text, safe="")


def store(*found: Bar, recorded_ms: int = 0) -> None:
    store_bars([ClosedBar("NVX", False, bar, recorded_ms) for bar in found])


# --- instruments, quotes, trades ------------------------------------------------------------
async def test_instruments_come_in_pages(ask: Ask) -> None:
    first = await data_of(ask, "instruments", schemas.InstrumentsOut, limit=1)
    assert ([instrument["s"] for instrument in first["data"]], first["after"]) == (["NVX"], "NVX")
    rest = await data_of(ask, "instruments", schemas.InstrumentsOut, limit=1, after="NVX")
    assert ([instrument["s"] for instrument in rest["data"]], rest["after"]) == (["ORB"], None)
    assert (await data_of(ask, "instruments/ORB", schemas.InstrumentOut)) == rest["data"][0]


async def test_what_did_not_change_is_not_sent_again(market: Exchange, ask: Ask) -> None:
    first = await ask("api/v1/instruments")
    again = await ask("api/v1/instruments", {"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert "private" in again["Cache-Control"]
    await market.happen(Status("NVX", Phase.HALTED, "news", NOW))
    assert (await ask("api/v1/instruments", {"if-none-match": first["ETag"]})).status_code == 200


async def test_quotes_have_five_levels_of_the_book(market: Exchange, ask: Ask) -> None:
    bids = levels((10_000 - n, n) for n in range(1, 5))
    asks = levels((10_002 + n, n) for n in range(1, 5))
    await market.happen(Quote("NVX", 10_000, 10_002, 5, 6, NOW, bids, asks), trade(0, 10_001))
    answer = await data_of(ask, "quotes", schemas.QuotesOut, symbols="NVX,NONE,ORB")
    assert answer["rejected"] == {"NONE": "unknown symbol"}
    quote = answer["data"]["NVX"]
    assert (quote["b"], quote["a"], quote["p"], quote["as"]) == (100.0, 100.02, 100.01, 6)
    assert quote["bids"] == [[100.0, 5], [99.99, 1], [99.98, 2], [99.97, 3], [99.96, 4]]
    assert quote["asks"][-1] == [100.06, 4]
    assert answer["data"]["ORB"]["bids"] == []
    book = json.loads(f"{{{market.hub.replica.book('NVX')}}}")["NVX"]
    assert book == {"bids": quote["bids"], "asks": quote["asks"]}
    everything = await data_of(ask, "quotes", schemas.QuotesOut, symbols="*")
    assert sorted(everything["data"]) == ["NVX", "ORB"]


async def test_trades_are_the_newest_in_order(market: Exchange, ask: Ask) -> None:
    await market.happen(*(trade(n, 100 + n) for n in range(9)), trade(9, 7, "ORB"))
    answer = await data_of(ask, "trades", schemas.TradesOut, symbols="NVX", limit=3)
    assert [trade_entry["p"] for trade_entry in answer["data"]] == [1.06, 1.07, 1.08]
    assert {trade_entry["t"] for trade_entry in answer["data"]} == {NOW}


# --- symbols of the world -------------------------------------------------------------------
WORLD = ("BTC/USD", "M&M", "BRK.B", "^GSPC", "ES=F", "A_B", "A/B")


@pytest.mark.parametrize("typed", [*WORLD, "btc/usd", " brk.b ", "m&m"])
async def test_a_symbol_of_the_world_has_an_address(market: Exchange, ask: Ask, typed: str) -> None:
    await market.happen(*map(listing, WORLD))
    symbol = typed.strip().upper()
    for quoted in (quote_all(typed), quote_path(typed)):
        found = await data_of(ask, f"instruments/{quoted}", schemas.InstrumentOut)
        assert found["s"] == symbol
    await market.happen(trade(0, 777, symbol))
    quotes = await data_of(ask, "quotes", schemas.QuotesOut, symbols=f"nvx,{typed}")
    assert list(quotes["data"]) == ["NVX", symbol]
    trades = await data_of(ask, "trades", schemas.TradesOut, symbols=typed)
    assert [(each["s"], each["p"]) for each in trades["data"]] == [(symbol, 7.77)]
    answer = await bars(ask, symbol=typed, interval="1m", **{"from": NOON})
    assert (answer["s"], [bar["c"] for bar in answer["data"]]) == (symbol, [7.77])
    described = (await ask("udf/symbols", symbol=f"demo:{typed}")).json()
    assert (described["name"], described["full_name"]) == (symbol, f"demo:{symbol}")
    history = {"symbol": typed, "resolution": "1", "from": NOON // 1000, "to": NOON // 1000 + 60}
    assert (await ask("udf/history", **history)).json()["c"] == [7.77]


async def test_sizes_are_decimal_numbers(market: Exchange, ask: Ask) -> None:
    """What is read is the text: a double would hide noise."""
    coin = replace(definition("BTC/USD"), lot=Decimal("0.0001"))
    await market.happen(Listing("demo", coin, NOW))
    behind = levels([(98, 30_000)])
    await market.happen(
        Quote("BTC/USD", 99, 101, 5000, 1, NOW, behind), trade(0, 100, "BTC/USD"),
        Trade("BTC/USD", 100, 10_000, Side.BUY, NOW, NOON),
    )  # fmt: skip
    said = (await ask("api/v1/quotes", symbols="BTC/USD")).content.decode()
    assert '"bs":0.5,"as":0.0001,"v":1.0005,' in said
    assert '"bids":[[0.99,0.5],[0.98,3]],"asks":[[1.01,0.0001]]' in said
    assert '"lot":0.0001' in (await ask("api/v1/instruments/BTC/USD")).content.decode()
    trades = (await ask("api/v1/trades", symbols="BTC/USD")).content.decode()
    assert '"q":0.0005,' in trades
    assert '"q":1,' in trades
    found = await ask("api/v1/bars", symbol="BTC/USD", interval="1m", **{"from": NOON})
    assert '"v":1.0005,' in found.content.decode()
    history = {"symbol": "BTC/USD", "resolution": "1", "from": NOON // 1000}
    found = await ask("udf/history", to=NOON // 1000 + 60, **history)
    assert '"v":[1.0005]' in found.content.decode()
    assert (await ask("udf/symbols", symbol="BTC/USD")).json()["volume_precision"] == 4
    assert '"volume":1.0005' in (await ask("udf/quotes", symbols="BTC/USD")).content.decode()
    await data_of(ask, "instruments/BTC/USD", schemas.InstrumentOut)
    await data_of(ask, "quotes", schemas.QuotesOut, symbols="BTC/USD")
    await data_of(ask, "trades", schemas.TradesOut, symbols="BTC/USD")


@pytest.mark.parametrize(
    "wrong", ["..", ".", "/", "A//B", "<script>", "BTC/USD~15", "A" * 60, "ÄB", "A%2FB", "ORB@5m"]
)
async def test_what_is_no_symbol_is_refused_with_what_is_one(
    market: Exchange, ask: Ask, wrong: str
) -> None:
    await market.happen(*map(listing, (*WORLD, "ORB")))
    answer = await ask("api/v1/bars", symbol=wrong)
    assert answer.status_code == 404 or (len(wrong) > 64 and answer.status_code == 400)
    assert SYMBOL_RULE in answer.json()["error"]["message"]
    refused = await data_of(ask, "quotes", schemas.QuotesOut, symbols=f"{wrong},NVX")
    assert list(refused["data"]) == ["NVX"]
    assert refused["rejected"] == {wrong[:LONGEST_SYMBOL]: "unknown symbol"}
    assert (await ask("udf/symbols", symbol=wrong)).json()["errmsg"] == "unknown_symbol"


# --- bars -----------------------------------------------------------------------------------
@pytest.mark.slow
async def test_a_chart_is_never_empty(ask: Ask) -> None:
    """Although nothing was traded or stored yet, there are thirty days of every interval."""
    for interval in list(INTERVALS)[2:]:
        assert (await bars(ask, interval=interval))["data"]
    days = await bars(ask, interval="1d", limit=100)
    assert len(days["data"]) == DAYS
    assert days["data"][-1]["t"] == FRIDAY
    assert days["data"][-1]["c"] == 100.0
    assert days["before"] is None


async def test_minutes_come_from_history_archive_and_memory(market: Exchange, ask: Ask) -> None:
    await sync_to_async(store)(*(minute_bar(n, 10_000 + n) for n in range(5)))
    await market.happen(trade(3.5, 20_000), trade(5, 20_100), trade(5.5, 20_200))
    answer = await bars(ask, limit=8)
    assert [(bar["t"] - NOON) // MINUTE_MS for bar in answer["data"]][2:] == [0, 1, 2, 3, 4, 5]
    opens = [bar["o"] for bar in answer["data"]]
    assert opens[-6:] == [100.0, 100.01, 100.02, 100.03, 100.04, 201.0]
    assert answer["live"]
    assert answer["before"] == answer["data"][0]["t"]
    assert answer["data"][1]["t"] < TODAY


@pytest.mark.slow
@pytest.mark.parametrize("interval", ["1m", "5m", "1h", "1d"])
async def test_bars_of_an_older_day_hide_no_later_ones(
    market: Exchange, ask: Ask, interval: str
) -> None:
    """A feed that became a replay shows an older day; what was stored before stays."""
    await sync_to_async(store)(*(minute_bar(n, 10_000 + n) for n in range(90)))
    before = (await bars(ask, interval=interval, limit=MOST_BARS))["data"]
    for days in (1, 5, 40):
        at_ms = NOON - days * DAY_MS
        await market.happen(*(Trade("NVX", 500, 5, Side.BUY, NOW, at_ms + n) for n in range(3)))
        answer = await bars(ask, interval=interval, limit=MOST_BARS)
        after = {bar["t"]: bar for bar in answer["data"]}
        begins = at_ms - at_ms % INTERVALS[interval]
        lost = [bar for bar in before if bar["t"] != begins and after.get(bar["t"]) != bar]
        # Each older bar may push the oldest one off the page.
        assert not [bar for bar in lost if bar in before[3:]]
        assert answer["data"][-1]["t"] >= before[-1]["t"]
        assert not answer["live"]


@pytest.mark.slow
async def test_pages_together_are_the_whole(market: Exchange, ask: Ask) -> None:
    await sync_to_async(store)(*(minute_bar(n, 10_000 + n) for n in range(0, 90, 2)))
    await market.happen(trade(91, 20_000))
    for interval in ("1m", "5m", "1h"):
        begin = NOON - 3 * 60 * MINUTE_MS
        whole = (await bars(ask, interval=interval, limit=MOST_BARS, **{"from": begin}))["data"]
        pages: list[Any] = []
        before: int | None = NOON + DAY_MS
        while before is not None:
            page = await bars(ask, interval=interval, limit=7, **{"from": begin, "to": before})
            pages, before = page["data"] + pages, page["before"]
        assert pages == whole


@pytest.mark.slow
@pytest.mark.parametrize("interval", ["5m", "15m", "1h"])
async def test_pages_that_are_not_full_go_on(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, interval: str
) -> None:
    """So many minutes are read at once, whatever number of bars is wanted."""
    await sync_to_async(store)(*(minute_bar(n, 10_000 + n) for n in range(600)))
    begin = NOON - 3 * 60 * MINUTE_MS
    whole = (await bars(ask, interval=interval, limit=MOST_BARS, **{"from": begin}))["data"]
    monkeypatch.setattr(charts, "MOST_MINUTES", 150)
    pages: list[Any] = []
    before: int | None = NOON + DAY_MS
    while before is not None:
        page = await bars(ask, interval=interval, limit=MOST_BARS, **{"from": begin, "to": before})
        assert len(page["data"]) < len(whole)
        pages, before = page["data"] + pages, page["before"]
    assert pages == whole


@pytest.mark.slow
async def test_coarse_bars_are_the_minutes_merged(market: Exchange, ask: Ask) -> None:
    stored = [minute_bar(n, 10_000 + 3 * n % 17) for n in range(130)]
    await sync_to_async(store)(*stored)
    for interval in ("5m", "15m", "1h"):
        answer = await bars(ask, interval=interval, **{"from": NOON})
        whole = list(merged(stored, INTERVALS[interval]))
        assert [(entry["t"], entry["v"], entry["h"]) for entry in answer["data"]] == [
            (bar.start_ms, bar.volume, bar.high / 100) for bar in whole
        ]


async def test_the_day_is_its_minutes_also_after_a_restart(market: Exchange, ask: Ask) -> None:
    await sync_to_async(store)(minute_bar(0, 9_000), minute_bar(1, 9_500))
    await market.happen(trade(7, 9_800))
    answer = await bars(ask, interval="1d", limit=2)
    assert answer["data"][-1] == {
        "t": TODAY, "o": 90.0, "h": 98.0, "l": 89.91, "c": 98.0, "v": 205, "n": 15,
    }  # fmt: skip
    assert answer["data"][-2]["t"] == FRIDAY


async def test_yesterday_is_whole_while_some_of_its_minutes_are_in_memory(
    market: Exchange, ask: Ask
) -> None:
    """The bar of the day is not stored yet, and memory has only the last minutes of it."""
    midnight = TODAY + DAY_MS
    minutes = [minute_bar(n, 9_000 + n) for n in range(0, 700, 7)]
    await sync_to_async(store)(*minutes)
    await market.happen(*(trade(n, 9_500) for n in (710, 715, 719, 720, 725)))
    for limit, to in ((2, midnight + DAY_MS), (1, midnight)):
        yesterday = (await bars(ask, interval="1d", limit=limit, to=to))["data"][0]
        assert (yesterday["t"], yesterday["o"]) == (TODAY, 90.0)
        assert yesterday["v"] == 100 * len(minutes) + 15


async def test_the_finest_bars_are_those_in_memory(market: Exchange, ask: Ask) -> None:
    await market.happen(*(trade(n / 30, 100 + n) for n in range(10)))
    answer = await bars(ask, interval="1s")
    assert [bar["o"] for bar in answer["data"]] == [(100 + n) / 100 for n in range(10)]
    five = await bars(ask, interval="5s", limit=2)
    assert [bar["n"] for bar in five["data"]] == [3, 2]
    assert (await bars(ask, symbol="ORB", interval="1s"))["data"] == []


async def test_a_page_names_the_one_before_only_if_there_is_one(market: Exchange, ask: Ask) -> None:
    await sync_to_async(store)(*(minute_bar(n, 10_000 + n) for n in range(5)))
    whole = {"from": NOON, "to": NOON + 5 * MINUTE_MS}
    for limit, count, before in ((6, 5, None), (5, 5, None), (4, 4, NOON + MINUTE_MS)):
        answer = await bars(ask, limit=limit, **whole)
        assert (len(answer["data"]), answer["before"]) == (count, before)


async def test_a_range_without_bars_is_empty(ask: Ask) -> None:
    future = {"from": TODAY + 400 * DAY_MS, "to": TODAY + 401 * DAY_MS}
    answer = await bars(ask, **future)
    assert (answer["data"], answer["live"], answer["before"]) == ([], False, None)
    assert (await bars(ask, **{"from": 9, "to": 3}))["data"] == []


# --- who may see what -----------------------------------------------------------------------


EVERY_PATH = (
    ("api/v1/instruments/NVX", {}),
    ("api/v1/bars", {"symbol": "NVX"}),
    ("udf/symbols", {"symbol": "NVX"}),
    ("udf/history", {"symbol": "NVX", "resolution": "1", "from": 0, "to": 9_999_999_999}),
)


@pytest.mark.slow
async def test_a_user_without_entitlement_gets_nothing(
    market: Exchange, restricted: User, ask: Ask
) -> None:
    await market.happen(trade(0))
    for address, query in EVERY_PATH:
        response = await ask(address, **query)
        assert response.json().get("errmsg") == "unknown_symbol" or response.status_code == 404
    assert (await data_of(ask, "instruments", schemas.InstrumentsOut))["data"] == []
    assert (await data_of(ask, "quotes", schemas.QuotesOut, symbols="*"))["data"] == {}
    assert (await data_of(ask, "trades", schemas.TradesOut, symbols="*"))["data"] == []
    assert (await ask("udf/search", query="")).json() == []
    assert (await ask("udf/quotes", symbols="NVX")).json()["d"][0]["s"] == "error"


async def test_a_delayed_user_gets_nothing_younger(
    market: Exchange, restricted: User, ask: Ask
) -> None:
    await sync_to_async(entitle)(restricted, 15)
    feed, twin = delayed("demo", 15), delayed("NVX", 15)
    late = listing("NVX")
    twin_listing = type(late)(feed, definition(twin), NOW)
    now_ms = market.hub.clock.now_ms()
    await sync_to_async(store)(minute_bar(0, 9_000), recorded_ms=now_ms - 16 * MINUTE_MS)
    await sync_to_async(store)(minute_bar(1, 9_500), recorded_ms=now_ms - 14 * MINUTE_MS)
    await market.happen(twin_listing, trade(9, 9_999), trade(0.5, 9_100, twin))
    found = (await bars(ask, **{"from": NOON}))["data"]
    assert [(bar["t"] - NOON, bar["o"]) for bar in found] == [(0, 90.0)]
    quote = (await data_of(ask, "quotes", schemas.QuotesOut, symbols="NVX"))["data"]["NVX"]
    assert quote["p"] == 91.0
    newest = (await data_of(ask, "trades", schemas.TradesOut, symbols="NVX"))["data"]
    assert [trade_entry["p"] for trade_entry in newest] == [91.0]
    instrument = await data_of(ask, "instruments/NVX", schemas.InstrumentOut)
    assert instrument["delay"] == 15
    symbol = (await ask("udf/symbols", symbol="NVX")).json()
    assert (symbol["delay"], symbol["data_status"]) == (900, "delayed_streaming")


async def test_a_day_is_there_before_the_first_late_trade(
    market: Exchange, restricted: User, ask: Ask
) -> None:
    """A new delay has no bar in memory: the day is summed up from what was stored at that time."""
    await sync_to_async(entitle)(restricted, 15)
    now_ms = market.hub.clock.now_ms()
    for minute, age in enumerate((17, 16, 14)):
        bar = minute_bar(minute, 9_000 + minute)
        await sync_to_async(store)(bar, recorded_ms=now_ms - age * MINUTE_MS)
    twin = type(listing("NVX"))(delayed("demo", 15), definition(delayed("NVX", 15)), NOW)
    await market.happen(twin, trade(9, 9_999))
    day = (await bars(ask, interval="1d", limit=1))["data"][0]
    assert (day["t"], day["v"], day["o"], day["c"]) == (TODAY, 200, 90.0, 90.02)


@pytest.mark.slow
async def test_after_a_restart_a_delayed_user_gets_no_younger_stored_bar(
    market: Exchange, restricted: User, ask: Ask
) -> None:
    """The twin has no bar in memory yet that would stand before those of the archive."""
    await sync_to_async(entitle)(restricted, 15)
    now_ms = market.hub.clock.now_ms()
    for minute, age in enumerate((16, 15, 14)):
        bar = minute_bar(minute, 9_000 + minute)
        await sync_to_async(store)(bar, recorded_ms=now_ms - age * MINUTE_MS)
    twin = type(listing("NVX"))(delayed("demo", 15), definition(delayed("NVX", 15)), NOW)
    await market.happen(twin)
    minutes = await bars(ask, **{"from": NOON})
    assert [bar["o"] for bar in minutes["data"]] == [90.0, 90.01]
    [five] = (await bars(ask, interval="5m", **{"from": NOON}))["data"]
    assert (five["n"], five["c"]) == (14, 90.02)
    begin = NOON // 1000
    columns = await history(ask, **{"from": begin, "to": begin + 600})
    assert columns["t"] == [begin, begin + 60]


async def test_a_delayed_user_sees_corrections_and_cancels_late(
    market: Exchange, clock: StandingClock, restricted: User, ask: Ask
) -> None:
    """Through REST, UDF, and the bars of coarser intervals."""
    await sync_to_async(entitle)(restricted, 15)
    twin = type(listing("NVX"))(delayed("demo", 15), definition(delayed("NVX", 15)), NOW)
    await market.happen(twin)
    closed_ms = NOW - 20 * MINUTE_MS
    bars_then = [minute_bar(minute, 9_000 + minute) for minute in range(3)]
    closed = [ClosedBar("NVX", False, bar, closed_ms) for bar in bars_then]
    await sync_to_async(store_bars)([*closed, ClosedBar("NVX", True, bars_then[0], closed_ms)])
    await sync_to_async(store_bars)(
        [
            ClosedBar("NVX", False, minute_bar(1, 5_000), closed_ms + 10 * MINUTE_MS, 1),
            ClosedBar("NVX", False, Bar(NOON + 2 * MINUTE_MS, 0, 0, 0, 0, 0, 0),
                      closed_ms + 10 * MINUTE_MS, 1),
        ]
    )  # fmt: skip
    seen = await minutes_fives_and_columns(ask)
    assert seen == ([90.01, 90.02, 90.03], [90.03], [90.01, 90.02, 90.03])
    clock.set(NOW + 5 * MINUTE_MS - 1)
    assert await minutes_fives_and_columns(ask) == seen
    clock.set(NOW + 5 * MINUTE_MS)
    assert await minutes_fives_and_columns(ask) == ([90.01, 50.01], [50.01], [90.01, 50.01])


async def revisions(ask: Ask, interval: str, **query: Any) -> list[int | None]:
    found = await bars(
        ask, interval=interval, **{"from": NOON - NOON % INTERVALS[interval]}, **query
    )
    return [bar.get("rev") for bar in found["data"]]


async def test_a_bar_says_how_often_it_was_amended_to_those_who_ask(
    market: Exchange, ask: Ask
) -> None:
    """Of stored bars, of those in memory, and of the coarser bars that are made of them."""
    stored = [ClosedBar("NVX", False, minute_bar(minute, 9_000), NOW - 1) for minute in range(7)]
    await sync_to_async(store_bars)(stored)
    amended = [
        ClosedBar("NVX", False, minute_bar(1, 5_000), NOW, 2),
        ClosedBar("NVX", False, Bar(NOON + 2 * MINUTE_MS, 0, 0, 0, 0, 0, 0), NOW, 1),
    ]
    await sync_to_async(store_bars)(amended)
    assert await revisions(ask, "1m", corrections=1) == [None, 2, *[None] * 4]
    assert await revisions(ask, "5m", corrections=1) == [3, None]
    assert await revisions(ask, "1m") == [None] * 6
    await market.happen(*(reported(minute, str(minute)) for minute in (7, 8, 9)))
    await market.happen(amendment_of(7, 3))
    assert await revisions(ask, "1m", corrections=1) == [None, 2, *[None] * 4, 3, None, None]
    assert await revisions(ask, "1s", corrections=1) == [3, None, None]


def reported(minute: int, ref: str) -> ReportedTrade:
    at_ms = NOON + minute * MINUTE_MS
    return ReportedTrade("NVX", 9_000, 5, Side.BUY, NOW, at_ms, day_ms=TODAY, ref=ref)


def amendment_of(minute: int, revision: int) -> Amendment:
    """Return an amendment of the second and the minute in which a trade happened."""
    at_ms = NOON + minute * MINUTE_MS
    changed = [
        AmendedBar(LEVEL_OF[name], revision, at_ms, 1, 1, 1, 1, 5, 1) for name in ("1s", "1m")
    ]
    return Amendment(
        "NVX", AmendmentKind.CORRECTED, NOW, str(minute), str(minute), 1, 5, 9_000, 5, at_ms,
        last=9_000, open=1, high=9_000, low=1, volume=15, bars=tuple(changed),
    )  # fmt: skip


async def minutes_fives_and_columns(ask: Ask) -> tuple[list[float], list[float], list[float]]:
    """Return the closes of minutes and 5 minutes by REST, and of minutes by UDF."""
    minutes = (await bars(ask, **{"from": NOON}))["data"]
    fives = (await bars(ask, interval="5m", **{"from": NOON}))["data"]
    columns = await history(ask, **{"from": NOON // 1000, "to": NOON // 1000 + 600})
    return [bar["c"] for bar in minutes], [bar["c"] for bar in fives], columns["c"]


ADDRESSES = (
    *("api/v1/instruments", "api/v1/instruments/NVX", "api/v1/quotes?symbols=*"),
    *("api/v1/bars?symbol=NVX", "api/v1/trades?symbols=*", "udf/config", "udf/time"),
    *("udf/symbols?symbol=NVX", "udf/search?query=", "udf/quotes?symbols=NVX"),
    "udf/history?symbol=NVX&resolution=1&from=0&to=9",
)
FOREIGN = {"origin": "https://evil.example"}
TOKENS = ("Basic", "Basic !!", "Basic YWRhOng=", "Bearer abc", "Basic YWRh")


async def test_nobody_gets_anything_without_a_sign_in(market: Exchange) -> None:
    """Not even what is wrong with the question."""
    client = AsyncClient()
    await market.happen(trade(0))
    for address in (*ADDRESSES, "api/v1/bars?interval=7", "udf/history?to=x"):
        for headers in ({"sec-fetch-site": "same-origin"}, *({"authorization": t} for t in TOKENS)):
            response = await client.get(f"/{address}", headers=headers)
            assert response.status_code == 401, address
            assert b"signed" in response.content or b"no valid session" in response.content
        assert (await client.get(f"/{address}", headers=FOREIGN)).status_code == 403


async def test_a_session_of_our_own_page_is_let_in(market: Exchange, people: User) -> None:
    client = AsyncClient()
    await client.aforce_login(people)
    own = {"sec-fetch-site": "same-origin"}
    assert (await client.get("/api/v1/instruments", headers=own)).status_code == 200
    assert (await client.get("/api/v1/instruments", headers=FOREIGN)).status_code == 403


async def test_a_flood_of_requests_hears_when_to_come_back(
    market: Exchange, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(urls._api, "gatekeeper", Gatekeeper(market.hub, requests_per_s=0.4))
    assert (await ask("api/v1/instruments")).status_code == 200
    for address in ("api/v1/instruments", "udf/time"):
        refused = await ask(address)
        assert (refused.status_code, refused["Retry-After"]) == (429, "1")


async def test_a_market_that_has_not_begun_is_unavailable(
    ask: Ask, market: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(market.hub.replica, "epoch", "")
    refused = await ask("api/v1/instruments")
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, 503)


# --- junk -----------------------------------------------------------------------------------
JUNK = (
    ("bars", {}),
    ("bars", {"symbol": "NVX", "interval": "2m"}),
    ("bars", {"symbol": "NVX", "interval": ""}),
    ("bars", {"symbol": "NVX", "limit": 0}),
    ("bars", {"symbol": "NVX", "limit": MOST_BARS + 1}),
    ("bars", {"symbol": "NVX", "limit": "1e3"}),
    ("bars", {"symbol": "NVX", "from": -1}),
    ("bars", {"symbol": "NVX", "from": "nan"}),
    ("bars", {"symbol": "NVX", "to": 2**63}),
    ("bars", {"symbol": "NVX", "to": "9" * 400}),
    ("bars", {"symbol": "N" * 65}),
    ("instruments", {"limit": -5}),
    ("instruments", {"after": "x" * 100}),
    ("quotes", {}),
    ("quotes", {"symbols": "A" * 17_000}),
    ("quotes", {"symbols": ",".join(f"S{n}" for n in range(SYMBOL_LIMIT + 1))}),
    ("trades", {"symbols": "NVX", "limit": 501}),
)


@pytest.mark.slow
async def test_junk_is_refused_with_an_error_of_the_wire(ask: Ask) -> None:
    for address, query in JUNK:
        response = await ask(f"api/v1/{address}", **query)
        assert response.status_code == 400, (address, query)
        schemas.ErrorOut.model_validate_json(response.content)
        assert len(response.content) < 500


STRANGE = ("NVX~15", "NVX'--", "../NVX", "%00", "\x00", "NVX@1m", "Ω" * 16, "*", " ")


@pytest.mark.slow
async def test_a_symbol_that_is_none_is_not_found(market: Exchange, ask: Ask) -> None:
    await market.happen(trade(0))
    for symbol in STRANGE:
        assert (await ask("api/v1/bars", symbol=symbol)).status_code == 404, symbol
        assert (await ask("udf/symbols", symbol=symbol)).json()["errmsg"] == "unknown_symbol"


async def test_only_get(market: Exchange, people: User) -> None:
    token = basic(people, await sync_to_async(make_token)(people))
    client = AsyncClient()
    for method in (client.post, client.put, client.delete):
        response = await method("/api/v1/bars?symbol=NVX", headers={"authorization": token})
        assert response.status_code == 405


@pytest.mark.parametrize("method", ["get", "post", "delete"])
@pytest.mark.parametrize("address", ["quote", "instruments/A%0AB", "bars/NVX", "quotes/"])
async def test_an_address_without_an_endpoint_is_answered_in_json(
    people: User, method: str, address: str
) -> None:
    """Whoever asks, signed in or not."""
    client = AsyncClient(enforce_csrf_checks=True)
    rest = await getattr(client, method)(f"/api/v1/{address}")
    udf = await getattr(client, method)(f"/udf/{address}")
    assert (rest.status_code, udf.status_code) == (404, 404)
    assert rest.json()["error"]["message"].startswith("there is no endpoint at '/api/v1/")
    assert udf.json()["errmsg"].startswith("there is no endpoint at '/udf/")


# --- the page, and the documents ------------------------------------------------------------
@pytest.mark.parametrize("address", ["/api/v1/openapi.json", "/developers/asyncapi.json"])
async def test_a_token_opens_the_documents_and_no_page(people: User, address: str) -> None:
    def opened(token: str, address: str) -> Awaitable[HttpResponse]:
        return AsyncClient().get(address, headers={"authorization": basic(people, token)})

    token = await sync_to_async(make_token)(people)
    answer = await opened(token, address)
    assert (answer.status_code, answer["content-type"].split(";")[0]) == (200, "application/json")
    assert answer.json()["info"]["title"]
    refused = await opened("wrong", address)
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, Error.SIGNED_OUT)
    assert (await AsyncClient().get(address)).status_code == 302
    for page in ("/developers/", "/api/v1/docs"):
        assert (await opened(token, page)).status_code == 302


@pytest.mark.parametrize(
    "address", ["/api/v1/openapi.json", "/developers/asyncapi.json", "/api/v1/instruments"]
)
async def test_a_token_that_cannot_be_looked_up_is_to_come_back(
    people: User, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    async def let_in(gatekeeper: Gatekeeper, scope: dict[str, Any]) -> None:
        raise OperationalError("the database is locked")

    token = basic(people, await sync_to_async(make_token)(people))
    monkeypatch.setattr(Gatekeeper, "let_in", let_in)
    answer = await AsyncClient().get(address, headers={"authorization": token})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, Error.UNAVAILABLE)
    assert int(answer["Retry-After"]) > 0


@pytest.mark.slow
async def test_the_document_describes_what_there_is(people: User) -> None:
    client = AsyncClient()
    assert (await client.get("/api/v1/openapi.json")).status_code == 302
    await client.aforce_login(people)
    document = (await client.get("/api/v1/openapi.json")).json()
    assert sorted(document["paths"]) == [
        f"/api/v1/{name}"
        for name in (
            "bars",
            "instruments",
            "instruments/{symbol}",
            "quotes",
            "sparklines",
            "trades",
        )
    ]
    query = {
        parameter["name"] for parameter in document["paths"]["/api/v1/bars"]["get"]["parameters"]
    }
    assert query == {"symbol", "interval", "from", "to", "limit", "corrections"}
    answers = document["paths"]["/api/v1/bars"]["get"]["responses"]
    assert set(answers) == {"200", "400", "401", "403", "404", "408", "413", "429", "431", "503"}
    page = (await client.get("/api/v1/docs")).content.decode()
    assert re.search(r"/static/[0-9a-f]{12}/ninja/swagger-ui", page)
    assert "https://" not in page


# --- UDF ------------------------------------------------------------------------------------
async def history(ask: Ask, **query: Any) -> Any:
    wanted = {"symbol": "NVX", "resolution": "1", "from": 0, "to": NOON // 1000 + 3600}
    return (await ask("udf/history", **(wanted | query))).json()


async def test_udf_says_what_it_can_do_and_what_time_it_is(ask: Ask) -> None:
    config = (await ask("udf/config")).json()
    assert config["supports_search"]
    assert not config["supports_group_request"]
    assert config["supported_resolutions"] == [
        *("1S", "5S", "1", "3", "5", "15", "30", "45", "60", "120", "180", "240"),
        *("1D", "1W", "1M", "3M", "6M", "12M"),
    ]
    assert [kind["value"] for kind in config["symbols_types"]] == ["", "stock"]
    now_s = int((await ask("udf/time")).content)
    assert now_s == NOW // 1000


async def test_udf_describes_a_symbol(ask: Ask) -> None:
    for name in ("NVX", "demo:NVX"):
        symbol = (await ask("udf/symbols", symbol=name)).json()
        assert (symbol["ticker"], symbol["minmov"], symbol["pricescale"]) == ("NVX", 1, 100)
        assert symbol["has_intraday"]
        assert symbol["data_status"] == "streaming"


async def test_udf_finds_by_symbol_and_name(ask: Ask) -> None:
    assert [match["symbol"] for match in (await ask("udf/search", query="or")).json()] == ["ORB"]
    found = (await ask("udf/search", query="novexa", limit=1)).json()
    assert [match["full_name"] for match in found] == ["demo:NVX"]
    assert (await ask("udf/search", query="", limit=0)).json() == []


async def test_udf_tells_bars_as_columns(market: Exchange, ask: Ask) -> None:
    await sync_to_async(store)(*(minute_bar(n, 10_000 + n) for n in range(5)))
    begin = NOON // 1000
    answer = await history(ask, **{"from": begin + 60, "to": begin + 240})
    assert answer == {
        "s": "ok", "t": [begin + 60, begin + 120, begin + 180], "o": [100.01, 100.02, 100.03],
        "h": [100.1, 100.11, 100.12], "l": [99.92, 99.93, 99.94], "c": [100.02, 100.03, 100.04],
        "v": [100, 100, 100],
    }  # fmt: skip
    counted = await history(ask, **{"from": begin + 239, "to": begin + 240, "countback": 2})
    assert counted["t"] == [begin + 120, begin + 180]
    assert (await history(ask, resolution="D", countback=3))["s"] == "ok"


async def test_udf_says_where_older_bars_are(ask: Ask) -> None:
    begin = TODAY // 1000 + 86_400
    answer = await history(ask, **{"from": begin, "to": begin + 600})
    assert answer == {"s": "no_data", "nextTime": answer["nextTime"]}
    older = await history(ask, **{"from": answer["nextTime"], "to": answer["nextTime"] + 60})
    assert older["t"] == [answer["nextTime"]]
    assert await history(ask, **{"from": 0, "to": 1000}) == {"s": "no_data"}
    assert await history(ask, resolution="1S") == {"s": "no_data"}


async def test_udf_quotes(market: Exchange, ask: Ask) -> None:
    await market.happen(Quote("NVX", 10_000, 10_002, 5, 6, NOW), trade(0, 10_100))
    answer = (await ask("udf/quotes", symbols="demo:NVX,NONE")).json()
    assert [entry["s"] for entry in answer["d"]] == ["ok", "error"]
    values = answer["d"][0]["v"]
    assert (values["lp"], values["bid"], values["ch"], values["chp"]) == (101.0, 100.0, 1.0, 1.0)


UDF_JUNK = (
    ("history", {"symbol": "NVX", "resolution": "7", "from": 0, "to": 9}),
    ("history", {"symbol": "NVX", "resolution": "1m", "from": 0, "to": 9}),
    ("history", {"symbol": "NVX", "resolution": "", "from": 0, "to": 9}),
    ("history", {"symbol": "NVX", "resolution": "1", "from": 0}),
    ("history", {"symbol": "NVX", "resolution": "1", "from": "x", "to": 9}),
    ("history", {"symbol": "NVX", "resolution": "1", "from": 0, "to": 10**20}),
    ("history", {"symbol": "NVX", "resolution": "1", "from": 0, "to": 9, "countback": -1}),
    ("history", {"symbol": "NONE", "resolution": "1", "from": 0, "to": 9}),
    ("symbols", {}),
    ("search", {"query": "x" * 100}),
    ("search", {"query": "", "limit": -1}),
    ("quotes", {"symbols": ",".join(f"S{n}" for n in range(SYMBOL_LIMIT + 1))}),
)


@pytest.mark.slow
async def test_udf_refuses_junk_in_its_own_words(ask: Ask) -> None:
    for address, query in UDF_JUNK:
        answer = (await ask(f"udf/{address}", **query)).json()
        assert answer["s"] == "error", (address, query)
        assert 0 < len(answer["errmsg"]) <= 200


@pytest.mark.slow
async def test_udf_bears_any_range(market: Exchange, ask: Ask) -> None:
    await market.happen(trade(0))
    for bounds in ((-(10**9), 0), (0, 10**11), (10**11, 10**11 + 1), (9, 3)):
        wanted = dict(zip(("from", "to"), bounds, strict=True))
        for more in ({}, {"countback": 10**9}):
            answer = await history(ask, **wanted, **more)
            assert answer["s"] in ("ok", "no_data")
            assert len(answer.get("t", [])) <= MOST_FOUND


async def test_udf_answers_for_as_many_symbols_as_are_allowed_and_cuts_long_names(
    market: Exchange, ask: Ask
) -> None:
    names = [f"S{number}" for number in range(SYMBOL_LIMIT)]
    answer = (await ask("udf/quotes", symbols=",".join(names))).json()
    assert (answer["s"], [entry["n"] for entry in answer["d"]]) == ("ok", names)
    (cut,) = (await ask("udf/quotes", symbols="x" * 70)).json()["d"]
    assert cut == {"s": "error", "n": "x" * 64, "v": {}}


async def test_udf_never_says_that_older_bars_are_younger(ask: Ask) -> None:
    """A range that ends before it begins would else lead a chart to where it already looked."""
    await sync_to_async(store)(*(minute_bar(n, 10_000) for n in range(30)))
    end_s = NOON // 1000 + 120
    answer = await history(ask, **{"from": end_s + 1200, "to": end_s})
    assert (answer["s"], answer["nextTime"]) == ("no_data", end_s - 60)
