"""The audit: who did what to which row, when and why, with the values before and after.

Must not decide who may do something, or change other rows.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import Model, QuerySet

from feeds.models import (
    AuditEntry,
    AuditSubject,
    Entitlement,
    Feed,
    Instrument,
    Recording,
    Scenario,
)

Row = Feed | Instrument | Entitlement | Scenario
BATCH_ROWS: Final = 500
"""Entries that one transaction deletes at most: SQLite takes 999 values in a statement."""
SYSTEM: Final = "system"
"""The actor's name when no person acted: a command or the first start."""


def record(
    action: str,
    target: str,
    *,
    actor: User | None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
    subjects: Iterable[str] = (),
) -> None:
    """Write an audit entry; call it in the transaction of the change that it records.

    `target` and `subjects` are names as `target_of` gives them. Each one's history shows the entry.

    Raises:
        ValidationError: the reason is too long.
    """
    entry = AuditEntry(
        actor=actor,
        actor_name=SYSTEM if actor is None else actor.get_username(),
        action=action,
        target=target,
        before=before or {},
        after=after or {},
        reason=reason,
    )
    entry.full_clean()
    entry.save()
    names = dict.fromkeys([target, *subjects])
    AuditSubject.objects.bulk_create(AuditSubject(entry=entry, name=name) for name in names)


class AuditFacts(NamedTuple):
    """What an entry of many keeps: the facts before, and the names whose histories show it."""

    before: dict[str, Any]
    subjects: Sequence[str]


def record_each(action: str, changes: Mapping[str, AuditFacts], *, actor: User | None) -> None:
    """Write an entry for each target as `record` does, in the same few statements for any number.

    There is no reason, and nothing of it was typed.
    """
    name = SYSTEM if actor is None else actor.get_username()
    entries = AuditEntry.objects.bulk_create(
        [
            AuditEntry(
                actor=actor, actor_name=name, action=action, target=target, before=change.before
            )
            for target, change in changes.items()
        ],
        batch_size=BATCH_ROWS,
    )
    subjects = [
        AuditSubject(entry=entry, name=subject)
        for entry in entries
        for subject in dict.fromkeys([entry.target, *changes[entry.target].subjects])
    ]
    AuditSubject.objects.bulk_create(subjects, batch_size=BATCH_ROWS)


def prune_audit(before: datetime) -> Iterator[int]:
    """Delete the entries from before a time; yield how many went after each short transaction.

    Each transaction writes an entry that says how many it deleted.
    """
    while ids := old_audit(before)[:BATCH_ROWS]:
        with transaction.atomic():
            AuditSubject.objects.filter(entry__in=ids).delete()
            gone = AuditEntry.objects.filter(pk__in=ids).delete()[0]
            facts = {"entries": gone, "before": f"{before:%Y-%m-%d %H:%M}"}
            record("prune", "audit entries", actor=None, after=facts)
        yield gone


def old_audit(before: datetime) -> QuerySet[AuditEntry, int]:
    """Return the keys of the entries from before a time, the oldest first."""
    rows = AuditEntry.objects.filter(at__lt=before).order_by("at", "pk")
    return rows.values_list("pk", flat=True)


def target_of(row: Row) -> str:
    """Return the name of a row in audit entries: `feed demo`, `instrument NVX`."""
    return f"{row._meta.model_name} {_key_of(row)}"


def subjects_of(row: Row) -> list[str]:
    """Return the names whose histories show a change of a row: its own, an instrument's feed."""
    feed = [target_of(row.feed)] if isinstance(row, Instrument) else []
    return [target_of(row), *feed]


def facts_of(row: Model, names: Iterable[str]) -> dict[str, Any]:
    """Return fields as JSON values. Decimals become text, which keeps them exact."""
    return {name: _plain(getattr(row, name)) for name in names}


def _plain(value: Any) -> Any:
    match value:
        case Decimal():
            return f"{value.normalize():f}"
        case datetime():
            return value.isoformat(timespec="milliseconds")
        case date():
            return value.isoformat()
        case Feed() | Instrument() | Entitlement():
            return _key_of(value)
        case Group() | Recording():
            return value.name
    return value


def _key_of(row: Row) -> str:
    match row:
        case Feed():
            return row.slug
        case Instrument():
            return row.symbol
        case Scenario():
            return f"{row.feed.slug} {row.name}"
    return f"{row.feed.slug} {row.group.name}"
