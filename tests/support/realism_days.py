"""Days of a simulated feed as the certificate of realism sees them, without a server."""

from datetime import date
from typing import Final

from msgspec.structs import replace

from feeds.engine.virtual_clock import demo_plan, tape_of
from feeds.market.bars import MINUTE_MS
from feeds.plan.calendars import EXCHANGES, Calendar
from feeds.plan.plans import FeedPlan
from feeds.plan.price_bands import BandRules
from feeds.realism.collector import TradeCollector
from feeds.realism.days import DayState
from feeds.realism.watch import SYMBOLS_KEPT, RealismWatch
from feeds.simulator.demo_exchange import definitions

CALENDAR: Final = Calendar(EXCHANGES["XNYS"], date(2026, 1, 5))
BATCH_MS: Final = 1_000
"""Longer batches cost less. After a gap of more than a second the simulator would skip steps."""


def default_plan(seed: int, rate: float, *, instruments: int = 60, minutes: int = 30) -> FeedPlan:
    """Return the plan that `manage.py demo` makes, with another seed, rate or length of the day."""
    plan = demo_plan(
        CALENDAR, seed=seed, rate=rate, instruments=instruments, day_ms=minutes * MINUTE_MS
    )
    return replace(plan, bands=BandRules(1), exchange="NYSE", zone="America/New_York")


def watched_part(plan: FeedPlan) -> FeedPlan:
    """Return a plan of the instruments that the certificate watches, each as active as before.

    An instrument's ticks do not depend on the others, so it has the same days in half the time.
    """
    kept = definitions(len(plan.definitions))[:SYMBOLS_KEPT]
    activity = [sum(item.activity for item in some) for some in (kept, plan.definitions)]
    return replace(plan, definitions=kept, rate=plan.rate * activity[0] / activity[1])


def seen_days(plan: FeedPlan, days: int, *, minutes: int = 30) -> dict[int, DayState]:
    """Return the days of a plan from its first pre-open on, as they are stored."""
    watch, part = RealismWatch(), watched_part(plan)
    for batch in tape_of(part, days * minutes * 60, batch_ms=BATCH_MS):
        watch.observe(batch)
    return {item.day: _at_rate(item.state, plan.rate) for item in watch.changed()}


def _at_rate(state: DayState, rate: float) -> DayState:
    facts = replace(state.facts, least_rate=rate, greatest_rate=rate, last_rate=rate)
    return replace(state, facts=facts)


def collected(days: dict[int, DayState]) -> TradeCollector:
    """Return the collector that the page would judge."""
    collector = TradeCollector({}, tells_hours=True)
    collector.restore(days)
    return collector
