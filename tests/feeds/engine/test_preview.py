"""A shock does what its preview said, a regime makes prices wilder, and nobody else feels it."""

from collections.abc import Iterable
from math import exp, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from feeds.engine.engine import Engine
from feeds.engine.preview import Preview, forecast, preview
from feeds.engine.virtual_clock import START_MS, tape_of
from feeds.exceptions import InvalidPlan
from feeds.market.events import Batch, FeedState, Phase, Quote, Status, Trade
from feeds.market.fingerprint import Fingerprint
from feeds.plan.effects import Effect, EffectKind
from feeds.plan.plans import FeedPlan
from feeds.plan.price_bands import BandRules
from feeds.plan.schedules import CompressedSchedule, RoundTheClock, Schedule, Segment
from feeds.simulator.demo_exchange import definitions
from feeds.simulator.effect_grid import Effects, log_change_of
from feeds.simulator.simulator import STEP_MS, Simulator
from tests.support.trading_day import ShortDays

SECTOR = "Technology"
LISTED = definitions(20)
CHOSEN = {instrument.symbol for instrument in LISTED if instrument.sector == SECTOR}
DAY_MS = 1_800_000
OPENED = CompressedSchedule(ShortDays(), START_MS - 300_000, DAY_MS)
"""Trading for some minutes already when the tapes begin."""
SHOCK_MS = 30_000


def plan_of(*effects: Effect, seed: int = 1, schedule: Schedule = OPENED) -> FeedPlan:
    return FeedPlan(
        feed="demo", name="Demo", state=FeedState.RUNNING, rate=200.0, seed=seed,
        definitions=LISTED, schedule=schedule, effects=effects,
    )  # fmt: skip


def shock(
    size: float = -0.06, *, after_ms: int = 10_000, length_ms: int = SHOCK_MS, **scope: str
) -> Effect:
    start = START_MS + after_ms
    scope = scope or {"sector": SECTOR}
    return Effect(
        kind=EffectKind.SHOCK, size=size, start_ms=start, end_ms=start + length_ms, **scope
    )


def regime(size: float, **changes: object) -> Effect:
    return replace(shock(0.5), kind=EffectKind.REGIME, size=size, **changes)


def batches(plan: FeedPlan, until_ms: int, *, batch_ms: int = 1_000) -> list[Batch]:
    return list(tape_of(plan, (until_ms - START_MS) / 1000, batch_ms=batch_ms))


def middles(tape: Iterable[Batch], *, until_ms: int) -> dict[str, float]:
    """Return the middle of each instrument's last quote until then."""
    found = {}
    for batch in tape:
        for event in batch.events:
            if isinstance(event, Quote) and event.ts_event < until_ms:
                found[event.symbol] = (event.bid_ticks + event.ask_ticks) / 2
    return found


def ticks_of(tape: Iterable[Batch], symbols: set[str]) -> list[object]:
    return [
        event
        for batch in tape
        for event in batch.events
        if isinstance(event, Quote | Trade) and event.symbol in symbols
    ]


def preview_of(plan: FeedPlan, effect: Effect, prices: dict[str, float]) -> Preview:
    last = {symbol: round(price) for symbol, price in prices.items()}
    phases = dict.fromkeys(last, Phase.OPEN)
    return preview(plan, effect, last, phases, now_ms=effect.start_ms)


# --- a shock --------------------------------------------------------------------------------
@pytest.mark.slow
@pytest.mark.parametrize("size", [-0.06, pytest.param(0.25, marks=pytest.mark.slow)])
@pytest.mark.parametrize("seed", [1, *(pytest.param(n, marks=pytest.mark.slow) for n in (2, 3))])
def test_a_shock_does_what_its_preview_said(seed: int, size: float) -> None:
    """It moves the instruments that the preview named, within the ranges; chance does the same with
    the shock as without."""
    effect, calm = shock(size), plan_of(seed=seed)
    usual = batches(calm, effect.end_ms)
    shocked = batches(plan_of(effect, seed=seed), effect.end_ms)
    seen = preview_of(calm, effect, middles(usual, until_ms=effect.start_ms))
    without, after = (middles(tape, until_ms=effect.end_ms) for tape in (usual, shocked))
    assert {touched.definition.symbol for touched in seen.touched} == CHOSEN
    assert seen.untouched == len(LISTED) - len(CHOSEN)
    inside = []
    for touched in seen.touched:
        symbol = touched.definition.symbol
        assert log(after[symbol] / without[symbol]) == pytest.approx(log(1 + size), abs=0.004)
        inside.append(abs(after[symbol] - touched.after) <= touched.spread + 2)
    assert sum(inside) >= 0.8 * len(inside)


@pytest.mark.slow
def test_untouched_instruments_do_not_feel_it() -> None:
    effect = shock()
    others = {instrument.symbol for instrument in LISTED} - CHOSEN
    end_ms = effect.end_ms + 2_000
    usual, shocked = batches(plan_of(), end_ms), batches(plan_of(effect), end_ms)
    assert ticks_of(usual, others) == ticks_of(shocked, others)
    assert ticks_of(usual, CHOSEN) != ticks_of(shocked, CHOSEN)


@pytest.mark.slow
def test_more_is_traded_while_it_lasts() -> None:
    effect = shock()
    counts = [
        sum(effect.start_ms <= tick.ts_event < effect.end_ms for tick in ticks_of(tape, CHOSEN))
        for tape in (batches(variant, effect.end_ms) for variant in (plan_of(), plan_of(effect)))
    ]
    assert 1.3 < counts[1] / counts[0] < 4


@pytest.mark.slow
def test_a_shock_that_is_called_off_stops_where_it_is() -> None:
    """The rest of it does not happen, from the next stride on."""
    effect = shock(-0.5)
    ends = []
    for plan in (plan_of(), plan_of(effect)):
        engine = Engine(epoch="e", open_source=lambda plan: Simulator(plan.seed))
        tape = [engine.reconcile([plan], START_MS), engine.step(START_MS)]
        half_ms = effect.start_ms + SHOCK_MS // 2
        tape += (engine.step(ms) for ms in range(START_MS + 1_000, half_ms + 1, 1_000))
        engine.reconcile([plan_of()], half_ms)
        tape += (engine.step(ms) for ms in range(half_ms + 1_000, effect.end_ms + 1, 1_000))
        ends.append(middles(tape, until_ms=effect.end_ms))
    for symbol in CHOSEN:
        moved = log(ends[1][symbol] / ends[0][symbol])
        assert moved == pytest.approx(log(0.5) / 2, rel=0.03)


@pytest.mark.slow
def test_what_happens_after_the_close_is_in_the_first_prices() -> None:
    """Some of it falls between two days, when nobody trades."""
    schedule = CompressedSchedule(ShortDays(), START_MS - 45_000, 60_000)
    effect, end_ms = shock(-0.2, after_ms=10_000, length_ms=6_000), START_MS + 25_000
    assert schedule.at(effect.start_ms + 4_500).segment is Segment.CLOSED
    plans = plan_of(schedule=schedule), plan_of(effect, schedule=schedule)
    ends = [middles(batches(variant, end_ms), until_ms=end_ms) for variant in plans]
    for symbol in CHOSEN:
        assert log(ends[1][symbol] / ends[0][symbol]) == pytest.approx(log(0.8), abs=0.01)


@pytest.mark.slow
def test_a_band_that_the_preview_feared_for_is_hit_and_trading_pauses() -> None:
    plan = replace(plan_of(), bands=BandRules(1, 0, 0))
    rough, gentle = shock(-0.12), shock(-0.005)
    prices = middles(batches(plan, rough.start_ms), until_ms=rough.start_ms)
    notes = [
        {touched.note for touched in preview_of(plan, effect, prices).touched}
        for effect in (rough, gentle)
    ]
    assert notes == [{"will probably hit its price band"}, {""}]
    tape = batches(replace(plan, effects=(rough,)), rough.end_ms)
    limited = {
        event.symbol
        for batch in tape
        for event in batch.events
        if isinstance(event, Status) and event.phase is Phase.LIMIT
    }
    assert limited >= CHOSEN


# --- a regime -------------------------------------------------------------------------------
def roughness(tape: Iterable[Batch], effect: Effect) -> float:
    """Return the mean square of log changes of the middle over seconds of an effect's window."""
    last: dict[tuple[str, int], float] = {}
    for tick in ticks_of(tape, CHOSEN):
        if isinstance(tick, Quote) and effect.start_ms <= tick.ts_event < effect.end_ms:
            key = tick.symbol, (tick.ts_event - effect.start_ms) // 3_000
            last[key] = log((tick.bid_ticks + tick.ask_ticks) / 2)
    changes = [price - last[s, n - 1] for (s, n), price in last.items() if (s, n - 1) in last]
    return float(np.mean(np.square(changes)))


@pytest.mark.slow
@pytest.mark.parametrize("size", [0.2, 4.0])
def test_a_regime_multiplies_the_volatility(size: float) -> None:
    effect = regime(size)
    calm, wild = batches(plan_of(), effect.end_ms), batches(plan_of(effect), effect.end_ms)
    ratio = (roughness(wild, effect) / roughness(calm, effect)) ** 0.5
    assert ratio == pytest.approx(size, rel=0.35)


@pytest.mark.slow
def test_a_regime_leaves_the_number_of_ticks_and_widens_the_spread() -> None:
    effect = regime(4.0)
    calm, wild = batches(plan_of(), effect.end_ms), batches(plan_of(effect), effect.end_ms)
    assert len(ticks_of(calm, CHOSEN)) == len(ticks_of(wild, CHOSEN))
    widths = [
        np.mean([
            tick.ask_ticks - tick.bid_ticks
            for tick in ticks_of(tape, CHOSEN)
            if isinstance(tick, Quote) and tick.ts_event >= effect.start_ms
        ])
        for tape in (calm, wild)
    ]  # fmt: skip
    assert 2 < widths[1] / widths[0] < 6


# --- one tape -------------------------------------------------------------------------------
@pytest.mark.slow
@pytest.mark.parametrize("batch_ms", [170, 640])
def test_the_same_commands_give_the_same_tape_however_it_is_cut(batch_ms: int) -> None:
    plan = plan_of(shock(-0.1, length_ms=7_777), regime(3.0, symbol=LISTED[3].symbol, sector=""))
    prints = []
    for cut_ms in (1_000, batch_ms):
        fingerprint = Fingerprint()
        for batch in batches(plan, START_MS + 25_000, batch_ms=cut_ms):
            fingerprint.add(batch.events)
        prints.append(fingerprint.hex())
    assert prints[0] == prints[1]


@pytest.mark.slow
def test_an_effect_that_is_over_or_to_come_changes_nothing() -> None:
    earlier = replace(shock(), start_ms=START_MS - 9_000, end_ms=START_MS - 1_000)
    to_come = replace(shock(), start_ms=START_MS + 15_000, end_ms=START_MS + 25_000)
    end_ms = START_MS + 15_000
    usual, other = batches(plan_of(), end_ms), batches(plan_of(earlier, to_come), end_ms)
    assert ticks_of(usual, CHOSEN) == ticks_of(other, CHOSEN)


@given(
    size=st.floats(-0.9, 1.0),
    start=st.integers(0, 3_000),
    length=st.integers(1, 3_000),
    begins=st.lists(st.integers(1, 40), max_size=20),
)
def test_the_parts_of_a_shock_are_the_whole(
    size: float, start: int, length: int, begins: list[int]
) -> None:
    """However steps are put together, the pushes of a window add up to the change."""
    effect = Effect(kind=EffectKind.SHOCK, size=size, start_ms=start, end_ms=start + length)
    effects = Effects([effect], LISTED, STEP_MS)
    step, total = 0, np.zeros(len(LISTED))
    for count in [*begins, 200]:
        steps = effects.between(step, count)
        total = total if steps is None else total + steps.pushes.sum(axis=0)
        step += count
    assert np.allclose(np.exp(total), 1 + size)
    assert exp(log_change_of(size)) == pytest.approx(1 + size)


@pytest.mark.parametrize(
    ("kind", "size", "length_ms"),
    [("shock", -0.91, 9), ("shock", 1.01, 9), ("shock", float("nan"), 9), ("regime", 0.09, 9),
     ("regime", 11, 9), ("shock", 0.1, 0), ("shock", 0.1, 86_400_001)],
)  # fmt: skip
def test_what_no_market_could_do_is_refused(kind: str, size: float, length_ms: int) -> None:
    with pytest.raises(InvalidPlan):
        Effect(kind=EffectKind(kind), size=size, start_ms=0, end_ms=length_ms)


@pytest.mark.parametrize(
    ("scope", "count"), [({}, 20), ({"sector": SECTOR}, len(CHOSEN)), ({"symbol": "NVX"}, 1)]
)
def test_it_touches_a_symbol_a_sector_or_all(scope: dict[str, str], count: int) -> None:
    effect = Effect(kind=EffectKind.SHOCK, size=0.1, start_ms=0, end_ms=1, **scope)
    assert sum(map(effect.touches, LISTED)) == count


# --- the steps of a scenario ------------------------------------------------------------------
CRASH_MS = START_MS + 10_000


def crash(scale: float = 1.0) -> list[Effect]:
    """Return a flash crash: prices fall in a regime and come back, all parts overlapping or not."""

    def at(kind: str, size: float, begin_s: float, length_s: float) -> Effect:
        begin_ms = CRASH_MS + round(scale * 1_000 * begin_s)
        end_ms = begin_ms + round(scale * 1_000 * length_s)
        return Effect(kind=EffectKind(kind), size=size, start_ms=begin_ms, end_ms=end_ms)

    return [at("regime", 3, 0, 240), at("shock", -0.06, 5, 45), at("shock", 0.045, 75, 120)]


def test_each_step_is_forecast_from_the_one_before() -> None:
    prices = {listed.symbol: 10_000 for listed in LISTED}
    whole, fall, rise = forecast(plan_of(), crash(), prices, {}, now_ms=CRASH_MS)
    assert {(t.price, t.after) for t in whole.touched} == {(10_000, 9_823)}
    assert {(t.price, t.after) for t in fall.touched} == {(10_000, 9_400)}
    assert {(t.price, t.after) for t in rise.touched} == {(9_400, 9_823)}


def test_a_step_has_the_chance_of_the_regime_and_of_all_the_time_since_the_first() -> None:
    prices = {listed.symbol: 100_000 for listed in LISTED}
    _, fall, rise = forecast(plan_of(), crash(), prices, {}, now_ms=CRASH_MS)
    alone = preview(plan_of(), crash()[1], prices, {}, now_ms=crash()[1].start_ms)
    for calm, rough, later in zip(alone.touched, fall.touched, rise.touched, strict=True):
        assert rough.spread == pytest.approx(3 * calm.spread * (50 / 45) ** 0.5, rel=0.01)
        by_time = (195 / 50) ** 0.5 * later.after / rough.after
        assert later.spread == pytest.approx(by_time * rough.spread, rel=0.01)


def test_what_the_plan_has_already_counts_as_well() -> None:
    """A regime that runs, and a shock that is half done when the new one begins."""
    effect = shock()
    running = regime(2.0, start_ms=START_MS - 5_000, end_ms=effect.end_ms + 5_000)
    half = shock(0.21, after_ms=-5_000, length_ms=30_000)
    prices = {listed.symbol: 100_000 for listed in LISTED}
    calm, busy = (
        preview(plan, effect, prices, {}, now_ms=effect.start_ms)
        for plan in (plan_of(), plan_of(running, half))
    )
    for alone, both in zip(calm.touched, busy.touched, strict=True):
        assert both.after == pytest.approx(alone.after * 1.21**0.5, abs=1)
        assert both.spread == pytest.approx(2 * alone.spread * 1.21**0.5, rel=0.01)


def test_what_is_over_before_the_start_counts_as_well() -> None:
    """A shock that runs now, and one that is planned, both end before the first step."""
    running = shock(-0.19, after_ms=-10_000, length_ms=20_000, symbol="")
    planned = shock(0.1, after_ms=20_000, length_ms=30_000, symbol="")
    later, over = shock(-0.05, after_ms=300_000), shock(0.5, after_ms=-90_000, length_ms=80_000)
    prices = {listed.symbol: 100_000 for listed in LISTED}
    plan = plan_of(running, planned, over)
    seen = preview(plan, later, prices, {}, now_ms=START_MS)
    assert {t.price for t in seen.touched} == {round(100_000 * 0.81**0.5 * 1.1)}
    alone = preview(plan_of(), later, prices, {}, now_ms=later.start_ms)
    for waited, at_once in zip(seen.touched, alone.touched, strict=True):
        by_time = (330_000 / 30_000) ** 0.5 * waited.after / at_once.after
        assert waited.spread == pytest.approx(by_time * at_once.spread, rel=0.01)


def test_a_night_before_the_start_has_the_chance_of_a_night_and_no_more() -> None:
    prices = {listed.symbol: 100_000 for listed in LISTED}
    days = [shock(0.01, after_ms=after * DAY_MS, length_ms=1_000) for after in (1, 2)]
    night, nights = (
        preview(plan_of(), effect, prices, {}, now_ms=START_MS).touched[0].spread for effect in days
    )
    volatility = next(listed.volatility for listed in LISTED if listed.sector == SECTOR)
    assert night == pytest.approx(2 * 101_000 * volatility, rel=0.02)
    assert nights == pytest.approx(2**0.5 * night, rel=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_scenario_does_what_its_dry_run_said(seed: int) -> None:
    steps, calm = crash(0.25), plan_of(seed=seed)
    begin_ms = steps[0].start_ms
    tape = batches(plan_of(*steps, seed=seed), steps[0].end_ms)
    prices = middles(tape, until_ms=begin_ms)
    last = {symbol: round(price) for symbol, price in prices.items()}
    phases = dict.fromkeys(last, Phase.OPEN)
    for seen in forecast(calm, steps, last, phases, now_ms=begin_ms):
        after = middles(tape, until_ms=seen.effect.end_ms)
        inside = [abs(after[t.definition.symbol] - t.after) <= t.spread + 2 for t in seen.touched]
        assert sum(inside) >= 0.8 * len(inside), seen.effect


# --- what the preview tells besides -----------------------------------------------------------
def test_the_preview_names_what_hinders_and_what_is_going_on_already() -> None:
    effect, other = shock(), shock(0.1, symbol="NVX")
    halted = replace(plan_of(other), halts={"NVX": "News"}, state=FeedState.PAUSED)
    seen = preview(halted, effect, {"NVX": 10_000}, {"NVX": Phase.HALTED}, now_ms=START_MS)
    notes = {touched.definition.symbol: touched.note for touched in seen.touched}
    assert notes["NVX"] == "does not trade now: will open again at the new price"
    assert set(notes.values()) == {notes["NVX"], "has no price yet"}
    assert seen.others == (other,)
    assert seen.hindrance.startswith("The feed is paused")
    assert preview(plan_of(other), shock(symbol="ORB"), {}, {}, now_ms=START_MS).others == ()


@pytest.mark.parametrize(
    ("after_ms", "is_beside"),
    [(-SHOCK_MS, False), (1 - SHOCK_MS, True), (SHOCK_MS - 1, True), (SHOCK_MS, False)],
)
def test_what_ends_as_the_effect_begins_or_begins_as_it_ends_is_not_beside_it(
    after_ms: int, is_beside: bool
) -> None:
    effect, other = shock(after_ms=0), shock(0.1, after_ms=after_ms)
    seen = preview(plan_of(other), effect, {}, {}, now_ms=START_MS)
    assert seen.others == ((other,) if is_beside else ())


def test_the_preview_says_that_an_effect_after_the_close_waits_for_the_next_day() -> None:
    schedule = CompressedSchedule(ShortDays(), START_MS - 45_000, 60_000)
    begins = {after_ms: schedule.at(START_MS + after_ms).segment for after_ms in (1_000, 14_500)}
    assert [segment is Segment.CLOSED for segment in begins.values()] == [False, True]
    plan = plan_of(schedule=schedule)
    said = [
        preview(plan, shock(after_ms=after_ms), {}, {}, now_ms=START_MS).hindrance
        for after_ms in begins
    ]
    after_close = "It begins after the close: the first prices of the next day will include it."
    assert said == ["", after_close]


class TenTimesAsFast(RoundTheClock):
    """Trading that never stops, of an exchange whose clock runs faster than ours."""

    def scale(self, number: int) -> float:
        return 10.0


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("length_ms", "most"),
    [(1, 0.05), (15_000, 0.05 / 0.75), (30_000, 0.1), (60_000, 0.2), (120_000, 0.4)],
)
def test_a_price_is_said_to_hit_its_band_if_it_moves_away_from_the_mean_too_far(
    sign: int, length_ms: int, most: float
) -> None:
    """The band is 5 % around a mean of five of its minutes, which follows a slow move."""
    notes = []
    for size in (0.99 * most, 1.01 * most):
        effect = shock(sign * size, length_ms=length_ms)
        plan = replace(plan_of(schedule=TenTimesAsFast()), bands=BandRules(1))
        prices = {listed.symbol: 10_000 for listed in LISTED}
        notes += {each.note for each in preview(plan, effect, prices, {}, now_ms=START_MS).touched}
    assert notes == ["", "will probably hit its price band"]
