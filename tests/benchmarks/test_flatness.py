"""What a soak calls flat: growth is found below the noise, and noise is no growth."""

from random import Random

import pytest

from tests.support.flatness import Limit, Sample, hourly_growth, judge

LIMIT = Limit(share=0.05, least=2)
MINUTE_S = 60.0


def samples(level: float, *, per_hour: float, noise: float, minutes: int = 45) -> list[Sample]:
    """Return a sample of each minute, from a line with noise around it."""
    draw = Random(1)
    return [
        (
            minute * MINUTE_S,
            level + per_hour * minute * MINUTE_S / 3600 + draw.uniform(-noise, noise),
        )
        for minute in range(minutes)
    ]


def test_the_growth_of_a_line_is_that_of_the_line() -> None:
    assert hourly_growth(samples(100, per_hour=6, noise=0)) == pytest.approx(6)
    assert hourly_growth(samples(100, per_hour=-6, noise=0)) == pytest.approx(-6)


@pytest.mark.parametrize("noise", [0, 3, 10])
def test_noise_is_flat(noise: float) -> None:
    assert judge(samples(300, per_hour=0, noise=noise), LIMIT).is_flat


@pytest.mark.parametrize("noise", [0, 3, 10])
def test_growth_is_found_below_noise(noise: float) -> None:
    assert not judge(samples(300, per_hour=30, noise=noise), LIMIT).is_flat


def test_what_shrinks_is_flat() -> None:
    assert judge(samples(300, per_hour=-100, noise=0), LIMIT).is_flat


def test_a_sample_that_stands_out_changes_nothing() -> None:
    steady = samples(300, per_hour=0, noise=0)
    at_s, level = steady[-1]
    assert judge([*steady[:-1], (at_s, 10 * level)], LIMIT).is_flat


def test_a_small_figure_may_grow_by_the_least() -> None:
    assert judge(samples(5, per_hour=1.9, noise=0), LIMIT).is_flat
    assert not judge(samples(5, per_hour=2.1, noise=0), LIMIT).is_flat


def test_a_judgement_shows_the_lowest_and_the_highest() -> None:
    judged = judge([(0, 3), (60, 9), (120, 5)], LIMIT)
    assert (judged.lowest, judged.level, judged.highest) == (3, 5, 9)
