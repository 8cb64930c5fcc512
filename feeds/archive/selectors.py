"""Closed bars as they are stored: read for charts.

Must not write. Called by the REST room, in the database's thread.
"""

from typing import Final

from feeds.archive.rows import StoredBar
from feeds.bars import Bar

_FIELDS: Final = Bar.__struct_fields__


def stored_bars(
    symbol: str, interval: str, *, from_ms: int, to_ms: int, limit: int, until_ms: int
) -> list[Bar]:
    """Return the newest `limit` bars of 1m or 1d that begin in [from, to), oldest first.

    Those that were recorded after `until_ms` (our clock) do not exist yet for who asks.
    """
    rows = StoredBar.objects.filter(
        instrument__symbol=symbol,
        interval=interval,
        start_ms__gte=from_ms,
        start_ms__lt=to_ms,
        recorded_ms__lte=until_ms,
    ).order_by("-start_ms")
    return [Bar(*values) for values in rows.values_list(*_FIELDS)[:limit]][::-1]
