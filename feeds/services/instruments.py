"""Every change of instruments and their halts: row and audit entry together, the engine poked.

The only writer of these rows. Must not know requests, forms or sockets.
"""

from collections.abc import Iterable
from typing import Final

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now

from feeds.exceptions import InvalidTransition
from feeds.models import Feed, Halt, Instrument, StoredBar
from feeds.services.audit import facts_of, target_of
from feeds.services.changes import lock, record_market, save

INSTRUMENT_FACTS: Final = (
    "feed",
    "symbol",
    "name",
    "sector",
    "tick_size",
    "reference_price",
    "volatility",
    "activity",
)


def save_instrument(instrument: Instrument, *, actor: User | None) -> bool:
    """Add or change an instrument; return whether that changed anything.

    Its bars are in ticks, and go when their size changes.

    Raises:
        ValidationError: a field is invalid.
    """
    with transaction.atomic():
        with_other_ticks = Instrument.objects.exclude(tick_size=instrument.tick_size)
        if with_other_ticks.filter(pk=instrument.pk).exists():
            StoredBar.objects.filter(instrument=instrument).delete()
        return save(instrument, INSTRUMENT_FACTS, actor=actor)


def delete_instrument(instrument: Instrument, *, actor: User | None) -> None:
    """Remove an instrument; the audit entry keeps what it was."""
    with transaction.atomic():
        lock(instrument)
        before = facts_of(instrument, INSTRUMENT_FACTS)
        record_market("delete", target_of(instrument), before=before, actor=actor)
        instrument.delete()


def halt_instrument(instrument: Instrument, *, actor: User | None, reason: str) -> None:
    """Stop trading in one instrument until it is resumed.

    Raises:
        InvalidTransition: it is halted already.
        ValidationError: the reason is empty or too long.
    """
    with transaction.atomic():
        lock(instrument)
        if _open_halt(instrument) is not None:
            raise InvalidTransition(f"{instrument.symbol} is halted already")
        _halt(instrument, actor=actor, reason=reason)
        _record_halted(instrument, True, actor=actor, reason=reason)


def resume_instrument(instrument: Instrument, *, actor: User | None, reason: str = "") -> None:
    """End the halt of an instrument.

    Raises:
        InvalidTransition: it is not halted.
    """
    with transaction.atomic():
        lock(instrument)
        halt = _open_halt(instrument)
        if halt is None:
            raise InvalidTransition(f"{instrument.symbol} is not halted")
        Halt.objects.filter(pk=halt.pk).update(ended_at=Now(), ended_by=actor)
        _record_halted(instrument, False, actor=actor, reason=reason)


def halt_instruments(
    feed: Feed, symbols: Iterable[str], *, actor: User | None, reason: str
) -> list[str]:
    """Stop trading in those instruments of a feed that are not halted; return their symbols.

    One audit entry of the feed tells of all of them.

    Raises:
        ValidationError: the reason is empty or too long.
    """
    with transaction.atomic():
        lock(feed)
        rows = feed.instruments.filter(symbol__in=list(symbols))
        rows = rows.exclude(halts__in=Halt.objects.filter(ended_at=None))
        for row in rows:
            _halt(row, actor=actor, reason=reason)
        halted = [row.symbol for row in rows]
        _record_many(feed, "halt", halted, actor=actor, reason=reason)
        return halted


def resume_instruments(
    feed: Feed, symbols: Iterable[str], *, actor: User | None, reason: str = ""
) -> list[str]:
    """End the halts of those instruments of a feed that are halted; return their symbols.

    One audit entry of the feed tells of all of them.
    """
    with transaction.atomic():
        lock(feed)
        halts = Halt.objects.filter(
            ended_at=None, instrument__feed=feed, instrument__symbol__in=list(symbols)
        )
        resumed = sorted(halts.values_list("instrument__symbol", flat=True))
        halts.update(ended_at=Now(), ended_by=actor)
        _record_many(feed, "resume", resumed, actor=actor, reason=reason)
        return resumed


def _record_halted(
    instrument: Instrument, is_halted: bool, *, actor: User | None, reason: str
) -> None:
    action = "halt" if is_halted else "resume"
    before, after = {"halted": not is_halted}, {"halted": is_halted}
    record_market(action, target_of(instrument), before, after, actor, reason)


def _record_many(
    feed: Feed, action: str, symbols: list[str], *, actor: User | None, reason: str
) -> None:
    if symbols:
        after = {"symbols": symbols}
        record_market(action, target_of(feed), after=after, actor=actor, reason=reason)


def _halt(instrument: Instrument, *, actor: User | None, reason: str) -> None:
    halt = Halt(instrument=instrument, reason=reason, started_by=actor)
    halt.full_clean()
    halt.save()


def _open_halt(instrument: Instrument) -> Halt | None:
    return instrument.halts.filter(ended_at=None).first()
