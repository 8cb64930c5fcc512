"""Undo of what operators did: the same services do the opposite, and write an entry of their own.

Must not know requests or who may undo. An entry never changes. What it records can be undone once,
and only while nothing newer was done to the same rows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from feeds.exceptions import ChangeRefused
from feeds.market.events import FeedState
from feeds.models import AuditEntry, AuditSubject, Feed, Halt, Instrument
from feeds.models.permissions import HALT, RUN, SHOCK
from feeds.services.changes import Outcome, lock
from feeds.services.feeds import pause_feed, set_rate, start_feed, start_recording, stop_recording
from feeds.services.instruments import halt_instruments, resume_instruments
from feeds.services.interventions import cancel_interventions

Do = Callable[[AuditEntry, User | None, str], str]
"""Undoes an entry, by somebody and with a reason; returns what it did, "" if nothing was left."""


@dataclass(frozen=True)
class Undo:
    """How an action is undone, the permission that takes, and which of its entries can be undone.

    `is_left` says whether something of an entry is left to undo now.
    """

    permission: str
    do: Do
    is_left: Callable[[AuditEntry], bool]
    fits: Callable[[AuditEntry], bool] = lambda entry: True  # noqa: ARG005


def undo_of(entry: AuditEntry) -> Undo | None:
    """Return how an entry could be undone, None if that makes no sense."""
    found = _UNDOS.get(entry.action)
    kind = entry.target.split(" ")[0]
    return found if found and kind in ("feed", "instrument") and found.fits(entry) else None


def can_be_undone(entry: AuditEntry) -> bool:
    """Say whether an undo of an entry would do something now."""
    found = undo_of(entry)
    try:
        return bool(found and is_newest(entry) and found.is_left(entry))
    except ChangeRefused:
        return False


def is_newest(entry: AuditEntry) -> bool:
    """Say whether no newer entry changed the same facts of the same rows."""
    names = [f"instrument {symbol}" for symbol in symbols_of(entry)] or [entry.target]
    newer = AuditSubject.objects.filter(name__in=names, entry__gt=entry.pk)
    facts = _facts_of(entry)
    others = AuditEntry.objects.filter(pk__in=newer.values("entry"))
    return not any(facts & _facts_of(other) for other in others)


def undo(entry: AuditEntry, *, actor: User | None, reason: str = "") -> str:
    """Do the opposite of what an entry records; return what was done.

    Raises:
        ChangeRefused: it cannot be undone, has changed since, or what it was about is gone.
        ValidationError: the reason is too long.
    """
    found = undo_of(entry)
    if found is None:
        raise ChangeRefused(f"{entry.action} of {entry.target} cannot be undone")
    text = f"Undo of {entry.action} at {entry.at:%H:%M:%S} UTC"
    with transaction.atomic():
        lock(_feed_of(entry))
        # Asked again under the lock: two operators may undo the same entry.
        if not is_newest(entry):
            raise ChangeRefused(f"{entry.target} has changed since")
        done = found.do(entry, actor, f"{text}: {reason}" if reason else text)
        if not done:
            raise ChangeRefused(f"nothing is left to undo: {entry.action} of {entry.target}")
        return done


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
        ChangeRefused: it is gone, or the instrument is.
    """
    kind, name = entry.target.split(" ", 1)
    feed = Feed.objects.filter(**{"slug" if kind == "feed" else "instruments__symbol": name})
    found = feed.first()
    if found is None:
        raise ChangeRefused(f"{entry.target} is gone")
    return found


def _run(move: Callable[..., bool], says: str) -> Do:
    def do(entry: AuditEntry, actor: User | None, reason: str) -> str:
        feed = _feed_of(entry)
        return f"{feed} {says}" if move(feed, actor=actor, reason=reason) else ""

    return do


def _is_feed(**facts: Any) -> Callable[[AuditEntry], bool]:
    """Return a question: does the feed of an entry still exist, with these facts?"""
    return lambda entry: all(getattr(_feed_of(entry), name) == is_ for name, is_ in facts.items())


def _restore_rate(entry: AuditEntry, actor: User | None, reason: str) -> str:
    feed, rate = _feed_of(entry), entry.before["rate"]
    is_done = set_rate(feed, rate, actor=actor, reason=reason)
    return f"{feed} has {rate:g} ticks/s again" if is_done else ""


def _has_other_rate(entry: AuditEntry) -> bool:
    return bool(_feed_of(entry).rate != entry.before["rate"])


def _rows_of(entry: AuditEntry) -> QuerySet[Instrument]:
    return Instrument.objects.filter(feed=_feed_of(entry), symbol__in=symbols_of(entry))


def _move(service: Callable[..., Outcome], word: str) -> Do:
    """Return what halts or resumes the instruments of an entry that are still there."""

    def do(entry: AuditEntry, actor: User | None, reason: str) -> str:
        outcome = service(_rows_of(entry), actor=actor, reason=reason)
        if not outcome.changed:
            return ""
        gone = len(set(symbols_of(entry))) - len(outcome.changed) - len(outcome.unchanged)
        rest = [
            *([f"{len(outcome.unchanged)} needed no change"] if outcome.unchanged else []),
            *([f"{gone} are gone"] if gone > 0 else []),
        ]
        return "; ".join([f"{word} {', '.join(outcome.changed)}", *rest])

    return do


def _are_halted(entry: AuditEntry) -> bool:
    return _rows_of(entry).filter(halts__in=Halt.objects.filter(ended_at=None)).exists()


def _are_trading(entry: AuditEntry) -> bool:
    return _rows_of(entry).exclude(halts__in=Halt.objects.filter(ended_at=None)).exists()


def _call_off(entry: AuditEntry, actor: User | None, reason: str) -> str:
    keys = entry.after["interventions"]
    rows = cancel_interventions(_feed_of(entry), keys, actor=actor, reason=reason)
    over = len(keys) - len(rows)
    called_off = f"called off {', '.join(row.summary() for row in rows)}"
    return f"{called_off}; {over} had already ended" if over else called_off


def _is_going_on(entry: AuditEntry) -> bool:
    rows = _feed_of(entry).interventions.filter(pk__in=entry.after["interventions"])
    return any(row.is_open for row in rows)


def _was_paused(entry: AuditEntry) -> bool:
    """Say whether a start ended a pause. One that opened a closed feed began a trading session,
    which a pause does not take back."""
    return bool(entry.before.get("state") == FeedState.PAUSED)


_UNDOS: Final[dict[str, Undo]] = {
    "set rate": Undo(RUN, _restore_rate, _has_other_rate),
    "pause": Undo(RUN, _run(start_feed, "runs again"), _is_feed(state=FeedState.PAUSED)),
    "start": Undo(
        RUN, _run(pause_feed, "is paused again"), _is_feed(state=FeedState.RUNNING), _was_paused
    ),
    "record": Undo(
        RUN, _run(stop_recording, "is not recorded any more"), _is_feed(is_recorded=True)
    ),
    "stop recording": Undo(
        RUN, _run(start_recording, "is recorded again"), _is_feed(is_recorded=False)
    ),
    "halt": Undo(HALT, _move(resume_instruments, "resumed"), _are_halted),
    "resume": Undo(HALT, _move(halt_instruments, "halted"), _are_trading),
    **dict.fromkeys(("shock", "regime", "run"), Undo(SHOCK, _call_off, _is_going_on)),
}
"""How each action is undone. Only a pause and its end are undone: a session that was closed does
not come back."""
