"""UDF keeps to its specification: one clock, every resolution, hours, search, and no silent cut."""

import json
import threading
from datetime import UTC, date, datetime
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from msgspec.structs import replace

from dashboard.api import bar_search, udf
from dashboard.api.charts import MOST_BARS
from dashboard.api.resolutions import RESOLUTIONS, resolution_of
from feeds.clock import ms_of
from feeds.engine.engine import Engine
from feeds.engine.virtual_clock import START_MS, demo_plan
from feeds.market.bars import DAY_MS, MINUTE_MS, Bar
from feeds.market.events import Batch, FeedState, FeedStatus, Trade
from feeds.models import Feed, Instrument
from feeds.plan.calendars import EXCHANGES, Calendar
from feeds.services.bar_queue import BarQueue
from feeds.services.bars import ClosedBar, store_bars
from feeds.simulator.simulator import Simulator
from tests.dashboard.api.conftest import Ask
from tests.support.exchange import Exchange, StandingClock
from tests.support.market_script import NOW, listing
from tests.support.udf_client import UdfChart

pytestmark = pytest.mark.django_db(transaction=True)
HOUR_MS = 60 * MINUTE_MS
MONDAY = 1_789_344_000_000
"""Monday 14 September 2026 (UTC ms), a week before NOW."""


def bar(at_ms: int, price: int = 10_000) -> Bar:
    return Bar(at_ms, price, price + 9, price - 9, price + 1, 100, 7)


async def stored(*bars: Bar) -> None:
    await sync_to_async(store_bars)([ClosedBar("NVX", False, each, 0) for each in bars])


async def store_day(begin_ms: int, minutes: int = 3, price: int = 10_000) -> None:
    """Store minutes of a day, and the day."""
    bars = [bar(begin_ms + 14 * HOUR_MS + n * MINUTE_MS, price + n) for n in range(minutes)]
    closed = [ClosedBar("NVX", False, each, 0) for each in bars]
    await sync_to_async(store_bars)([*closed, ClosedBar("NVX", True, bar(begin_ms), 0)])


async def history(ask: Ask, **query: Any) -> Any:
    wanted = {"symbol": "NVX", "resolution": "1", "from": 0, "to": NOW // 1000}
    return (await ask("udf/history", **(wanted | query))).json()


def status(feed: str = "demo", **more: Any) -> FeedStatus:
    return FeedStatus(feed, "Demo Exchange", FeedState.RUNNING, 200.0, "", NOW, **more)


NYSE = {"exchange": "NYSE", "zone": "America/New_York"}


# --- the clock ------------------------------------------------------------------------------
async def test_time_is_that_of_the_bars(market: Exchange, clock: StandingClock, ask: Ask) -> None:
    await market.happen(status(exchange_ms=START_MS, scale=13.0))
    assert int((await ask("udf/time")).content) == START_MS // 1000
    clock.set(NOW + 10_000)
    assert int((await ask("udf/time")).content) == START_MS // 1000 + 130


async def test_time_is_a_text(ask: Ask) -> None:
    assert (await ask("udf/time"))["Content-Type"] == "text/plain"


async def test_of_several_clocks_time_is_the_foremost(market: Exchange, ask: Ask) -> None:
    """One behind would hide the newest bars of another feed; one ahead hides none."""
    await market.happen(status(exchange_ms=START_MS, scale=13.0), status("real", exchange_ms=NOW))
    assert int((await ask("udf/time")).content) == NOW // 1000


def engine_of_three_short_days() -> tuple[Engine, Any]:
    calendar = Calendar(EXCHANGES["XNYS"], date(2026, 1, 5))
    plan = demo_plan(calendar, seed=5, rate=60, instruments=2, day_ms=120_000)
    engine = Engine(epoch="virtual", open_source=lambda plan: Simulator(plan.seed))
    return engine, replace(plan, **NYSE)


def folded(trades: list[Trade], span_ms: int) -> dict[int, list[float]]:
    bars: dict[int, list[float]] = {}
    for trade in trades:
        start_s, price = (
            (trade.exchange_ms - trade.exchange_ms % span_ms) // 1000,
            trade.price_ticks,
        )
        known = bars.setdefault(start_s, [price, price, price, price, 0])
        known[1], known[2], known[3] = max(known[1], price), min(known[2], price), price
        known[4] += trade.size
    return bars


@pytest.mark.slow
async def test_a_chart_that_knows_only_the_specification_lives_through_three_days(
    market: Exchange, clock: StandingClock, ask: Ask
) -> None:
    engine, plan = engine_of_three_short_days()
    feed = await Feed.objects.aget(slug="demo")
    await feed.instruments.all().adelete()
    for each in plan.definitions:
        row = Instrument(feed=feed, symbol=each.symbol, name=each.name, sector=each.sector)
        row.reference_price, row.tick_size = each.reference_ticks * each.tick_size, each.tick_size
        await row.asave()
    symbol, queue, trades = plan.definitions[0].symbol, BarQueue(), list[Trade]()

    async def publish(batch: Batch) -> None:
        queue.observe(batch)
        trades.extend(e for e in batch.events if isinstance(e, Trade) and e.symbol == symbol)
        await market.bus.publish(batch)
        market.sequence = batch.last

    async def get(address: str, **query: Any) -> bytes:
        return (await ask(f"udf/{address}", **query)).content

    clock.set(START_MS)
    await publish(engine.reconcile([plan], START_MS))
    charts = {name: UdfChart(get, symbol.lower(), name) for name in ("1", "30", "1D")}
    refreshed = frozen = 0
    for now_ms in range(START_MS + 2_000, START_MS + 360_000, 2_000):
        clock.set(now_ms)
        await publish(engine.step(now_ms))
        if (now_ms - START_MS) % 12_000 == 0:
            await sync_to_async(store_bars)(queue.oldest(len(queue)))
            queue.drop(len(queue), lost_before=0)
            for chart in charts.values():
                await (chart.refresh() if chart.bars else chart.open())
            if trades:
                refreshed += 1
                frozen += max(charts["1"].bars) < trades[-1].exchange_ms // 60_000 * 60
    assert (refreshed > 20, frozen) == (True, 0)
    for chart in charts.values():
        await chart.refresh()
    scale = 100
    for name, span_ms in (("1", MINUTE_MS), ("30", 30 * MINUTE_MS), ("1D", DAY_MS)):
        truth = folded(trades, span_ms)
        shown = {
            t: [*(round(scale * price) for price in values[:4]), values[4]]
            for t, values in charts[name].bars.items()
            if t >= min(truth)
        }
        assert shown == truth, name
    assert len([t for t in charts["1D"].bars if t >= START_MS // 86_400_000 * 86_400]) == 3


# --- resolutions ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("spelled", "minutes"), [("1m", "1"), ("m", "1"), ("5m", "5"), ("60m", "60")]
)
async def test_a_small_m_is_neither_minutes_nor_a_month(
    ask: Ask, spelled: str, minutes: str
) -> None:
    assert resolution_of(spelled) is None
    answer = await history(ask, resolution=spelled)
    assert answer == {
        "s": "error",
        "errmsg": f"resolution was {spelled!r}, UDF has no small m: "
        f"minutes are {minutes!r} alone, a month is '1M'",
    }


@pytest.mark.parametrize("spelled", ["7m", "0m", "01m", "9999m"])
async def test_minutes_that_do_not_exist_are_not_offered(ask: Ask, spelled: str) -> None:
    answer = await history(ask, resolution=spelled)
    assert answer["errmsg"] == f"resolution was {spelled!r}, expected one of " + ", ".join(
        RESOLUTIONS
    )


@pytest.mark.slow
async def test_one_m_is_a_month_and_one_alone_a_minute(ask: Ask) -> None:
    first = MONDAY - 13 * DAY_MS
    await store_day(first)
    assert (await history(ask, resolution="1M", countback=1))["v"] == [300]
    assert (await history(ask, resolution="1", countback=3))["v"] == [100] * 3


@pytest.mark.slow
async def test_every_supported_resolution_has_bars(ask: Ask) -> None:
    """Nothing was traded yet: these are of the history before the first day."""
    for name in (await ask("udf/config")).json()["supported_resolutions"]:
        if not name.endswith("S"):
            assert (await history(ask, resolution=name, countback=3))["s"] == "ok", name


@pytest.mark.slow
@pytest.mark.parametrize("name", ["3", "30", "45", "120", "180", "240"])
async def test_coarse_bars_are_whole_wherever_the_range_begins_or_ends(ask: Ask, name: str) -> None:
    span_ms = int(name) * MINUTE_MS
    begin = MONDAY + 8 * HOUR_MS
    await stored(*(bar(begin + n * MINUTE_MS, 10_000 + 7 * n % 31) for n in range(600)))
    whole = await history(ask, resolution=name, **{"from": begin // 1000})
    assert [t % (span_ms // 1000) for t in whole["t"]] == [0] * len(whole["t"])
    assert whole["v"][0] == 100 * int(name)
    first, last = whole["t"][1], whole["t"][-2]
    part = await history(ask, resolution=name, **{"from": first - 60, "to": last + 60})
    assert part == {"s": "ok"} | {key: whole[key][1:-1] for key in "tohlcv"}
    counted = await history(ask, resolution=name, to=last + 60, countback=2)
    assert counted == {"s": "ok"} | {key: whole[key][-3:-1] for key in "tohlcv"}


async def test_the_last_bar_of_a_range_is_whole(ask: Ask) -> None:
    await stored(*(bar(MONDAY + n * MINUTE_MS) for n in range(20)))
    to_s = MONDAY // 1000 + 5 * 60 + 60
    answer = await history(ask, resolution="5", **{"from": MONDAY // 1000, "to": to_s})
    assert answer["v"] == [500, 500]


@pytest.mark.slow
async def test_weeks_and_months_begin_with_their_first_trading_day(ask: Ask) -> None:
    """Tuesday the 1st, Wednesday and Sunday are of a week that history begins on Monday."""
    first = MONDAY - 13 * DAY_MS
    days = [first + n * DAY_MS for n in (0, 1, 5, 6, 8, 13)]
    for number, begin in enumerate(days):
        await store_day(begin, price=10_000 + number)
    weeks = await history(ask, resolution="W", countback=3)
    assert weeks["t"] == [(first - DAY_MS) // 1000, days[3] // 1000, days[5] // 1000]
    assert weeks["v"][-2:] == [600, 300]
    assert (weeks["o"][-2], weeks["c"][-2]) == (100.03, 100.07)
    months = await history(ask, resolution="1M", countback=1)
    assert (months["t"], months["v"]) == ([first // 1000], [1800])


DAYS = [date(2026, 1, 2), date(2026, 4, 1), date(2026, 6, 30), date(2026, 9, 17)]
PERIODS = {
    "1M": (DAYS, [300] * 4),
    "3M": ([DAYS[0], DAYS[1], DAYS[3]], [300, 600, 300]),
    "6M": ([DAYS[0], DAYS[3]], [900, 300]),
    "12M": ([DAYS[0]], [1200]),
}
"""Resolution -> the first days of its periods, and their volumes."""


@pytest.mark.slow
@pytest.mark.parametrize("name", list(PERIODS))
async def test_quarters_halves_and_years_are_those_of_the_calendar(ask: Ask, name: str) -> None:
    firsts, volumes = PERIODS[name]
    for day in DAYS:
        await store_day(ms_of(datetime(day.year, day.month, day.day, tzinfo=UTC)))
    begin_s = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
    whole = await history(ask, resolution=name, **{"from": begin_s})
    assert [datetime.fromtimestamp(t, UTC).date() for t in whole["t"]] == firsts
    assert whole["v"] == volumes
    counted = await history(ask, resolution=name, countback=1)
    assert counted["v"] == volumes[-1:]


@pytest.mark.parametrize("name", ["1", "1W", "1M", "12M"])
async def test_a_time_beyond_all_calendars_is_answered(ask: Ask, name: str) -> None:
    for to_s in (253_402_300_800, 2**53 // 1000):
        assert (await history(ask, resolution=name, to=to_s, countback=1))["s"] == "ok"


async def test_the_first_minute_of_all_is_found(ask: Ask) -> None:
    await stored(bar(0), bar(MINUTE_MS))
    begin = {"from": 60, "to": 120, "countback": 2}
    assert (await history(ask, **begin))["t"] == [0, 60]
    assert await history(ask, **{"from": 180, "to": 60}) == {"s": "no_data", "nextTime": 0}


# --- no silent cut --------------------------------------------------------------------------
@pytest.mark.slow
async def test_no_bar_of_a_range_is_left_out(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bar_search, "PAGE_BARS", 700)
    count = 2 * MOST_BARS + 100
    await stored(*(bar(MONDAY + n * MINUTE_MS) for n in range(count)))
    whole = await history(ask, **{"from": MONDAY // 1000})
    assert whole["t"] == [MONDAY // 1000 + 60 * n for n in range(count)]
    counted = await history(ask, countback=count - 5)
    assert counted["t"] == whole["t"][5:]


async def test_more_bars_than_an_answer_may_have_is_said(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bar_search, "MOST_FOUND", 50)
    await stored(*(bar(MONDAY + n * MINUTE_MS) for n in range(60)))
    answer = await history(ask, **{"from": MONDAY // 1000})
    assert answer == {"s": "error", "errmsg": "more than 50 bars: ask for a part of this time"}


@pytest.mark.parametrize(("count", "is_beside"), [(2, False), (3, True)])
async def test_many_bars_are_written_beside_the_event_loop(
    market: Exchange, monkeypatch: pytest.MonkeyPatch, count: int, is_beside: bool
) -> None:
    table, threads, loop = udf._table, list[int](), threading.get_ident()

    def note(*arguments: Any) -> dict[str, Any]:
        threads.append(threading.get_ident())
        return table(*arguments)

    monkeypatch.setattr(udf, "MOST_BARS", 2)
    monkeypatch.setattr(udf, "_table", note)
    row = market.hub.replica.board.rows["NVX"]
    answer = await udf._bar_answer(row, [bar(MONDAY + n * MINUTE_MS) for n in range(count)])
    columns = json.loads(answer.content)
    assert columns["t"] == [MONDAY // 1000 + 60 * n for n in range(count)]
    assert [columns[name][0] for name in "ohlcv"] == [100, 100.09, 99.91, 100.01, 100]
    assert [thread != loop for thread in threads] == [is_beside]


# --- symbols --------------------------------------------------------------------------------
@pytest.mark.slow
@pytest.mark.parametrize("name", ["NVX", "nvx", "Nvx", "demo:nvx", "DEMO:NVX", " nvx "])
async def test_symbols_are_known_in_any_case(ask: Ask, name: str) -> None:
    assert (await ask("udf/symbols", symbol=name)).json()["ticker"] == "NVX"
    assert (await history(ask, symbol=name, countback=1))["s"] == "ok"
    assert (await ask("udf/quotes", symbols=name)).json()["d"][0]["s"] == "ok"


HOURS = {"XNYS": "0930-1601", "XLON": "0800-1636", "XETR": "0900-1736"}


@pytest.mark.parametrize("code", list(HOURS))
async def test_a_symbol_has_the_hours_of_its_exchange(
    market: Exchange, ask: Ask, code: str
) -> None:
    exchange = EXCHANGES[code]
    await market.happen(status(exchange=exchange.name, zone=exchange.zone, exchange_ms=NOW))
    info = (await ask("udf/symbols", symbol="NVX")).json()
    assert (info["timezone"], info["session"]) == (exchange.zone, HOURS[code])
    assert "20261225" in info["session_holidays"].split(",")


EARLY_CLOSES = {
    "XNYS": "0930-1301:20250703,20251128,20251224,20261127,20261224,20271126",
    "XLON": "0800-1236:20251224,20251231,20261224,20261231,20271224,20271231",
    "XETR": None,
}
"""By the exchanges' own calendars of 2025 to 2027."""


@pytest.mark.parametrize("code", list(EARLY_CLOSES))
async def test_a_symbol_has_the_early_closes_of_its_exchange(
    market: Exchange, ask: Ask, code: str
) -> None:
    exchange = EXCHANGES[code]
    await market.happen(status(exchange=exchange.name, zone=exchange.zone, exchange_ms=NOW))
    info = (await ask("udf/symbols", symbol="NVX")).json()
    assert info.get("corrections") == EARLY_CLOSES[code]


@pytest.mark.parametrize(("year", "easter_monday"), [(2031, "20310414"), (2140, None)])
async def test_holidays_are_those_around_the_clock_of_the_feed_itself(
    market: Exchange, ask: Ask, year: int, easter_monday: str | None
) -> None:
    """Another feed's clock may be years ahead of it, and its own may pass the known calendars."""
    at_ms = ms_of(datetime(year, 6, 1, tzinfo=UTC))
    later = status("later", exchange_ms=ms_of(datetime(2150, 1, 1, tzinfo=UTC)))
    exchange = EXCHANGES["XLON"]
    here = status(exchange=exchange.name, zone=exchange.zone, exchange_ms=at_ms)
    await market.happen(later, here)
    days = (await ask("udf/symbols", symbol="NVX")).json()["session_holidays"].split(",")
    assert {day[:4] for day in days} == {str(year - 1), str(year), str(year + 1)}
    assert easter_monday is None or easter_monday in days


async def test_round_the_clock_is_utc(market: Exchange, ask: Ask) -> None:
    for _ in range(2):
        info = (await ask("udf/symbols", symbol="NVX")).json()
        assert (info["timezone"], info["session"]) == ("Etc/UTC", "24x7")
        await market.happen(status())


SEARCHES = (
    ({}, ["NVX", "ORB"]),
    ({"type": "stock"}, ["NVX", "ORB"]),
    ({"type": "Stock", "exchange": "DEMO"}, ["NVX", "ORB"]),
    ({"type": "", "exchange": ""}, ["NVX", "ORB"]),
    ({"exchange": "demo", "query": "or"}, ["ORB"]),
    ({"type": "crypto"}, []),
    ({"exchange": "nowhere"}, []),
    ({"query": "demo:or"}, ["ORB"]),
    ({"query": " DEMO : OR "}, ["ORB"]),
    ({"query": "demo:"}, ["NVX", "ORB"]),
    ({"query": "other:or"}, []),
    ({"query": "demo:or", "exchange": "demo"}, ["ORB"]),
    ({"query": "demo:or", "exchange": "other"}, []),
    ({"query": "rb"}, ["ORB"]),
    ({"query": "v"}, ["NVX", "ORB"]),
    ({"query": "zz"}, []),
    ({"limit": 1}, ["NVX"]),
    ({"limit": 0}, []),
)


async def test_a_search_keeps_to_type_and_exchange(ask: Ask) -> None:
    for query, found in SEARCHES:
        answer = (await ask("udf/search", **query)).json()
        assert [match["symbol"] for match in answer] == found, query
        assert {match["type"] for match in answer} <= {"stock"}


async def test_the_exchanges_to_search_are_those_that_the_reader_knows(
    market: Exchange, ask: Ask
) -> None:
    await market.happen(status())
    exchanges = (await ask("udf/config")).json()["exchanges"]
    assert [each["value"] for each in exchanges] == ["", "demo"]
    await Feed.objects.filter(slug="demo").aupdate(is_restricted=True)
    exchanges = (await ask("udf/config")).json()["exchanges"]
    assert [each["value"] for each in exchanges] == [""]


@pytest.mark.slow
async def test_a_search_finds_as_many_as_it_was_asked_for(market: Exchange, ask: Ask) -> None:
    symbols = [*(f"Q{n}" for n in range(60)), "BTC/USD", "ETH/USD", "USDX", "BRK.B"]
    await market.happen(*(listing(symbol) for symbol in symbols))

    async def found(**query: Any) -> list[str]:
        return [match["symbol"] for match in (await ask("udf/search", **query)).json()]

    assert len(await found(query="q", limit=50)) == 50
    assert len(await found(query="q", limit=5000)) == 60
    assert len(await found(query="q")) == 30
    assert await found(query="usd") == ["USDX", "BTC/USD", "ETH/USD"]
    assert await found(query="demo:c/u") == ["BTC/USD"]
    assert await found(query=".b") == ["BRK.B"]


@pytest.mark.parametrize("name", ["other:NVX", ":NVX", "a:demo:NVX", "NVX:NVX", "demo:", "demo :"])
async def test_a_symbol_of_another_exchange_is_unknown(market: Exchange, ask: Ask, name) -> None:
    assert (await ask("udf/symbols", symbol=name)).json() == UNKNOWN
    asked = {"symbol": name, "resolution": "1", "from": 0, "to": 9_999_999_999}
    assert (await ask("udf/history", **asked)).json() == UNKNOWN
    quotes = (await ask("udf/quotes", symbols=f"{name},demo:NVX")).json()["d"]
    assert [quote["s"] for quote in quotes] == ["error", "ok"]


UNKNOWN = {"s": "error", "errmsg": "unknown_symbol"}
