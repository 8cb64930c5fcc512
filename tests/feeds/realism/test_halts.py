"""Fact 15: a price that leaves its band is paused, and reopens by an auction.

Fact 14, that a seed gives a single tape, is in tests/feeds/engine/test_virtual_clock.py;
facts 1 to 13 are in test_statistics.py.
"""

from itertools import pairwise

import pytest
from msgspec.structs import replace

from feeds.engine.virtual_clock import START_MS, demo_plan, tape_of
from feeds.market.bars import MINUTE_MS
from feeds.market.events import Phase, Quote, Status, Trade
from feeds.plan.effects import Effect, EffectKind
from feeds.plan.price_bands import BandRules
from feeds.plan.schedules import Segment
from feeds.sessions.session import LIMIT_MS, PAUSE_MS, REOPENING_MS
from tests.support.demo_market import CALENDAR, INSTRUMENTS

COMPRESSED_DAY_MS = 600_000
FOLLOWERS = {
    Phase.OPEN: {Phase.LIMIT},
    Phase.LIMIT: {Phase.OPEN, Phase.HALTED},
    Phase.HALTED: {Phase.AUCTION},
    Phase.AUCTION: {Phase.OPEN, Phase.AUCTION, Phase.HALTED},
}


@pytest.mark.parametrize("seed", [1, *(pytest.param(n, marks=pytest.mark.slow) for n in (2, 3, 4))])
def test_a_price_that_runs_away_is_stopped_paused_and_reopened_by_an_auction(seed: int) -> None:
    """A limit state of 15 s, a pause of 5 minutes, an auction; no ticks while it is halted."""
    plan = demo_plan(
        CALENDAR, seed=seed, rate=400.0, instruments=INSTRUMENTS, day_ms=COMPRESSED_DAY_MS
    )
    opened_ms = plan.schedule.wall_ms(0, CALENDAR.day(0).starts_ms[Segment.CONTINUOUS])
    begin_ms = opened_ms + MINUTE_MS
    runaway = Effect(
        kind=EffectKind.SHOCK, size=-0.15, start_ms=begin_ms, end_ms=begin_ms + 3_000,
        sector="Technology",
    )  # fmt: skip
    plan = replace(plan, bands=BandRules(), effects=(runaway,))
    chosen = {
        definition.symbol for definition in plan.definitions if definition.sector == "Technology"
    }
    phases: dict[str, list[tuple[Phase, int]]] = {symbol: [] for symbol in chosen}
    for batch in tape_of(plan, (begin_ms - START_MS) / 1000 + 60):
        for event in batch.events:
            match event:
                case Status(symbol=symbol) if symbol in chosen and event.ts_event >= begin_ms:
                    phases[symbol].append((event.phase, event.ts_event))
                case Quote(symbol=symbol) | Trade(symbol=symbol) if phases.get(symbol):
                    assert phases[symbol][-1][0] is not Phase.HALTED
    scale = plan.schedule.scale(0)
    for history in phases.values():
        assert [phase for phase, _ in history][:3] == [Phase.LIMIT, Phase.HALTED, Phase.AUCTION]
        assert Phase.OPEN in [phase for phase, _ in history[3:]]
        for (phase, since_ms), (follower, at_ms) in pairwise(history):
            assert follower in FOLLOWERS[phase]
            lasts_ms = {
                (Phase.LIMIT, Phase.HALTED): LIMIT_MS,
                (Phase.HALTED, Phase.AUCTION): PAUSE_MS,
            }.get((phase, follower))
            if lasts_ms is not None:
                assert (at_ms - since_ms) * scale == pytest.approx(lasts_ms, abs=2 * scale)
            if phase is Phase.AUCTION:
                assert (at_ms - since_ms) * scale >= REOPENING_MS - 2 * scale
