"""Import of an instrument list in two steps: a dry run, and all of it or nothing on confirmation.

The list waits in a row in between, so that any web process can apply it. Writes instruments, with
one audit entry per import. Must not know requests or files.
"""

import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from feeds.exceptions import ChangeRefused
from feeds.models import Feed, Instrument, PendingImport
from feeds.services.audit import target_of
from feeds.services.bars import count_bars, delete_bars
from feeds.services.changes import lock, record_market
from feeds.services.instrument_lists import Change, Difference, compare

LIFETIME: Final = timedelta(hours=1)
"""A list that was not applied by then goes with the next dry run of anybody."""


def try_import(feed: Feed, text: str, *, actor: User) -> tuple[str, Difference]:
    """Return the key to apply a list with, and what the list would change.

    One list waits per person and feed; the next one takes its place.

    Raises:
        InvalidImport: a line is wrong; all wrong lines are named.
    """
    found = compare(feed, text)
    key = secrets.token_urlsafe(24)
    with transaction.atomic():
        PendingImport.objects.filter(made_at__lt=timezone.now() - LIFETIME).delete()
        PendingImport.objects.update_or_create(
            user=actor,
            feed=feed,
            defaults={
                "key": key, "text": text, "digest": found.digest(), "made_at": timezone.now(),
            },
        )  # fmt: skip
    return key, found


def find_pending(feed: Feed, key: str, *, actor: User) -> PendingImport:
    """Return a list that waits.

    Raises:
        ChangeRefused: no such list of this person waits for this feed.
    """
    rows = PendingImport.objects.filter(made_at__gte=timezone.now() - LIFETIME)
    found = rows.filter(key=key, user=actor, feed=feed).first()
    if found is None:
        raise ChangeRefused("This dry run is too old, or it was applied. Upload the list again")
    return found


def apply_import(
    feed: Feed, key: str, *, with_removal: bool = False, actor: User, reason: str = ""
) -> Difference:
    """Make the instruments of a feed what a list says, exactly as its dry run showed.

    Instruments that the list lacks stay, unless `with_removal`. Stored bars count in ticks and
    lots, so those of an instrument go when one of these changes, as the dry run said.

    Raises:
        InvalidImport: the rows have changed, and a line is wrong now.
        ChangeRefused: the rows have changed since, there is nothing to do, or no list waits.
    """
    with transaction.atomic():
        lock(feed)
        list(feed.instruments.select_for_update())  # forms lock the instrument, not the feed
        pending = find_pending(feed, key, actor=actor)
        found = compare(feed, pending.text)
        if found.digest() != pending.digest:
            raise ChangeRefused(f"{feed} has changed since the dry run. Here is the new one")
        gone = found.missing if with_removal else ()
        if not (found.added or found.changed or gone):
            raise ChangeRefused("There is nothing to do")
        before, after = _by_symbol(found, gone)
        if bars := count_bars((*found.regridded, *gone)):
            before["bars deleted"] = bars
        _write(found, gone)
        record_market("import", target_of(feed), before, after, actor=actor, reason=reason)
        pending.delete()
        return found


def _write(found: Difference, gone: Iterable[Instrument]) -> None:
    added = [change.instrument for change in found.added]
    Instrument.objects.bulk_create(added, batch_size=500)
    delete_bars(found.regridded)
    for change in found.changed:
        change.instrument.save(update_fields=list(change.after))
    Instrument.objects.filter(pk__in=[instrument.pk for instrument in gone]).delete()


def _by_symbol(
    found: Difference, gone: Iterable[Instrument]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the audit keeps: the facts before and after, by symbol."""
    removed = {instrument.symbol: "listed" for instrument in gone}

    def facts(changes: Iterable[Change], side: str) -> dict[str, Any]:
        return {change.instrument.symbol: getattr(change, side) for change in changes}

    before = facts(found.changed, "before") | removed
    return before, facts(found.added + found.changed, "after") | dict.fromkeys(removed, "removed")
