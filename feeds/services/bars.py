"""Stores closed bars, many at once, and deletes old ones.

The only writer of these rows. Must not know the event loop.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Final, NamedTuple

from django.db import connection, transaction
from django.db.models import Count, Max, Min, OuterRef, QuerySet, Subquery, Sum
from msgspec.structs import astuple

from feeds.market.bars import DAY_MS, INTERVALS, MINUTE_MS, Bar
from feeds.market.delayed_keys import LONGEST_DELAY_MINUTES
from feeds.models import FormerBar, Instrument, StoredBar
from feeds.plan.vendor_days import vendor_midnight_ms

DAYS_KEPT: Final = 3_653
"""Bars of days are kept for ten years of the exchange."""
BATCH_BARS: Final = 5_000
"""Bars that one transaction deletes at most, some 50 ms of SQLite."""
FORMER_MS: Final = 2 * LONGEST_DELAY_MINUTES * MINUTE_MS
"""How long what a bar was before is kept: until no delay reaches back to it, twice over."""
_KEY: Final = ("interval", "start_ms")
_VALUES: Final = ("open", "high", "low", "close", "volume", "trades", "recorded_ms", "revision")
_COLUMNS: Final = ("instrument_id", *_KEY, *_VALUES)
_UPSERT: Final = """
INSERT INTO feeds_storedbar
    (instrument_id, "interval", start_ms,
     open, high, low, close, volume, trades, recorded_ms, revision)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (instrument_id, "interval", start_ms) DO UPDATE SET
    open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close,
    volume = excluded.volume, trades = excluded.trades, recorded_ms = excluded.recorded_ms,
    revision = excluded.revision
"""
"""Writes a bar, its values in the order of `_COLUMNS`; one that is stored takes the new values."""


class ClosedBar(NamedTuple):
    """A bar of a symbol, of a day or of a minute, and when it closed by our clock (UTC ms).

    `revision` is how often the bar was amended. An amended bar without a trade is gone.
    The bar of a day `is_whole` if it is more than the sum of its minutes: conditions of trades let
    them move a day and not a minute, or the reverse.
    """

    symbol: str
    is_day: bool
    bar: Bar
    recorded_ms: int
    revision: int = 0
    is_whole: bool = False


def store_bars(closed: Sequence[ClosedBar]) -> None:
    """Write bars, all or none. History only grows: a minute that is not newer is left out.

    So nothing that was shown is taken back, whatever a replay or a clock that was set back brings.
    Only an amendment changes a stored bar, and the bar says so with its revision. A day is summed
    up from its stored minutes: it is whole even if the feed was started within it.
    The first minute of another day ends the day before, whether anybody saw that day end or not.
    """
    symbols = {item.symbol for item in closed}
    with transaction.atomic():
        ids = dict(Instrument.objects.filter(symbol__in=symbols).values_list("symbol", "pk"))
        _store([item for item in closed if item.symbol in ids], ids)


def prune_bars(days: int) -> Iterator[int]:
    """Delete bars of minutes older than a number of days, and old bars of days.

    Yields how many went after each short transaction, so that other writers get their turn. Age is
    counted back from the newest bar of each instrument, because exchange time may be compressed.
    """
    batch: list[_Range] = []
    spans = 0
    for some in _old_bars(days):
        for part in some.parts():
            batch.append(part)
            spans += part.spans
            if spans >= BATCH_BARS:
                yield _delete(batch)
                batch, spans = [], 0
    if batch:
        yield _delete(batch)


def count_old_bars(days: int) -> int:
    """Return how many bars `prune_bars` would delete now."""
    return sum(old.rows().count() for old in _old_bars(days))


def count_bars(instruments: Iterable[Instrument]) -> int:
    """Return how many bars of instruments are stored."""
    return StoredBar.objects.filter(instrument__in=[row.pk for row in instruments]).count()


def bars_by_instrument(instruments: Iterable[Instrument]) -> dict[int, int]:
    """Return how many bars are stored, by the key of the instrument, if there are any."""
    rows = StoredBar.objects.filter(instrument__in=[row.pk for row in instruments]).order_by()
    return dict(rows.values_list("instrument").annotate(bars=Count("pk")))


def delete_bars(instruments: Iterable[Instrument]) -> int:
    """Delete all bars of instruments; return how many. An admin has agreed to that."""
    ids = [row.pk for row in instruments]
    FormerBar.objects.filter(instrument__in=ids).delete()
    return StoredBar.objects.filter(instrument__in=ids).delete()[0]


class _Range(NamedTuple):
    """The bars of an instrument and interval that begin in [first_ms, end_ms)."""

    instrument_id: int
    interval: str
    first_ms: int
    end_ms: int

    @property
    def spans(self) -> int:
        """Return how many bars it has at most."""
        # -(-a // b) is a / b rounded up, in integers.
        return -((self.first_ms - self.end_ms) // INTERVALS[self.interval])

    def parts(self) -> Iterator["_Range"]:
        """Yield the same in parts of no more than a batch."""
        step_ms = BATCH_BARS * INTERVALS[self.interval]
        for first_ms in range(self.first_ms, self.end_ms, step_ms):
            yield self._replace(first_ms=first_ms, end_ms=min(first_ms + step_ms, self.end_ms))

    def rows(self) -> QuerySet[StoredBar]:
        """Return the stored bars in it."""
        return StoredBar.objects.filter(
            instrument=self.instrument_id,
            interval=self.interval,
            start_ms__gte=self.first_ms,
            start_ms__lt=self.end_ms,
        )


def _old_bars(days: int) -> Iterator[_Range]:
    for interval, kept in (("1m", days), ("1d", DAYS_KEPT)):
        for instrument, oldest_ms, newest_ms in _spans_stored(interval):
            end_ms = newest_ms - kept * DAY_MS + 1
            if oldest_ms < end_ms:
                yield _Range(instrument, interval, oldest_ms, end_ms)


def _spans_stored(interval: str) -> list[tuple[int, int, int]]:
    """Return each instrument's start of the oldest and the newest bar.

    A subquery for each instrument finds both by the index. MIN and MAX with GROUP BY would read the
    index of all bars.
    """
    rows = StoredBar.objects.filter(interval=interval)
    found = Instrument.objects.annotate(
        oldest=Subquery(_first(rows, "start_ms", of="pk").values("start_ms")[:1]),
        newest=Subquery(_first(rows, "-start_ms", of="pk").values("start_ms")[:1]),
    )
    spans = found.order_by().values_list("pk", "oldest", "newest")
    return [span for span in spans if span[1] is not None]


def _delete(batch: list[_Range]) -> int:
    with transaction.atomic():
        return sum(part.rows().delete()[0] for part in batch)


def close_thread() -> None:
    """Close the database connection of this thread."""
    connection.close()


def _store(closed: Sequence[ClosedBar], ids: dict[str, int]) -> None:
    newest = _newest_minutes(ids.values())
    minutes: list[ClosedBar] = []
    ended: dict[tuple[int, int], set[int]] = {}
    for item in closed:
        start_ms, instrument = item.bar.start_ms, ids[item.symbol]
        before_ms = newest.get(instrument, -1)
        if not item.is_day and not item.revision and start_ms > before_ms:
            if 0 <= before_ms < start_ms - start_ms % DAY_MS:
                day = before_ms - before_ms % DAY_MS, item.recorded_ms
                ended.setdefault(day, set()).add(instrument)
            newest[instrument] = start_ms
            minutes.append(item)
    # Values and no models: nearly all bars are minutes, and are stored while readers are served.
    _upsert(_minute_of(minute, ids) for minute in minutes)
    exact = [item for item in closed if item.revision or _is_whole(item, ids[item.symbol])]
    _replace(_row_of(item, ids) for item in exact)
    days: dict[tuple[int, int], set[int]] = {}
    for item in closed:
        if item.is_day and item not in exact:
            days.setdefault((item.bar.start_ms, item.recorded_ms), set()).add(ids[item.symbol])
    for (start_ms, recorded_ms), instruments in days.items():
        _store_days(start_ms, recorded_ms, instruments)
    # A day that nobody saw end is summed up late, unless it was stored after all.
    for (start_ms, recorded_ms), instruments in ended.items():
        unseen = instruments - _trades_stored(start_ms, instruments).keys()
        if unseen:
            _store_days(start_ms, recorded_ms, unseen)


def _is_whole(item: ClosedBar, instrument: int) -> bool:
    """Say whether a day holds all of its trades: it does not if the feed was started within it."""
    if not item.is_whole:
        return False
    begin_ms = vendor_midnight_ms(item.bar.start_ms // DAY_MS)
    minutes = StoredBar.objects.filter(
        instrument=instrument,
        interval="1m",
        start_ms__gte=begin_ms,
        start_ms__lt=begin_ms + DAY_MS,
    )
    stored = minutes.aggregate(trades=Sum("trades"))["trades"] or 0
    return item.bar.trades >= stored


def _minute_of(item: ClosedBar, ids: dict[str, int]) -> tuple[int | str, ...]:
    """Return the values of a minute in the order of `_COLUMNS`: a Bar has that order, too."""
    return ids[item.symbol], "1m", *astuple(item.bar), item.recorded_ms, item.revision


def _row_of(item: ClosedBar, ids: dict[str, int]) -> StoredBar:
    return StoredBar(
        instrument_id=ids[item.symbol],
        interval="1d" if item.is_day else "1m",
        recorded_ms=item.recorded_ms,
        revision=item.revision,
        **{name: getattr(item.bar, name) for name in Bar.__struct_fields__},
    )


def _newest_minutes(instruments: Iterable[int]) -> dict[int, int]:
    """Return the start of the newest stored minute by instrument."""
    minutes = _first(StoredBar.objects.filter(interval="1m"), "-start_ms", of="pk")
    rows = Instrument.objects.filter(pk__in=instruments).annotate(
        newest=Subquery(minutes.values("start_ms")[:1])
    )
    found = rows.order_by().values_list("pk", "newest")
    return {pk: newest for pk, newest in found if newest is not None}


def _store_days(start_ms: int, recorded_ms: int, instruments: set[int]) -> None:
    minutes = StoredBar.objects.filter(
        interval="1m", start_ms__gte=start_ms, start_ms__lt=start_ms + DAY_MS, trades__gt=0
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
    fuller = _trades_stored(start_ms, instruments)
    _replace(
        StoredBar(
            instrument_id=row[0],
            interval="1d",
            start_ms=start_ms,
            recorded_ms=recorded_ms,
            **dict(zip(names, row[1:], strict=True)),
        )
        for row in sums.values_list("instrument_id", *(f"bar_{name}" for name in names))
        # Old minutes go before old days do: what is left of a day must not replace all of it.
        if row[-1] >= fuller.get(row[0], 0)
    )


def _trades_stored(start_ms: int, instruments: set[int]) -> dict[int, int]:
    """Return the number of trades of stored bars of a day, by instrument."""
    rows = StoredBar.objects.filter(instrument__in=instruments, interval="1d", start_ms=start_ms)
    return dict(rows.order_by().values_list("instrument_id", "trades"))


def _first(
    rows: QuerySet[StoredBar], order: str, *, of: str = "instrument_id"
) -> QuerySet[StoredBar]:
    return rows.filter(instrument=OuterRef(of)).order_by(order)


def _replace(rows: Iterable[StoredBar]) -> None:
    """Write bars in order of time, and keep for readers with a delay what they were before.

    A bar that is gone keeps its row, without trades: history only grows. All stay recorded when
    they closed first, or readers with a delay would lose them for the time of their delay.
    """
    wanted = list(rows)
    found = {_key(row): row for row in _stored_of(wanted)}
    former: list[FormerBar] = []
    for row in wanted:
        before = found.get(_key(row))
        if before is not None:
            former.append(_former(before, replaced_ms=row.recorded_ms))
            row.recorded_ms = before.recorded_ms
        found[_key(row)] = row
    # A statement may name a row once.
    _upsert(_values_of(row) for row in {_key(row): found[_key(row)] for row in wanted}.values())
    if former:
        _forget_former(max(row.replaced_ms for row in former))
        FormerBar.objects.bulk_create(former)


def _forget_former(now_ms: int) -> None:
    """Delete former bars that are too old for any delay."""
    FormerBar.objects.filter(replaced_ms__lt=now_ms - FORMER_MS).delete()


def _stored_of(rows: list[StoredBar]) -> Iterable[StoredBar]:
    """Return the stored rows of the same bars, and perhaps of some others."""
    if not rows:
        return []
    return StoredBar.objects.filter(
        instrument__in={row.instrument_id for row in rows},
        interval__in={row.interval for row in rows},
        start_ms__in={row.start_ms for row in rows},
    )


def _former(row: StoredBar, *, replaced_ms: int) -> FormerBar:
    values = {name: getattr(row, name) for name in ("instrument_id", *_KEY, *_VALUES)}
    return FormerBar(**values, replaced_ms=replaced_ms)


def _key(row: StoredBar) -> tuple[int, str, int]:
    return row.instrument_id, row.interval, row.start_ms


def _upsert(rows: Iterable[tuple[int | str, ...]]) -> None:
    """Write the values of bars, each in the order of `_COLUMNS`."""
    # Not by `bulk_create`, which takes several times the CPU.
    with connection.cursor() as cursor:
        cursor.executemany(_UPSERT, list(rows))


_values_of: Final[Callable[[StoredBar], tuple[int | str, ...]]] = attrgetter(*_COLUMNS)
