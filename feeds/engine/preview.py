"""A dry run: which instruments an intervention would affect, and where their prices may go.

Pure. Must not know rows or pages.
"""

from collections.abc import Mapping
from math import sqrt
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
WIDE: Final = 2.0
"""Standard deviations on both sides of a range: a price ends inside in 19 of 20 cases."""
_STILL: Final = {Phase.HALTED, Phase.LIMIT, Phase.AUCTION}


class Touched(NamedTuple):
    """An affected instrument: its price now and after, and the width of the range around that.

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
    plan: FeedPlan, effect: Effect, prices: Mapping[str, int], phases: Mapping[str, Phase]
) -> Preview:
    """Return what an effect would do to a feed; `prices` are the last ones, in ticks, by symbol."""
    chosen = [listed for listed in plan.definitions if effect.touches(listed)]
    others = tuple(
        other
        for other in plan.effects
        if other.start_ms < effect.end_ms
        and effect.start_ms < other.end_ms
        and any(map(other.touches, chosen))
    )
    touched = tuple(
        _touched(plan, effect, listed, prices.get(listed.symbol), phases.get(listed.symbol))
        for listed in chosen
    )
    untouched = len(plan.definitions) - len(chosen)
    return Preview(effect, touched, untouched, others, _hindrance(plan, effect))


def spread_of(plan: FeedPlan, effect: Effect, definition: Definition) -> float:
    """Return the standard deviation of the log price that chance alone causes during an effect.

    A random walk: it grows with the square root of the time, here as a share of the trading day.
    """
    time = plan.schedule.at(effect.start_ms)
    part = (effect.end_ms - effect.start_ms) * plan.schedule.scale(time.number)
    factor = effect.size if effect.kind is EffectKind.REGIME else 1.0
    return DAY_SHARE * definition.volatility * factor * sqrt(part / time.day.trading_ms)


def _touched(
    plan: FeedPlan, effect: Effect, definition: Definition, price: int | None, phase: Phase | None
) -> Touched:
    note = _note(plan, effect, definition, price, phase)
    if price is None:
        return Touched(definition, None, None, None, note)
    change = effect.size if effect.kind is EffectKind.SHOCK else 0.0
    after = max(1, round(price * (1 + change)))
    spread = round(after * WIDE * spread_of(plan, effect, definition))
    return Touched(definition, price, after, spread, note)


def _hindrance(plan: FeedPlan, effect: Effect) -> str:
    if plan.state is not FeedState.RUNNING:
        return f"The feed is {plan.state.lower()}: while it is, the effect does nothing."
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
