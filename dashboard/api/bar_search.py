"""Finds the bars of a resolution: as many as were asked for, page by page.

Must not know UDF. The pages are those of `Charts`, so the event loop serves others between them.
"""

from typing import Final

from dashboard.api.charts import BarRequest, Charts
from dashboard.api.resolutions import Resolution
from dashboard.exceptions import DeliveryError
from dashboard.people.access import Access
from feeds.market.bars import Bar

PAGE_BARS: Final = 5_000
"""Bars that are read at once."""
MOST_FOUND: Final = 100_000
"""Most bars of an interval that are read for one answer, a second of one core: the minutes of
sixty days round the clock, which is all there is by default."""


class TooManyBars(DeliveryError):
    """More bars than one answer may have."""


class BarSearch:
    """The bars of one symbol and resolution, as a user may see them."""

    def __init__(self, charts: Charts, access: Access, symbol: str, resolution: Resolution) -> None:
        self._charts = charts
        self._access = access
        self._symbol = symbol
        self._resolution = resolution

    async def bars(self, from_ms: int, to_ms: int, limit: int | None = None) -> list[Bar]:
        """Return the bars that begin in [from, to), or the newest `limit` of them.

        Raises:
            TooManyBars: there are more than one answer may have.
        """
        if to_ms <= from_ms:
            return []
        begin_ms, end_ms = self._period(from_ms)[0], self._period(to_ms - 1)[1]
        # Two more than wanted: the first may be cut, and the last may begin too late.
        parts = await self._parts(begin_ms, end_ms, None if limit is None else limit + 2)
        found = self._resolution.joined(parts)
        inside = [bar for bar in found if from_ms <= bar.start_ms < to_ms]
        return inside[-limit:] if limit else inside

    def _period(self, at_ms: int) -> tuple[int, int]:
        # Calendars end with the year 9999, and no bar lies beyond that.
        return self._resolution.period(min(at_ms, LAST_MS))

    async def _parts(self, begin_ms: int, end_ms: int, limit: int | None) -> list[Bar]:
        """Return the bars of the interval, as many as `limit` bars of the resolution have at most.

        The first of these may be cut, and the last may begin after the time that was asked for.
        """
        pages: list[list[Bar]] = []
        count, most = 0, None if limit is None else limit * self._resolution.parts
        while begin_ms < end_ms and (most is None or count < most):
            wanted = PAGE_BARS if most is None else min(PAGE_BARS, most - count)
            asked = BarRequest(self._symbol, self._resolution.interval, begin_ms, end_ms, wanted)
            page = (await self._charts.bars(asked, self._access)).bars
            if not page:
                break
            pages.append(page)
            count, end_ms = count + len(page), page[0].start_ms
            if count > MOST_FOUND:
                raise TooManyBars(f"more than {MOST_FOUND} bars: ask for a part of this time")
        return [bar for page in reversed(pages) for bar in page]


LAST_MS: Final = 253_339_228_800_000
"""1 January 9998 (UTC ms): a year that begins then has an end."""
