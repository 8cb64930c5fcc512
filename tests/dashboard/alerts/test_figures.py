"""The figures of one instrument that alerts compare, and the thresholds that they pass."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from dashboard.alerts.gauges import Gauge, Term, Thresholds, gauge_name, reader_of, thresholds_of
from dashboard.alerts.measures import Measures, MeasuresState
from dashboard.alerts.rules import Condition, Kind
from dashboard.alerts.windows import Window
from feeds.market.bars import MINUTE, SPANS
from feeds.market.events import (
    MOVES_LAST,
    MOVES_RANGE,
    MOVES_VOLUME,
    AmendedBar,
    Amendment,
    AmendmentKind,
    Carryover,
    Phase,
    ReportedTrade,
    Side,
    Status,
    Trade,
)

TICK = Decimal("0.01")
AT = 1_790_000_040_000
"""The beginning of a minute."""
SPAN_MS = 60_000


def measured(*trades: tuple[int, int], step_ms: int = 1000) -> Measures:
    """Return what is measured of trades, each of a price and a size, from AT on."""
    measures = Measures(TICK)
    measures.windows = {SPAN_MS: Window(SPAN_MS)}
    measures.status(Status("NVX", Phase.OPEN, "", AT, 1))
    for number, (price, size) in enumerate(trades):
        trade(measures, AT + number * step_ms, price, size)
    return measures


def trade(measures: Measures, at_ms: int, price: int = 100, size: int = 1) -> None:
    measures.trade(Trade("NVX", price, size, Side.BUY, at_ms))


def figure(measures: Measures, kind: Kind, window_s: int = 60) -> float | None:
    window_s = window_s if kind in (Kind.RISES, Kind.FALLS) else 0
    return reader_of(gauge_name(Condition(kind, Decimal(1), window_s)))(measures)


FIGURES = {
    Kind.ABOVE: 110, Kind.CROSSES_UP: 110, Kind.BELOW: -110, Kind.CROSSES_DOWN: -110,
    Kind.RISES: 37.5, Kind.FALLS: 12, Kind.ABOVE_VWAP: 10, Kind.BELOW_VWAP: -10,
    Kind.NEAR_HIGH: -12, Kind.NEAR_LOW: -37.5, Kind.VOLUME_SPIKE: None, Kind.HALT: 0,
    Kind.STALE: 0,
}  # fmt: skip
"""Those after trades of 125, 80 and 110 ticks, whose VWAP is 100."""


@pytest.mark.parametrize("kind", Kind)
def test_each_condition_has_its_figure(kind: Kind) -> None:
    assert figure(measured((125, 4), (80, 7), (110, 4)), kind) == FIGURES[kind]


@pytest.mark.parametrize("kind", Kind)
def test_before_the_first_trade_nobody_knows_a_figure(kind: Kind) -> None:
    known = 0 if kind in (Kind.HALT, Kind.STALE) else None
    assert figure(measured(), kind) == known


@pytest.mark.parametrize("kind", [Kind.ABOVE_VWAP, Kind.BELOW_VWAP, Kind.NEAR_HIGH, Kind.NEAR_LOW])
def test_a_day_begins_without_figures_of_the_day_before(kind: Kind) -> None:
    measures = measured((125, 4), (80, 7))
    measures.status(Status("NVX", Phase.OPEN, "", AT, 2))
    assert figure(measures, kind) is None
    assert figure(measures, Kind.ABOVE) == 80
    trade(measures, AT + 9000, 80)
    assert figure(measures, kind) == 0


@pytest.mark.parametrize(
    ("phases", "is_new"),
    [
        ((Phase.OPEN, Phase.HALTED, Phase.OPEN), False),
        ((Phase.CLOSED,), False),
        ((Phase.CLOSED, Phase.CLOSED), False),
        ((Phase.CLOSED, Phase.OPEN), True),
    ],
)
def test_a_day_begins_where_a_market_that_was_closed_opens(phases, is_new: bool) -> None:
    measures = measured((125, 4), (80, 7))
    for phase in phases:
        measures.status(Status("NVX", phase, "", AT, 1))
    known = (measures.high, measures.low, measures.turnover, measures.counted)
    assert known == ((None, None, 0, 0) if is_new else (125, 80, 1060, 11))
    assert measures.last == 80


def test_a_move_without_its_window_is_unknown() -> None:
    assert figure(measured((100, 1)), Kind.RISES, window_s=5) is None
    assert figure(measured((100, 1)), Kind.FALLS, window_s=5) is None


@pytest.mark.parametrize(("later_ms", "rise"), [(60_000, 10.0), (60_001, 0.0)])
def test_a_window_has_what_is_as_old_as_it_is_long_and_nothing_older(later_ms, rise) -> None:
    measures = measured((100, 1))
    trade(measures, AT + later_ms, 110)
    assert figure(measures, Kind.RISES) == rise


# --- volume ---
def minutes(*volumes: int) -> Measures:
    return measured(*((100, volume) for volume in volumes), step_ms=60_000)


@pytest.mark.parametrize(
    ("volumes", "ratio"),
    [
        ((2, 4, 6, 8, 9), None),
        ((2, 4, 6, 8, 10, 9), 1.5),
        ((700, *[10] * 20, 25), 2.5),
        ((210, *[10] * 19, 40), 2.0),
    ],
    ids=["four minutes are too few", "five are enough", "21 minutes ago", "20 minutes ago"],
)
def test_the_usual_volume_is_the_mean_of_the_last_minutes(volumes, ratio) -> None:
    assert figure(minutes(*volumes), Kind.VOLUME_SPIKE) == ratio


def test_all_trades_of_a_minute_are_its_volume() -> None:
    measures = minutes(10, 10, 10, 10, 10, 10)
    trade(measures, AT + 5 * 60_000 + 59_999, size=20)
    assert figure(measures, Kind.VOLUME_SPIKE) == 3
    trade(measures, AT + 6 * 60_000, size=5)
    assert measures.minute_volume == 5
    assert measures.usual_volume() == 80 / 6


# --- time ---
@pytest.mark.parametrize(("back_ms", "forgotten"), [(5000, False), (5001, True)])
def test_a_clock_that_is_set_back_forgets_what_has_a_time(back_ms: int, forgotten: bool) -> None:
    measures = minutes(10, 10, 10, 10, 10, 10)
    trade(measures, AT + 5 * 60_000 - back_ms, 150, 4)
    assert (figure(measures, Kind.VOLUME_SPIKE) is None) is forgotten
    assert figure(measures, Kind.RISES) == (0 if forgotten else 50)
    assert measures.minute_volume == (4 if forgotten else 14)
    assert measures.at_ms == AT + 5 * 60_000 - (back_ms if forgotten else 0)
    assert (measures.last, measures.high, measures.counted) == (150, 150, 64)


@pytest.mark.parametrize(("mended", "extremes"), [((35, 45), (30, 45)), (None, (30, 40))])
def test_a_mended_second_loses_the_prices_from_before_a_restart(mended, extremes) -> None:
    """A second begins with its first millisecond, and ends before that of the next."""
    window = Window(SPAN_MS)
    for ms, price in ((-1, 30), (0, 60), (999, 50), (1000, 40)):
        window.add(AT + ms, price)
    window.mend(AT, mended, AT + 1000)
    assert (window.low, window.high) == extremes


def test_a_window_that_forgot_its_prices_makes_none_of_them_anew() -> None:
    window = Window(SPAN_MS)
    window.add_mendable(AT + 50_000, 90)
    window.clear()
    window.add_mendable(AT, 100)
    window.mend(AT, (101, 102), AT)
    assert (window.low, window.high) == (101, 102)
    window.mend(AT, None, AT)
    assert window.is_empty


def test_after_the_clock_was_set_back_a_correction_finds_no_minute_of_before() -> None:
    measures = minutes(10, 10)
    trade(measures, AT - 60_000, size=7)
    trade(measures, AT, size=8)
    measures.amend(amendment(bars=(bar(MINUTE, AT + 60_000, 99), bar(MINUTE, AT - 60_000, 6))))
    assert measures.state().minutes == (6,)
    assert measures.minute_volume == 8


@pytest.mark.parametrize(
    ("phase", "age_s"),
    [(Phase.OPEN, 2.5), (Phase.LIMIT, 2.5), (Phase.HALTED, 0), (Phase.CLOSED, 0)],
)
def test_a_tick_grows_old_only_where_ticks_are_expected(phase: Phase, age_s: float) -> None:
    measures = measured((100, 1))
    measures.status(Status("NVX", phase, "", AT + 400, 1))
    measures.look(AT + 2500)
    assert figure(measures, Kind.STALE) == age_s
    assert figure(measures, Kind.HALT) == (phase is Phase.HALTED)


def test_after_a_halt_ticks_are_expected_from_its_end_on() -> None:
    measures = measured((100, 1))
    measures.status(Status("NVX", Phase.HALTED, "", AT + 1000, 1))
    measures.status(Status("NVX", Phase.OPEN, "", AT + 60_000, 1))
    measures.look(AT + 61_500)
    assert figure(measures, Kind.STALE) == 1.5
    measures.look(AT)
    assert figure(measures, Kind.STALE) == 0


# --- corrections ---
def bar(level: int, start_ms: int, volume: int) -> AmendedBar:
    return AmendedBar(level, 1, start_ms, 100, 100, 100, 100, volume, 1)


def amendment(**changes: object) -> Amendment:
    """Return a correction to 110 ticks from 100 of a trade of 5, after which the volume is 5."""
    facts = {
        "symbol": "NVX", "kind": AmendmentKind.CORRECTED, "ts_event": AT, "ref": "1",
        "new_ref": "", "price_ticks": 110, "size": 5, "former_ticks": 100, "former_size": 5,
        "exchange_ms": AT, "last": 110, "high": 110, "low": 110, "volume": 5,
    }  # fmt: skip
    return Amendment(**(facts | changes))


@pytest.mark.parametrize(
    ("changes", "figures"),
    [
        ({}, (550, 5, 5)),
        ({"size": 8, "volume": 8}, (880, 8, 8)),
        ({"price_ticks": 0, "size": 0, "volume": 0}, (0, 0, 0)),
        ({"volume": 10}, (1050, 10, 10)),
        ({"volume": 6, "size": 1, "former_size": 1}, (610, 6, 6)),
        ({"volume": 0}, (0, 0, 0)),
        ({"previous_close": 110, "volume": 6}, (500, 5, 6)),
        ({"volume": None}, (500, 5, 5)),
    ],
    ids=[
        "another price",
        "another size",
        "cancelled",
        "counts since it was corrected",
        "a single share counts since then",
        "does not count any more",
        "of the day before",
        "of a day that nobody knows",
    ],
)
def test_a_correction_mends_what_the_vwap_is_made_of(changes, figures) -> None:
    measures = Measures(TICK)
    measures.reported(ReportedTrade("NVX", 100, 5, Side.BUY, AT, AT, bar=0, day=MOVES_VOLUME))
    measures.amend(amendment(**changes))
    assert (measures.turnover, measures.counted, measures.volume) == figures


def test_a_correction_of_a_minute_changes_that_minute_alone() -> None:
    measures = minutes(10, 20, 30)
    bars = (bar(MINUTE, AT + 60_000, 21), bar(MINUTE, AT + 120_000, 31), bar(1, AT, 99))
    measures.amend(amendment(bars=bars))
    assert measures.state().minutes == (10, 21)
    assert measures.minute_volume == 31


def test_after_half_an_hour_a_correction_still_finds_its_minute() -> None:
    measures = minutes(*[10] * 30)
    measures.amend(amendment(bars=(bar(MINUTE, AT + 27 * 60_000, 99),)))
    assert measures.state().minutes == (*[10] * 18, 99, 10)
    measures.amend(amendment(bars=(bar(MINUTE, AT + 8 * 60_000, 77),)))
    assert 77 not in measures.state().minutes


@pytest.mark.parametrize(
    ("day", "bar", "figures"),
    [
        (MOVES_LAST, 0, (130, 100, 100, 1000, 10, 10)),
        (MOVES_RANGE, 0, (100, 130, 100, 1000, 10, 10)),
        (MOVES_VOLUME, 0, (100, 100, 100, 1650, 15, 10)),
        (0, MOVES_VOLUME, (100, 100, 100, 1000, 10, 15)),
        (0, MOVES_RANGE, (100, 100, 100, 1000, 10, 10)),
    ],
)
def test_a_reported_trade_moves_what_its_conditions_allow(day, bar, figures) -> None:
    measures = measured((100, 10))
    measures.reported(ReportedTrade("NVX", 130, 5, Side.BUY, AT + 10, AT + 9, bar=bar, day=day))
    moved = (measures.last, measures.high, measures.low, measures.turnover, measures.counted)
    assert (*moved, measures.minute_volume) == figures
    assert (measures.tick_ms, measures.at_ms) == (AT + 10, AT + 9 if bar else AT)
    assert measures.windows[SPAN_MS].high == (130 if bar == MOVES_RANGE else 100)


# --- a restart ---
def test_of_an_instrument_without_trades_nothing_is_left() -> None:
    assert Measures(TICK).state() == MeasuresState(None, 0, 0, 0, -1, 0, (), ())


def left(**changes: object) -> Carryover:
    return replace(Carryover("NVX", AT + 900, 1, Phase.OPEN, last=110), **changes)


def test_what_was_measured_goes_on_in_another_life_of_the_market() -> None:
    first, second = measured((125, 4), (80, 7), (110, 4)), Measures(TICK)
    second.carry_over(left(high=125, low=80), first.state())
    for kind, expected in FIGURES.items():
        assert figure(second, kind) == expected
    assert second.state() == first.state()
    assert second.tick_ms == AT + 900


def test_after_a_restart_a_correction_finds_the_minutes_since_then_alone() -> None:
    measures = Measures(TICK)
    measures.carry_over(left(), minutes(10, 20, 30).state())
    for number in (3, 4):
        trade(measures, AT + number * 60_000, size=40)
    bars = (bar(MINUTE, AT + 60_000, 99), bar(MINUTE, AT + 3 * 60_000, 41))
    measures.amend(amendment(bars=bars))
    assert measures.state().minutes == (10, 20, 30, 41)


def test_the_vwap_of_another_day_does_not_go_on() -> None:
    measures = Measures(TICK)
    measures.carry_over(left(day=2), measured((125, 4)).state())
    assert (measures.turnover, measures.counted) == (0, 0)
    assert measures.minute_volume == 4


@pytest.mark.parametrize(
    ("start_ms", "volume", "before"),
    [(AT + 60_000, 9, (4,)), (AT, 9, ()), (AT - 60_000, 4, ())],
    ids=["of a later minute", "of the same one", "of an earlier one"],
)
def test_the_volume_of_the_present_minute_is_what_the_market_says(start_ms, volume, before) -> None:
    growing = [None] * len(SPANS)
    growing[MINUTE] = (start_ms, 110, 110, 110, 110, 9, 1)
    measures = Measures(TICK)
    measures.carry_over(left(growing=tuple(growing)), measured((125, 4)).state())
    assert measures.minute_volume == volume
    assert measures.state().minutes == before


# --- thresholds ---
@pytest.mark.parametrize(
    ("kind", "value", "thresholds"),
    [
        (Kind.ABOVE, "100", (10_001, 9_001)),
        (Kind.ABOVE, "100.004", (10_001, 9_001)),
        (Kind.CROSSES_UP, "99.995", (10_000, 9_000)),
        (Kind.BELOW, "100", (-9_999, -10_999)),
        (Kind.CROSSES_DOWN, "99.995", (-9_999, -10_999)),
        (Kind.NEAR_HIGH, "2", (-2.0, -2.2)),
        (Kind.NEAR_LOW, "2", (-2.0, -2.2)),
        (Kind.RISES, "5", (5.0, 4.5)),
        (Kind.VOLUME_SPIKE, "5", (5.0, 4.5)),
        (Kind.HALT, "0", (1, 1)),
    ],
)
def test_a_condition_holds_from_its_value_on_and_clears_a_tenth_below(
    kind: Kind, value: str, thresholds: tuple[float, float]
) -> None:
    condition = Condition(kind, Decimal(value))
    assert thresholds_of(condition, Decimal("0.1"), TICK) == thresholds


def test_only_those_are_concerned_whose_thresholds_a_figure_passed() -> None:
    measures, gauge = measured((100, 1)), Gauge(reader_of((Kind.ABOVE, 0)))
    for level in (104, 102, 106):
        gauge.add(level, Thresholds(level, level))
    assert sorted(gauge.update(measures, 1)) == [102, 104, 106], "the first figure concerns all"
    for price, passed in (
        (102, [102]),
        (103, []),
        (106, [104, 106]),
        (104, [106]),
        (101, [102, 104]),
    ):
        measures.last = price
        assert list(gauge.update(measures, 1)) == passed
    gauge.remove({104})
    measures.last = 110
    assert list(gauge.update(measures, 1)) == [102, 106]
    assert list(gauge.update(measures, 2)) == []
    assert gauge.changed_at == 1, "the figure is the same"
    measures.last = None
    assert list(gauge.update(measures, 3)) == [], "what nobody knows passes nothing"
    assert (gauge.before, gauge.changed_at) == (110, 3)


def test_a_crossing_holds_with_the_change_that_crossed_alone() -> None:
    measures = measured((100, 1))
    gauge = Gauge(reader_of((Kind.ABOVE, 0)))
    crossing, level = (Term(gauge, Thresholds(102, 101), is_crossing=on) for on in (True, False))
    found = []
    for stamp, price in enumerate((102, 101, 102, 103)):
        measures.last = price
        gauge.update(measures, stamp)
        found.append((crossing.holds(stamp), level.holds(stamp), level.has_cleared))
    assert found == [
        (False, True, False),
        (False, False, False),
        (True, True, False),
        (False, True, False),
    ]
    assert not crossing.holds(2)
    measures.last = 100
    gauge.update(measures, 9)
    assert level.has_cleared
