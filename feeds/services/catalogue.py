"""Apply a table of instruments to a feed: all of it, with one audit entry, or nothing.

One of the writers of instruments. Must not know requests or files.
"""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from feeds.exceptions import InvalidTransition
from feeds.models import Feed, Instrument, StoredBar
from feeds.services.audit import target_of
from feeds.services.catalogue_comparison import Change, Difference, compare
from feeds.services.changes import lock, record_market


def import_instruments(
    feed: Feed,
    text: str,
    *,
    digest: str,
    with_removal: bool = False,
    actor: User | None,
    reason: str = "",
) -> Difference:
    """Make the instruments of a feed what a table says, as its dry run with that digest told.

    Those that the table has not stay, but for `with_removal`. Bars are in ticks, and go when their
    size changes.

    Raises:
        InvalidImport: there are lines that cannot be taken.
        InvalidTransition: the rows have changed since the dry run, or nothing is to be done.
    """
    with transaction.atomic():
        lock(feed)
        found = compare(feed, text)
        if found.digest() != digest:
            raise InvalidTransition(f"{feed} has changed since the dry run; look at it again")
        gone = found.missing if with_removal else ()
        if not (found.added or found.changed or gone):
            raise InvalidTransition("There is nothing to do")
        _write(found, gone)
        before, after = _told(found, gone)
        record_market("import", target_of(feed), before, after, actor, reason)
        return found


def _write(found: Difference, gone: Iterable[Instrument]) -> None:
    Instrument.objects.bulk_create([one.instrument for one in found.added], batch_size=500)
    regridded = [one.instrument for one in found.changed if "tick_size" in one.after]
    StoredBar.objects.filter(instrument__in=regridded).delete()
    for one in found.changed:
        one.instrument.save(update_fields=list(one.after))
    Instrument.objects.filter(pk__in=[one.pk for one in gone]).delete()


def _told(found: Difference, gone: Iterable[Instrument]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the audit keeps, by symbol."""
    removed = {one.symbol: "listed" for one in gone}
    before = _by_symbol((one, one.before) for one in found.changed) | removed
    after = _by_symbol((one, one.after) for one in found.added + found.changed)
    return before, after | dict.fromkeys(removed, "removed")


def _by_symbol(changes: Iterable[tuple[Change, dict[str, Any]]]) -> dict[str, Any]:
    return {change.instrument.symbol: facts for change, facts in changes}
