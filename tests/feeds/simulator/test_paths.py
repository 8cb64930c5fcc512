"""Random paths: how often they jump and how far, and how volatile they are."""

import numpy as np
import pytest

from feeds.simulator.paths import Moves, Paths

NAMES = [f"path {number}" for number in range(20)]
STEPS = np.arange(200, dtype=np.uint64)


def moves_of(*, jump_chance: float = 0.0, step_min: float = 1.0, shared: int = 0) -> Moves:
    paths = Paths(1, NAMES[:shared], NAMES[shared:], step_min=step_min, jump_chance=jump_chance)
    return paths.advance(STEPS)


def test_jumps_go_up_and_down_alike_by_six_hundredths_of_a_day() -> None:
    jumps = moves_of(jump_chance=1.0).jumps
    assert (jumps != 0).all()
    assert np.mean(jumps > 0) == pytest.approx(0.5, abs=0.03)
    assert np.abs(jumps).mean() == pytest.approx(0.06, rel=0.05)
    assert np.quantile(np.abs(jumps), 0.99) == pytest.approx(0.06 * 4.605, rel=0.1)


def test_jumps_are_as_frequent_as_their_chance() -> None:
    assert np.mean(moves_of(jump_chance=0.1).jumps != 0) == pytest.approx(0.1, abs=0.02)
    assert not moves_of().jumps.any()


@pytest.mark.parametrize("shared", [0, 20])
def test_volatility_is_1_in_the_mean_square_and_its_short_part_below(shared: int) -> None:
    """Steps of 30 days have independent volatilities, so 4,000 of them tell the mean."""
    moves = moves_of(step_min=30 * 390.0, shared=shared)
    logs, short = np.log(moves.volatilities), np.log(moves.short_volatility)
    sds = (0.25, 0.55, 0.5) if shared else (0.3, 0.55, 0.9)
    variances = [sd * sd for sd in sds]
    assert logs.mean() == pytest.approx(-sum(variances), abs=0.04)
    assert logs.var() == pytest.approx(sum(variances), rel=0.05)
    assert short.mean() == pytest.approx(-sum(variances[:2]), abs=0.03)
    assert short.var() == pytest.approx(sum(variances[:2]), rel=0.05)


def test_half_of_the_volatility_is_forgotten_in_two_minutes_half_an_hour_and_three_days() -> None:
    for place, step_min in enumerate((2.0, 30.0, 1170.0)):
        names = [f"path {number}" for number in range(1000)]
        paths = Paths(1, [], names, step_min=step_min, jump_chance=0.0)
        before = paths.logs[place]
        paths.advance(STEPS[:1])
        slope = (before * paths.logs[place]).mean() / (before * before).mean()
        assert slope == pytest.approx(0.5, abs=0.08)


def test_the_state_of_a_path_that_stays_is_carried_over_by_its_name() -> None:
    former = Paths(1, ["market"], ["NVX", "ORB"], step_min=1.0, jump_chance=0.0)
    former.advance(STEPS)
    later = Paths(1, ["market", "sector"], ["ORB", "NVX"], step_min=1.0, jump_chance=0.0)
    begun = later.logs.copy()
    later.carry_over(former, {"NVX"})
    assert later.logs[:, 0].tolist() == former.logs[:, 0].tolist()
    assert later.logs[:, 2].tolist() == former.logs[:, 2].tolist()
    assert later.logs[:, [1, 3]].tolist() == begun[:, [1, 3]].tolist()


def test_the_shock_of_a_night_has_unit_variance_and_is_another_every_night() -> None:
    paths = Paths(1, [], NAMES, step_min=1.0, jump_chance=0.0)
    shocks = np.array([paths.overnight_shocks(number) for number in range(300)])
    assert shocks.std() == pytest.approx(1, abs=0.05)
    assert len(np.unique(shocks)) == shocks.size
