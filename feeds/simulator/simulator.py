"""A simulated exchange: prices that move together and ticks in bursts, from a seed alone.

Pure. Must not know phases, positions or who reads. The random numbers of an instrument in a step
depend only on the seed, the symbol and the step. So adding, removing or halting an instrument does
not change the others.

The model: the log price is a sum of a market, a sector and an own factor (Sharpe 1963, Management
Science 9:277, with sectors added). Ticks arrive as a self-exciting point process with an
exponential kernel (Hawkes 1971, Biometrika 58:83), in steps of 50 ms. More ticks arrive when prices
move more (Clark 1973, Econometrica 41:135) and at both ends of the day. Trades are at the bid or
the ask, which gives the bid-ask bounce of Roll 1984 (Journal of Finance 39:1127).
"""

from bisect import bisect_left
from typing import Final

import numpy as np

from feeds.market.bars import MINUTE_MS
from feeds.market.events import Tick
from feeds.market.instruments import Definition
from feeds.plan.plans import FeedPlan
from feeds.plan.schedules import ExchangeTime, RoundTheClock, Schedule, usual_day
from feeds.simulator.effect_grid import Effects, EffectSteps
from feeds.simulator.intraday import FLAT, NIGHT, DayProfile, profile_at
from feeds.simulator.paths import EVENTS, JUMP_SCALE, Moves, Paths
from feeds.simulator.quotes import Arrivals, Books, sizes_of
from feeds.simulator.randomness import (
    LN2,
    Floats,
    Whole,
    Words,
    exp_of,
    log_of,
    poisson_of,
    uniform_of,
    words,
)
from feeds.simulator.state import SimulatorState

STEP_MS: Final = 50
STRIDE: Final = 8
"""Steps that are drawn together (0.4 s), because numpy is fast on long arrays only.

A new plan takes effect at the next stride, and ticks excite ticks from the next stride on. Strides
begin at multiples of STRIDE, not at the first call, so that the tape does not depend on the calls.
"""
CATCH_UP_STEPS: Final = 20
"""After a gap at most one second is drawn; the steps before that are skipped for good."""
MARKET_SHARE: Final = 0.56
SECTOR_SHARE: Final = 0.45
OWN_SHARE: Final = float(np.sqrt(1 - MARKET_SHARE * MARKET_SHARE - SECTOR_SHARE * SECTOR_SHARE))
"""Factor loadings, as shares of an instrument's volatility; their squares add up to 1."""
OVERNIGHT_SHARE: Final = 0.39
DAY_SHARE: Final = float(np.sqrt(1 - OVERNIGHT_SHARE * OVERNIGHT_SHARE))
"""Shares of the daily volatility: the overnight gap is 15 % of the variance."""
BRANCHING_RATIO: Final = 0.55
"""Mean number of ticks that a tick triggers; at 1 or more the number of ticks would explode."""
EXCITATION_HALF_LIFE_MIN: Final = 0.5
"""Half-life of a burst in minutes of trading: the mean delay of a triggered tick is 43 s."""
JUMPS_PER_DAY: Final = 0.6
JUMP_EXCITATION: Final = 5.0
"""Excitation by a jump of the price, in multiples of the mean rate of ticks."""
SHOCK_EXCITATION: Final = 1.0
"""Excitation during the shock of an intervention, in multiples of the mean rate of ticks."""
SPREAD_SHARE: Final = 0.35
"""Spread as a share of the standard deviation of one-minute returns.

At a daily volatility of 2 % this is about 4 basis points in quiet times, and several times that
when volatility is high.
"""
MEAN_SHORT_VOLATILITY: Final = 0.8218
"""Mean of an instrument's own short-term volatility factor, exp(-(0.3^2 + 0.55^2) / 2).

The rate of ticks follows this factor, divided by its mean. Shared volatility and volatility that
lasts for days move prices but not the rate, or the feed would miss its rate for hours.
"""
RATE_SLACK: Final = 0.05
"""While the rate stays this near its target, a new instrument does not change others' ticks."""
MAX_LOG_MOVE: Final = 3.0
"""Log prices stay this near to where they began, a factor of 20, so that none gets stuck at 0."""
DIFFUSION: Final = float(np.sqrt(1 - 2 * JUMP_SCALE * JUMP_SCALE * JUMPS_PER_DAY))
"""Share of the volatility that is left to the shocks after that of the jumps."""
_DEPTH: Final = 5
_THIN: Final = 6
"""Purposes of random numbers: for the depth, and for the ticks that are made when only some are.
feeds.simulator.paths has the other purposes."""


class _StepParameters:
    """The parameters of a step that follow from the schedule; `_min` are minutes of trading."""

    def __init__(self, schedule: Schedule) -> None:
        number = usual_day(schedule)
        day_min = schedule.day(number).trading_ms / MINUTE_MS
        self.step_min = STEP_MS * schedule.scale(number) / MINUTE_MS
        self.step_sigma = DAY_SHARE * DIFFUSION * float(np.sqrt(self.step_min / day_min))
        self.minute_sigma = DAY_SHARE * float(np.sqrt(1 / day_min))
        self.jump_chance = JUMPS_PER_DAY * self.step_min / day_min
        decay = exp_of(np.array([-LN2 * STRIDE * self.step_min / EXCITATION_HALF_LIFE_MIN]))
        self.decay = float(decay[0])
        self.shock_excitation = SHOCK_EXCITATION * (1 - self.decay)
        # The baseline is what excitation by ticks and by jumps leaves, so that the mean rate is 1.
        # 1 / ln 2 half-lives are the area under an exponential kernel.
        self.baseline = (
            1
            - BRANCHING_RATIO
            - JUMPS_PER_DAY / day_min * JUMP_EXCITATION * EXCITATION_HALF_LIFE_MIN / LN2
        )


class Simulator:
    """Draw the ticks of a feed; `skipped_steps` counts the steps of 50 ms that were not drawn.

    With a `share` below 1 it makes only so many of its ticks, each with the same chance, and its
    prices take the same paths (Lewis and Shedler 1979, Naval Research Logistics Quarterly 26:403).

    Excitation is in multiples of an instrument's mean rate of ticks. It starts at BRANCHING_RATIO,
    its mean, so that the feed meets its rate from the first step on.
    """

    stopped: Final = ""
    """It never ends by itself."""

    def __init__(self, seed: int) -> None:
        self.skipped_steps = 0
        self.share = 1.0
        self._seed = seed
        self._rate = 0.0
        self._unit_rate = 0.0
        self._next: int | None = None
        self._day: int | None = None
        self._schedule: Schedule = RoundTheClock()
        self._parameters = _StepParameters(self._schedule)
        self._next_plan: FeedPlan | None = None
        self._origins: dict[str, Definition] = {}
        self._books = Books([])
        self._effects = Effects((), (), STEP_MS)
        self._drift, self._excitation = np.zeros((2, 0))
        self._paths = Paths(seed, [], [], step_min=1.0, jump_chance=0.0)
        self._stride = -1
        self._ticks: list[Tick] = []
        self._drawn = 0
        self._rest_began_ms: int | None = None
        self._left: SimulatorState | None = None

    def state(self) -> SimulatorState | None:
        """Return what a later simulator needs to go on; None before anything was drawn."""
        if self._next is None or not self._origins:
            return self._left
        return SimulatorState(
            day=self._day,
            exchange_ms=self._schedule.at(self._next * STEP_MS).exchange_ms,
            rate=self._rate,
            unit_rate=self._unit_rate,
            origins=self._origins,
            drift=self._drift.tolist(),
            excitation=self._excitation.tolist(),
            quotes=self._books.quotes.tolist(),
            paths=self._paths.names,
            logs=self._paths.logs.tolist(),
        )

    def restore(self, state: SimulatorState) -> None:
        """Go on where an earlier simulator of the same seed stopped; before the first draw.

        Time that passed since then on the exchange moves the prices as a night does.
        """
        self._left = state
        self._day, self._rest_began_ms = state.day, state.exchange_ms
        self._rate, self._unit_rate = state.rate, state.unit_rate
        self._origins = dict(state.origins)
        self._drift, self._excitation = np.array(state.drift), np.array(state.excitation)
        self._books = Books(list(state.origins))
        self._books.quotes = np.array(state.quotes, dtype=np.int64)
        # Only names and logs matter here: the first plan makes new paths and carries these over.
        self._paths = Paths(self._seed, state.paths, [], step_min=1.0, jump_chance=0.0)
        self._paths.logs = np.array(state.logs)

    def plan(self, plan: FeedPlan) -> None:
        """Take a new plan; it takes effect at the next stride.

        The rate is in ticks/s, the mean over the trading time of a day. Removed instruments have no
        more ticks at once. Instruments that stay continue their path, whatever their new reference
        price; with new units an instrument starts again at its reference price.
        """
        self._next_plan = plan
        # The rest of this stride is drawn already: ticks of instruments that leave must go, and
        # those of old units would have wrong prices or sizes.
        stay = {definition.symbol: definition.units for definition in plan.definitions}
        self._ticks = [
            tick
            for tick in self._ticks[self._drawn :]
            if stay.get(tick.symbol) == self._origins[tick.symbol].units
        ]
        self._drawn = 0

    def draw(self, now_ms: int) -> list[Tick]:
        """Return the ticks of all whole steps up to `now_ms` (wall time), in time order."""
        end = now_ms // STEP_MS
        # The first call draws a single step: before it the market did not exist.
        start = end - 1 if self._next is None else self._next
        if end - start > CATCH_UP_STEPS:
            self.skipped_steps += end - start - CATCH_UP_STEPS
            start = end - CATCH_UP_STEPS
        # The clock was set back. A little is waited out, or ticks would happen twice; after a big
        # jump the market must not stand still until the old time is reached.
        if start - end > CATCH_UP_STEPS:
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
        """Draw all ticks of a stride; `_take` returns them when their time has come."""
        self._stride, self._ticks, self._drawn = stride, [], 0
        if self._next_plan is not None:
            self._apply_plan(self._next_plan)
            self._next_plan = None
        if self._origins:
            self._ticks = self._draw(stride * STRIDE)

    def _take(self, from_ms: int, until_ms: int) -> list[Tick]:
        """Return the ticks of this stride in [from, until); earlier ticks are dropped."""
        begin = bisect_left(self._ticks, from_ms, lo=self._drawn, key=_time_of)
        self._drawn = bisect_left(self._ticks, until_ms, lo=begin, key=_time_of)
        return self._ticks[begin : self._drawn]

    # --- plans --------------------------------------------------------------------------------
    def _apply_plan(self, plan: FeedPlan) -> None:
        definitions = plan.definitions
        self._unit_rate, self._rate = self._unit_rate_of(plan), plan.rate
        if self._schedule != plan.schedule:
            self._schedule, self._parameters = plan.schedule, _StepParameters(plan.schedule)
        origins = {definition.symbol: self._origin_of(definition) for definition in definitions}
        # `_origin_of` returns the very same object for an instrument that stays.
        fresh = {
            symbol for symbol, origin in origins.items() if origin is not self._origins.get(symbol)
        }
        self._carry_over(list(self._origins), list(origins), fresh)
        self._origins = origins
        sectors = sorted({definition.sector for definition in definitions})
        self._set_paths(["market", *(f"sector {name}" for name in sectors)], fresh)
        # Path 0 is that of the market; then come the sectors, then the instruments.
        columns = [1 + sectors.index(definition.sector) for definition in definitions]
        self._sector = np.array(columns, dtype=int)
        self._reference = np.array([float(origin.reference_ticks) for origin in origins.values()])
        self._daily = np.array([definition.volatility for definition in definitions])
        activity = np.array([definition.activity for definition in definitions])
        self._means = activity * self._unit_rate * (STEP_MS / 1000)
        self._effects = Effects(plan.effects, definitions, STEP_MS)
        self._follow_published()

    def _follow_published(self) -> None:
        """Go on from the quotes that an earlier life published after its state was taken."""
        left, self._left = self._left, None
        if left is None or not left.quoted:
            return
        places = {symbol: place for place, symbol in enumerate(self._origins)}
        here = [places[symbol] for symbol in left.quoted if symbol in places]
        quotes = [quote for symbol, quote in left.quoted.items() if symbol in places]
        if here:
            self._books.quotes[:, here] = np.array(quotes, dtype=np.int64).T
            mid = (self._books.quotes[0, here] + self._books.quotes[1, here]) / 2
            drift = log_of(mid / self._reference[here])
            self._drift[here] = np.clip(drift, -MAX_LOG_MOVE, MAX_LOG_MOVE)

    def _unit_rate_of(self, plan: FeedPlan) -> float:
        """Return the rate of an instrument of activity 1 (ticks/s).

        It stays the same while that gives about the target rate of the feed.
        """
        activity = sum(definition.activity for definition in plan.definitions)
        unit_rate = plan.rate / (activity or 1.0)
        is_near = abs(self._unit_rate - unit_rate) <= RATE_SLACK * unit_rate
        return self._unit_rate if is_near and plan.rate == self._rate else unit_rate

    def _origin_of(self, definition: Definition) -> Definition:
        """Return the definition with which the instrument started: its path is relative to that."""
        former = self._origins.get(definition.symbol, definition)
        return former if former.units == definition.units else definition

    def _carry_over(self, former: list[str], symbols: list[str], fresh: set[str]) -> None:
        """Carry the state of instruments that stay over to their new columns."""
        places = {symbol: place for place, symbol in enumerate(former)}
        here = [place for place, symbol in enumerate(symbols) if symbol not in fresh]
        there = [places[symbols[place]] for place in here]
        drift, excitation, books = self._drift, self._excitation, self._books
        self._drift, self._excitation = (
            np.zeros(len(symbols)),
            np.full(len(symbols), BRANCHING_RATIO),
        )
        self._drift[here], self._excitation[here] = drift[there], excitation[there]
        self._books = Books(symbols)
        self._books.carry_over(books, here, there)

    def _set_paths(self, shared: list[str], fresh: set[str]) -> None:
        former, parameters = self._paths, self._parameters
        self._paths = Paths(
            self._seed, shared, list(self._origins),
            step_min=parameters.step_min, jump_chance=parameters.jump_chance,
        )  # fmt: skip
        self._paths.carry_over(former, fresh)
        self._first = len(shared)

    # --- strides ------------------------------------------------------------------------------
    def _draw(self, begin: int) -> list[Tick]:
        time = self._schedule.at(begin * STEP_MS)
        profile, effects = profile_at(time), self._effects.between(begin, STRIDE)
        # No paths are drawn at night: the overnight gap stands for all that happens then.
        if profile is NIGHT:
            self._apply_overnight_effects(effects)
            return []
        self._pass_rest(begin, time, is_flat=profile is FLAT)
        if time.number != self._day:
            self._open_day(time.number, has_gap=profile is not FLAT and self._day is not None)
        steps = np.arange(begin, begin + STRIDE, dtype=np.uint64)
        moves = self._paths.advance(steps)
        volatility_ratio = _volatility_ratio_of(moves.volatilities, self._sector, self._first)
        if effects is not None:
            volatility_ratio = volatility_ratio * effects.factors
            self._excitation = (
                self._excitation + self._parameters.shock_excitation * effects.is_pushed
            )
        drift = self._advance_prices(moves, profile, effects)
        counts = self._draw_counts(moves, profile)
        if not counts.any():
            return []
        ratio = profile.volatility * volatility_ratio
        return self._ticks_of(begin, time, counts, drift, ratio, profile.size)

    def _pass_rest(self, begin: int, time: ExchangeTime, *, is_flat: bool) -> None:
        """Move the prices for exchange time that passed while nothing ran, at most a day's worth.

        A night has a gap of its own.
        """
        began_ms, self._rest_began_ms = self._rest_began_ms, None
        if began_ms is None or (time.number != self._day and not is_flat):
            return
        share = min(1.0, max(0, time.exchange_ms - began_ms) / time.day.trading_ms)
        gaps = self._combine(self._paths.overnight_shocks(begin)[None])[0]
        self._drift = self._drift + DAY_SHARE * float(np.sqrt(share)) * self._daily * gaps

    def _open_day(self, number: int, *, has_gap: bool) -> None:
        """Begin a day, with the overnight gap before it."""
        self._day = number
        if has_gap:
            gaps = self._combine(self._paths.overnight_shocks(number)[None])[0]
            self._drift = self._drift + OVERNIGHT_SHARE * self._daily * gaps

    def _apply_overnight_effects(self, effects: EffectSteps | None) -> None:
        """Apply shocks of the night to the log price: the first prices of the day include them."""
        if effects is not None:
            self._drift = self._drift + effects.pushes.sum(axis=0)

    def _advance_prices(
        self, moves: Moves, profile: DayProfile, effects: EffectSteps | None
    ) -> Floats:
        """Return the log prices after each step, from where they began: [step, instrument]."""
        sigma = self._parameters.step_sigma * profile.volatility
        jumps = DAY_SHARE * moves.jumps[:, self._first :]
        shocks = self._combine(moves.shocks)
        if effects is None:
            moved = self._daily * (sigma * shocks + jumps)
        else:
            moved = self._daily * (sigma * effects.factors * shocks + jumps) + effects.pushes
        # The start is part of the sum, so that it rounds as if the steps were added in turn.
        drift = np.cumsum(np.concatenate([self._drift[None], moved]), axis=0)[1:]
        self._drift = np.clip(drift[-1], -MAX_LOG_MOVE, MAX_LOG_MOVE)
        return drift

    def _combine(self, shocks: Floats) -> Floats:
        """Return the shocks of instruments from those of market, sector and their own path."""
        own: Floats = OWN_SHARE * shocks[:, self._first :]
        return own + SECTOR_SHARE * shocks[:, self._sector] + MARKET_SHARE * shocks[:, :1]

    def _draw_counts(self, moves: Moves, profile: DayProfile) -> Whole:
        """Return counts of ticks, [step, instrument]; update the excitation for the next stride."""
        parameters, first = self._parameters, self._first
        excitation = self._excitation + JUMP_EXCITATION * (moves.jumps[:, first:] != 0).any(axis=0)
        means = self._means * profile.activity
        short_volatility = moves.short_volatility[:, first:] / MEAN_SHORT_VOLATILITY
        wanted = means * (parameters.baseline * short_volatility + excitation)
        counts = poisson_of(moves.uniforms[:, first:], wanted)
        # Each tick adds BRANCHING_RATIO ticks in total: at once this share of them per stride, and
        # the rest as the excitation decays.
        offspring = BRANCHING_RATIO * (1 - parameters.decay) * counts.sum(axis=0) / (STRIDE * means)
        self._excitation = excitation * parameters.decay + offspring
        return counts

    def _ticks_of(
        self,
        begin: int,
        time: ExchangeTime,
        counts: Whole,
        drift: Floats,
        volatility_ratio: Floats,
        size: float,
    ) -> list[Tick]:
        """Return the quotes and trades for counts of ticks; `volatility_ratio` is now / usual."""
        step, place = (np.repeat(index, counts[counts > 0]) for index in np.nonzero(counts))
        number = _numbers(counts[counts > 0])
        if self.share < 1:
            step, place, number = self._thinned(begin, step, place, number)
        keys = self._keys_of(place)
        steps = (begin + step).astype(np.uint64)
        when, kind_u, bid_u, ask_u = map(uniform_of, words(keys, steps, number, EVENTS))
        mid, ratio = (
            self._reference[place] * exp_of(drift[step, place]),
            volatility_ratio[step, place],
        )
        usual = SPREAD_SHARE * self._parameters.minute_sigma * self._daily[place]
        passed_ms = step * STEP_MS + (when * STEP_MS).astype(np.int64)
        scale = self._schedule.scale(time.number)
        rows = Arrivals(
            place=place,
            at=begin * STEP_MS + passed_ms,
            exchange_ms=time.exchange_ms + (passed_ms * scale).astype(np.int64),
            mid=mid,
            spread=np.maximum(1, np.rint(mid * usual * ratio)).astype(np.int64),
            kind_u=kind_u,
            bid_u=bid_u,
            ask_u=ask_u,
            volatility_ratio=ratio,
            depth_sizes=sizes_of(words(keys, steps, number, _DEPTH)),
        )
        # Ticks of the same millisecond are ordered by the key of their instrument, not by its
        # column: so another instrument that comes or goes does not change their order.
        rank = keys[0] << np.uint64(16) | number.astype(np.uint64)
        return self._books.ticks_of(rows, rank, size)

    def _thinned(
        self, begin: int, step: Whole, place: Whole, number: Whole
    ) -> tuple[Whole, Whole, Whole]:
        """Return some of the ticks: each stays with the same chance, whatever the others do."""
        steps = (begin + step).astype(np.uint64)
        chance, *_ = map(uniform_of, words(self._keys_of(place), steps, number, _THIN))
        kept = chance < self.share
        return step[kept], place[kept], number[kept]

    def _keys_of(self, place: Whole) -> tuple[Words, Words]:
        first, second = self._paths.keys
        return first[self._first + place], second[self._first + place]


def _numbers(counts: Whole) -> Whole:
    """Return 0 to count - 1 for each count, joined: (2, 3) gives 0, 1, 0, 1, 2."""
    return np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)


def _volatility_ratio_of(volatilities: Floats, sector: Whole, first: int) -> Floats:
    """Return each instrument's volatility as a multiple of the usual: [step, instrument]."""
    market, sectors = MARKET_SHARE * volatilities, SECTOR_SHARE * volatilities
    own = OWN_SHARE * volatilities
    parts: Floats = sectors[:, sector] * sectors[:, sector] + own[:, first:] * own[:, first:]
    return np.sqrt(parts + market[:, :1] * market[:, :1])


def _time_of(tick: Tick) -> int:
    return tick.ts_event
