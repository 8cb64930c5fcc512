"""A dry run: whom an intervention would touch, and where their prices would probably go.

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
"""Exchange time over which the mean is taken that bands are around."""
WIDE: Final = 2.0
"""A range is so many standard deviations to both sides: the price ends in it nineteen times of
twenty."""
_STILL: Final = {Phase.HALTED, Phase.LIMIT, Phase.AUCTION}


class Touched(NamedTuple):
    """An instrument: its price in ticks now and after, and how far from that chance may take it;
    None where it has no price. `note` says what else is to be known."""

    definition: Definition
    price: int | None
    after: int | None
    spread: int | None
    note: str


class Preview(NamedTuple):
    """What an effect would do: to whom, to whom not, what else is in force, and what hinders it."""

    effect: Effect
    touched: tuple[Touched, ...]
    untouched: int
    others: tuple[Effect, ...]
    hindrance: str


def preview(
    plan: FeedPlan, effect: Effect, prices: Mapping[str, int], phases: Mapping[str, Phase]
) -> Preview:
    """Return what an effect would do to a feed, from the last prices (ticks) and the phases."""
    chosen = [one for one in plan.definitions if effect.touches(one)]
    others = tuple(
        one
        for one in plan.effects
        if one.start_ms < effect.end_ms
        and effect.start_ms < one.end_ms
        and any(map(one.touches, chosen))
    )
    touched = tuple(
        _touched(plan, effect, one, prices.get(one.symbol), phases.get(one.symbol))
        for one in chosen
    )
    untouched = len(plan.definitions) - len(chosen)
    return Preview(effect, touched, untouched, others, _hindrance(plan, effect))


def spread_of(plan: FeedPlan, effect: Effect, definition: Definition) -> float:
    """Return the standard deviation of the log price over the window of an effect, by chance."""
    time = plan.schedule.at(effect.start_ms)
    part = (effect.end_ms - effect.start_ms) * plan.schedule.scale(time.number)
    factor = effect.size if effect.kind is EffectKind.REGIME else 1.0
    return DAY_SHARE * definition.volatility * factor * sqrt(part / time.day.trading_ms)


def _touched(
    plan: FeedPlan, effect: Effect, one: Definition, price: int | None, phase: Phase | None
) -> Touched:
    note = _note(plan, effect, one, price, phase)
    if price is None:
        return Touched(one, None, None, None, note)
    change = effect.size if effect.kind is EffectKind.SHOCK else 0.0
    after = max(1, round(price * (1 + change)))
    spread = round(after * WIDE * spread_of(plan, effect, one))
    return Touched(one, price, after, spread, note)


def _hindrance(plan: FeedPlan, effect: Effect) -> str:
    if plan.state is not FeedState.RUNNING:
        return f"The feed is {plan.state.lower()}: what falls into that time does not happen."
    if plan.schedule.at(effect.start_ms).segment is Segment.CLOSED:
        return "It begins after the close: what happens until the open is in the first prices."
    return ""


def _note(
    plan: FeedPlan, effect: Effect, one: Definition, price: int | None, phase: Phase | None
) -> str:
    if one.symbol in plan.halts or phase in _STILL:
        return "does not trade now: opens again at the new price"
    if price is None:
        return "has no price yet"
    if plan.bands is None or effect.kind is not EffectKind.SHOCK:
        return ""
    width = plan.bands.width_ticks(one, price)
    return "will probably hit its price band" if _strays(plan, effect, price) > width else ""


def _strays(plan: FeedPlan, effect: Effect, price: int) -> float:
    """Return how far, in ticks, the price gets from the mean that its band is around: a price that
    moves evenly is half the mean's window ahead of it, and less when it moves for less."""
    scale = plan.schedule.scale(plan.schedule.at(effect.start_ms).number)
    part = (effect.end_ms - effect.start_ms) * scale / WINDOW_MS
    return price * abs(effect.size) * (1 - part / 2 if part <= 1 else 1 / (2 * part))
