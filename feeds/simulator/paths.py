"""What moves prices: one random path for the market, each sector and each instrument.

Pure. Must not know prices or ticks. Every path has Student-t(5) shocks whose log-volatility is the
sum of three Ornstein-Uhlenbeck processes (three scales look like the power law that markets show;
one would forget exponentially), rare jumps, and a gap over every night. What is drawn is a function
of seed, name and step; only the three volatilities are remembered.
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
"""Of the three volatilities, in minutes of trading: the last is three days."""
OWN_SDS: Final = np.array([0.3, 0.55, 0.9])
COMMON_SDS: Final = np.array([0.25, 0.55, 0.5])
"""Of the three, of instruments and of what they share: what lasts weighs more, or volatility would
be forgotten too soon; but the market must not sleep for days, or nothing moves together."""
JUMP_SCALE: Final = 0.06
"""Laplace scale of a jump, as a part of the instrument's daily volatility."""
_SHOCKS, _VOLATILITIES, _START, EVENTS, _NIGHT = range(5)
"""Purposes of draws; those of the events of a step are the simulator's."""


class Moves(NamedTuple):
    """Some steps of every path, [step, path]: `levels` of volatility (1 in the mean square), the
    same without what lasts for days (`unrest`), `shocks` of that level, `jumps` (0 nearly always)
    and a `uniform` for each."""

    levels: Floats
    unrest: Floats
    shocks: Floats
    jumps: Floats
    uniforms: Floats


class Paths:
    """The paths, one column each: those that are shared, then those of instruments.

    `step_min` is the length of a step in minutes of trading, `jump_chance` that of a jump in it.
    """

    def __init__(
        self, seed: int, shared: list[str], own: list[str], *, step_min: float, jump_chance: float
    ) -> None:
        self.names = shared + own
        words = [key_of(seed, name) for name in self.names]
        low, high = (np.array([word[i] for word in words], dtype=np.uint64) for i in (0, 1))
        self.keys: tuple[Words, Words] = (low, high)
        self._jump_chance = jump_chance
        self._decay = exp_of(-LN2 * step_min / HALF_LIVES_MIN)
        self._sd = np.repeat([COMMON_SDS, OWN_SDS], [len(shared), len(own)], axis=0).T
        self._kick = np.sqrt(1 - self._decay * self._decay) * self._sd
        start = draws(self.keys, np.uint64(0), 0, _START)
        self._logs = self._sd * normal_of(np.stack(start[:3]))

    def keep(self, former: "Paths", fresh: set[str]) -> None:
        """Take over the volatilities of paths that were there before and are not fresh."""
        places = {name: place for place, name in enumerate(former.names) if name not in fresh}
        here = [place for place, name in enumerate(self.names) if name in places]
        self._logs[:, here] = former._logs[:, [places[self.names[place]] for place in here]]

    def advance(self, steps: Words) -> Moves:
        """Move the volatilities by some steps that follow each other; return what they bring."""
        steps = steps[:, None]
        a, b, u, v = draws(self.keys, steps, 0, _SHOCKS)
        c, d, e, uniforms = draws(self.keys, steps, 0, _VOLATILITIES)
        laplace = np.where(b < 0.5, log_of(v), -log_of(v))
        jumps = np.where(u < self._jump_chance, JUMP_SCALE * laplace, 0.0)
        unrest, lasting = self._levels(normal_of(np.stack([c, d, e], axis=1)))
        levels = unrest * lasting
        shocks = levels * student_of(normal_of(a), normal_of(b), u, v)
        return Moves(levels, unrest, shocks, jumps, uniforms)

    def night(self, number: int) -> Floats:
        """Return the shock that each path takes over the night before a day."""
        a, b, u, v = draws(self.keys, np.uint64(number), 0, _NIGHT)
        return student_of(normal_of(a), normal_of(b), u, v)

    def _levels(self, normals: Floats) -> Floats:
        """Return the two factors of the volatility after each step, what passes within hours and
        what lasts; one after the other, so that they round the same however many are drawn."""
        logs, decay, variances = self._logs, self._decay, self._sd * self._sd
        passing, lasting = [], []
        for kicks in self._kick * normals:
            logs = logs * decay + kicks
            passing.append(logs[0] + logs[1])
            lasting.append(logs[2])
        self._logs = logs
        means = np.stack([variances[0] + variances[1], variances[2]])[:, None]
        return exp_of(np.stack([np.stack(passing), np.stack(lasting)]) - means)
