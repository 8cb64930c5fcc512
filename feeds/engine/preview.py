"""A dry run: which instruments interventions would affect, and where their prices may go.

Pure. Must not know rows or pages.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import exp, log, prod, sqrt
from typing import Final, NamedTuple

from feeds.market.events import FeedState, Phase
from feeds.market.instruments import Definition
from feeds.plan.effects import Effect, EffectKind
from feeds.plan.plans import FeedPlan
from feeds.plan.price_bands import PART_MS, WINDOW_PARTS
from feeds.plan.schedules import Segment
from feeds.simulator.simulator import DAY_SHARE

WINDOW_MS: Final = PART_MS * WINDOW_PARTS
"""Exchange time of the mean price that price bands are around."""
NIGHT_SHARE: Final = 1 / DAY_SHARE**2 - 1
"""The variance of a night, as a share of that of the trading day after it."""
WIDE: Final = 2.0
"""Standard deviations on both sides of a range: a price ends inside in 19 of 20 cases."""
_STILL: Final = {Phase.HALTED, Phase.LIMIT, Phase.AUCTION}


class Touched(NamedTuple):
    """An affected instrument: its price before and after, and the width of the range around that.

    All in ticks, None where it has no price. `note` is a remark for the operator.
    """

    definition: Definition
    price: int | None
    after: int | None
    spread: int | None
    note: str


class Preview(NamedTuple):
    """What an effect would do: affected instruments, the number of the others, other effects in
    force at that time, and what hinders it."""

    effect: Effect
    touched: tuple[Touched, ...]
    untouched: int
    others: tuple[Effect, ...]
    hindrance: str


def preview(
    plan: FeedPlan,
    effect: Effect,
    prices: Mapping[str, int],
    phases: Mapping[str, Phase],
    *,
    now_ms: int,
) -> Preview:
    """Return what an effect would do to a feed; `prices` (ticks) are the last ones at `now_ms`."""
    return forecast(plan, [effect], prices, phases, now_ms=now_ms)[0]


def forecast(
    plan: FeedPlan,
    effects: Sequence[Effect],
    prices: Mapping[str, int],
    phases: Mapping[str, Phase],
    *,
    now_ms: int,
) -> list[Preview]:
    """Return what effects would do together, such as the steps of a scenario, in their order.

    Each begins with the prices that the others have led to by then, and in their regimes, as it
    does with the effects that the plan has already, also those that are over before it begins.
    `prices` are the last ones at `now_ms` (UTC ms), in ticks.
    """
    outlook = _Outlook(plan, effects, now_ms)
    return [_preview(plan, effect, outlook, prices, phases) for effect in effects]


def _preview(
    plan: FeedPlan,
    effect: Effect,
    outlook: "_Outlook",
    prices: Mapping[str, int],
    phases: Mapping[str, Phase],
) -> Preview:
    chosen = [listed for listed in plan.definitions if effect.touches(listed)]
    others = tuple(
        other
        for other in plan.effects
        if other.start_ms < effect.end_ms
        and effect.start_ms < other.end_ms
        and any(map(other.touches, chosen))
    )
    touched = tuple(
        _touched(plan, effect, outlook, listed, prices.get(listed.symbol), phases)
        for listed in chosen
    )
    untouched = len(plan.definitions) - len(chosen)
    return Preview(effect, touched, untouched, others, _hindrance(plan, effect))


class _Outlook:
    """Where the log prices of instruments go from now on.

    All instruments that the same effects touch share a path, so each is computed once.
    """

    def __init__(self, plan: FeedPlan, effects: Sequence[Effect], now_ms: int) -> None:
        self._plan = plan
        self._effects = (*plan.effects, *effects)
        self._begin_ms = now_ms
        self._known: dict[tuple[tuple[Effect, ...], int], tuple[float, float]] = {}

    def at(self, definition: Definition, at_ms: int) -> tuple[float, float]:
        """Return the factor of the price until then, and the standard deviation of its log."""
        touching = tuple(effect for effect in self._effects if effect.touches(definition))
        key = touching, at_ms
        if key not in self._known:
            self._known[key] = self._path(touching, at_ms)
        factor, rough = self._known[key]
        return factor, DAY_SHARE * definition.volatility * rough

    def _path(self, effects: tuple[Effect, ...], at_ms: int) -> tuple[float, float]:
        """Return the factor, and the deviation as a multiple of that of a whole trading day.

        A random walk: its variance grows with time, here as a share of the trading day, and with
        the square of the regimes' product.
        """
        moved = variance = 0.0
        for begin_ms, end_ms in pairwise(self._edges(effects, at_ms)):
            inside = [e for e in effects if e.start_ms <= begin_ms and end_ms <= e.end_ms]
            regimes = prod(e.size for e in inside if e.kind is EffectKind.REGIME)
            variance += regimes**2 * self._share(begin_ms, end_ms)
            moved += sum(
                log(1 + e.size) * (end_ms - begin_ms) / (e.end_ms - e.start_ms)
                for e in inside
                if e.kind is EffectKind.SHOCK
            )
        return exp(moved), sqrt(variance)

    def _edges(self, effects: tuple[Effect, ...], at_ms: int) -> list[int]:
        """Return the times between which the same effects are in force."""
        times = {self._begin_ms, at_ms, *(t for e in effects for t in (e.start_ms, e.end_ms))}
        return sorted(at for at in times if self._begin_ms <= at <= at_ms)

    def _share(self, begin_ms: int, end_ms: int) -> float:
        """Return how many trading days' worth of chance a time has; a night has less than a day."""
        begin, end = map(self._plan.schedule.at, (begin_ms, end_ms))
        nights = end.number - begin.number
        share = nights + end.elapsed - begin.elapsed
        return share + nights * NIGHT_SHARE if begin.day.has_auctions else share


def _touched(
    plan: FeedPlan,
    effect: Effect,
    outlook: _Outlook,
    definition: Definition,
    price: int | None,
    phases: Mapping[str, Phase],
) -> Touched:
    phase = phases.get(definition.symbol)
    if price is None:
        return Touched(definition, None, None, None, _note(plan, effect, definition, None, phase))
    (so_far, _), (then, rough) = (
        outlook.at(definition, at_ms) for at_ms in (effect.start_ms, effect.end_ms)
    )
    before, after = (max(1, round(price * factor)) for factor in (so_far, then))
    note = _note(plan, effect, definition, before, phase)
    return Touched(definition, before, after, round(after * WIDE * rough), note)


def _hindrance(plan: FeedPlan, effect: Effect) -> str:
    if plan.state is not FeedState.RUNNING:
        return f"The feed is {plan.state.lower()}. The effect does nothing until it runs."
    if plan.schedule.at(effect.start_ms).segment is Segment.CLOSED:
        return "It begins after the close: the first prices of the next day will include it."
    return ""


def _note(
    plan: FeedPlan, effect: Effect, definition: Definition, price: int | None, phase: Phase | None
) -> str:
    if definition.symbol in plan.halts or phase in _STILL:
        return "does not trade now: will open again at the new price"
    if price is None:
        return "has no price yet"
    if plan.bands is None or effect.kind is not EffectKind.SHOCK:
        return ""
    width = plan.bands.width_ticks(definition, price)
    return "will probably hit its price band" if _strays(plan, effect, price) > width else ""


def _strays(plan: FeedPlan, effect: Effect, price: int) -> float:
    """Return how far, in ticks, the price moves away from the mean that its band is around.

    A price that moves evenly for longer than the window of the mean is half a window ahead of it.
    After a shorter move the mean has followed by half of the move's part of the window.
    """
    scale = plan.schedule.scale(plan.schedule.at(effect.start_ms).number)
    part = (effect.end_ms - effect.start_ms) * scale / WINDOW_MS
    return price * abs(effect.size) * (1 - part / 2 if part <= 1 else 1 / (2 * part))
