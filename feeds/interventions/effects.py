"""What an intervention does to a simulated market, step by step of our clock.

Pure. Must not know rows or how prices are drawn. Part of plans; asked by the simulator for every
stride, and by preview for what is to come.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec
import numpy as np

from feeds.exceptions import InvalidPlan
from feeds.instruments import Definition
from feeds.randomness import Floats, log_of

CHANGES: Final = (-0.9, 1.0)
"""A shock moves prices by so much: a part of what they were."""
MULTIPLES: Final = (0.1, 10.0)
"""A regime makes volatility so many times the usual."""
LONGEST_S: Final = 86_400


class EffectKind(StrEnum):
    """Whether prices are moved, or how wildly they move."""

    SHOCK = "shock"
    REGIME = "regime"


SIZES: Final = {EffectKind.SHOCK: CHANGES, EffectKind.REGIME: MULTIPLES}


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """Between two moments of our clock (UTC, ms) prices change by `size`, a part of what they were,
    evenly in the logarithm; or volatility is `size` times the usual.

    It touches one symbol, else a sector, else the whole feed. What falls into a pause of the feed,
    or before it was heard of, does not happen.

    Raises:
        InvalidPlan: the size is out of range, or the end is not after the start.
    """

    kind: EffectKind
    size: float
    start_ms: int
    end_ms: int
    sector: str = ""
    symbol: str = ""

    def __post_init__(self) -> None:
        low, high = SIZES[self.kind]
        if not low <= self.size <= high:
            raise InvalidPlan(f"{self.kind} was {self.size}, expected {low:g} to {high:g}")
        if not 0 < self.end_ms - self.start_ms <= LONGEST_S * 1000:
            raise InvalidPlan(f"an effect of {self.end_ms - self.start_ms} ms cannot be")

    def touches(self, one: Definition) -> bool:
        """Say whether it does anything to an instrument."""
        return one.symbol == self.symbol if self.symbol else self.sector in ("", one.sector)


class Acts(NamedTuple):
    """What effects do in some steps, [step, instrument]: `pushes` of the log price, `factors` of
    volatility; and which instruments are pushed at all, [instrument]."""

    pushes: Floats
    factors: Floats
    is_pushed: np.ndarray


class _Window(NamedTuple):
    """An effect on the grid: steps from `first` to before `end`, `rate` a step."""

    first: int
    end: int
    rate: float
    kind: EffectKind
    touched: np.ndarray


class Effects:
    """The effects on the instruments of a feed, one column each, in steps of `step_ms`."""

    def __init__(
        self, effects: Iterable[Effect], definitions: Sequence[Definition], step_ms: int
    ) -> None:
        self._windows = [_window_of(effect, definitions, step_ms) for effect in effects]
        self._width = len(definitions)

    def acts(self, begin: int, count: int) -> Acts | None:
        """Return what happens in steps from `begin`, None when nothing does."""
        windows = [one for one in self._windows if one.first < begin + count and begin < one.end]
        if not windows:
            return None
        acts = Acts(
            np.zeros((count, self._width)),
            np.ones((count, self._width)),
            np.zeros(self._width, bool),
        )
        steps = np.arange(begin, begin + count)
        for window in windows:
            _act(acts, window, (steps >= window.first) & (steps < window.end))
        return acts


def _window_of(effect: Effect, definitions: Sequence[Definition], step_ms: int) -> _Window:
    """Lay an effect on the grid: from the first step that begins in it, one step at least."""
    first = -(-effect.start_ms // step_ms)
    end = max(first + 1, -(-effect.end_ms // step_ms))
    is_shock = effect.kind is EffectKind.SHOCK
    rate = log_change_of(effect.size) / (end - first) if is_shock else effect.size
    touched = np.array([effect.touches(one) for one in definitions], dtype=bool)
    return _Window(first, end, rate, effect.kind, touched)


def _act(acts: Acts, window: _Window, is_within: np.ndarray) -> None:
    cells = is_within[:, None] & window.touched
    if window.kind is EffectKind.SHOCK:
        acts.pushes[cells] += window.rate
        acts.is_pushed[window.touched] = True
    else:
        acts.factors[cells] *= window.rate


def log_change_of(size: float) -> float:
    """Return what a change by a part of the price is in the logarithm; the same everywhere."""
    return float(log_of(np.array([1.0 + size]))[0])
