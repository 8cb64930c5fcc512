"""Reads the alerts of everybody as rules, with the rights that their owners have now.

Must not write.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import msgspec
from django.contrib.auth.models import User
from django.utils import timezone

from dashboard.alerts.rules import Condition, Frequency, Match, Progress, Rule
from dashboard.models import Alert, AlertBook, WatchlistEntry
from dashboard.people.access import Access
from dashboard.people.selectors import access_of
from feeds.clock import Clock, ms_of
from feeds.market.delayed_keys import delayed
from feeds.models import Instrument

FULL_LOOK_S: Final = 10.0
"""All rows are read this often in any case: somebody may have changed them without a service."""
ONLY: Final = 1
"""The primary key of the book."""
Places = dict[int, tuple[str, str]]
"""Symbol and feed of each instrument, by primary key."""


class Reading(NamedTuple):
    """All rules, and the alerts that must end, by primary key.

    The `empty` ones have nothing to judge: the owner may no longer see the instrument, or has
    deleted the list. The time of `expired` ones is up.
    """

    rules: list[Rule]
    empty: list[int]
    expired: list[int]


class RuleReader:
    """Reads rules when something may have changed, which a few queries find out."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._alerts: dict[int, Alert] = {}
        self._places: Places = {}
        self._revision = -1
        self._read_s = 0.0
        self._last: tuple[Any, ...] | None = None

    def read(self) -> Reading | None:
        """Return what is to be judged from now on; None if nothing has changed."""
        self._refresh()
        if not self._alerts:
            former, self._last = self._last, ()
            return None if former == () else Reading([], [], [])
        owners = {alert.user_id for alert in self._alerts.values()}
        active = set(
            User.objects.filter(pk__in=owners, is_active=True).values_list("pk", flat=True)
        )
        access, lists = access_of(active), self._watchlists()
        now = timezone.now()
        expired = [pk for pk, alert in self._alerts.items() if _is_over(alert, now)]
        present = (self._revision, self._places, access, lists, expired)
        if present == self._last:
            return None
        self._last = present
        seen = [alert for alert in self._alerts.values() if alert.user_id in active]
        keys = {alert.pk: self._keys(alert, access[alert.user_id], lists) for alert in seen}
        return Reading(
            rules=[rule_of(alert, keys[alert.pk]) for alert in seen if keys[alert.pk]],
            empty=[alert.pk for alert in seen if not (alert.watchlist_id or keys[alert.pk])],
            expired=expired,
        )

    def _refresh(self) -> None:
        """Read the alerts that changed since the last time, and at times all of them."""
        now_s = self._clock.monotonic()
        book = AlertBook.objects.filter(pk=ONLY).first()
        revision = 0 if book is None else book.revision
        if now_s - self._read_s >= FULL_LOOK_S or self._revision < 0:
            self._read_s, self._alerts, self._revision = now_s, {}, -1
        if revision == self._revision:
            return
        for alert in Alert.objects.filter(revision__gt=self._revision):
            self._alerts[alert.pk] = alert
        # A deleted alert has no row with a new revision, so the keys are compared as well.
        present = set(
            Alert.objects.filter(state=Alert.State.ACTIVE).order_by().values_list("pk", flat=True)
        )
        self._alerts = {pk: alert for pk, alert in self._alerts.items() if pk in present}
        self._places = _read_places() if self._alerts else {}
        self._revision = revision

    def _watchlists(self) -> dict[int, list[int]]:
        """Return the instruments of the lists that alerts are about, by the key of the list."""
        asked = {alert.watchlist_id for alert in self._alerts.values() if alert.watchlist_id}
        if not asked:
            return {}
        lists: dict[int, list[int]] = defaultdict(list)
        entries = WatchlistEntry.objects.filter(watchlist__in=asked, instrument__isnull=False)
        for pk, instrument in entries.values_list("watchlist", "instrument"):
            lists[pk].append(instrument)
        return dict(lists)

    def _keys(self, alert: Alert, access: Access, lists: dict[int, list[int]]) -> tuple[str, ...]:
        """Return the keys of the instruments of an alert that its owner may see."""
        pks = (
            [alert.instrument_id] if alert.instrument_id else lists.get(alert.watchlist_id or 0, [])
        )
        places = (self._places[pk] for pk in pks if pk in self._places)
        keys = (key_for(access, symbol, feed) for symbol, feed in places)
        return tuple(key for key in keys if key is not None)


def _read_places() -> Places:
    rows = Instrument.objects.values_list("pk", "symbol", "feed__slug")
    return {pk: (symbol, feed) for pk, symbol, feed in rows}


def key_for(access: Access, symbol: str, feed: str) -> str | None:
    """Return the key on the tape under which an access sees a symbol; None when it does not."""
    for minutes in (0, *access.delays):
        if access.sees(delayed(feed, minutes)):
            return delayed(symbol, minutes)
    return None


def rule_of(alert: Alert, keys: Iterable[str]) -> Rule:
    """Return an alert as the judge sees it."""
    return Rule(
        id=alert.pk,
        revision=alert.revision,
        keys=tuple(keys),
        conditions=conditions_of(alert),
        match=Match(alert.match),
        frequency=Frequency(alert.frequency),
        cooldown_ms=alert.cooldown_s * 1000,
        hysteresis=alert.hysteresis_percent / 100,
        snoozed_ms=ms_of(alert.snoozed_until) if alert.snoozed_until else 0,
        expires_ms=ms_of(alert.expires_at) if alert.expires_at else 0,
        progress=msgspec.convert(alert.progress, dict[str, Progress]),
    )


def conditions_of(alert: Alert) -> tuple[Condition, ...]:
    """Return the conditions of an alert."""
    return msgspec.convert(alert.conditions, tuple[Condition, ...])


def _is_over(alert: Alert, now: Any) -> bool:
    return alert.expires_at is not None and alert.expires_at <= now
