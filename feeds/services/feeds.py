"""Adds, changes, runs and deletes feeds: the row and its audit entry in one transaction.

`replays` adds feeds too, which play a recording. Must not know requests, forms or sockets.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from feeds.exceptions import ChangeRefused
from feeds.market.events import FeedState
from feeds.market.instruments import Definition
from feeds.models import Feed, Instrument, StoredBar
from feeds.services.audit import facts_of, target_of
from feeds.services.bars import count_bars
from feeds.services.changes import change, lock, record_market, save
from feeds.services.replay_checks import refuse_empty_replay
from feeds.simulator.demo_exchange import definitions

PLAYED_FACTS: Final = ("kind", "recording", "speed", "loops", "start_s", "prefix")
EDITABLE_FEED_FACTS: Final = (
    *("slug", "name", "seed", "hours", "exchange", "day_minutes", "bands", "is_restricted"),
    *PLAYED_FACTS,
)
FEED_FACTS: Final = (
    *EDITABLE_FEED_FACTS,
    *("state", "rate", "reason", "opened_at", "is_recorded"),
)
"""All facts of a feed. A form may only change the editable ones; the others have services and a
permission of their own."""
STEP: Final = timedelta(seconds=1)
"""How long a paused feed runs when it makes a step."""


def start_feed(feed: Feed, *, actor: User | None, reason: str = "") -> bool:
    """Run a feed; return whether that changed anything. Compressed days open at once.

    Raises:
        ChangeRefused: it is a replay of a recording that has none of its instruments.
    """
    refuse_empty_replay(feed)
    return _move(feed, FeedState.RUNNING, action="start", actor=actor, reason=reason)


def pause_feed(feed: Feed, *, actor: User | None, reason: str = "") -> bool:
    """Stop the ticks within the trading session; return whether that changed anything.

    Raises:
        ChangeRefused: the feed is closed, so there is no trading session to pause.
    """
    return _move(feed, FeedState.PAUSED, action="pause", actor=actor, reason=reason)


def close_feed(feed: Feed, *, actor: User | None, reason: str = "") -> bool:
    """End the trading session; return whether that changed anything."""
    return _move(feed, FeedState.CLOSED, action="close", actor=actor, reason=reason)


def step_feed(feed: Feed, *, actor: User | None, reason: str = "") -> None:
    """Let a paused feed run for STEP; then it is paused again.

    Raises:
        ChangeRefused: the feed is not paused.
    """
    with transaction.atomic():
        lock(feed)
        if feed.state != FeedState.PAUSED:
            raise ChangeRefused(f"{feed} is not paused; only a paused feed can step")
        values = {"runs_until": timezone.now() + STEP}
        change(feed, values, action="step", actor=actor, reason=reason)


def set_rate(feed: Feed, rate: float, *, actor: User | None, reason: str = "") -> bool:
    """Set the target rate in ticks per second; return whether that changed anything.

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
    """Stop recording a feed, and keep the recording; return whether that changed anything."""
    with transaction.atomic():
        lock(feed)
        values = {"is_recorded": False}
        return change(feed, values, action="stop recording", actor=actor, reason=reason)


def save_feed(feed: Feed, *, actor: User | None) -> bool:
    """Add a feed, or change its editable facts; return whether that changed anything.

    Raises:
        ValidationError: a field is invalid.
    """
    return save(feed, FEED_FACTS if feed._state.adding else EDITABLE_FEED_FACTS, actor=actor)


def delete_feed(feed: Feed, *, actor: User | None) -> None:
    """Delete a feed and its instruments; the audit entry keeps its facts and their symbols."""
    with transaction.atomic():
        lock(feed)
        symbols = list(feed.instruments.values_list("symbol", flat=True))
        bars = count_bars(feed.instruments.all())
        before = facts_of(feed, FEED_FACTS) | {"instruments": symbols, "bars": bars}
        record_market("delete", target_of(feed), before=before, actor=actor)
        feed.delete()


def seed_exchange(instruments: int, rate: float) -> Feed:
    """Return the first feed; make the demo exchange if there is no feed. The rate is in ticks/s.

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
        rows = [instrument_of(feed, definition) for definition in definitions(instruments)]
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
            raise ChangeRefused(f"{feed} is closed; start it before you pause it")
        values: dict[str, Any] = {"state": state.value, "reason": reason, "runs_until": None}
        if feed.state == FeedState.CLOSED:
            values |= {"opened_at": timezone.now(), "rested_ms": 0}
            values["first_day"] = _day_after(feed)
        return change(feed, values, action=action, actor=actor, reason=reason)


def _day_after(feed: Feed) -> date | None:
    """Return the day after the newest stored bar: days may not go back, as history only grows."""
    bars = StoredBar.objects.filter(instrument__feed=feed).order_by()
    newest_ms = bars.aggregate(newest=Max("start_ms"))["newest"]
    if newest_ms is None:
        return None
    after = datetime.fromtimestamp(newest_ms / 1000, UTC).date() + timedelta(days=1)
    return max(after, timezone.now().date())


def instrument_of(feed: Feed, definition: Definition, prefix: str = "") -> Instrument:
    """Return the row of a definition, which is not saved; its symbol has the prefix before it."""
    return Instrument(
        feed=feed,
        symbol=prefix + definition.symbol,
        name=definition.name,
        sector=definition.sector,
        tick_size=definition.tick_size,
        reference_price=definition.reference_ticks * definition.tick_size,
        volatility=definition.volatility,
        activity=definition.activity,
        lot_size=definition.lot_size,
    )
