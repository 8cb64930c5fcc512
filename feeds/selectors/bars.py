"""Reads closed bars for charts, and what the bars before them are made of.

Must not write.
"""

from typing import Final, NamedTuple

from django.db.models import Min

from feeds.market.bars import Bar
from feeds.market.instruments import Definition
from feeds.models import Instrument, StoredBar
from feeds.plan.schedules import RoundTheClock, TradingDay
from feeds.simulator.history import DAYS, HistoryBars, history_bars

_FIELDS: Final = Bar.__struct_fields__


def stored_bars(
    symbol: str, interval: str, *, from_ms: int, to_ms: int, limit: int, until_ms: int
) -> list[Bar]:
    """Return the newest `limit` bars of 1m or 1d that begin in [from, to), oldest first.

    Bars that closed after `until_ms` (our clock, UTC ms) are left out: people with a delay must not
    see them yet. So are bars without trades, whose trades were all cancelled.
    """
    rows = StoredBar.objects.filter(
        instrument__symbol=symbol,
        interval=interval,
        start_ms__gte=from_ms,
        start_ms__lt=to_ms,
        recorded_ms__lte=until_ms,
        trades__gt=0,
    ).order_by("-start_ms")
    return [Bar(*values) for values in rows.values_list(*_FIELDS)[:limit]][::-1]


class History(NamedTuple):
    """What the history of an instrument is made of, up to its first stored bar of a minute.

    `first_ms` is where that bar begins (exchange time), None if no bar is stored.
    """

    seed: int
    definition: Definition
    days: tuple[TradingDay, ...]
    first_ms: int | None

    def bars(self) -> HistoryBars:
        """Return the bars of the history; the first call takes some 50 ms, the next are cached."""
        return history_bars(self.seed, self.definition, self.days)


def read_history(symbol: str, *, now_ms: int) -> History | None:
    """Return the history of an instrument, None if there is no such instrument: two queries."""
    row = Instrument.objects.select_related("feed").filter(symbol=symbol).first()
    if row is None:
        return None
    minutes = StoredBar.objects.filter(instrument=row, interval="1m")
    first_ms: int | None = minutes.aggregate(first=Min("start_ms"))["first"]
    days = RoundTheClock().history_days(now_ms if first_ms is None else first_ms, DAYS)
    return History(row.feed.seed, row.definition(), days, first_ms)
