"""A simulated exchange: prices that move together, ticks in bursts, from a seed and nothing else.

Pure. Must not know phases, positions or who reads. What is drawn for an instrument in a step
depends on the seed, its symbol and the step alone, so adding, removing or halting one never shifts
another. The recipe: log price = market + sector + own path; ticks come in bursts (self-exciting
Poisson), more of them when prices move more and at both ends of the day; trades are at the bid or
the ask.
"""

from bisect import bisect_left
from typing import Final

import numpy as np

from feeds.market.bars import MINUTE_MS
from feeds.market.events import Tick
from feeds.market.instruments import Definition
from feeds.plan.plans import FeedPlan
from feeds.plan.schedules import ExchangeTime, RoundTheClock, Schedule
from feeds.simulator.effect_grid import Acts, Effects
from feeds.simulator.intraday import FLAT, NIGHT, DayProfile, profile_at
from feeds.simulator.paths import EVENTS, JUMP_SCALE, Moves, Paths
from feeds.simulator.quotes import Books, Happenings, sizes_of
from feeds.simulator.randomness import LN2, Floats, Whole, exp_of, poisson_of, uniform_of, words

STEP_MS: Final = 50
STRIDE: Final = 8
"""Steps that are drawn together, as numpy is fast on long arrays: 0.4 s. A plan waits for the next
stride, and ticks excite those of the next stride."""
CATCH_UP_STEPS: Final = 20
"""At most one second is made up for at once; what was missed before that did not happen."""
MARKET_SHARE: Final = 0.56
SECTOR_SHARE: Final = 0.45
OWN_SHARE: Final = float(np.sqrt(1 - MARKET_SHARE * MARKET_SHARE - SECTOR_SHARE * SECTOR_SHARE))
"""Shares of an instrument's volatility; their squares add up to 1."""
NIGHT_SHARE: Final = 0.39
DAY_SHARE: Final = float(np.sqrt(1 - NIGHT_SHARE * NIGHT_SHARE))
"""Of the daily volatility: a night's gap is 15 % of the variance."""
BRANCHING: Final = 0.55
"""Ticks that a tick brings about, on average; below 1, or the market would explode."""
MEMORY_MIN: Final = 0.5
"""Half-life of a burst, in minutes of trading: what follows a tick comes within 40 s on average."""
JUMPS_PER_DAY: Final = 0.6
JUMP_BURST: Final = 5.0
"""Ticks that a jump brings about, as a multiple of the mean, until they are forgotten."""
SHOCK_HEAT: Final = 1.0
"""Ticks that somebody's shock brings about while it lasts, as a multiple of the mean."""
SPREAD: Final = 0.35
"""The spread as a part of the standard deviation of a minute's return: some 4 hundredths of a
percent in quiet times at a daily volatility of 2 %, and several times that in wild ones."""
MEAN_UNREST: Final = 0.8218
"""Mean of an instrument's own unrest, exp(-(0.3^2 + 0.55^2) / 2): activity follows that and is 1 on
average. What is shared, or lasts for days, moves prices but not the number of ticks, or the feed
would miss its rate for hours."""
RATE_SLACK: Final = 0.05
"""Instruments may come and go without changing the others' ticks while the rate is this near."""
FARTHEST: Final = 3.0
"""Log prices stay within e^3 of where they began, so that no price leaves the grid for good."""
_DIFFUSION: Final = float(np.sqrt(1 - 2 * JUMP_SCALE * JUMP_SCALE * JUMPS_PER_DAY))
"""What the jumps leave of the volatility to the shocks."""
_BEHIND: Final = 5
"""Purpose of the draws of what stands behind the best; paths has those before it."""


class _Clockwork:
    """What a schedule makes of a step: its length in minutes of trading, and what follows of it."""

    def __init__(self, schedule: Schedule) -> None:
        day_min = schedule.at(0).day.trading_ms / MINUTE_MS
        self.scale = schedule.scale(0)
        self.step_min = STEP_MS * self.scale / MINUTE_MS
        self.step_sigma = DAY_SHARE * _DIFFUSION * float(np.sqrt(self.step_min / day_min))
        self.minute_sigma = DAY_SHARE * float(np.sqrt(1 / day_min))
        self.jump_chance = JUMPS_PER_DAY * self.step_min / day_min
        forget = exp_of(np.array([-LN2 * STRIDE * self.step_min / MEMORY_MIN]))
        self.forget = float(forget[0])
        self.thrill = SHOCK_HEAT * (1 - self.forget)
        self.base = 1 - BRANCHING - JUMPS_PER_DAY / day_min * JUMP_BURST * MEMORY_MIN / LN2


class Simulator:
    """Draw the ticks of one feed; `skipped_steps` counts steps of 50 ms that never happened.

    Excitement is in multiples of an instrument's mean; at rest it is BRANCHING, so that the rate
    is met from the first step on.
    """

    def __init__(self, seed: int) -> None:
        self.skipped_steps = 0
        self._seed = seed
        self._rate = 0.0
        self._pace = 0.0
        self._next: int | None = None
        self._day: int | None = None
        self._schedule: Schedule = RoundTheClock()
        self._clockwork = _Clockwork(self._schedule)
        self._wanted: FeedPlan | None = None
        self._origins: dict[str, Definition] = {}
        self._books = Books([])
        self._effects = Effects((), (), STEP_MS)
        self._drift, self._excitement = np.zeros((2, 0))
        self._paths = Paths(seed, [], [], step_min=1.0, jump_chance=0.0)
        self._stride = -1
        self._ticks: list[Tick] = []
        self._drawn = 0

    def plan(self, plan: FeedPlan) -> None:
        """Take definitions, rate (ticks/s while it trades, on average over a day) and schedule,
        from the next stride on; who leaves is silent at once.

        Instruments that stay keep their path. A new reference price is for those who begin: a path
        goes on where it is. On a new tick size the instrument begins again.
        """
        self._wanted = plan
        stay = {one.symbol: one.tick_size for one in plan.definitions}
        self._ticks = [
            tick
            for tick in self._ticks[self._drawn :]
            if stay.get(tick.symbol) == self._origins[tick.symbol].tick_size
        ]
        self._drawn = 0

    def draw(self, now_ms: int) -> list[Tick]:
        """Return the ticks of every whole step up to now, in time order."""
        end = now_ms // STEP_MS
        start = end - 1 if self._next is None else self._next
        if end - start > CATCH_UP_STEPS:
            self.skipped_steps += end - start - CATCH_UP_STEPS
            start = end - CATCH_UP_STEPS
        if start - end > CATCH_UP_STEPS:  # the clock was set back: go on from where it is now
            start = end
        self._next = max(start, end)
        ticks: list[Tick] = []
        while start < end:
            stride = start // STRIDE
            if stride != self._stride:
                self._begin(stride)
            stop = min(end, (stride + 1) * STRIDE)
            ticks += self._take(start * STEP_MS, stop * STEP_MS)
            start = stop
        return ticks

    def _begin(self, stride: int) -> None:
        """Draw what happens in a stride; it is handed out as its time comes."""
        self._stride, self._ticks, self._drawn = stride, [], 0
        if self._wanted is not None:
            self._follow(self._wanted)
            self._wanted = None
        if self._origins:
            self._ticks = self._draw(stride * STRIDE)

    def _take(self, from_ms: int, until_ms: int) -> list[Tick]:
        """Return the ticks of this stride in [from, until); those before are passed over."""
        begin = bisect_left(self._ticks, from_ms, lo=self._drawn, key=_time_of)
        self._drawn = bisect_left(self._ticks, until_ms, lo=begin, key=_time_of)
        return self._ticks[begin : self._drawn]

    # --- plans --------------------------------------------------------------------------------
    def _follow(self, plan: FeedPlan) -> None:
        definitions = plan.definitions
        self._pace, self._rate = self._pace_of(plan), plan.rate
        if self._schedule != plan.schedule:
            self._schedule, self._clockwork = plan.schedule, _Clockwork(plan.schedule)
        origins = {one.symbol: self._origin_of(one) for one in definitions}
        fresh = {name for name, one in origins.items() if one is not self._origins.get(name)}
        self._keep(list(self._origins), list(origins), fresh)
        self._origins = origins
        sectors = sorted({one.sector for one in definitions})
        self._lay_paths(["market", *(f"sector {name}" for name in sectors)], fresh)
        self._sector = np.array([1 + sectors.index(one.sector) for one in definitions], dtype=int)
        self._reference = np.array([float(one.reference_ticks) for one in origins.values()])
        self._daily = np.array([one.volatility for one in definitions])
        activity = np.array([one.activity for one in definitions])
        self._means = activity * self._pace * (STEP_MS / 1000)
        self._effects = Effects(plan.effects, definitions, STEP_MS)

    def _pace_of(self, plan: FeedPlan) -> float:
        """Return ticks per second and activity: the former while it gives about the rate."""
        pace = plan.rate / (sum(one.activity for one in plan.definitions) or 1.0)
        is_near = abs(self._pace - pace) <= RATE_SLACK * pace
        return self._pace if is_near and plan.rate == self._rate else pace

    def _origin_of(self, definition: Definition) -> Definition:
        """Return what the instrument began as: its path counts from there."""
        former = self._origins.get(definition.symbol, definition)
        return former if former.tick_size == definition.tick_size else definition

    def _keep(self, former: list[str], symbols: list[str], fresh: set[str]) -> None:
        """Let instruments that stay go on where they are."""
        places = {symbol: place for place, symbol in enumerate(former)}
        here = [place for place, symbol in enumerate(symbols) if symbol not in fresh]
        there = [places[symbols[place]] for place in here]
        drift, excitement, books = self._drift, self._excitement, self._books
        self._drift, self._excitement = np.zeros(len(symbols)), np.full(len(symbols), BRANCHING)
        self._drift[here], self._excitement[here] = drift[there], excitement[there]
        self._books = Books(symbols)
        self._books.keep(books, here, there)

    def _lay_paths(self, shared: list[str], fresh: set[str]) -> None:
        former, clockwork = self._paths, self._clockwork
        self._paths = Paths(
            self._seed, shared, list(self._origins),
            step_min=clockwork.step_min, jump_chance=clockwork.jump_chance,
        )  # fmt: skip
        self._paths.keep(former, fresh)
        self._first = len(shared)

    # --- strides ------------------------------------------------------------------------------
    def _draw(self, begin: int) -> list[Tick]:
        time = self._schedule.at(begin * STEP_MS)
        profile, acts = profile_at(time), self._effects.acts(begin, STRIDE)
        if profile is NIGHT:
            self._gap(acts)
            return []
        if time.number != self._day:
            self._wake(time.number, has_slept=profile is not FLAT and self._day is not None)
        steps = np.arange(begin, begin + STRIDE, dtype=np.uint64)
        moves = self._paths.advance(steps)
        heat = _heat_of(moves.levels, self._sector, self._first)
        if acts is not None:
            heat = heat * acts.factors
            self._excitement = (
                self._excitement + SHOCK_HEAT * (1 - self._clockwork.forget) * acts.is_pushed
            )
        drift = self._move(moves, profile, acts)
        counts = self._count(moves, profile)
        if not counts.any():
            return []
        return self._happen(begin, time, counts, drift, profile.volatility * heat)

    def _wake(self, number: int, *, has_slept: bool) -> None:
        """Begin a day, with the gap of the night before it."""
        self._day = number
        if has_slept:
            gaps = self._blend(self._paths.night(number)[None])[0]
            self._drift = self._drift + NIGHT_SHARE * self._daily * gaps

    def _gap(self, acts: Acts | None) -> None:
        """Take what somebody did in the night: it is in the first prices of the day."""
        if acts is not None:
            self._drift = self._drift + acts.pushes.sum(axis=0)

    def _move(self, moves: Moves, profile: DayProfile, acts: Acts | None) -> Floats:
        """Return where the paths are after each step; they stay near where they began."""
        sigma = self._clockwork.step_sigma * profile.volatility
        jumps = DAY_SHARE * moves.jumps[:, self._first :]
        shocks = self._blend(moves.shocks)
        if acts is None:
            moved = self._daily * (sigma * shocks + jumps)
        else:
            moved = self._daily * (sigma * acts.factors * shocks + jumps) + acts.pushes
        drift = np.cumsum(np.concatenate([self._drift[None], moved]), axis=0)[1:]
        self._drift = np.clip(drift[-1], -FARTHEST, FARTHEST)
        return drift

    def _blend(self, shocks: Floats) -> Floats:
        """Return the shock of each instrument: its market's, its sector's and its own."""
        own: Floats = OWN_SHARE * shocks[:, self._first :]
        return own + SECTOR_SHARE * shocks[:, self._sector] + MARKET_SHARE * shocks[:, :1]

    def _count(self, moves: Moves, profile: DayProfile) -> Whole:
        """Return how many ticks each instrument has in each step, and remember that they excite:
        those of the next stride."""
        clockwork, first = self._clockwork, self._first
        excitement = self._excitement + JUMP_BURST * (moves.jumps[:, first:] != 0).any(axis=0)
        means = self._means * profile.activity
        unrest = moves.unrest[:, first:] / MEAN_UNREST
        wanted = means * (clockwork.base * unrest + excitement)
        counts = poisson_of(moves.uniforms[:, first:], wanted)
        echo = BRANCHING * (1 - clockwork.forget) * counts.sum(axis=0) / (STRIDE * means)
        self._excitement = excitement * clockwork.forget + echo
        return counts

    def _happen(
        self, begin: int, time: ExchangeTime, counts: Whole, drift: Floats, heat: Floats
    ) -> list[Tick]:
        """Turn counts into quotes and trades; `heat` is volatility now / usual."""
        step, place = (np.repeat(one, counts[counts > 0]) for one in np.nonzero(counts))
        number = _numbers(counts[counts > 0])
        keys = (self._paths.keys[0][self._first + place], self._paths.keys[1][self._first + place])
        steps = (begin + step).astype(np.uint64)
        when, chance, bid_u, ask_u = map(uniform_of, words(keys, steps, number, EVENTS))
        middle, hot = self._reference[place] * exp_of(drift[step, place]), heat[step, place]
        usual = SPREAD * self._clockwork.minute_sigma * self._daily[place]
        passed_ms = step * STEP_MS + (when * STEP_MS).astype(np.int64)
        rows = Happenings(
            place=place,
            at=begin * STEP_MS + passed_ms,
            exchange_ms=time.exchange_ms + (passed_ms * self._clockwork.scale).astype(np.int64),
            middle=middle,
            width=np.maximum(1, np.rint(middle * usual * hot)).astype(np.int64),
            chance=chance,
            bid_u=bid_u,
            ask_u=ask_u,
            heat=hot,
            behind=sizes_of(words(keys, steps, number, _BEHIND)),
        )
        return self._books.happen(rows, keys[0] << np.uint64(16) | number.astype(np.uint64))


def _numbers(counts: Whole) -> Whole:
    """Return 0, 1, ... for each count, one after the other."""
    return np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)


def _heat_of(levels: Floats, sector: Whole, first: int) -> Floats:
    """Return each instrument's volatility as a multiple of the usual, from levels of its parts."""
    market, sectors, own = MARKET_SHARE * levels, SECTOR_SHARE * levels, OWN_SHARE * levels
    parts: Floats = sectors[:, sector] * sectors[:, sector] + own[:, first:] * own[:, first:]
    return np.sqrt(parts + market[:, :1] * market[:, :1])


def _time_of(tick: Tick) -> int:
    return tick.ts_event
