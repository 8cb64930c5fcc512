"""What each fact measures, and where its band ends."""

from types import SimpleNamespace

import numpy as np
import pytest

from feeds.realism import statistics
from feeds.realism.statistics import FACTS

NAN = float("nan")
MEASURES = {fact.number: fact.measure for fact in FACTS}


def found(number: int, **market: object) -> tuple[tuple[float, ...], bool]:
    """Return what a fact measures of a market, and whether it is in the band."""
    values, is_in = MEASURES[number](SimpleNamespace(**market))  # type: ignore[arg-type]
    return values, bool(is_in)


def replaced(monkeypatch: pytest.MonkeyPatch, **functions: object) -> None:
    """Replace estimators, so that a fact measures what a test wants."""
    for name, function in functions.items():
        monkeypatch.setattr(statistics, name, function)


@pytest.mark.parametrize(
    ("first", "others", "mean", "is_in"),
    [
        (0.05, [0.05, 0.0, -0.01], 0.02, True),
        (0.051, [0.0, 0.02, 0.04], 0.02, False),
        (-0.15, [0.0] * 3, 0.0, True),
        (-0.151, [0.0] * 3, 0.0, False),
        (0.0, [0.03] * 3, 0.03, False),
        (0.0, [-0.031] * 3, 0.031, False),
        (0.0, [0.029] * 3, 0.029, True),
    ],
)
def test_returns_have_no_memory(monkeypatch, first, others, mean, is_in) -> None:
    def memory(values: str, lags: int) -> np.ndarray:
        assert (values, lags) == ("returns", 10)
        return np.array([[first, 9.0, -9.0]] + [[other, 9.0, -9.0] for other in others])

    replaced(monkeypatch, autocorrelation=memory)
    assert found(1, returns="returns") == (pytest.approx((mean, first)), is_in)


@pytest.mark.parametrize(
    ("excess", "hill", "is_in"),
    [
        (3.1, 2.5, True), (3.1, 5.0, True), (3.0, 4.0, False), (3.1, 2.4, False),
        (3.1, 5.1, False),
    ],
)  # fmt: skip
def test_tails_are_fat(monkeypatch, excess, hill, is_in) -> None:
    replaced(monkeypatch, kurtosis={"r": excess}.get, tail_index={"r": hill}.get)
    assert found(2, returns="r") == ((excess, hill), is_in)


@pytest.mark.parametrize(
    ("values", "is_in"),
    [
        ((0.8, 0.1, 0.7), True),
        ((0.8, 0.9, 0.7), True),
        ((0.7, 0.1, 0.6), False),
        ((0.8, 0.1, 0.8), False),
        ((0.8, 0.1, 0.9), False),
    ],
)
def test_tails_get_lighter_over_longer_times(monkeypatch, values, is_in) -> None:
    """The returns of 1, 5 and 30 minutes over the volatility of the day: here it is 2."""
    replaced(monkeypatch, quantile_kurtosis=dict(zip((0.5, 2.5, 15), values, strict=True)).get)
    market = {"returns_over": float, "volatility_over": {77: 2}.get, "minutes": 77}
    assert found(3, **market) == (values, is_in)


@pytest.mark.parametrize(
    ("soon", "later", "is_in"),
    [
        ([0.11] * 5, [0.06] * 10, True),
        ([0.5, 0, 0, 0, 0], [0.06] * 10, False),
        ([0, 0, 0, 0, 0.51], [0, 0.51] + [0.0] * 8, True),
        ([0.11] * 5, [0.5] + [0.0] * 9, False),
        ([0.11] * 5, [0.0] * 9 + [0.51], True),
    ],
)
def test_volatility_clusters(monkeypatch, soon, later, is_in) -> None:
    memory = np.array([*soon, *later, *[9.0] * 45])
    replaced(monkeypatch, memory_of={"market": memory}.get)
    values, is_found_in = MEASURES[4]("market")  # type: ignore[arg-type]
    assert (values, bool(is_found_in)) == (pytest.approx((sum(soon) / 5, sum(later) / 10)), is_in)


def power_law(power: float, scale: float = 1.0) -> np.ndarray:
    return scale * np.arange(1.0, 61.0) ** -power


@pytest.mark.parametrize(
    ("memory", "power", "is_in"),
    [
        (power_law(0.16), 0.16, True),
        (power_law(0.14), 0.14, False),
        (power_law(0.49), 0.49, True),
        (power_law(0.51), 0.51, False),
        (power_law(0.3, 0.05), 0.3, False),
        (power_law(0.3, 0.1), 0.3, True),
    ],
)
def test_volatility_has_a_long_memory(monkeypatch, memory, power, is_in) -> None:
    replaced(monkeypatch, memory_of=lambda market: memory)
    last = sum(memory[50:].tolist()) / 10
    assert found(5) == (pytest.approx((last, power)), is_in)


def test_lags_without_memory_are_not_on_the_line_of_a_power_law(monkeypatch) -> None:
    memory = power_law(0.3)
    memory[[4, 30]] = 0.0, -1.0
    replaced(monkeypatch, memory_of=lambda market: memory)
    assert found(5)[0][1] == pytest.approx(0.3)
    lone = np.full(60, -1.0)
    lone[0] = 1.0
    replaced(monkeypatch, memory_of=lambda market: lone)
    assert found(5) == (pytest.approx((-1, NAN), nan_ok=True), False)
    lone[3] = 4**-0.2
    assert found(5)[0] == pytest.approx((-1, 0.2))


def test_the_memory_of_volatility_is_that_of_sizes_as_median_of_symbols() -> None:
    up_and_down = [[1.0, 2.0, 2.0], [-3.0, 2.0, -2.0]] * 40
    memory = statistics.memory_of(SimpleNamespace(returns=np.array([up_and_down])))
    assert memory.shape == (60,)
    assert memory[:3] == pytest.approx([0.0, 0.0, 0.0])
    alternating = np.array([up_and_down])[:, :, :1]
    memory = statistics.memory_of(SimpleNamespace(returns=alternating))
    assert memory[[0, 1, 58, 59]] == pytest.approx([-1, 1, -1, 1])


@pytest.mark.parametrize(
    ("excess", "share", "whole", "is_in"),
    [
        (0.1, 0.74, 1.1, True),
        (0.0, 0.74, 1.1, False),
        (0.1, 0.75, 1.1, False),
        (0.1, 0.74, 1.0, False),
    ],
)
def test_volatility_does_not_explain_all_tails(monkeypatch, excess, share, whole, is_in) -> None:
    tails = {"r": (excess, share)}
    replaced(monkeypatch, conditional_tails=tails.get, kurtosis={"r": whole}.get)
    assert found(6, returns="r") == ((excess, share), is_in)


@pytest.mark.parametrize(("times", "is_in"), [(2.5, False), (2.6, True)])
def test_extremes_come_together(monkeypatch, times, is_in) -> None:
    pairs = lambda values, window: {("r", 30): times}[values, window]
    replaced(monkeypatch, clustering_of_extremes=pairs)
    assert found(7, returns="r") == ((times,), is_in)


@pytest.mark.parametrize(("correlation", "is_in"), [(0.25, False), (0.26, True)])
def test_volume_goes_with_volatility(monkeypatch, correlation, is_in) -> None:
    """Volume is that over the usual one of its time of day, in half hours."""
    ranked = lambda first, second: {((3.0, 30), "v30"): correlation}[first, second]
    replaced(monkeypatch, rank_correlation=ranked)
    market = {
        "volumes": 12.0, "usual": {12.0: 4.0}.get, "volatility_over": "v{}".format,
        "sums_over": lambda values, minutes: (values, minutes),
    }  # fmt: skip
    assert found(8, **market) == ((correlation,), is_in)


@pytest.mark.parametrize(
    ("ends", "midday", "is_in"),
    [(9, 5, True), (8, 5, False), (4, 1, True), (41, 10, False)],
)
def test_a_day_is_busy_at_both_ends(ends, midday, is_in) -> None:
    """Half an hour at each end, and an hour in the middle; the median of symbols."""
    volumes = np.full(240, 1000.0)
    volumes[:30], volumes[210:], volumes[90:150] = 2 * ends, 0, midday
    day = np.stack([volumes, 0 * volumes + 1, np.where(volumes == midday, 1, 1e6)], axis=1)
    two = np.stack([0.5 * day, 1.5 * day])
    value = ends / midday
    assert found(9, volumes=two) == ((value,), is_in)


@pytest.mark.parametrize(
    ("within", "across", "is_in"),
    [
        (0.3, 0.2, True), (0.25, 0.1, False), (0.2, 0.16, False), (0.1, 0.2, False),
        (0.17, 0.11, True), (NAN, 0.2, False), (0.3, NAN, False),
    ],
)  # fmt: skip
def test_sectors_move_together(within, across, is_in) -> None:
    values, is_found_in = found(10, correlation=(within, across))
    assert (values, is_found_in) == (pytest.approx((within, across), nan_ok=True), is_in)


@pytest.mark.parametrize(
    ("short", "minute", "overlapping", "is_in"),
    [
        (0.1, 0.2, 0.4, True),
        (0.2, 0.2, 0.4, False),
        (0.1, 2.2, 2.0, True),
        (0.1, 2.21, 2.0, False),
        (0.4, 0.5, 0.5, False),
        (0.399, 0.5, 0.5, True),
        (0.05, 0.1, 0.1, False),
        (0.05, 0.1, 0.11, True),
    ],
)
def test_correlation_falls_with_the_interval(short, minute, overlapping, is_in) -> None:
    """The means of what is within sectors and across."""
    pairs = {1: (short / 2, 3 * short / 2), 12: (minute, minute)}
    market = {"correlation_at": pairs.get, "correlation": (overlapping / 2, 3 * overlapping / 2)}
    assert found(11, **market) == (pytest.approx((short, minute, overlapping)), is_in)


@pytest.mark.parametrize(("share", "is_in"), [(0.3, False), (0.31, True)])
def test_trades_set_off_trades(monkeypatch, share, is_in) -> None:
    ratio = lambda counts, usual: {((8, 30), (4, 30)): share}[counts, usual]
    replaced(monkeypatch, branching_ratio=ratio)
    market = {
        "trades": 8, "usual": {8: 4}.get, "sums_over": lambda values, minutes: (values, minutes),
    }  # fmt: skip
    assert found(12, **market) == ((share,), is_in)


def test_facts_have_numbers_in_order() -> None:
    assert [fact.number for fact in FACTS] == list(range(1, 13))
