"""The day so far of many instruments: as much as each person may see, and no more than asked."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dashboard.api import schemas
from dashboard.api.sparklines import MOST_LINES, MOST_POINTS
from feeds.market.bars import DAY_MS, MINUTE_MS, Bar
from feeds.market.delayed_keys import delayed
from feeds.market.events import Side, Trade
from feeds.selectors.bars import closes_of_day
from feeds.services.bars import ClosedBar, store_bars
from tests.dashboard.api.conftest import Ask
from tests.support.entitlements import entitle
from tests.support.exchange import Exchange, StandingClock
from tests.support.market_script import NOW, definition, listing

pytestmark = pytest.mark.django_db(transaction=True)
TODAY = NOW // DAY_MS * DAY_MS
NOON = TODAY + DAY_MS // 2
NOON_MINUTE = DAY_MS // 2 // MINUTE_MS


def trade(minute: float, price: int, symbol: str = "NVX") -> Trade:
    return Trade(symbol, price, 5, Side.BUY, NOW, NOON + int(minute * MINUTE_MS))


def closed(minute: int, price: int, *, symbol: str = "NVX", age_min: int = 60) -> ClosedBar:
    """Return a bar that closed so many minutes ago by our clock."""
    bar = Bar(NOON + minute * MINUTE_MS, price, price, price, price, 100, 7)
    return ClosedBar(symbol, False, bar, NOW - age_min * MINUTE_MS)


store = sync_to_async(store_bars)


async def lines(ask: Ask, symbols: str = "NVX") -> dict[str, list[tuple[int, float]]]:
    """Return the points by symbol: minutes after noon, and prices."""
    response = await ask("api/v1/sparklines", symbols=symbols)
    assert response.status_code == 200, response.content[:300]
    schemas.SparklinesOut.model_validate_json(response.content)
    return {
        symbol: [(t - NOON_MINUTE, c) for t, c in zip(line["t"], line["c"], strict=True)]
        for symbol, line in response.json()["data"].items()
    }


async def test_a_line_joins_stored_minutes_and_those_in_memory(market: Exchange, ask: Ask) -> None:
    await store([closed(-2, 9_000), closed(-1, 9_100), closed(-1, 5_000, symbol="ORB")])
    await market.happen(trade(0, 9_200), trade(1.5, 9_300))
    assert await lines(ask, "NVX,ORB,nvx") == {
        "NVX": [(-2, 90.0), (-1, 91.0), (0, 92.0), (1, 93.0)],
        "ORB": [(-1, 50.0)],
    }


async def test_a_line_has_its_day_and_nothing_of_others(market: Exchange, ask: Ask) -> None:
    day = DAY_MS // MINUTE_MS
    await store([closed(-day, 8_000), closed(-2, 9_000), closed(day, 9_900)])
    assert (await lines(ask))["NVX"] == [(-2, 90.0)]
    # After midnight the day of the newest trade is there until the next one begins.
    await market.happen(trade(-1, 9_100))
    assert (await lines(ask))["NVX"] == [(-2, 90.0), (-1, 91.0)]


async def test_a_day_begins_with_the_minute_of_midnight(market: Exchange, ask: Ask) -> None:
    await market.happen(trade(-721, 8_000), trade(-720, 8_100), trade(719, 8_200))
    assert await lines(ask) == {"NVX": [(-720, 81.0), (719, 82.0)]}
    await market.happen(trade(720, 8_300))
    answer = (await ask("api/v1/sparklines", symbols="NVX")).json()["data"]["NVX"]
    assert answer == {"day": TODAY + DAY_MS, "t": [0], "c": [83.0]}


async def test_before_the_first_trade_there_are_no_points(ask: Ask) -> None:
    assert await lines(ask, "NVX,NONE") == {"NVX": []}
    answer = (await ask("api/v1/sparklines", symbols="NVX,NONE")).json()
    assert answer["rejected"] == {"NONE": "unknown symbol"}
    assert answer["data"]["NVX"]["day"] == TODAY


async def test_a_long_day_has_few_points_and_ends_with_the_newest(ask: Ask) -> None:
    await store([closed(minute, 9_000 + minute) for minute in range(-500, 101)])
    points = (await lines(ask))["NVX"]
    assert MOST_POINTS / 2 < len(points) <= MOST_POINTS + 1
    assert points == sorted(points)
    assert points[-1] == (100, 91.0)
    assert all(price == (9_000 + minute) / 100 for minute, price in points)


@pytest.mark.parametrize("named", [MOST_LINES, MOST_LINES + 1])
async def test_no_more_lines_are_drawn_than_a_screen_has(
    market: Exchange, ask: Ask, named: int
) -> None:
    symbols = [f"A{number}" for number in range(named)]
    listed = listing("NVX")
    await market.happen(*(type(listed)("demo", definition(symbol), NOW) for symbol in symbols))
    response = await ask("api/v1/sparklines", symbols=",".join(symbols))
    assert response.status_code == (200 if named <= MOST_LINES else 400)
    assert (await ask("api/v1/sparklines", symbols="*")).status_code == 400


async def test_lines_of_many_instruments_take_two_queries(market: Exchange, people: User) -> None:
    await store([closed(0, 9_000), closed(0, 9_000, symbol="ORB")])

    def read() -> tuple[int, Any]:
        with CaptureQueriesContext(connection) as queries:
            found = closes_of_day(["NVX", "ORB", "NONE"], day_ms=TODAY, until_ms=NOW)
        return len(queries), found

    assert await sync_to_async(read)() == (2, {"NVX": {NOON: 9_000}, "ORB": {NOON: 9_000}})


@pytest.mark.parametrize("symbols", ["NVX", "NVX,ORB", "*", "nvx", "NVX~15"])
async def test_without_the_right_there_is_no_line(
    market: Exchange, restricted: User, ask: Ask, symbols: str
) -> None:
    await store([closed(0, 9_000)])
    await market.happen(trade(1, 9_100))
    assert await lines(ask, symbols) == {}


async def test_with_a_delay_a_line_ends_earlier(
    market: Exchange, clock: StandingClock, restricted: User, ask: Ask
) -> None:
    """Also what became of a minute later is seen later."""
    await sync_to_async(entitle)(restricted, 15)
    await store([closed(0, 9_000, age_min=16), closed(1, 9_100, age_min=15)])
    await store([closed(2, 9_200, age_min=14)])
    amended, gone = closed(0, 5_000, age_min=10), closed(1, 0, age_min=10)
    nothing = Bar(gone.bar.start_ms, 0, 0, 0, 0, 0, 0)
    await store([amended._replace(revision=1), gone._replace(bar=nothing, revision=1)])
    feed, twin = delayed("demo", 15), delayed("NVX", 15)
    late = type(listing("NVX"))(feed, definition(twin), NOW)
    await market.happen(late, trade(9, 9_900))
    assert await lines(ask) == {"NVX": [(0, 90.0), (1, 91.0)]}
    await market.happen(trade(1.5, 9_150, twin))
    assert await lines(ask, "NVX,*") == {"NVX": [(0, 90.0), (1, 91.0)]}
    clock.set(NOW + 5 * MINUTE_MS)
    assert (await lines(ask))["NVX"][0] == (0, 50.0)
    assert (await lines(ask))["NVX"][-1] == (2, 92.0)


async def test_who_asks_too_often_is_refused(market: Exchange, ask: Ask, monkeypatch: Any) -> None:
    from dashboard import urls
    from dashboard.transports.gatekeeper import Gatekeeper

    monkeypatch.setattr(urls._api, "gatekeeper", Gatekeeper(market.hub, requests_per_s=1))
    statuses = [(await ask("api/v1/sparklines", symbols="NVX")).status_code for _ in range(5)]
    assert (statuses[0], statuses[-1]) == (200, 429)
