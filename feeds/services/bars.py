"""Stores closed bars, many at once, and deletes old ones.

The only writer of these rows. Must not know the event loop.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from django.db import connection, transaction
from django.db.models import Max, Min, OuterRef, QuerySet, Subquery, Sum

from feeds.market.bars import DAY_MS, Bar
from feeds.models import Instrument, StoredBar

DAYS_KEPT: Final = 3_653
"""Bars of days are kept for ten years of the exchange."""
_VALUES: Final = ("open", "high", "low", "close", "volume", "trades", "recorded_ms")


class ClosedBar(NamedTuple):
    """A bar of a symbol, of a day or of a minute, and when it closed by our clock (UTC ms)."""

    symbol: str
    is_day: bool
    bar: Bar
    recorded_ms: int


def store_bars(closed: Sequence[ClosedBar]) -> None:
    """Write bars, all or none. History only grows: a minute that is not newer is left out.

    So nothing that was shown is taken back, whatever a replay or a clock that was set back brings.
    A day is summed up from its stored minutes: it is whole even if the feed was started within it.
    """
    symbols = {item.symbol for item in closed}
    with transaction.atomic():
        ids = dict(Instrument.objects.filter(symbol__in=symbols).values_list("symbol", "pk"))
        _store([item for item in closed if item.symbol in ids], ids)


def prune_bars(days: int) -> int:
    """Delete bars of minutes older than a number of days, and old bars of days; return how many.

    Age is counted back from the newest bar of each instrument, because exchange time may be
    compressed.
    """
    deleted = 0
    for interval, kept in (("1m", days), ("1d", DAYS_KEPT)):
        newest = StoredBar.objects.filter(interval=interval).values_list("instrument")
        for instrument_id, newest_ms in newest.annotate(Max("start_ms")).order_by():
            old = StoredBar.objects.filter(
                instrument=instrument_id,
                interval=interval,
                start_ms__lte=newest_ms - kept * DAY_MS,
            )
            deleted += old.delete()[0]
    return deleted


def close_thread() -> None:
    """Close the database connection of this thread."""
    connection.close()


def _store(closed: Sequence[ClosedBar], ids: dict[str, int]) -> None:
    newest = _newest_minutes(ids.values())
    minutes: list[ClosedBar] = []
    for item in closed:
        start_ms, instrument = item.bar.start_ms, ids[item.symbol]
        if not item.is_day and start_ms > newest.get(instrument, -1):
            newest[instrument] = start_ms
            minutes.append(item)
    _upsert(
        StoredBar(
            instrument_id=ids[minute.symbol],
            interval="1m",
            recorded_ms=minute.recorded_ms,
            **{name: getattr(minute.bar, name) for name in Bar.__struct_fields__},
        )
        for minute in minutes
    )
    days: dict[tuple[int, int], set[int]] = {}
    for item in closed:
        if item.is_day:
            days.setdefault((item.bar.start_ms, item.recorded_ms), set()).add(ids[item.symbol])
    for (start_ms, recorded_ms), instruments in days.items():
        _store_days(start_ms, recorded_ms, instruments)


def _newest_minutes(instruments: Iterable[int]) -> dict[int, int]:
    """Return the start of the newest stored minute by instrument."""
    rows = StoredBar.objects.filter(instrument__in=instruments, interval="1m").order_by()
    return dict(rows.values_list("instrument_id").annotate(Max("start_ms")))


def _store_days(start_ms: int, recorded_ms: int, instruments: set[int]) -> None:
    minutes = StoredBar.objects.filter(
        interval="1m", start_ms__gte=start_ms, start_ms__lt=start_ms + DAY_MS
    )
    sums = (
        minutes.filter(instrument__in=instruments)
        .order_by()
        .values("instrument_id")
        .annotate(
            bar_high=Max("high"),
            bar_low=Min("low"),
            bar_volume=Sum("volume"),
            bar_trades=Sum("trades"),
            bar_open=Subquery(_first(minutes, "start_ms").values("open")[:1]),
            bar_close=Subquery(_first(minutes, "-start_ms").values("close")[:1]),
        )
    )
    names = ("open", "high", "low", "close", "volume", "trades")
    _upsert(
        StoredBar(
            instrument_id=row[0],
            interval="1d",
            start_ms=start_ms,
            recorded_ms=recorded_ms,
            **dict(zip(names, row[1:], strict=True)),
        )
        for row in sums.values_list("instrument_id", *(f"bar_{name}" for name in names))
    )


def _first(minutes: QuerySet[StoredBar], order: str) -> QuerySet[StoredBar]:
    return minutes.filter(instrument=OuterRef("instrument_id")).order_by(order)


def _upsert(rows: Iterable[StoredBar]) -> None:
    StoredBar.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=("instrument", "interval", "start_ms"),
        update_fields=_VALUES,
    )
