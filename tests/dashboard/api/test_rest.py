"""REST and UDF answer those who may ask, with bars of everywhere; what is junk is refused."""

import re
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group, User
from django.test import AsyncClient

from dashboard import urls
from dashboard.api import schemas
from dashboard.api.bar_search import MOST_FOUND
from dashboard.api.charts import MOST_BARS
from dashboard.transports.gatekeeper import Gatekeeper
from dashboard.wire.registry import SYMBOL_LIMIT
from feeds.market.bars import DAY, INTERVALS, SPANS, Bar, merged
from feeds.market.delayed_keys import delayed
from feeds.market.events import Phase, Quote, Side, Status, Trade
from feeds.models import Entitlement, Feed
from feeds.services.bars import ClosedBar, store_bars
from feeds.simulator.history import DAYS
from tests.dashboard.api.conftest import Ask, basic
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
    everything = await data_of(ask, "quotes", schemas.QuotesOut, symbols="*")
    assert sorted(everything["data"]) == ["NVX", "ORB"]


async def test_trades_are_the_newest_in_order(market: Exchange, ask: Ask) -> None:
    await market.happen(*(trade(n, 100 + n) for n in range(9)), trade(9, 7, "ORB"))
    answer = await data_of(ask, "trades", schemas.TradesOut, symbols="NVX", limit=3)
    assert [trade_entry["p"] for trade_entry in answer["data"]] == [1.06, 1.07, 1.08]
    assert {trade_entry["t"] for trade_entry in answer["data"]} == {NOW}


# --- bars -----------------------------------------------------------------------------------
@pytest.mark.slow
async def test_a_chart_is_never_empty(ask: Ask) -> None:
    """Nothing was traded or stored yet, and there are thirty days of every interval."""
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


async def test_a_range_without_bars_is_empty(ask: Ask) -> None:
    future = {"from": TODAY + 400 * DAY_MS, "to": TODAY + 401 * DAY_MS}
    answer = await bars(ask, **future)
    assert (answer["data"], answer["live"], answer["before"]) == ([], False, None)
    assert (await bars(ask, **{"from": 9, "to": 3}))["data"] == []


# --- who may see what -----------------------------------------------------------------------
@pytest.fixture
def restricted(people: User) -> User:
    Feed.objects.filter(slug="demo").update(is_restricted=True)
    return people


def entitle(user: User, minutes: int) -> None:
    group = Group.objects.create(name="readers")
    group.user_set.add(user)
    feed = Feed.objects.get(slug="demo")
    Entitlement.objects.create(feed=feed, group=group, delay_minutes=minutes)


EVERY_PATH = (
    ("api/v1/instruments/NVX", {}),
    ("api/v1/bars", {"symbol": "NVX"}),
    ("udf/symbols", {"symbol": "NVX"}),
    ("udf/history", {"symbol": "NVX", "resolution": "1", "from": 0, "to": 9_999_999_999}),
)


@pytest.mark.slow
async def test_who_is_not_entitled_gets_nothing(
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


async def test_who_sees_it_late_gets_nothing_younger(
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
    """A delay that is new has no bar in memory: the day is summed up from what was stored then."""
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
async def test_after_a_restart_who_sees_it_late_gets_no_younger_bar_of_the_archive(
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


async def test_who_sees_it_late_sees_corrections_and_cancels_late(
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


async def test_who_is_not_signed_in_gets_nothing(market: Exchange) -> None:
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


async def test_who_asks_too_much_hears_when_to_come_back(
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
    ("quotes", {"symbols": "A" * 9000}),
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


STRANGE = ("nvx", "NVX~15", "NVX'--", "../NVX", "%00", "\x00", "NVX@1m", "Ω" * 16, "*", " ")


@pytest.mark.slow
async def test_a_symbol_that_is_none_is_not_found(market: Exchange, ask: Ask) -> None:
    await market.happen(trade(0))
    for symbol in STRANGE:
        assert (await ask("api/v1/bars", symbol=symbol)).status_code == 404, symbol
        if symbol != "nvx":  # UDF knows symbols in any case
            assert (await ask("udf/symbols", symbol=symbol)).json()["errmsg"] == "unknown_symbol"


async def test_only_get(market: Exchange, people: User) -> None:
    token = basic(people, await sync_to_async(make_token)(people))
    client = AsyncClient()
    for method in (client.post, client.put, client.delete):
        response = await method("/api/v1/bars?symbol=NVX", headers={"authorization": token})
        assert response.status_code == 405


# --- the page -------------------------------------------------------------------------------
@pytest.mark.slow
async def test_the_document_describes_what_there_is(people: User) -> None:
    client = AsyncClient()
    assert (await client.get("/api/v1/openapi.json")).status_code == 302
    await client.aforce_login(people)
    document = (await client.get("/api/v1/openapi.json")).json()
    assert sorted(document["paths"]) == [
        f"/api/v1/{name}"
        for name in ("bars", "instruments", "instruments/{symbol}", "quotes", "trades")
    ]
    query = {
        parameter["name"] for parameter in document["paths"]["/api/v1/bars"]["get"]["parameters"]
    }
    assert query == {"symbol", "interval", "from", "to", "limit"}
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
        *("1S", "5S", "1", "5", "15", "30", "60", "240", "1D", "1W", "1M"),
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
