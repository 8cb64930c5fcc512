"""What a server bears is found in few tries, and ratios stay within their round."""

import pytest

from tests.benchmarks.loads import (
    bears,
    expected_messages,
    largest_load,
    ratios,
    smaller_loads,
)


@pytest.mark.parametrize(
    ("delivered", "p99_ms", "is_borne"),
    [
        (100, 999, True),
        (95, 10, True),
        (94, 10, False),
        (100, 1000, False),
        (100, None, True),
        (0, None, False),
    ],
)
def test_a_load_is_borne_if_enough_arrives_soon_enough(
    delivered: float, p99_ms: float | None, is_borne: bool
) -> None:
    assert bears(delivered=delivered, expected=100, p99_ms=p99_ms) == is_borne


def test_each_tick_is_expected_by_everybody_who_reads_its_symbol() -> None:
    assert expected_messages(rate=2000, clients=1000, symbols=20, instruments=500) == 80_000


def test_smaller_loads_are_halves() -> None:
    assert smaller_loads(2000, 3) == [250, 500, 1000, 2000]


@pytest.mark.parametrize("limit", [0, 1, 2, 3, 4, 5, 9, 100, 1023, 1024, 5000])
def test_the_largest_load_is_found_in_five_tries(limit: float) -> None:
    loads, tried = smaller_loads(1024), []

    def is_borne(load: float) -> bool:
        tried.append(load)
        return load <= limit

    expected = max((load for load in loads if load <= limit), default=None)
    assert largest_load(loads, is_borne) == expected
    assert tried[0] == 1024
    assert len(tried) <= 5
    assert len(set(tried)) == len(tried)


def test_a_ratio_is_made_within_its_round() -> None:
    """The machine was half as fast in the second round, and stood still in the third."""
    rounds = [{"node": 100, "a": 40}, {"node": 50, "a": 20}, {"node": 100, "a": 1}]
    assert ratios(rounds, "node") == {"node": 1, "a": 0.4}


def test_a_small_ratio_keeps_two_digits() -> None:
    assert ratios([{"node": 100_000, "a": 523}], "node")["a"] == 0.0052
