"""Adds, changes, deletes and halts instruments: the row and its audit entry in one transaction.

Many at once are made elsewhere: by `feeds` for a new exchange, by `replays` from a recording, and
by `instrument_imports` from a table. Halts are written here only. Must not know requests, forms or
sockets.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now

from feeds.exceptions import ChangeRefused
from feeds.models import Feed, Halt, Instrument
from feeds.services.audit import AuditFacts, facts_of, subjects_of, target_of
from feeds.services.bars import bars_by_instrument, count_bars, delete_bars
from feeds.services.changes import Outcome, record_market, record_markets, save

INSTRUMENT_FACTS: Final = (
    "feed",
    "symbol",
    "name",
    "sector",
    "tick_size",
    "reference_price",
    "volatility",
    "activity",
    "lot_size",
)


def save_instrument(
    instrument: Instrument, *, actor: User | None, deletes_bars: bool = False
) -> bool:
    """Add or change an instrument; return whether that changed anything.

    Its bars are in ticks and lots, and go when the size of one changes: `deletes_bars` says that
    the actor agreed to that.

    Raises:
        ValidationError: a field is invalid.
        ChangeRefused: bars would go, and nobody agreed.
    """
    with transaction.atomic():
        count = bars_lost_by(instrument)
        if count and not deletes_bars:
            raise ChangeRefused(f"{instrument} has {count} bars in its present tick and lot size")
        if count:
            _delete_bars_of(instrument, actor)
        return save(instrument, INSTRUMENT_FACTS, actor=actor)


def bars_lost_by(instrument: Instrument) -> int:
    """Return how many stored bars a changed instrument loses: its tick or lot size differs."""
    units = {"tick_size": instrument.tick_size, "lot_size": instrument.lot_size}
    is_other = Instrument.objects.exclude(**units).filter(pk=instrument.pk).exists()
    return count_bars([instrument]) if is_other else 0


def _delete_bars_of(instrument: Instrument, actor: User | None) -> None:
    before = {"bars": delete_bars([instrument])}
    subjects = subjects_of(instrument)
    target = target_of(instrument)
    record_market("delete bars", target, before, {"bars": 0}, actor=actor, subjects=subjects)


def delete_instrument(instrument: Instrument, *, actor: User | None) -> None:
    """Delete an instrument; the audit entry keeps its facts."""
    delete_instruments([instrument], actor=actor)


def delete_instruments(instruments: Iterable[Instrument], *, actor: User | None) -> None:
    """Delete instruments, all or none; each has an audit entry that keeps its facts.

    There may be thousands, and nobody else writes meanwhile: so the statements are the same few
    for any number. Those that are gone already are left out.
    """
    keys = [row.pk for row in instruments]
    with transaction.atomic():
        locked = Instrument.objects.select_for_update(of=("self",)).filter(pk__in=keys)
        rows = list(locked.select_related("feed").order_by("pk"))
        bars = bars_by_instrument(rows)
        record_markets(
            "delete",
            {
                target_of(row): AuditFacts(
                    facts_of(row, INSTRUMENT_FACTS) | {"bars": bars.get(row.pk, 0)},
                    subjects_of(row),
                )
                for row in rows
            },
            actor=actor,
        )
        Instrument.objects.filter(pk__in=[row.pk for row in rows]).delete()


def halt_instruments(
    instruments: Iterable[Instrument], *, actor: User | None, reason: str
) -> Outcome:
    """Stop trading in instruments until they are resumed; those that are halted stay as they are.

    Raises:
        ValidationError: the reason is empty or too long; no instrument is halted.
    """
    with transaction.atomic():
        outcome = Outcome()
        for feed, rows in _locked(instruments):
            open_, halted = _by_state(rows)
            halts = [Halt(instrument=row, reason=reason, started_by=actor) for row in open_]
            # `bulk_create` checks nothing by itself.
            for halt in halts:
                halt.clean_fields(exclude=["instrument", "started_by"])
            Halt.objects.bulk_create(halts, batch_size=500)
            _record_moved("halt", feed, open_, actor=actor, reason=reason)
            outcome = _with(outcome, changed=open_, unchanged=halted)
        return outcome


def resume_instruments(
    instruments: Iterable[Instrument], *, actor: User | None, reason: str = ""
) -> Outcome:
    """End the halts of instruments; those that are not halted stay as they are.

    Raises:
        ValidationError: the reason is too long; no instrument is resumed.
    """
    with transaction.atomic():
        outcome = Outcome()
        for feed, rows in _locked(instruments):
            open_, halted = _by_state(rows)
            halts = Halt.objects.filter(instrument__in=halted, ended_at=None)
            halts.update(ended_at=Now(), ended_by=actor)
            _record_moved("resume", feed, halted, actor=actor, reason=reason)
            outcome = _with(outcome, changed=halted, unchanged=open_)
        return outcome


def _locked(instruments: Iterable[Instrument]) -> Iterator[tuple[Feed, list[Instrument]]]:
    """Read instruments again, by feed; nobody else halts them until the transaction is done.

    Feeds are locked before their instruments, and both in a fixed order: two operators who choose
    the same instruments wait for each other and never both.
    """
    chosen = list(instruments)
    feeds = Feed.objects.select_for_update().filter(pk__in={row.feed_id for row in chosen})
    for feed in feeds.order_by("pk"):
        rows = feed.instruments.select_for_update().filter(pk__in=[row.pk for row in chosen])
        yield feed, list(rows.order_by("symbol"))


def _by_state(rows: list[Instrument]) -> tuple[list[Instrument], list[Instrument]]:
    """Return the instruments that are not halted, and those that are."""
    open_halts = Halt.objects.filter(instrument__in=rows, ended_at=None)
    halted = set(open_halts.values_list("instrument_id", flat=True))
    return [row for row in rows if row.pk not in halted], [row for row in rows if row.pk in halted]


def _record_moved(
    action: str, feed: Feed, rows: list[Instrument], *, actor: User | None, reason: str
) -> None:
    """Write an entry that the histories of the feed and of each instrument show."""
    if not rows:
        return
    names = [target_of(row) for row in rows]
    target = names[0] if len(names) == 1 else target_of(feed)
    none: dict[str, Any] = {"halted": []}
    halted = {"halted": [row.symbol for row in rows]}
    before, after = (none, halted) if action == "halt" else (halted, none)
    subjects = [target_of(feed), *names]
    record_market(action, target, before, after, actor=actor, reason=reason, subjects=subjects)


def _with(outcome: Outcome, *, changed: list[Instrument], unchanged: list[Instrument]) -> Outcome:
    return Outcome(
        changed=(*outcome.changed, *map(str, changed)),
        unchanged=(*outcome.unchanged, *map(str, unchanged)),
    )
