"""Says which rows the audit entries of older versions are about.

Such an entry names only its target. If that is an instrument, the entry is about its feed too. If
it is a feed whose instruments were halted or resumed, the entry is about each of these.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.db import migrations

BATCH = 1000


def fill(apps: Any, _schema_editor: Any) -> None:
    """Add the subjects in batches, so that a long audit takes no more memory than a short one."""
    entries = apps.get_model("feeds", "AuditEntry").objects.order_by("pk")
    subject = apps.get_model("feeds", "AuditSubject")
    feed_of = feeds_by_symbol(entries, apps.get_model("feeds", "Instrument").objects)
    subjects = (
        subject(entry_id=entry.pk, name=name)
        for entry in entries.iterator(BATCH)
        for name in dict.fromkeys(names_of(entry, feed_of))
    )
    while batch := list(islice(subjects, BATCH)):
        subject.objects.bulk_create(batch, ignore_conflicts=True)


def feeds_by_symbol(entries: Any, instruments: Any) -> dict[str, str]:
    """Return the feed of each instrument. The audit knows those of deleted instruments."""
    gone = entries.filter(action="delete", target__startswith="instrument ")
    facts = (entry.before for entry in gone)
    feed_of = {before["symbol"]: before["feed"] for before in facts if "feed" in before}
    return feed_of | dict(instruments.values_list("symbol", "feed__slug"))


def names_of(entry: Any, feed_of: dict[str, str]) -> Iterator[str]:
    yield entry.target
    kind, _, symbol = entry.target.partition(" ")
    feed = entry.after.get("feed") or entry.before.get("feed") or feed_of.get(symbol)
    if kind == "instrument" and feed:
        yield f"feed {feed}"
    if entry.action in ("halt", "resume"):
        for symbol in entry.after.get("symbols", ()):
            yield f"instrument {symbol}"


class Migration(migrations.Migration):
    dependencies = [("feeds", "0008_audit_subjects")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
