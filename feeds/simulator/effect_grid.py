"""The effects of interventions on a simulated market, in steps of wall time.

Pure. Must not know rows, or how prices are drawn.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from feeds.market.instruments import Definition
from feeds.plan.effects import Effect, EffectKind
from feeds.simulator.randomness import Floats, log_of


class EffectSteps(NamedTuple):
    """The effects in some steps.

    `pushes` are added to the log price and `factors` multiply the volatility, both [step,
    instrument]. `is_pushed` says which instruments have a shock in these steps, [instrument].
    """

    pushes: Floats
    factors: Floats
    is_pushed: np.ndarray


class _Window(NamedTuple):
    """An effect in steps from `first` to before `end`; `rate` is a log change or a factor."""

    first: int
    end: int
    rate: float
    kind: EffectKind
    touched: np.ndarray


class Effects:
    """The effects on the instruments of a feed, a column for each, in steps of `step_ms`."""

    def __init__(
        self, effects: Iterable[Effect], definitions: Sequence[Definition], step_ms: int
    ) -> None:
        self._windows = [_window_of(effect, definitions, step_ms) for effect in effects]
        self._width = len(definitions)

    def between(self, begin: int, count: int) -> EffectSteps | None:
        """Return the effects in `count` steps from `begin`, None if there are none."""
        windows = [
            window
            for window in self._windows
            if window.first < begin + count and begin < window.end
        ]
        if not windows:
            return None
        found = EffectSteps(
            np.zeros((count, self._width)),
            np.ones((count, self._width)),
            np.zeros(self._width, bool),
        )
        steps = np.arange(begin, begin + count)
        for window in windows:
            _add(found, window, (steps >= window.first) & (steps < window.end))
        return found


def _window_of(effect: Effect, definitions: Sequence[Definition], step_ms: int) -> _Window:
    """Return the steps that begin while an effect lasts; if none does, the next one."""
    # -(-a // b) is a / b rounded up, in integers.
    first = -(-effect.start_ms // step_ms)
    end = max(first + 1, -(-effect.end_ms // step_ms))
    is_shock = effect.kind is EffectKind.SHOCK
    rate = log_change_of(effect.size) / (end - first) if is_shock else effect.size
    touched = np.array([effect.touches(definition) for definition in definitions], dtype=bool)
    return _Window(first, end, rate, effect.kind, touched)


def _add(found: EffectSteps, window: _Window, is_within: np.ndarray) -> None:
    cells = is_within[:, None] & window.touched
    if window.kind is EffectKind.SHOCK:
        found.pushes[cells] += window.rate
        found.is_pushed[window.touched] = True
    else:
        found.factors[cells] *= window.rate


def log_change_of(size: float) -> float:
    """Return ln(1 + size), rounded the same on every machine (feeds.simulator.randomness)."""
    return float(log_of(np.array([1.0 + size]))[0])
