"""Every change of alerts: by their owners, and by the judge.

Only `pruning` also deletes rows. Must not know requests, forms or the event loop. What the judge
found is stored together with its position, or not at all.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Final

import msgspec
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from dashboard.alerts.measures import MeasuresState
from dashboard.alerts.reading import ONLY, conditions_of
from dashboard.alerts.rules import Condition, Firing, Frequency, Match, Progress, is_line
from dashboard.alerts.wording import firing_text
from dashboard.exceptions import AlertsFull, UnknownLine, UnknownSymbol
from dashboard.models import Alert, AlertBook, AlertFiring, Notification
from dashboard.people.selectors import access_of, visible_instruments
from dashboard.personal.watchlist_lines import watchlist_of
from dashboard.reaching.queueing import queue_dispatches
from feeds.bus import control
from feeds.market.delayed_keys import shown
from feeds.market.symbols import LONGEST_SYMBOL
from feeds.models import Instrument

ALERTS_PER_USER: Final = 100
TEXT_LENGTH: Final = 200
TITLE_LENGTH: Final = 120
_decoder: Final = msgspec.msgpack.Decoder(dict[str, MeasuresState])
Changes = Mapping[int, tuple[int, Mapping[str, Progress]]]
"""Revision and progress of rules, by id."""


class AlertFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a person says of an alert.

    Without a symbol it is about a whole watchlist, the first one without an id.
    """

    symbol: str
    conditions: tuple[Condition, ...]
    list_id: int | None = None
    name: str = ""
    match: Match = Match.ALL
    frequency: Frequency = Frequency.ONCE
    cooldown_s: int = 0
    hysteresis_percent: Decimal = Decimal(0)
    expires_at: datetime | None = None


class Judgement(msgspec.Struct, frozen=True):
    """What was judged up to a sequence: the firings, and the progress of rules."""

    sequence: int
    firings: list[Firing]
    changes: Changes


# --- by their owners ---


def make_alert(user: User, facts: AlertFacts) -> Alert:
    """Make an alert.

    Raises:
        UnknownSymbol: no instrument that the user may see has that symbol.
        UnknownWatchlist: the user has no such list.
        AlertsFull: the user has as many alerts as a user may have.
    """
    with transaction.atomic():
        revision = _next_revision()
        if Alert.objects.filter(user=user).count() >= ALERTS_PER_USER:
            raise AlertsFull(f"you have {ALERTS_PER_USER} alerts, delete one first")
        alert = Alert(user=user, revision=revision)
        _take(alert, facts)
        alert.save()
    return alert


def change_alert(alert: Alert, facts: AlertFacts) -> None:
    """Change what an alert waits for; it becomes active and begins anew.

    Raises:
        UnknownSymbol: no instrument that the owner may see has that symbol.
        UnknownWatchlist: the owner has no such list.
    """
    with transaction.atomic():
        alert.revision = _next_revision()
        _take(alert, facts)
        _begin(alert)
        alert.save()


def move_alert(alert: Alert, index: int, price: Decimal) -> None:
    """Let the condition with this index wait for another price; the alert begins anew.

    Raises:
        UnknownLine: the condition does not wait for a price, or the alert is gone.
        UnknownSymbol: no instrument that the owner may see has its symbol.
    """
    with transaction.atomic():
        revision = _next_revision()
        # Read again under the lock: another page may have changed it since.
        current = Alert.objects.select_related("instrument").filter(pk=alert.pk).first()
        conditions = [] if current is None else list(conditions_of(current))
        if current is None or not is_line(conditions, index):
            raise UnknownLine("this alert waits for no price there any more")
        if current.instrument is not None:
            _instrument(current.user_id, current.instrument.symbol)
        conditions[index] = msgspec.structs.replace(conditions[index], value=price)
        current.conditions, current.revision = msgspec.to_builtins(conditions), revision
        _begin(current)
        current.save()


def pause_alert(alert: Alert) -> None:
    """Stop judging an active alert until it is resumed."""
    _move(alert, lambda: Alert.State.PAUSED, only_from=Alert.State.ACTIVE)


def resume_alert(alert: Alert) -> None:
    """Judge an alert again as a new one; if its time is over, it gets no end."""

    def begin() -> Alert.State:
        _begin(alert)
        if alert.expires_at is not None and alert.expires_at <= timezone.now():
            alert.expires_at = None
        return Alert.State.ACTIVE

    _move(alert, begin)


def snooze_alert(alert: Alert, minutes: int) -> None:
    """Keep an alert from firing for some minutes; 0 ends that."""
    with transaction.atomic():
        until = timezone.now() + timedelta(minutes=minutes) if minutes else None
        changed = {"snoozed_until": until, "revision": _next_revision()}
        Alert.objects.filter(pk=alert.pk).update(**changed)


def delete_alert(alert: Alert) -> None:
    """Delete an alert with its firings; the notifications stay."""
    with transaction.atomic():
        _next_revision()
        alert.delete()


def _take(alert: Alert, facts: AlertFacts) -> None:
    is_whole_list = not facts.symbol
    alert.instrument = None if is_whole_list else _instrument(alert.user_id, facts.symbol)
    alert.watchlist = watchlist_of(alert.user, facts.list_id) if is_whole_list else None
    alert.name = facts.name
    alert.conditions = msgspec.to_builtins(facts.conditions)
    alert.match, alert.frequency = facts.match, facts.frequency
    alert.cooldown_s, alert.hysteresis_percent = facts.cooldown_s, facts.hysteresis_percent
    alert.expires_at = facts.expires_at


def _instrument(user_id: int, symbol: str) -> Instrument:
    access = access_of([user_id])[user_id]
    instrument = visible_instruments(access).filter(symbol=symbol).first()
    if instrument is None:
        raise UnknownSymbol(f"no instrument is called {symbol[:LONGEST_SYMBOL]!r}")
    return instrument


def _begin(alert: Alert) -> None:
    alert.state, alert.progress, alert.snoozed_until = Alert.State.ACTIVE, {}, None


def _move(alert: Alert, move: Callable[[], Alert.State], *, only_from: str = "") -> None:
    with transaction.atomic():
        revision = _next_revision()
        # Read again under the lock: the judge may have changed it since.
        alert.refresh_from_db()
        if only_from in ("", alert.state):
            alert.state, alert.revision = move(), revision
            alert.save()


def _next_revision() -> int:
    """Return the revision of a change. The lock makes changes commit in the order of revisions.

    So a reader that knows revision 7 has not missed a change with revision 6.
    """
    book = _locked_book()
    book.revision += 1
    book.save(update_fields=["revision"])
    return book.revision


def _locked_book() -> AlertBook:
    return AlertBook.objects.select_for_update().get_or_create(pk=ONLY)[0]


# --- by the judge ---


def take_over_alerts(epoch: str) -> dict[str, MeasuresState]:
    """Let only the market of this epoch write from now on; return what the last had measured."""
    with transaction.atomic():
        book = _locked_book()
        book.epoch, book.sequence = epoch, 0
        book.save(update_fields=["epoch", "sequence"])
    try:
        return _decoder.decode(bytes(book.measures)) if book.measures else {}
    except msgspec.MsgspecError:
        return {}


def store_judgements(
    epoch: str, judgements: Sequence[Judgement], measures: Mapping[str, MeasuresState] | None
) -> bool:
    """Store what was judged, with the position; return False if another market took over.

    A firing is stored once for its place, however often it is handed in. The firing of an alert
    that was changed meanwhile is left out: the change came first.
    """
    with transaction.atomic():
        book = _locked_book()
        if book.epoch != epoch:
            return False
        for judgement in judgements:
            _store(book, judgement)
        if measures is not None:
            book.measures = msgspec.msgpack.encode(measures)
        book.save()
        _poke_owners({firing.rule.id for each in judgements for firing in each.firings})
    return True


def _store(book: AlertBook, judgement: Judgement) -> None:
    book.sequence = max(book.sequence, judgement.sequence)
    alerts = Alert.objects.filter(state=Alert.State.ACTIVE).in_bulk(judgement.changes)
    for pk, (revision, progress) in judgement.changes.items():
        alert = alerts.get(pk)
        if alert is not None and alert.revision == revision:
            alert.progress = msgspec.to_builtins(progress)
            alert.save(update_fields=["progress"])
    for firing in judgement.firings:
        alert = alerts.get(firing.rule.id)
        if alert is not None and alert.revision == firing.rule.revision:
            _store_firing(book, alert, firing)


def _store_firing(book: AlertBook, alert: Alert, firing: Firing) -> None:
    text = firing_text(firing)[:TEXT_LENGTH]
    place = {"alert": alert, "epoch": firing.epoch, "sequence": firing.sequence}
    fired_at = datetime.fromtimestamp(firing.at_ms / 1000, UTC)
    facts = {"symbol": firing.key, "text": text, "fired_at": fired_at}
    _, is_new = AlertFiring.objects.get_or_create(**place, defaults=facts)
    if not is_new:
        return
    if alert.frequency == Frequency.ONCE:
        book.revision += 1
        alert.state, alert.revision = Alert.State.TRIGGERED, book.revision
        alert.save(update_fields=["state", "revision"])
    _notify(alert, text, f"Alert “{alert.name}”." if alert.name else "", shown(firing.key))


def _notify(alert: Alert, text: str, body: str, symbol: str) -> None:
    notice = Notification.objects.create(
        user_id=alert.user_id,
        title=text[:TITLE_LENGTH],
        body=body,
        level=Notification.Level.WARNING,
        symbol=symbol,
    )
    queue_dispatches([notice])


def _poke_owners(ids: Collection[int]) -> None:
    """Announce the notifications of alerts after the commit.

    Once for all of them: the judge waits for the bus at each announcement.
    """
    if ids:
        owners = Alert.objects.filter(pk__in=ids).values_list("user", flat=True)
        transaction.on_commit(partial(control.poke_people, sorted(set(owners))))


def stop_alerts(ids: Iterable[int]) -> None:
    """Stop alerts that have nothing left to judge, and tell the owners why.

    An owner may no longer see the instrument, or has deleted the list.
    """
    with transaction.atomic():
        revision = _next_revision()
        rows = Alert.objects.filter(pk__in=list(ids), state=Alert.State.ACTIVE)
        alerts = list(rows.select_related("instrument"))
        for alert in alerts:
            alert.state, alert.revision = Alert.State.STOPPED, revision
            alert.save(update_fields=["state", "revision"])
            _notify(alert, *_why_stopped(alert), "")
        _poke_owners([alert.pk for alert in alerts])


def _why_stopped(alert: Alert) -> tuple[str, str]:
    """Return the title and the text of what its owner is told."""
    if alert.instrument is None:
        name = f"“{alert.name}”" if alert.name else "on a list"
        return f"The alert {name} has stopped", "Its list was deleted. Choose another one."
    symbol = alert.instrument.symbol
    why = f"You may no longer see {symbol}, so the alert cannot fire."
    return f"The alert on {symbol} has stopped", why


def expire_alerts(ids: Iterable[int]) -> None:
    """Mark active alerts as expired."""
    with transaction.atomic():
        revision = _next_revision()
        rows = Alert.objects.filter(pk__in=list(ids), state=Alert.State.ACTIVE)
        rows.update(state=Alert.State.EXPIRED, revision=revision)
