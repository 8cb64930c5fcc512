"""What moves prices: a random path for the market, for each sector and for each instrument.

Pure. Must not know prices or ticks. Every path has Student-t(5) shocks, rare jumps, and a gap over
every night. Its log volatility is the sum of three Ornstein-Uhlenbeck processes. Three time scales
look like the power-law memory of real markets (LeBaron 2001, Quantitative Finance 1:621), where a
GARCH(1,1) process forgets exponentially. Jumps are Laplace distributed (Kou 2002, Management
Science 48:1086). Random numbers are a function of seed, name and step; the only state is that of
the volatilities.
"""

from typing import Final, NamedTuple

import numpy as np

from feeds.simulator.randomness import (
    LN2,
    Floats,
    Words,
    draws,
    exp_of,
    key_of,
    log_of,
    normal_of,
    student_of,
)

HALF_LIVES_MIN: Final = np.array([2.0, 30.0, 3 * 390.0])[:, None]
"""Half-lives of the three processes, in minutes of trading; the last is three days."""
OWN_SDS: Final = np.array([0.3, 0.55, 0.9])
COMMON_SDS: Final = np.array([0.25, 0.55, 0.5])
"""Standard deviations of the three processes, for instruments and for shared paths.

The slow process has the most weight in instruments, or the memory of volatility would be too short.
It has less weight in shared paths, or the market would be calm for days and correlations vanish.
"""
JUMP_SCALE: Final = 0.06
"""Laplace scale of a jump, as a share of the daily volatility."""
_SHOCKS, _VOLATILITY, _START, EVENTS, _NIGHT = range(5)
"""Purposes of random numbers; EVENTS is for the ticks of a step, which the simulator draws."""


class Moves(NamedTuple):
    """Some steps of every path, all [step, path].

    `volatilities` are multiples of the usual, 1 in the mean square. `short_volatility` is the
    factor of it that changes within hours. `shocks` include the volatility; `jumps` are nearly
    always 0. `uniforms` are spare random numbers in (0, 1).
    """

    volatilities: Floats
    short_volatility: Floats
    shocks: Floats
    jumps: Floats
    uniforms: Floats


class Paths:
    """The paths as columns: first the shared paths, then those of instruments.

    `logs` are the three parts of the log volatility of each path: [part, path].
    `step_min` is the length of a step in minutes of trading, `jump_chance` the probability of a
    jump in a step.
    """

    def __init__(
        self, seed: int, shared: list[str], own: list[str], *, step_min: float, jump_chance: float
    ) -> None:
        self.names = shared + own
        words = [key_of(seed, name) for name in self.names]
        low, high = (np.array([word[i] for word in words], dtype=np.uint64) for i in (0, 1))
        self.keys: tuple[Words, Words] = (low, high)
        self._jump_chance = jump_chance
        # The exact discrete form of an Ornstein-Uhlenbeck process: x <- decay x + kick N(0, 1)
        # keeps the standard deviation, whatever the length of a step.
        self._decay = exp_of(-LN2 * step_min / HALF_LIVES_MIN)
        self._sd = np.repeat([COMMON_SDS, OWN_SDS], [len(shared), len(own)], axis=0).T
        self._kick = np.sqrt(1 - self._decay * self._decay) * self._sd
        # The processes begin in their stationary distribution, so no market begins unusually calm.
        start = draws(self.keys, np.uint64(0), 0, _START)
        self.logs = self._sd * normal_of(np.stack(start[:3]))

    def carry_over(self, former: "Paths", fresh: set[str]) -> None:
        """Copy the state of the paths that existed before and are not in `fresh`."""
        places = {name: place for place, name in enumerate(former.names) if name not in fresh}
        here = [place for place, name in enumerate(self.names) if name in places]
        self.logs[:, here] = former.logs[:, [places[self.names[place]] for place in here]]

    def advance(self, steps: Words) -> Moves:
        """Advance the volatilities by consecutive steps; return the moves of these steps."""
        steps = steps[:, None]
        a, b, u, v = draws(self.keys, steps, 0, _SHOCKS)
        c, d, e, uniforms = draws(self.keys, steps, 0, _VOLATILITY)
        # A jump uses the numbers of its shock again. Jumps are so rare that this dependence cannot
        # be seen, and it saves a block of random numbers in every step.
        jumps = np.zeros_like(u)
        jumping = u < self._jump_chance
        if jumping.any():
            logs = log_of(v[jumping])
            jumps[jumping] = JUMP_SCALE * np.where(b[jumping] < 0.5, logs, -logs)
        short_volatility, lasting = self._volatilities(normal_of(np.stack([c, d, e], axis=1)))
        volatilities = short_volatility * lasting
        shocks = volatilities * student_of(normal_of(a), normal_of(b), u, v)
        return Moves(volatilities, short_volatility, shocks, jumps, uniforms)

    def overnight_shocks(self, number: int) -> Floats:
        """Return the shock of each path for the gap before a day, or before a step.

        Days and steps share these numbers: a step has a far greater number than any day.
        """
        a, b, u, v = draws(self.keys, np.uint64(number), 0, _NIGHT)
        return student_of(normal_of(a), normal_of(b), u, v)

    def _volatilities(self, normals: Floats) -> Floats:
        """Return the short-term and the long-term factor of volatility after each step."""
        # A loop, not a cumulative sum: results must round the same for any number of steps.
        logs, decay, variances = self.logs, self._decay, self._sd * self._sd
        passing, lasting = [], []
        for kicks in self._kick * normals:
            logs = logs * decay + kicks
            passing.append(logs[0] + logs[1])
            lasting.append(logs[2])
        self.logs = logs
        # exp(x) of a normal x with variance v has the mean square exp(2 v): minus v makes that 1.
        means = np.stack([variances[0] + variances[1], variances[2]])[:, None]
        return exp_of(np.stack([np.stack(passing), np.stack(lasting)]) - means)
