"""How services change a row of the market: lock, compare, check, save, audit, poke the engine.

Must not know what a change means, or who may make it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Model, QuerySet

from feeds.bus import control
from feeds.exceptions import ChangeRefused
from feeds.models import Feed, Instrument
from feeds.services.audit import (
    AuditFacts,
    Row,
    facts_of,
    record,
    record_each,
    subjects_of,
    target_of,
)


@dataclass(frozen=True)
class Outcome:
    """What a service did to each of many rows: their names, and the reasons of its refusals.

    Those that were in the wanted state already are `unchanged`.
    """

    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()


def change_each(
    service: Callable[..., bool | None], rows: Iterable[Model], **inputs: Any
) -> Outcome:
    """Call a service of a single row for each of many, in one transaction.

    A service returns False where it changed nothing. A row that it refuses does not keep it from
    the others.

    Raises:
        ValidationError: an input is invalid; no row is changed.
    """
    changed: list[str] = []
    unchanged: list[str] = []
    refusals: list[str] = []
    with transaction.atomic():
        for row in rows:
            try:
                (unchanged if service(row, **inputs) is False else changed).append(str(row))
            except ChangeRefused as error:
                refusals.append(str(error))
    return Outcome(tuple(changed), tuple(unchanged), tuple(refusals))


def change(
    feed: Feed, values: dict[str, Any], *, action: str, actor: User | None, reason: str
) -> bool:
    """Give fields of a locked feed new values; return whether that changed anything.

    Raises:
        ValidationError: a value is invalid.
    """
    before = facts_of(feed, values)
    for name, value in values.items():
        setattr(feed, name, value)
    feed.full_clean()
    changed = _differences(before, facts_of(feed, values))
    if not changed:
        return False
    feed.save(update_fields=changed)
    facts = _both(feed, before, changed)
    record_market(action, target_of(feed), *facts, actor=actor, reason=reason)
    return True


def save(row: Row, names: Iterable[str], *, actor: User | None) -> bool:
    """Add a row, or save the named fields that differ; return whether that changed anything.

    Raises:
        ValidationError: a field is invalid.
    """
    with transaction.atomic():
        row.full_clean()
        before = _stored_facts(row, names)
        changed = _differences(before, facts_of(row, names))
        if not changed:
            return False
        row.save(update_fields=changed if before else None)
        action = "change" if before else "add"
        facts = _both(row, before, changed)
        record_market(action, target_of(row), *facts, actor=actor, subjects=subjects_of(row))
        return True


def record_market(
    action: str,
    target: str,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    *,
    actor: User | None,
    reason: str = "",
    subjects: Iterable[str] = (),
) -> None:
    """Write an audit entry, and poke the engine when the transaction is done."""
    record(
        action,
        target,
        actor=actor,
        before=before,
        after=after,
        reason=reason,
        subjects=subjects,
    )
    transaction.on_commit(lambda: control.poke_feeds())


def record_markets(action: str, changes: Mapping[str, AuditFacts], *, actor: User | None) -> None:
    """Write an audit entry for each of many changes by target, and poke the engine once."""
    record_each(action, changes, actor=actor)
    transaction.on_commit(lambda: control.poke_feeds())


def lock(row: Feed | Instrument) -> None:
    """Read a row again; nobody else changes it until the transaction is done."""
    stored: QuerySet[Any] = type(row)._default_manager.select_for_update()
    row.refresh_from_db(from_queryset=stored)


def _stored_facts(row: Row, names: Iterable[str]) -> dict[str, Any]:
    if row._state.adding:
        return {}
    stored = type(row)._default_manager.select_for_update().get(pk=row.pk)
    return facts_of(stored, names)


def _differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return [name for name, value in after.items() if name not in before or before[name] != value]


def _both(
    row: Model, before: dict[str, Any], changed: list[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    return {name: before[name] for name in changed if before}, facts_of(row, changed)
