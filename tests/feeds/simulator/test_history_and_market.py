"""History goes by the calendar of its feed, and the live market goes on where it ends."""

import hashlib
from collections import Counter
from datetime import UTC, date, datetime
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import astuple

from feeds.engine.virtual_clock import START_MS, demo_plan, tape_of
from feeds.market.bars import DAY_MS, MINUTE, MINUTE_MS
from feeds.market.events import Trade
from feeds.plan.calendars import EXCHANGES, Calendar
from feeds.plan.plans import FeedPlan
from feeds.plan.schedules import RoundTheClock, Segment, TradingDay
from feeds.simulator.history import Join, history_bars
from feeds.simulator.intraday import CLOSING_SHARE, OPENING_SHARE
from feeds.simulator.quotes import TRADE_SHARE
from tests.support.demo_market import CALENDAR
from tests.support.examples import examples

FOREVER = 2**62
INSTRUMENTS = 16
SEEDS = range(1, 9)
DAY_MINUTES = 2


def minutes(seed: int, plan: FeedPlan, company: int, days: tuple[TradingDay, ...], join: Join):
    bars = history_bars(seed, plan.definitions[company], days, join)
    return bars.between(MINUTE, 0, FOREVER, 10**9)


AUTUMN = Calendar(EXCHANGES["XNYS"], date(2026, 12, 1)).before(0, 3)
"""The day before Thanksgiving, the day after it, which closes early, and the Monday."""
NOW_MS = START_MS + 15 * 60 * MINUTE_MS
TWO_DAYS = (*RoundTheClock().history_days(NOW_MS, 1), RoundTheClock().day(NOW_MS // DAY_MS))


@pytest.mark.parametrize(
    ("company", "days", "join", "expected"),
    [
        (0, AUTUMN, Join(), (978, 10_125, "734fb0f111c20940")),
        (5, AUTUMN, Join(trades_per_minute=400.0), (978, 4_470, "cbe5b0ed93eae243")),
        (0, TWO_DAYS, Join(NOW_MS, 5_000, 2.0), (2758, 5_000, "642da66da73d3748")),
    ],
)
def test_every_machine_makes_this_history(company, days, join, expected) -> None:
    """Bars, the last close and the hash change only when the history is changed on purpose."""
    plan = demo_plan(CALENDAR, seed=1, rate=200.0, instruments=8)
    history_bars.cache_clear()
    made = list(map(astuple, minutes(1, plan, company, days, join)))
    digest = hashlib.sha256(repr(made).encode()).hexdigest()[:16]
    assert (len(made), made[-1][4], digest) == expected


@pytest.mark.slow
@settings(max_examples=examples(20))
@given(
    code=st.sampled_from(sorted(EXCHANGES)),
    first=st.dates(date(2021, 1, 1), date(2030, 12, 31)),
    cut=st.none() | st.integers(0, 400),
)
def test_no_bar_is_outside_the_sessions(code: str, first: date, cut: int | None) -> None:
    calendar = Calendar(EXCHANGES[code], first)
    days, today = calendar.before(0, 30), calendar.day(0)
    opened_ms = today.starts_ms[Segment.CONTINUOUS]
    join = Join() if cut is None else Join(end_ms=opened_ms + cut * MINUTE_MS)
    plan = demo_plan(calendar, seed=1, rate=200.0, instruments=1)
    bars = minutes(1, plan, 0, (*days, today) if cut else days, join)
    zone = ZoneInfo(EXCHANGES[code].zone)
    sessions = {datetime.fromtimestamp(day.end_ms / 1000, zone).date(): day for day in days}
    sessions[datetime.fromtimestamp(today.end_ms / 1000, zone).date()] = today
    for bar in bars:
        local = datetime.fromtimestamp(bar.start_ms / 1000, zone)
        day = sessions[local.date()]
        assert local.weekday() < 5
        assert day.starts_ms[Segment.CONTINUOUS] <= bar.start_ms <= day.starts_ms[Segment.CLOSED]
        is_auction = day.starts_ms[Segment.CLOSING_AUCTION] <= bar.start_ms
        assert not is_auction or bar.start_ms == day.starts_ms[Segment.CLOSED]
    assert cut is None or bars[-1].start_ms < opened_ms + cut * MINUTE_MS


def test_thanksgiving_has_no_bars_and_the_day_after_closes_at_one() -> None:
    calendar = Calendar(EXCHANGES["XNYS"], date(2026, 12, 1))
    plan = demo_plan(calendar, seed=1, rate=200.0, instruments=1)
    bars = minutes(1, plan, 0, calendar.before(0, 30), Join())
    zone = ZoneInfo("America/New_York")
    times = [datetime.fromtimestamp(bar.start_ms / 1000, zone) for bar in bars]
    by_day = Counter(time.date() for time in times)
    assert date(2026, 11, 26) not in by_day
    assert 200 <= by_day[date(2026, 11, 27)] < by_day[date(2026, 11, 30)]
    last = max(time for time in times if time.date() == date(2026, 11, 27))
    assert (last.hour, last.minute) == (13, 0)


@cache
def live_day(seed: int) -> tuple[FeedPlan, dict[str, int], dict[str, dict[int, int]]]:
    """Return a plan, the first price of each instrument, and its volumes by minute of a day."""
    plan = demo_plan(
        CALENDAR, seed=seed, rate=400.0, instruments=INSTRUMENTS, day_ms=DAY_MINUTES * MINUTE_MS
    )
    firsts: dict[str, int] = {}
    volumes: dict[str, dict[int, int]] = {}
    for batch in tape_of(plan, DAY_MINUTES * 60):
        for event in batch.events:
            if isinstance(event, Trade):
                firsts.setdefault(event.symbol, event.price_ticks)
                by_minute = volumes.setdefault(event.symbol, {})
                minute = event.exchange_ms // MINUTE_MS
                by_minute[minute] = by_minute.get(minute, 0) + event.size
    return plan, firsts, volumes


def rate_of(plan: FeedPlan) -> float:
    """Return the trades of an instrument of activity 1 in a minute of the exchange."""
    activity = sum(definition.activity for definition in plan.definitions)
    return plan.rate / activity * TRADE_SHARE * 60 / plan.schedule.scale(0)


@pytest.mark.slow
def test_history_has_the_volume_of_the_live_market_and_its_auctions() -> None:
    day = CALENDAR.day(0)
    opened, closed = (
        day.starts_ms[part] // MINUTE_MS for part in (Segment.CONTINUOUS, Segment.CLOSED)
    )
    minute = closed % (DAY_MS // MINUTE_MS)
    ratios, shares = [], {"live": [], "history": []}
    for seed in SEEDS:
        plan, _, volumes = live_day(seed)
        join = Join(trades_per_minute=rate_of(plan))
        in_history = in_market = 0.0
        for company, definition in enumerate(plan.definitions):
            bars = minutes(seed, plan, company, CALENDAR.before(0, 30), join)
            live = volumes[definition.symbol]
            in_history += sum(bar.volume for bar in bars) / 30
            in_market += sum(live.values())
            shares["live"].append(live.get(closed, 0) / sum(live.values()))
            closing = sum(b.volume for b in bars if b.start_ms % DAY_MS // MINUTE_MS == minute)
            shares["history"].append(closing / sum(bar.volume for bar in bars))
        ratios.append(in_history / in_market)
    assert 0.7 < np.median(ratios) < 1.4
    for found in shares.values():
        assert 0.6 * CLOSING_SHARE < np.mean(found) < 1.5 * CLOSING_SHARE
    assert opened < closed
    assert OPENING_SHARE < CLOSING_SHARE


@pytest.mark.slow
def test_the_live_market_opens_where_history_ends() -> None:
    moves = []
    for seed in SEEDS:
        plan, firsts, _ = live_day(seed)
        for company, definition in enumerate(plan.definitions):
            last = minutes(seed, plan, company, CALENDAR.before(0, 30), Join())[-1].close
            assert last == definition.reference_ticks
            moves.append(abs(firsts[definition.symbol] / last - 1) / definition.volatility)
    # The opening auction lasts two minutes: some hundredths of a day's move.
    assert np.median(moves) < 0.15
    assert max(moves) < 1.5


@pytest.mark.slow
def test_history_ends_at_the_price_and_the_minute_where_it_is_joined() -> None:
    clock, company = RoundTheClock(), demo_plan(CALENDAR, seed=1, rate=200.0, instruments=1)
    now_ms = START_MS + 15 * 60 * MINUTE_MS
    days = (*clock.history_days(now_ms, 30), clock.day(now_ms // DAY_MS))
    bars = minutes(1, company, 0, days, Join(now_ms, 5_000, 20.0))
    assert bars[-1].start_ms == now_ms - MINUTE_MS
    assert bars[-1].close == 5_000
    # Round the clock every hour is like any other: no end of a day is busier than its middle.
    hours = np.zeros(24)
    for seed in SEEDS:
        for bar in minutes(seed, company, 0, days, Join(now_ms, 5_000, 20.0)):
            hours[datetime.fromtimestamp(bar.start_ms / 1000, UTC).hour] += bar.volume
    assert 0.5 < hours[[0, 1, 22, 23]].sum() / hours[10:14].sum() < 1.7
