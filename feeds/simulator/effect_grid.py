"""What the effects of interventions do to a simulated market, step by step of our clock.

Pure. Must not know rows or how prices are drawn. The simulator asks for every stride, the preview
for what is to come.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from feeds.market.instruments import Definition
from feeds.plan.effects import Effect, EffectKind
from feeds.simulator.randomness import Floats, log_of


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
