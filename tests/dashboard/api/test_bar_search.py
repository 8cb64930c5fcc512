"""A search reads as few bars as the answer needs, page by page, and says when it has too many."""

from collections.abc import Iterable
from typing import Any, cast

import pytest

from dashboard.api import bar_search
from dashboard.api.bar_search import BarSearch, TooManyBars
from dashboard.api.charts import BarRequest, FoundBars
from dashboard.api.resolutions import RESOLUTIONS
from dashboard.people.access import Access
from feeds.market.bars import Bar

MINUTE, QUARTER, DAY = 60_000, 900_000, 86_400_000


class StoredBars:
    """Charts with these bars, which remember what they were asked for."""

    def __init__(self, starts: Iterable[int]) -> None:
        self._starts = sorted(starts)
        self.asked: list[BarRequest] = []

    async def bars(self, request: BarRequest, access: Access) -> FoundBars:
        self.asked.append(request)
        inside = [at for at in self._starts if request.from_ms <= at < request.to_ms]
        bars = [Bar(at, 20, 26, 14, 25, 100, 7) for at in inside[-request.limit :]]
        return FoundBars(cast(Any, None), bars, False, {}, False)


def search(charts: StoredBars, name: str = "1") -> BarSearch:
    return BarSearch(cast(Any, charts), cast(Any, None), "NVX", RESOLUTIONS[name])


def minutes(count: int) -> StoredBars:
    return StoredBars(range(0, count * MINUTE, MINUTE))


async def starts(charts: StoredBars, name: str, *wanted: int) -> list[int]:
    return [bar.start_ms for bar in await search(charts, name).bars(*wanted)]


async def test_a_range_has_its_begin_and_not_its_end() -> None:
    charts = minutes(9)
    assert await starts(charts, "1", MINUTE, 4 * MINUTE) == [MINUTE, 2 * MINUTE, 3 * MINUTE]
    assert await starts(charts, "1", MINUTE + 1, 4 * MINUTE + 1) == [120_000, 180_000, 240_000]


@pytest.mark.parametrize("to_ms", [0, 3 * MINUTE, 3 * MINUTE + 1])
async def test_a_range_that_ends_as_it_begins_reads_nothing(to_ms: int) -> None:
    charts = minutes(9)
    assert await starts(charts, "1", 3 * MINUTE + 1, to_ms) == []
    assert not charts.asked


async def test_a_week_is_in_a_range_with_its_first_trading_day() -> None:
    """1 January 1970 was a Thursday, so the days are Tuesday and Wednesday."""
    tuesday, wednesday = 5 * DAY, 6 * DAY
    charts = StoredBars([tuesday, wednesday])
    assert await starts(charts, "1W", 0, tuesday) == []
    assert await starts(charts, "1W", 0, tuesday + 1) == [tuesday]
    assert await starts(charts, "1W", tuesday, wednesday) == [tuesday]
    assert await starts(charts, "1W", tuesday + 1, 9 * DAY) == []


@pytest.mark.parametrize(("name", "read"), [("1", 4), ("3", 12), ("30", 8), ("1W", 28)])
async def test_a_limit_reads_two_more_bars_than_wanted(name: str, read: int) -> None:
    """The first may be cut, and the last may begin too late."""
    charts = StoredBars([])
    await starts(charts, name, 0, 2**50, 2)
    assert [request.limit for request in charts.asked] == [read]


async def test_of_many_bars_the_newest_are_whole() -> None:
    charts = StoredBars(range(0, 40 * QUARTER, QUARTER))
    found = await search(charts, "30").bars(0, 39 * QUARTER, 2)
    assert [(bar.start_ms, bar.volume) for bar in found] == [
        (36 * QUARTER, 200),
        (38 * QUARTER, 200),
    ]


async def test_a_search_goes_on_where_a_page_began(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bar_search, "PAGE_BARS", 4)
    charts = minutes(20)
    assert await starts(charts, "1", 0, 20 * MINUTE, 7) == [n * MINUTE for n in range(13, 20)]
    assert [(request.to_ms // MINUTE, request.limit) for request in charts.asked] == [
        (20, 4),
        (16, 4),
        (12, 1),
    ]


async def test_a_search_ends_with_the_first_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bar_search, "PAGE_BARS", 4)
    charts = minutes(8)
    assert len(await starts(charts, "1", 0, 20 * MINUTE)) == 8
    assert [request.to_ms // MINUTE for request in charts.asked] == [20, 4]


async def test_an_interval_may_have_as_many_bars_as_are_read_at_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bar_search, "MOST_FOUND", 50)
    assert len(await starts(minutes(50), "1", 0, 60 * MINUTE)) == 50
    with pytest.raises(TooManyBars, match=r"^more than 50 bars: "):
        await starts(minutes(51), "1", 0, 60 * MINUTE)


async def test_the_newest_of_too_many_bars_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bar_search, "MOST_FOUND", 50)
    assert await starts(minutes(60), "1", 0, 60 * MINUTE, 1) == [59 * MINUTE]


async def test_a_coarse_range_reads_whole_periods() -> None:
    charts = StoredBars([])
    await starts(charts, "30", QUARTER, 5 * QUARTER)
    [asked] = charts.asked
    assert asked == BarRequest("NVX", "15m", 0, 6 * QUARTER, bar_search.PAGE_BARS)
