"""Reads closed bars for charts, and what the bars before them are made of.

Must not write.
"""

from collections.abc import Collection
from typing import Final, NamedTuple

from django.db.models import Sum

from feeds.market.bars import DAY_MS, MINUTE_MS, Bar
from feeds.market.instruments import Definition
from feeds.models import Feed, FormerBar, Instrument, StoredBar
from feeds.plan.schedules import TradingDay, usual_day
from feeds.simulator.history import DAYS, HistoryBars, Join, history_bars
from feeds.simulator.quotes import TRADE_SHARE

_FIELDS: Final = Bar.__struct_fields__


def stored_bars(
    symbol: str, interval: str, *, from_ms: int, to_ms: int, limit: int, until_ms: int
) -> list[Bar]:
    """Return the newest `limit` bars of 1m or 1d that begin in [from, to), oldest first.

    All as it was at `until_ms` (our clock, UTC ms): people with a delay must see neither bars that
    closed later nor what an amendment made of a bar later. Bars whose trades were all cancelled are
    left out.
    """
    closed = {
        "instrument__symbol": symbol,
        "interval": interval,
        "start_ms__gte": from_ms,
        "start_ms__lt": to_ms,
        "recorded_ms__lte": until_ms,
    }
    former = _former_bars(until_ms, **closed)
    rows = StoredBar.objects.filter(**closed, trades__gt=0).order_by("-start_ms")
    if former:
        rows = rows.exclude(start_ms__in=former.keys())
    bars = [Bar(*values) for values in rows.values_list(*_FIELDS)[:limit]]
    bars += [bar for bar in former.values() if bar.trades]
    return sorted(bars, key=lambda bar: bar.start_ms)[-limit:]


def closes_of_day(
    symbols: Collection[str], *, day_ms: int, until_ms: int
) -> dict[str, dict[int, int]]:
    """Return the closes (ticks) of the stored minutes of a day, by symbol and start.

    `day_ms` is the beginning of the day (exchange time, UTC ms). All as it was at `until_ms`, as in
    `stored_bars`, in two queries.
    """
    minutes = {
        "instrument__symbol__in": symbols,
        "interval": "1m",
        "start_ms__gte": day_ms,
        "start_ms__lt": day_ms + DAY_MS,
        "recorded_ms__lte": until_ms,
    }
    fields = "instrument__symbol", "start_ms", "close", "trades"
    # Among several, the one that was replaced first after this time comes last.
    former = FormerBar.objects.filter(**minutes, replaced_ms__gt=until_ms)
    rows = [
        *StoredBar.objects.filter(**minutes).order_by().values_list(*fields),
        *former.order_by("-replaced_ms", "-pk").values_list(*fields),
    ]
    found: dict[str, dict[int, int]] = {}
    for symbol, start_ms, close, trades in rows:
        closes = found.setdefault(symbol, {})
        if trades:
            closes[start_ms] = close
        else:  # all of its trades were cancelled
            closes.pop(start_ms, None)
    return found


def _former_bars(until_ms: int, **closed: object) -> dict[int, Bar]:
    """Return the bars that have changed since a time as they were then, by their start."""
    rows = FormerBar.objects.filter(**closed, replaced_ms__gt=until_ms)
    # The dict keeps the last of several: that which was replaced first after this time.
    ordered = rows.order_by("-replaced_ms", "-pk").values_list(*_FIELDS)
    return {bar.start_ms: bar for bar in (Bar(*values) for values in ordered)}


def stored_revisions(
    symbol: str, interval: str, *, from_ms: int, to_ms: int, until_ms: int
) -> dict[int, int]:
    """Return how often bars of 1m or 1d in [from, to) were amended, by start; as at `until_ms`.

    Those that were never amended are left out; those whose trades were all cancelled are not.
    """
    closed = {
        "instrument__symbol": symbol,
        "interval": interval,
        "start_ms__gte": from_ms,
        "start_ms__lt": to_ms,
        "recorded_ms__lte": until_ms,
    }
    fields = "start_ms", "revision"
    found = dict(StoredBar.objects.filter(**closed, revision__gt=0).values_list(*fields))
    former = FormerBar.objects.filter(**closed, replaced_ms__gt=until_ms)
    # As in `_former_bars`: what was replaced first after that time is what there was then.
    found |= dict(former.order_by("-replaced_ms", "-pk").values_list(*fields))
    return {start_ms: revision for start_ms, revision in found.items() if revision}


class History(NamedTuple):
    """What the history of an instrument is made of, up to its first stored bar.

    `first_ms` is where that bar begins (exchange time), None if no bar is stored.
    """

    seed: int
    definition: Definition
    days: tuple[TradingDay, ...]
    join: Join
    first_ms: int | None

    def bars(self) -> HistoryBars:
        """Return the bars of the history; the first call takes some 50 ms, the next are cached."""
        return history_bars(self.seed, self.definition, self.days, self.join)


def read_history(symbol: str, *, now_ms: int) -> History | None:
    """Return the history of an instrument as it was at a time of our clock (UTC ms).

    None if there is no such instrument. It takes some six queries.
    """
    row = Instrument.objects.select_related("feed").filter(symbol=symbol).first()
    if row is None:
        return None
    definition, first = row.definition(), _first_bar(row, now_ms)
    begin_ms = row.feed.first_exchange_ms(now_ms) if first is None else first.start_ms
    days = row.feed.history_days(begin_ms, DAYS)
    # The day of the first bar may have begun before it. Whole minutes, as the result is cached.
    is_cut = bool(days) and days[-1].end_ms > begin_ms
    join = Join(
        end_ms=begin_ms - begin_ms % MINUTE_MS if is_cut else None,
        last_ticks=None if first is None else _price_before(first, definition),
        trades_per_minute=_trades_per_minute(row.feed),
    )
    return History(row.feed.seed, definition, days, join, None if first is None else begin_ms)


def _first_bar(row: Instrument, until_ms: int) -> Bar | None:
    """Return the first bar that was stored at a time; days are kept longer than minutes are."""
    minute, day = (_oldest(row, interval, until_ms) for interval in ("1m", "1d"))
    if minute is None or day is None:
        return minute or day
    # The bar of a day begins at midnight, also if the market began within that day.
    return minute if minute.start_ms < day.start_ms + DAY_MS else day


def _oldest(row: Instrument, interval: str, until_ms: int) -> Bar | None:
    closed = {"instrument": row, "interval": interval, "recorded_ms__lte": until_ms}
    rows = StoredBar.objects.filter(**closed).order_by("start_ms").values_list(*_FIELDS)[:1]
    oldest = next((Bar(*values) for values in rows), None)
    if oldest is None:
        return None
    former = _former_bars(until_ms, **closed, start_ms=oldest.start_ms)
    return former.get(oldest.start_ms, oldest)


def _price_before(first: Bar, definition: Definition) -> int | None:
    """Return the price to which the history leads (ticks), None for the reference price.

    The market begins at the reference price. If its first price is further off than a day's move,
    the reference price was changed since, or the bars are of a recording.
    """
    reference = definition.reference_ticks
    is_near = abs(first.open - reference) <= max(2, definition.volatility * reference)
    return None if is_near else first.open


def _trades_per_minute(feed: Feed) -> float:
    """Return the trades of an instrument of activity 1 in a minute of exchange time."""
    activity = feed.instruments.aggregate(total=Sum("activity"))["total"] or 1.0
    schedule = feed.schedule()
    scale = schedule.scale(usual_day(schedule))
    return float(feed.rate * TRADE_SHARE * 60 / activity / scale)
