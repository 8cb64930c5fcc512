"""A simulated market through the parts of a trading day: auctions, a night, effects and rests."""

import hashlib
from collections.abc import Iterable
from datetime import date

import msgspec
import pytest
from msgspec.structs import replace

from feeds.market.events import FeedState, Quote, Tick
from feeds.plan.calendars import EXCHANGES, Calendar
from feeds.plan.effects import Effect, EffectKind
from feeds.plan.plans import FeedPlan
from feeds.plan.schedules import CompressedSchedule
from feeds.simulator.demo_exchange import definitions
from feeds.simulator.simulator import Simulator

START = 1_790_000_000_000
DAYS = CompressedSchedule(Calendar(EXCHANGES["XNYS"], date(2026, 11, 23)), START, 60_000)
"""Days of a minute; before each begins, there is a night of 0.7 s."""
NIGHT_MS, NEXT_MS = 59_600, 60_000
EFFECTS = (
    Effect(kind=EffectKind.SHOCK, size=0.2, start_ms=START + 30_000, end_ms=START + 31_000,
           sector="Technology"),
    Effect(kind=EffectKind.REGIME, size=3.0, start_ms=START + 30_500, end_ms=START + 62_000),
    Effect(kind=EffectKind.SHOCK, size=-0.5, start_ms=START + NIGHT_MS, end_ms=START + 59_900,
           sector="Energy"),
)  # fmt: skip
PARTS_MS = (400, 1_600, 2_800, 30_400, 31_200, 58_800, 59_200, NIGHT_MS, NEXT_MS, 60_400, 62_800)
"""In the pre-open, the opening auction, continuous trading, the closing auction, and the night."""


def plan_of(count: int = 8, *, without: Iterable[str] = (), **changes: object) -> FeedPlan:
    chosen = tuple(item for item in definitions(count) if item.symbol not in without)
    plan = FeedPlan(
        feed="demo", name="Demo", state=FeedState.RUNNING, rate=400.0, seed=1, definitions=chosen,
        schedule=DAYS,
    )  # fmt: skip
    return replace(plan, **changes)


def market_of(plan: FeedPlan) -> Simulator:
    market = Simulator(1)
    market.plan(plan)
    market.draw(START)
    return market


def drawn(market: Simulator, *times_ms: int) -> list[Tick]:
    """Draw at these times after START; after a gap only the last second is drawn."""
    return [tick for at_ms in times_ms for tick in market.draw(START + at_ms)]


def digest(ticks: list[Tick]) -> str:
    return hashlib.sha256(msgspec.json.encode(ticks)).hexdigest()[:16]


def golden(scenario: str) -> list[Tick]:
    """Return the ticks of a day and the next open, as the scenario has them."""
    market = market_of(plan_of(effects=EFFECTS))
    if scenario == "a third of the ticks":
        market.share = 1 / 3
    if scenario != "a later life":
        return drawn(market, *PARTS_MS)
    drawn(market, *PARTS_MS[:4])
    state = market.state()
    assert state is not None
    later = Simulator(1)
    later.restore(state)
    later.plan(plan_of(effects=EFFECTS))
    return drawn(later, *PARTS_MS[4:])


@pytest.mark.parametrize(
    ("scenario", "expected"),
    [
        ("effects", (2635, "f570eec6bb3c4db3")),
        ("a third of the ticks", (878, "b2051ddefbae12f8")),
        ("a later life", (1584, "14b1b2b7c4b52c59")),
    ],
)
def test_every_machine_draws_this_day(scenario: str, expected: tuple[int, str]) -> None:
    """Ticks and their hash; they change only when the market is changed on purpose."""
    ticks = golden(scenario)
    assert (len(ticks), digest(ticks)) == expected


def first_mids(ticks: list[Tick]) -> dict[str, float]:
    mids: dict[str, float] = {}
    for tick in ticks:
        if isinstance(tick, Quote):
            mids.setdefault(tick.symbol, (tick.bid_ticks + tick.ask_ticks) / 2)
    return mids


def test_the_first_prices_of_a_day_have_the_shocks_of_the_night() -> None:
    """Half the price for energy, and the very same ticks for all others."""
    shock = EFFECTS[2]
    calm, shaken = market_of(plan_of()), market_of(plan_of(effects=(shock,)))
    before, others = (drawn(market, 58_800, NIGHT_MS) for market in (calm, shaken))
    assert before == others
    assert drawn(calm, NEXT_MS) == drawn(shaken, NEXT_MS) == []
    first, second = (drawn(market, 60_400, 60_800, 62_800) for market in (calm, shaken))
    energy = {item.symbol for item in definitions(8) if item.sector == "Energy"}
    mids, halves = first_mids(first), first_mids(second)
    assert energy & mids.keys()
    for symbol in energy & mids.keys():
        assert halves[symbol] / mids[symbol] == pytest.approx(0.5, rel=0.001)
    assert [tick for tick in first if tick.symbol not in energy] == [
        tick for tick in second if tick.symbol not in energy
    ]


def test_a_market_without_activity_has_no_ticks() -> None:
    assert drawn(market_of(plan_of(rate=1e-9)), *PARTS_MS) == []


@pytest.mark.parametrize(
    ("rate", "without", "is_same"),
    [
        (400.0, (), True),
        (400.0, ("ORB",), False),
        (400.0, ("FRJ",), True),
        (400.0, ("AQM", "CQV"), True),
        (400.0, ("AQM", "CQV", "MLK"), False),
        (404.0, (), False),
    ],
)
def test_the_rate_of_others_is_kept_while_the_whole_is_within_a_twentieth(
    rate: float, without: tuple[str, ...], is_same: bool
) -> None:
    """ORB has 7 % of the activity, FRJ 3.5 %, AQM and CQV 4.6 %, with MLK 6.2 %."""
    market, changed = market_of(plan_of(20)), market_of(plan_of(20))
    changed.plan(plan_of(20, rate=rate, without=without))
    first, second = (
        [tick for tick in drawn(each, 30_400, 31_200) if tick.symbol not in without]
        for each in (market, changed)
    )
    assert (first == second) is is_same
