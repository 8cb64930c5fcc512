"""How often an alert would have fired in the last days, for the person who is about to save it.

Must not write.
"""

from typing import Final

from django.contrib.auth.models import User
from django.db.models import Max
from django.utils import timezone

from dashboard.alerts.forecast import can_forecast, forecast
from dashboard.alerts.reading import key_for
from dashboard.alerts.rules import Rule
from dashboard.alerts.services import AlertFacts
from dashboard.people.selectors import access_of, visible_instruments
from feeds.clock import ms_of
from feeds.market.bars import DAY_MS, MINUTE_MS
from feeds.market.delayed_keys import delay_of
from feeds.models import StoredBar
from feeds.selectors.bars import stored_bars

DAYS: Final = 5
_MINUTES: Final = DAYS * DAY_MS // MINUTE_MS


def forecast_text(user: User, facts: AlertFacts) -> str:
    """Return how often it would have fired, or why nobody can say; with the rights of the user."""
    if not facts.symbol:
        return "A forecast needs a symbol: it is not made for a whole watchlist."
    access = access_of([user.pk])[user.pk]
    row = visible_instruments(access).select_related("feed").filter(symbol=facts.symbol).first()
    key = None if row is None else key_for(access, row.symbol, row.feed.slug)
    if row is None or key is None:
        return f"No instrument is called {facts.symbol}."
    rule = Rule(
        id=0, revision=0, keys=(key,), conditions=facts.conditions, match=facts.match,
        frequency=facts.frequency, cooldown_ms=facts.cooldown_s * 1000,
        hysteresis=facts.hysteresis_percent / 100,
    )  # fmt: skip
    if not can_forecast(rule):
        return "Bars do not tell of halts and of feeds without ticks, so there is no forecast."
    until_ms = ms_of(timezone.now()) - delay_of(key) * MINUTE_MS
    seen = StoredBar.objects.filter(instrument=row, interval="1m", recorded_ms__lte=until_ms)
    newest: int | None = seen.aggregate(newest=Max("start_ms"))["newest"]
    if newest is None:
        return f"No bars of {facts.symbol} are stored yet, so there is no forecast."
    bars = stored_bars(
        facts.symbol, "1m", from_ms=newest - DAYS * DAY_MS, to_ms=newest + 1, limit=_MINUTES,
        until_ms=until_ms,
    )  # fmt: skip
    if not bars:
        return f"No bars of {facts.symbol} are stored yet, so there is no forecast."
    return _said(len(forecast(rule, row.tick_size, bars)), newest - bars[0].start_ms + MINUTE_MS)


def _said(count: int, covered_ms: int) -> str:
    times = "once" if count == 1 else f"{count} times"
    span = _span(covered_ms)
    if not count:
        return f"Would not have fired in the last {span}, as far as bars of a minute tell."
    return f"Would have fired about {times} in the last {span}."


def _span(covered_ms: int) -> str:
    minutes = covered_ms // MINUTE_MS
    if minutes >= 2 * 24 * 60:
        return f"{round(minutes / 24 / 60)} days"
    return f"{round(minutes / 60)} hours" if minutes >= 120 else f"{minutes} min"
