"""Every change of the market's rows: row and audit entry together, the engine poked on commit.

The only writer of these rows. Must not know requests, forms or sockets. Called by admin, commands.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from feeds.archive.rows import StoredBar
from feeds.audit import facts_of, target_of
from feeds.changes import change, lock, record_market, save
from feeds.events import FeedState
from feeds.exceptions import InvalidTransition
from feeds.exchange import definitions
from feeds.instruments import Definition
from feeds.models import Entitlement, Feed, Halt, Instrument

PLAYED_FACTS: Final = ("kind", "recording", "speed", "loops", "start_s", "prefix")
EDITABLE_FEED_FACTS: Final = (
    *("slug", "name", "seed", "hours", "exchange", "day_minutes", "bands", "is_restricted"),
    *PLAYED_FACTS,
)
FEED_FACTS: Final = (
    *EDITABLE_FEED_FACTS,
    *("state", "rate", "reason", "opened_at", "is_recorded"),
)
"""What saving a form may change of a feed; the rest has its own services and permission."""
STEP: Final = timedelta(seconds=1)
"""How long a paused feed runs when it makes a step."""
ENTITLEMENT_FACTS: Final = ("feed", "group", "delay_minutes")
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


def start_feed(feed: Feed, *, actor: User | None, reason: str = "") -> bool:
    """Run a feed, which opens at once if its days are compressed; return whether that changed
    anything."""
    return _move(feed, FeedState.RUNNING, action="start", actor=actor, reason=reason)


def pause_feed(feed: Feed, *, actor: User | None, reason: str = "") -> bool:
    """Stop the ticks within the trading session; return whether that changed anything.

    Raises:
        InvalidTransition: the feed is closed, so there is no trading session to pause.
    """
    return _move(feed, FeedState.PAUSED, action="pause", actor=actor, reason=reason)


def close_feed(feed: Feed, *, actor: User | None, reason: str = "") -> bool:
    """End the trading session; return whether that changed anything."""
    return _move(feed, FeedState.CLOSED, action="close", actor=actor, reason=reason)


def step_feed(feed: Feed, *, actor: User | None, reason: str = "") -> None:
    """Let a paused feed run for STEP, after which it is paused again.

    Raises:
        InvalidTransition: it is not paused.
    """
    with transaction.atomic():
        lock(feed)
        if feed.state != FeedState.PAUSED:
            raise InvalidTransition(f"{feed} is not paused, only a paused feed makes a step")
        values = {"runs_until": timezone.now() + STEP}
        change(feed, values, action="step", actor=actor, reason=reason)


def set_rate(feed: Feed, rate: float, *, actor: User | None, reason: str = "") -> bool:
    """Set the target in ticks per second; return whether that changed anything.

    Raises:
        ValidationError: the rate is out of its range.
    """
    with transaction.atomic():
        lock(feed)
        return change(feed, {"rate": rate}, action="set rate", actor=actor, reason=reason)


def start_recording(feed: Feed, *, actor: User | None, reason: str = "") -> bool:
    """Record what happens on a feed from now on; return whether that changed anything."""
    with transaction.atomic():
        lock(feed)
        return change(feed, {"is_recorded": True}, action="record", actor=actor, reason=reason)


def stop_recording(feed: Feed, *, actor: User | None, reason: str = "") -> bool:
    """Keep what was recorded of a feed; return whether that changed anything."""
    with transaction.atomic():
        lock(feed)
        values = {"is_recorded": False}
        return change(feed, values, action="stop recording", actor=actor, reason=reason)


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


def save_feed(feed: Feed, *, actor: User | None) -> bool:
    """Add a feed, or change what it is and its hours; return whether that changed anything.

    Raises:
        ValidationError: a field is invalid.
    """
    return save(feed, FEED_FACTS if feed._state.adding else EDITABLE_FEED_FACTS, actor=actor)


def save_instrument(instrument: Instrument, *, actor: User | None) -> bool:
    """Add or change an instrument; return whether that changed anything.

    Its bars are in ticks, and go when their size changes.

    Raises:
        ValidationError: a field is invalid.
    """
    with transaction.atomic():
        on_other_grids = Instrument.objects.exclude(tick_size=instrument.tick_size)
        if on_other_grids.filter(pk=instrument.pk).exists():
            StoredBar.objects.filter(instrument=instrument).delete()
        return save(instrument, INSTRUMENT_FACTS, actor=actor)


def delete_feed(feed: Feed, *, actor: User | None) -> None:
    """Remove a feed and its instruments; the audit entry keeps what it was."""
    with transaction.atomic():
        lock(feed)
        symbols = list(feed.instruments.values_list("symbol", flat=True))
        before = facts_of(feed, FEED_FACTS) | {"instruments": symbols}
        record_market("delete", target_of(feed), before=before, actor=actor)
        feed.delete()


def delete_instrument(instrument: Instrument, *, actor: User | None) -> None:
    """Remove an instrument; the audit entry keeps what it was."""
    with transaction.atomic():
        lock(instrument)
        before = facts_of(instrument, INSTRUMENT_FACTS)
        record_market("delete", target_of(instrument), before=before, actor=actor)
        instrument.delete()


def save_entitlement(entitlement: Entitlement, *, actor: User | None) -> bool:
    """Let a group see a feed, or change how late; return whether that changed anything.

    Raises:
        ValidationError: a field is invalid.
    """
    return save(entitlement, ENTITLEMENT_FACTS, actor=actor)


def delete_entitlement(entitlement: Entitlement, *, actor: User | None) -> None:
    """Take a feed from a group; its readers lose it at once."""
    with transaction.atomic():
        before = facts_of(entitlement, ENTITLEMENT_FACTS)
        record_market("delete", target_of(entitlement), before=before, actor=actor)
        entitlement.delete()


def seed_exchange(instruments: int, rate: float) -> Feed:
    """Return the first feed, made as the demo exchange when there is none; rate in ticks/s.

    Raises:
        ValidationError: the rate is out of its range.
    """
    with transaction.atomic():
        present = Feed.objects.order_by("pk").first()
        if present is not None:
            return present
        feed = Feed(slug="demo", name="Demo Exchange", rate=rate)
        feed.full_clean()
        feed.save()
        rows = [_instrument_of(feed, definition) for definition in definitions(instruments)]
        Instrument.objects.bulk_create(rows, batch_size=500)
        after = facts_of(feed, FEED_FACTS) | {"instruments": len(rows)}
        record_market("seed", target_of(feed), after=after, actor=None)
        return feed


def _move(feed: Feed, state: FeedState, *, action: str, actor: User | None, reason: str) -> bool:
    with transaction.atomic():
        lock(feed)
        if feed.state == state:
            return False
        if state is FeedState.PAUSED and feed.state == FeedState.CLOSED:
            raise InvalidTransition(f"{feed} is closed, start it before a pause")
        values: dict[str, Any] = {"state": state.value, "reason": reason, "runs_until": None}
        if feed.state == FeedState.CLOSED:
            values["opened_at"] = timezone.now()
        return change(feed, values, action=action, actor=actor, reason=reason)


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


def _instrument_of(feed: Feed, definition: Definition) -> Instrument:
    return Instrument(
        feed=feed,
        symbol=definition.symbol,
        name=definition.name,
        sector=definition.sector,
        tick_size=definition.tick_size,
        reference_price=definition.reference_ticks * definition.tick_size,
        volatility=definition.volatility,
        activity=definition.activity,
    )
