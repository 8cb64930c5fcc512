"""Undo of what operators did: the opposite, by the same services, as an entry of its own.

Must not know requests or who may. An entry is never changed: what it tells of is undone while
nothing newer has been done to the same, and never twice.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.contrib.auth.models import User
from django.db import transaction

from feeds.exceptions import InvalidTransition
from feeds.market.events import FeedState
from feeds.models import AuditEntry, Feed, Instrument
from feeds.services.changes import lock
from feeds.services.feeds import pause_feed, set_rate, start_feed, start_recording, stop_recording
from feeds.services.instruments import (
    halt_instrument,
    halt_instruments,
    resume_instrument,
    resume_instruments,
)
from feeds.services.interventions import cancel_interventions

RUN: Final = "feeds.run_feed"
HALT: Final = "feeds.halt_instrument"
SHOCK: Final = "feeds.shock_market"
Do = Callable[[AuditEntry, User | None, str], object]


@dataclass(frozen=True)
class Undo:
    """How an action is undone, who may, and which entries can be."""

    permission: str
    do: Do
    fits: Callable[[AuditEntry], bool] = lambda entry: True  # noqa: ARG005


def undo_of(entry: AuditEntry) -> Undo | None:
    """Return how an entry could be undone, None where that makes no sense."""
    found = _UNDOS.get(entry.action)
    kind = entry.target.split(" ")[0]
    return found if found and kind in ("feed", "instrument") and found.fits(entry) else None


def is_newest(entry: AuditEntry) -> bool:
    """Say whether nothing newer was done to what the entry tells of."""
    newer = AuditEntry.objects.filter(pk__gt=entry.pk, target__in=_targets_of(entry))
    return not any(_clash(entry, other) for other in newer)


def undo(entry: AuditEntry, *, actor: User | None, reason: str = "") -> None:
    """Do the opposite of what an entry tells of.

    Raises:
        InvalidTransition: it cannot be undone, has changed since, or what it was about is gone.
        ValidationError: the reason is too long.
    """
    found = undo_of(entry)
    if found is None:
        raise InvalidTransition(f"{entry.action} of {entry.target} cannot be undone")
    told = f"Undo of {entry.action} at {entry.at:%H:%M:%S} UTC"
    with transaction.atomic():
        lock(_feed_of(entry))
        if not is_newest(entry):
            raise InvalidTransition(f"{entry.target} has changed since")
        if found.do(entry, actor, f"{told}: {reason}" if reason else told) is False:
            raise InvalidTransition(f"{entry.target} is so already")


def _targets_of(entry: AuditEntry) -> list[str]:
    return [entry.target, *(f"instrument {symbol}" for symbol in entry.after.get("symbols", ()))]


def _clash(entry: AuditEntry, newer: AuditEntry) -> bool:
    """Say whether a newer entry is about the same."""
    if "symbols" in entry.after and newer.target == entry.target:
        return bool(set(entry.after["symbols"]) & set(newer.after.get("symbols", ())))
    return newer.target != entry.target or bool(entry.after.keys() & newer.after.keys())


def _feed_of(entry: AuditEntry) -> Feed:
    """Return the feed that an entry is about.

    Raises:
        InvalidTransition: it is gone, or the instrument is.
    """
    kind, name = entry.target.split(" ", 1)
    feed = Feed.objects.filter(**{"slug" if kind == "feed" else "instruments__symbol": name})
    found = feed.first()
    if found is None:
        raise InvalidTransition(f"{entry.target} is gone")
    return found


def _instrument_of(entry: AuditEntry) -> Instrument:
    return Instrument.objects.get(symbol=entry.target.split(" ", 1)[1])


def _run(move: Callable[..., bool]) -> Do:
    return lambda entry, actor, reason: move(_feed_of(entry), actor=actor, reason=reason)


def _restore_rate(entry: AuditEntry, actor: User | None, reason: str) -> bool:
    return set_rate(_feed_of(entry), entry.before["rate"], actor=actor, reason=reason)


def _move(one: Callable[..., None], many: Callable[..., list[str]]) -> Do:
    """Return how an entry of one instrument, or of many, is undone."""

    def do(entry: AuditEntry, actor: User | None, reason: str) -> bool:
        if "symbols" in entry.after:
            return bool(many(_feed_of(entry), entry.after["symbols"], actor=actor, reason=reason))
        one(_instrument_of(entry), actor=actor, reason=reason)
        return True

    return do


def _call_off(entry: AuditEntry, actor: User | None, reason: str) -> object:
    keys = entry.after["interventions"]
    return cancel_interventions(_feed_of(entry), keys, actor=actor, reason=reason)


def _was_paused(entry: AuditEntry) -> bool:
    """Say whether a start ended a pause: one that opened the feed has made a session."""
    return bool(entry.before.get("state") == FeedState.PAUSED)


_UNDOS: Final[dict[str, Undo]] = {
    "set rate": Undo(RUN, _restore_rate),
    "pause": Undo(RUN, _run(start_feed)),
    "start": Undo(RUN, _run(pause_feed), _was_paused),
    "record": Undo(RUN, _run(stop_recording)),
    "stop recording": Undo(RUN, _run(start_recording)),
    "halt": Undo(HALT, _move(resume_instrument, resume_instruments)),
    "resume": Undo(HALT, _move(halt_instrument, halt_instruments)),
    **dict.fromkeys(("shock", "regime", "run"), Undo(SHOCK, _call_off)),
}
"""By the action of the entry."""
