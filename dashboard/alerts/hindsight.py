"""How often an alert would have fired, for the person who is about to save it.

Must not write. A recording gives the exact number. For times without a recording stored bars give
an estimate. Everybody learns only what they may see: with a delay of 15 minutes, nothing of what
was replayed or recorded less than 15 minutes ago.
"""

from typing import Final, NamedTuple

from django.contrib.auth.models import User
from django.db.models import Max
from django.utils import timezone
from msgspec.structs import replace

from dashboard.alerts.forecast import can_forecast, forecast
from dashboard.alerts.reading import key_for
from dashboard.alerts.recorded_hindsight import Recorded, recorded_hindsight
from dashboard.alerts.rules import Rule
from dashboard.alerts.services import AlertFacts
from dashboard.alerts.wording import span_text, times_text
from dashboard.people.selectors import access_of, visible_instruments
from feeds.clock import ms_of
from feeds.market.bars import DAY_MS, MINUTE_MS
from feeds.market.delayed_keys import delay_of
from feeds.models import Instrument, StoredBar
from feeds.plan.plans import FeedKind
from feeds.selectors.bars import stored_bars

DAYS: Final = 5
_MINUTES: Final = DAYS * DAY_MS // MINUTE_MS


class Hindsight(NamedTuple):
    """A sentence, and when it would have fired (exchange time, UTC ms), oldest first."""

    text: str
    places: tuple[int, ...] = ()


def hindsight(user: User, facts: AlertFacts) -> Hindsight:
    """Return how often it would have fired, or why nobody can say; with the rights of the user."""
    if not facts.symbol:
        return Hindsight("A forecast needs a symbol: it is not made for a whole watchlist.")
    access = access_of([user.pk])[user.pk]
    row = visible_instruments(access).select_related("feed").filter(symbol=facts.symbol).first()
    key = None if row is None else key_for(access, row.symbol, row.feed.slug)
    if row is None or key is None:
        return Hindsight(f"No instrument is called {facts.symbol}.")
    rule, delay_ms = _rule(key, facts), delay_of(key) * MINUTE_MS
    recorded = recorded_hindsight(rule, row, delay_ms)
    if row.feed.kind == FeedKind.REPLAY and recorded.is_found:
        return Hindsight(recorded.text, recorded.places)
    return _joined(recorded, _estimate(row, rule, delay_ms))


def _rule(key: str, facts: AlertFacts) -> Rule:
    return Rule(
        id=0, revision=0, keys=(key,), conditions=facts.conditions, match=facts.match,
        frequency=facts.frequency, cooldown_ms=facts.cooldown_s * 1000,
        hysteresis=facts.hysteresis_percent / 100,
    )  # fmt: skip


def _joined(recorded: Recorded, estimate: Hindsight) -> Hindsight:
    """Return both results as one; bars add no place within the time that was recorded."""
    first_ms, last_ms = recorded.span_ms
    others = [place for place in estimate.places if not first_ms <= place <= last_ms]
    text = f"{recorded.text} {estimate.text}".strip()
    return Hindsight(text, tuple(sorted([*recorded.places, *others])))


def _estimate(row: Instrument, rule: Rule, delay_ms: int) -> Hindsight:
    """Return how often it would have fired as far as stored bars tell."""
    if not can_forecast(rule):
        return Hindsight("Bars do not tell of halts and of feeds without ticks.")
    nothing = Hindsight(f"No bars of {row.symbol} are stored yet, so there is no forecast.")
    until_ms = ms_of(timezone.now()) - delay_ms
    seen = StoredBar.objects.filter(instrument=row, interval="1m", recorded_ms__lte=until_ms)
    newest: int | None = seen.aggregate(newest=Max("start_ms"))["newest"]
    if newest is None:
        return nothing
    bars = stored_bars(
        row.symbol, "1m", from_ms=newest - DAYS * DAY_MS, to_ms=newest + 1, limit=_MINUTES,
        until_ms=until_ms,
    )  # fmt: skip
    if not bars:
        return nothing
    firings = forecast(replace(rule, keys=(row.symbol,)), row.tick_size, bars)
    text = _said(len(firings), newest - bars[0].start_ms + MINUTE_MS)
    return Hindsight(text, tuple(firing.at_ms for firing in firings))


def _said(count: int, covered_ms: int) -> str:
    span = span_text(covered_ms)
    if not count:
        return f"Would not have fired in the last {span}, as far as bars of a minute tell."
    return f"Would have fired about {times_text(count)} in the last {span}."
