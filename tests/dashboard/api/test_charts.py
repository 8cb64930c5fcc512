"""Bars are put together of three places: none is missing, none is drawn twice or in vain."""

from typing import Any, NamedTuple, cast

import pytest

from dashboard.api import charts
from dashboard.api.charts import BarRequest, Charts, FoundBars, StoredHistory
from dashboard.people.access import Access
from feeds.market.bars import DAY, DAY_MS, LEVEL_OF, MINUTE, MINUTE_MS, Bar
from feeds.market.delayed_keys import delayed
from feeds.market.events import (
    MOVES_ALL,
    AmendedBar,
    Amendment,
    AmendmentKind,
    Listing,
    ReportedTrade,
    Side,
    Trade,
)
from tests.support.exchange import Exchange
from tests.support.market_script import NOW, definition

TODAY = NOW // DAY_MS * DAY_MS
NOON = TODAY + DAY_MS // 2
FIVE = LEVEL_OF["5m"]


def bar(minute: int, price: int = 9_000) -> Bar:
    return Bar(NOON + minute * MINUTE_MS, price, price + 9, price - 9, price + 1, 100, 7)


def trade(minute: float, price: int = 9_500, symbol: str = "NVX") -> Trade:
    return Trade(symbol, price, 5, Side.BUY, NOW, NOON + int(minute * MINUTE_MS))


class DrawnHistory:
    """A history of these bars, which remembers what was drawn of it."""

    def __init__(self, first_ms: int | None, *drawn: Bar) -> None:
        self.first_ms, self._drawn = first_ms, drawn
        self.asked: list[tuple[int, int, int, int]] = []

    def bars(self) -> "DrawnHistory":
        return self

    def between(self, *asked: int) -> list[Bar]:
        self.asked.append(cast(Any, asked))
        return [bar for bar in self._drawn if asked[1] <= bar.start_ms < asked[2]][-asked[3] :]


class Read(NamedTuple):
    request: BarRequest
    until_ms: int
    day_ms: int | None


class Database:
    """What is stored, and what was asked of it."""

    def __init__(self, *minutes: Bar, **more: Any) -> None:
        self.stored = StoredHistory(
            [*minutes], more.get("days", []), more.get("history"), more.get("revisions", {})
        )
        self.asked: list[Read] = []

    async def read(self, *asked: Any) -> StoredHistory:
        self.asked.append(Read(*asked))
        return self.stored


async def found(
    exchange: Exchange,
    database: Database,
    interval: str = "1m",
    *,
    begin: float = 0,
    end: float = 60,
    limit: int = 10,
    access: Access | None = None,
    corrections: bool = False,
) -> FoundBars:
    """Ask for bars of NVX, which are found as it is typed; begin and end are minutes after noon."""
    await exchange.settle()
    begin_ms, end_ms = (NOON + int(minute * MINUTE_MS) for minute in (begin, end))
    request = BarRequest("nvx", interval, begin_ms, end_ms, limit, corrections)
    return await Charts(exchange.hub, database.read).bars(request, access or Access())


def minutes_of(bars: list[Bar]) -> list[float]:
    return [(bar.start_ms - NOON) / MINUTE_MS for bar in bars]


# --- the range ------------------------------------------------------------------------------
async def test_a_range_has_its_begin_and_not_its_end(exchange: Exchange) -> None:
    database = Database(bar(1), bar(2), bar(3))
    assert minutes_of((await found(exchange, database, begin=1, end=3)).bars) == [1, 2]
    assert minutes_of((await found(exchange, database, begin=1.5, end=3.5)).bars) == [2, 3]
    assert minutes_of((await found(exchange, database, limit=2)).bars) == [2, 3]


@pytest.mark.parametrize(
    ("begin", "end", "read"), [(0, 10, (0, 10)), (1, 9, (0, 10)), (4, 6, (0, 10)), (5, 11, (5, 15))]
)
async def test_the_minutes_of_whole_bars_are_read(
    exchange: Exchange, begin: int, end: int, read: tuple[int, int]
) -> None:
    database = Database()
    await found(exchange, database, "5m", begin=begin, end=end)
    [asked] = database.asked
    times = (asked.request.from_ms, asked.request.to_ms)
    assert times == tuple(NOON + minute * MINUTE_MS for minute in read)
    assert (asked.until_ms, asked.day_ms) == (NOW, None)


async def test_days_are_read_since_that_of_the_first_bar_in_memory(exchange: Exchange) -> None:
    await exchange.happen(trade(-721), trade(1))
    database = Database()
    await found(exchange, database, "1d", begin=-720, end=720)
    assert database.asked[0].day_ms == TODAY - DAY_MS


async def test_with_a_delay_younger_rows_are_not_asked_for(exchange: Exchange) -> None:
    late = Listing(delayed("demo", 15), definition(delayed("NVX", 15)), NOW)
    await exchange.happen(late, trade(5), trade(1, 9_100, delayed("NVX", 15)))
    access = Access(restricted=frozenset(["demo"]), granted=frozenset(["demo~15"]))
    database = Database()
    answer = await found(exchange, database, access=access)
    assert database.asked[0].until_ms == NOW - 15 * MINUTE_MS
    assert database.asked[0].request.symbol == "NVX"
    assert [(each.start_ms, each.open) for each in answer.bars] == [(NOON + MINUTE_MS, 9_100)]


async def test_seconds_are_only_in_memory(exchange: Exchange) -> None:
    await exchange.happen(trade(1, 9_300), trade(1.5, 9_400))
    database = Database(bar(0), history=DrawnHistory(None, bar(-1)))
    answer = await found(exchange, database, "1s")
    assert [each.open for each in answer.bars] == [9_300, 9_400]
    assert (answer.is_live, answer.is_cut, database.asked) == (True, False, [])


# --- stored bars and those in memory --------------------------------------------------------
async def test_of_two_bars_of_a_minute_the_stored_one_is_the_whole(exchange: Exchange) -> None:
    await exchange.happen(trade(-3, 9_600), trade(1, 9_300), trade(2, 9_400))
    answer = await found(exchange, Database(bar(0, 9_000), bar(1, 9_100)), begin=-9)
    assert [each.open for each in answer.bars] == [9_600, 9_000, 9_100, 9_400]
    assert minutes_of(answer.bars) == [-3, 0, 1, 2]


async def test_only_the_bar_that_still_grows_is_live(exchange: Exchange) -> None:
    await exchange.happen(trade(1), trade(7))
    for interval, end, is_live in (("1m", 8, True), ("1m", 7, False), ("5m", 8, True)):
        answer = await found(exchange, Database(), interval, end=end)
        assert answer.is_live is is_live, (interval, end)
    assert (await found(exchange, Database(), "5m", end=5)).is_live is False
    assert (await found(exchange, Database(), begin=8)).is_live is False


def reported(minute: int, ref: str, *, bar: int = MOVES_ALL) -> ReportedTrade:
    at_ms = NOON + minute * MINUTE_MS
    day_ms = at_ms - at_ms % DAY_MS
    return ReportedTrade("NVX", 9_500, 5, Side.BUY, NOW, at_ms, bar, day_ms=day_ms, ref=ref)


async def test_a_day_of_reported_trades_is_not_the_sum_of_its_minutes(exchange: Exchange) -> None:
    """A trade may count in the day alone."""
    await exchange.happen(reported(1, "a"), reported(2, "b", bar=0))
    yesterday = Bar(TODAY - DAY_MS, 20, 26, 14, 25, 300, 7)
    database = Database(bar(-5), bar(-4), days=[yesterday])
    answer = await found(exchange, database, "1d", begin=-3 * 720, end=720)
    assert [(each.start_ms, each.volume) for each in answer.bars] == [
        (TODAY - DAY_MS, 300),
        (TODAY, 10),
    ]
    assert answer.is_live


async def test_a_day_of_plain_trades_is_the_sum_of_its_minutes(exchange: Exchange) -> None:
    await exchange.happen(trade(1))
    yesterday = Bar(TODAY - DAY_MS, 20, 26, 14, 25, 300, 7)
    database = Database(bar(-5), bar(-4), days=[yesterday])
    answer = await found(exchange, database, "1d", begin=-3 * 720, end=720)
    assert [(each.start_ms, each.volume) for each in answer.bars] == [
        (TODAY - DAY_MS, 300),
        (TODAY, 205),
    ]


# --- what was not read ----------------------------------------------------------------------
@pytest.mark.parametrize(("most", "bars", "is_cut"), [(7, [5, 10], True), (8, [0, 5, 10], False)])
async def test_a_bar_whose_first_minutes_were_not_read_is_left_out(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch, most: int, bars: list[int], is_cut: bool
) -> None:
    monkeypatch.setattr(charts, "MOST_MINUTES", most)
    history = DrawnHistory(NOON, bar(-30))
    database = Database(*(bar(minute) for minute in range(4, 11)), history=history)
    answer = await found(exchange, database, "5m")
    assert (minutes_of(answer.bars), answer.is_cut) == (bars, is_cut)
    assert bool(history.asked) is not is_cut


# --- the history ----------------------------------------------------------------------------
async def test_no_history_is_drawn_where_enough_bars_are_stored(exchange: Exchange) -> None:
    """To draw it the first time takes as long as all the rest."""
    history = DrawnHistory(NOON + MINUTE_MS, bar(-2), bar(-1))
    database = Database(*(bar(minute) for minute in range(1, 5)), history=history)
    answer = await found(exchange, database, begin=-9, limit=4)
    assert (minutes_of(answer.bars), history.asked) == ([1, 2, 3, 4], [])
    answer = await found(exchange, database, begin=1, end=5, limit=4)
    assert (minutes_of(answer.bars), history.asked) == ([1, 2, 3, 4], [])
    answer = await found(exchange, database, begin=-9, limit=5)
    assert minutes_of(answer.bars) == [-1, 1, 2, 3, 4]
    assert history.asked == [(MINUTE, NOON - 9 * MINUTE_MS, NOON + MINUTE_MS, 5)]


async def test_bars_beside_the_range_do_not_count_as_enough(exchange: Exchange) -> None:
    history = DrawnHistory(NOON + 6 * MINUTE_MS, bar(2), bar(3))
    database = Database(bar(6), bar(9), history=history)
    assert minutes_of((await found(exchange, database, end=9, limit=2)).bars) == [3, 6]


@pytest.mark.parametrize(
    ("first", "interval", "end"), [(7, "1m", 7), (7, "5m", 5), (70, "1m", 60), (None, "1m", 20)]
)
async def test_the_history_ends_where_the_bars_begin(
    exchange: Exchange, first: int | None, interval: str, end: int
) -> None:
    """That is before the first stored bar, else before the live one; never after the range."""
    await exchange.happen(trade(20))
    history = DrawnHistory(None if first is None else NOON + first * MINUTE_MS)
    await found(exchange, Database(history=history), interval)
    level = FIVE if interval == "5m" else MINUTE
    assert history.asked == [(level, NOON, NOON + end * MINUTE_MS, 10)]


async def test_without_any_bar_the_history_fills_the_range(exchange: Exchange) -> None:
    history = DrawnHistory(None, bar(3))
    answer = await found(exchange, Database(history=history), end=30)
    assert history.asked == [(MINUTE, NOON, NOON + 30 * MINUTE_MS, 10)]
    assert (minutes_of(answer.bars), answer.is_live) == ([3], False)


# --- amendments -----------------------------------------------------------------------------
async def test_revisions_of_a_bar_are_those_of_its_parts(exchange: Exchange) -> None:
    amended = {NOON + MINUTE_MS: 2, NOON + 4 * MINUTE_MS: 3, NOON + 5 * MINUTE_MS: 1}
    database = Database(bar(1), bar(4), bar(5), revisions=amended)
    answer = await found(exchange, database, "5m", corrections=True)
    assert answer.revisions == {NOON: 5, NOON + 5 * MINUTE_MS: 1}


async def test_a_day_of_reported_trades_has_the_revisions_of_days(exchange: Exchange) -> None:
    await exchange.happen(reported(1, "a"), reported(DAY_MS // MINUTE_MS + 1, "b"))
    changed = tuple(
        AmendedBar(level, revision, start_ms, 1, 1, 1, 1, 5, 1)
        for level, revision, start_ms in ((MINUTE, 7, NOON + MINUTE_MS), (DAY, 2, TODAY))
    )
    await exchange.happen(
        Amendment(
            "NVX", AmendmentKind.CORRECTED, NOW, "a", "a", 1, 5, 9_500, 5, NOON + MINUTE_MS,
            last=9_500, open=1, high=9_500, low=1, volume=10, bars=changed,
        )
    )  # fmt: skip
    days = {"begin": -720, "end": 3 * 720, "corrections": True}
    answer = await found(exchange, Database(), "1d", **cast(Any, days))
    assert answer.revisions == {TODAY: 2}


async def test_a_bar_that_still_grows_has_no_revision(exchange: Exchange) -> None:
    await exchange.happen(trade(6))
    amended = {NOON + MINUTE_MS: 2, NOON + 5 * MINUTE_MS: 1}
    database = Database(bar(1), bar(5), revisions=amended)
    answer = await found(exchange, database, "5m", corrections=True)
    assert answer.revisions == {NOON: 2}
