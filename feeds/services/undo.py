"""Undo of what operators did: the same services do the opposite, and write an entry of their own.

Must not know requests or who may undo. An entry never changes. What it records can be undone once,
and only while nothing newer was done to the same rows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.contrib.auth.models import User
from django.db import transaction

from feeds.exceptions import InvalidTransition
from feeds.market.events import FeedState
from feeds.models import AuditEntry, AuditSubject, Feed, Instrument
from feeds.models.permissions import HALT, RUN, SHOCK
from feeds.services.changes import Outcome, lock
from feeds.services.feeds import pause_feed, set_rate, start_feed, start_recording, stop_recording
from feeds.services.instruments import halt_instruments, resume_instruments
from feeds.services.interventions import cancel_interventions

Do = Callable[[AuditEntry, User | None, str], object]


@dataclass(frozen=True)
class Undo:
    """How an action is undone, the permission that takes, and which of its entries can be undone.

    `do` returns False if there was nothing left to undo.
    """

    permission: str
    do: Do
    fits: Callable[[AuditEntry], bool] = lambda entry: True  # noqa: ARG005


def undo_of(entry: AuditEntry) -> Undo | None:
    """Return how an entry could be undone, None if that makes no sense."""
    found = _UNDOS.get(entry.action)
    kind = entry.target.split(" ")[0]
    return found if found and kind in ("feed", "instrument") and found.fits(entry) else None


def is_newest(entry: AuditEntry) -> bool:
    """Say whether no newer entry changed the same facts of the same rows."""
    names = [f"instrument {symbol}" for symbol in symbols_of(entry)] or [entry.target]
    newer = AuditSubject.objects.filter(name__in=names, entry__gt=entry.pk)
    facts = _facts_of(entry)
    others = AuditEntry.objects.filter(pk__in=newer.values("entry"))
    return not any(facts & _facts_of(other) for other in others)


def undo(entry: AuditEntry, *, actor: User | None, reason: str = "") -> None:
    """Do the opposite of what an entry records.

    Raises:
        InvalidTransition: it cannot be undone, has changed since, or what it was about is gone.
        ValidationError: the reason is too long.
    """
    found = undo_of(entry)
    if found is None:
        raise InvalidTransition(f"{entry.action} of {entry.target} cannot be undone")
    text = f"Undo of {entry.action} at {entry.at:%H:%M:%S} UTC"
    with transaction.atomic():
        lock(_feed_of(entry))
        if not is_newest(entry):
            raise InvalidTransition(f"{entry.target} has changed since")
        if found.do(entry, actor, f"{text}: {reason}" if reason else text) is False:
            raise InvalidTransition(f"nothing is left to undo: {entry.action} of {entry.target}")


def symbols_of(entry: AuditEntry) -> list[str]:
    """Return the instruments that an entry halted or resumed, none if it is about something else.

    Entries of older versions have {"halted": true} of one instrument, or {"symbols": […]} of a
    feed.
    """
    if "symbols" in entry.after:
        return list(entry.after["symbols"])
    before, after = entry.before.get("halted", []), entry.after.get("halted", [])
    if isinstance(after, bool):
        return [entry.target.split(" ", 1)[1]]
    return [*before, *after]


def _facts_of(entry: AuditEntry) -> set[str]:
    return {"halted"} if symbols_of(entry) else set(entry.after)


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


def _run(move: Callable[..., bool]) -> Do:
    return lambda entry, actor, reason: move(_feed_of(entry), actor=actor, reason=reason)


def _restore_rate(entry: AuditEntry, actor: User | None, reason: str) -> bool:
    return set_rate(_feed_of(entry), entry.before["rate"], actor=actor, reason=reason)


def _move(service: Callable[..., Outcome]) -> Do:
    """Return how instruments are halted or resumed as they were; those that are gone are left."""

    def do(entry: AuditEntry, actor: User | None, reason: str) -> bool:
        rows = Instrument.objects.filter(feed=_feed_of(entry), symbol__in=symbols_of(entry))
        return bool(service(rows, actor=actor, reason=reason).changed)

    return do


def _call_off(entry: AuditEntry, actor: User | None, reason: str) -> object:
    keys = entry.after["interventions"]
    return cancel_interventions(_feed_of(entry), keys, actor=actor, reason=reason)


def _was_paused(entry: AuditEntry) -> bool:
    """Say whether a start ended a pause. One that opened a closed feed began a trading session,
    which a pause does not take back."""
    return bool(entry.before.get("state") == FeedState.PAUSED)


_UNDOS: Final[dict[str, Undo]] = {
    "set rate": Undo(RUN, _restore_rate),
    "pause": Undo(RUN, _run(start_feed)),
    "start": Undo(RUN, _run(pause_feed), _was_paused),
    "record": Undo(RUN, _run(stop_recording)),
    "stop recording": Undo(RUN, _run(start_recording)),
    "halt": Undo(HALT, _move(resume_instruments)),
    "resume": Undo(HALT, _move(halt_instruments)),
    **dict.fromkeys(("shock", "regime", "run"), Undo(SHOCK, _call_off)),
}
"""By the action of the entry. Only a pause and its end are undone: a session that was closed does
not come back."""
