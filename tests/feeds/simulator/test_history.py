"""Simulated history looks real, is the same in every process, and ends where the feed begins."""

import hashlib
from datetime import date
from decimal import Decimal
from functools import cache

import numpy as np
import pytest

from feeds.market.bars import DAY, INTERVALS, LEVEL_OF, MINUTE, MINUTE_MS, SPANS, Bar, merged
from feeds.plan.calendars import EXCHANGES, Calendar
from feeds.plan.schedules import CompressedSchedule, PlainSchedule, RoundTheClock, Segment
from feeds.simulator.demo_exchange import definitions
from feeds.simulator.history import DAYS, HistoryBars, Join, history_bars
from feeds.simulator.intraday import profiles_over

CALENDAR = Calendar(EXCHANGES["XNYS"], date(2026, 11, 23))
DAYS_BEFORE = CompressedSchedule(CALENDAR, 0, 1_800_000).history_days(0, DAYS)
COMPANIES = definitions(32)
SEEDS = (1, 2)
FOREVER = 2**62
AUCTION = DAYS_BEFORE[-1].starts_ms[Segment.CLOSING_AUCTION] % SPANS[DAY]
GOLDEN = "55594bc99b5e054e"


def history(seed: int = 1, company: int = 0) -> HistoryBars:
    return history_bars(seed, COMPANIES[company], DAYS_BEFORE)


def minutes(earlier: HistoryBars):
    return earlier.between(MINUTE, 0, FOREVER, 10**9)


@cache
def columns(seed: int) -> list[np.ndarray]:
    """One-minute bars of every company, a row for each bar."""
    return [np.array([tuple(bar) for bar in _plain(seed, n)]) for n in range(len(COMPANIES))]


def _plain(seed: int, company: int):
    for bar in minutes(history(seed, company)):
        yield bar.start_ms, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.trades


def returns(bars: np.ndarray) -> np.ndarray:
    """Log returns of minutes within the days."""
    moves, days = np.diff(np.log(bars[:, 4])), np.diff(bars[:, 0] // SPANS[DAY])
    return moves[days == 0]


def median(seed: int, statistic) -> float:
    return float(np.median([statistic(bars) for bars in columns(seed)]))


def correlation(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.corrcoef(first, second)[0, 1])


def test_the_days_are_the_last_before_the_feed() -> None:
    assert len(DAYS_BEFORE) == DAYS
    assert DAYS_BEFORE[-1].end_ms < CALENDAR.day(0).starts_ms[0]
    assert CALENDAR.before(0, DAYS) == DAYS_BEFORE
    assert CALENDAR.before(2, DAYS + 2) == (*DAYS_BEFORE, CALENDAR.day(0), CALENDAR.day(1))
    earlier = Calendar(EXCHANGES["XNYS"], date(2026, 9, 1))
    number = earlier.number_at(CALENDAR.day(0).starts_ms[0])
    assert tuple(earlier.day(n) for n in range(number - DAYS, number)) == DAYS_BEFORE
    assert PlainSchedule(earlier).history_days(CALENDAR.day(0).starts_ms[2], DAYS) == DAYS_BEFORE
    utc = RoundTheClock().history_days(CALENDAR.day(0).starts_ms[2], DAYS)
    assert utc[-1].end_ms == CALENDAR.day(0).starts_ms[2] // SPANS[DAY] * SPANS[DAY]
    assert {day.trading_ms for day in utc} == {SPANS[DAY]}


@pytest.mark.slow
def test_it_ends_at_the_reference_price_as_the_feed_begins() -> None:
    for number, company in enumerate(COMPANIES):
        earlier = history(company=number)
        assert minutes(earlier)[-1].close == company.reference_ticks
        # The trade of the closing auction has a minute of its own.
        assert earlier.end_ms == DAYS_BEFORE[-1].starts_ms[Segment.CLOSED] + MINUTE_MS


@pytest.mark.slow
def test_every_day_has_bars_and_every_bar_is_possible() -> None:
    for seed in SEEDS:
        for bars in columns(seed):
            start, opened, high, low, closed, volume, trades = bars.T
            assert len({*(start // SPANS[DAY])}) == DAYS
            assert (np.diff(start) > 0).all()
            assert (start % MINUTE_MS == 0).all()
            assert (high >= np.maximum(opened, closed)).all()
            assert (low <= np.minimum(opened, closed)).all()
            assert (low > 0).all()
            assert (trades > 0).all()
            assert (volume >= trades).all()


@pytest.mark.parametrize("interval", list(INTERVALS)[MINUTE:])
def test_coarse_bars_are_the_minutes_merged(interval: str) -> None:
    earlier, level = history(), LEVEL_OF[interval]
    bars = earlier.between(level, 0, FOREVER, 10**9)
    assert bars == list(merged(minutes(earlier), SPANS[level]))
    middle = bars[len(bars) // 2].start_ms
    assert earlier.between(level, middle, FOREVER, 10**9) == bars[len(bars) // 2 :]
    assert earlier.between(level, 0, middle, 3) == bars[: len(bars) // 2][-3:]


@pytest.mark.slow
def test_it_is_a_function_of_seed_definition_and_days() -> None:
    history_bars.cache_clear()
    text = repr(minutes(history()))
    history_bars.cache_clear()
    assert repr(minutes(history())) == text
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == GOLDEN
    assert repr(minutes(history(seed=2))) != text
    assert repr(minutes(history(company=1))) != text


def test_prices_never_fall_below_a_tick() -> None:
    cheap = type(COMPANIES[0])(
        symbol="LOW",
        name="Low",
        sector="Energy",
        tick_size=Decimal("0.01"),
        reference_ticks=1,
        volatility=1.0,
        activity=0.001,
    )
    bars = minutes(history_bars(1, cheap, DAYS_BEFORE))
    assert bars[-1].close == 1
    assert min(bar.low for bar in bars) == 1


def test_without_days_there_are_no_bars() -> None:
    assert history_bars(1, COMPANIES[0], ()).between(DAY, 0, FOREVER, 10) == []
    assert history_bars(1, COMPANIES[0], ()).end_ms == 0
    opened_ms = DAYS_BEFORE[0].starts_ms[Segment.CONTINUOUS]
    for end_ms, count in ((opened_ms, 0), (opened_ms + 1, 1), (opened_ms + MINUTE_MS + 1, 2)):
        joined = history_bars(1, COMPANIES[0], DAYS_BEFORE, Join(end_ms))
        assert len(minutes(joined)) == count


# --- does it look like a market? ------------------------------------------------------------
@pytest.mark.slow
@pytest.mark.parametrize(
    "seed", [SEEDS[0], *(pytest.param(n, marks=pytest.mark.slow) for n in SEEDS[1:])]
)
def test_the_statistics_are_those_of_markets(seed: int) -> None:
    """The bands of feeds.realism, by the median over companies."""
    flat = lambda bars: returns(bars) / returns(bars).std()
    assert median(seed, lambda bars: (flat(bars) ** 4).mean() - 3) > 3
    assert abs(median(seed, lambda bars: correlation(flat(bars)[1:], flat(bars)[:-1]))) < 0.05
    size = lambda bars: np.abs(flat(bars))
    assert median(seed, lambda bars: correlation(size(bars)[1:], size(bars)[:-1])) > 0.10
    assert median(seed, lambda bars: correlation(size(bars)[10:], size(bars)[:-10])) > 0.05
    assert median(seed, lambda bars: correlation(size(bars)[60:], size(bars)[:-60])) > 0.02
    moves = lambda bars: np.abs(np.diff(np.log(bars[:, 4])))
    # The certificate is about continuous trading: the trade of an auction stands for many orders.
    within = lambda bars: (np.diff(bars[:, 0]) == MINUTE_MS) & (bars[1:, 0] % SPANS[DAY] < AUCTION)
    followed = lambda bars: correlation(bars[1:, 5][within(bars)], moves(bars)[within(bars)])
    assert median(seed, followed) > 0.25


@pytest.mark.slow
def test_days_move_as_much_as_the_definition_says() -> None:
    ratios = []
    for number, company in enumerate(COMPANIES):
        days = history(company=number).between(DAY, 0, FOREVER, 10**9)
        moves = np.diff(np.log([bar.close for bar in days]))
        ratios.append(moves.std() / company.volatility)
    assert 0.8 < np.median(ratios) < 1.3


def test_a_day_has_an_intraday_profile() -> None:
    part = (np.arange(390) + 0.5) / 390
    volatility, activity = profiles_over(part)
    assert activity.mean() == pytest.approx(1, abs=0.01)
    assert (volatility**2).mean() == pytest.approx(1, abs=0.01)
    rush = (activity[:30].mean() + activity[-30:].mean()) / 2
    assert 1.8 < rush / activity[165:225].mean() < 4
    assert volatility[0] > volatility[-1] > volatility[195]


def test_a_single_minute_is_the_whole_of_a_longer_bar() -> None:
    minute = (3 * MINUTE_MS, 100, 120, 90, 110, 700, 4)
    alone = HistoryBars(tuple(np.array([value]) for value in minute))
    assert alone.between(DAY, 0, FOREVER, 9) == [Bar(0, *minute[1:])]
    assert alone.end_ms == 4 * MINUTE_MS


def test_longer_bars_end_where_the_next_one_begins() -> None:
    rows = [
        (3 * MINUTE_MS, 100, 120, 90, 110, 700, 4),
        (4 * MINUTE_MS, 111, 115, 80, 112, 200, 2),
        (5 * MINUTE_MS, 113, 119, 95, 114, 500, 1),
    ]
    earlier = HistoryBars(tuple(map(np.array, zip(*rows, strict=True))))
    whole = [Bar(0, 100, 120, 80, 112, 900, 6), Bar(5 * MINUTE_MS, 113, 119, 95, 114, 500, 1)]
    assert earlier.between(LEVEL_OF["5m"], 0, FOREVER, 9) == whole
    assert earlier.between(MINUTE, 3 * MINUTE_MS, 5 * MINUTE_MS, 1) == [Bar(*rows[1])]
    assert earlier.between(MINUTE, 3 * MINUTE_MS + 1, FOREVER, 9) == [Bar(*rows[1]), Bar(*rows[2])]
    assert earlier.between(MINUTE, 0, FOREVER, 0) == []
