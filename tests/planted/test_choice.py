"""Faults are chosen from everywhere, by a seed and not by looking."""

from tests.planted.choice import chosen
from tests.planted.fault import Fault

FAULTS = [
    Fault(f"{name}.py", line, line, line + 1, "number changed", "1", "2")
    for name, lines in (("a", 600), ("b", 300), ("c", 100))
    for line in range(lines)
]


def test_a_seed_chooses_the_same_faults_again_and_another_seed_others() -> None:
    assert chosen(FAULTS, 20, 7) == chosen(reversed(FAULTS), 20, 7)  # type: ignore[arg-type]
    assert set(chosen(FAULTS, 20, 7)) != set(chosen(FAULTS, 20, 8))


def test_every_file_has_its_share() -> None:
    names = [fault.path for fault in chosen(FAULTS, 100, 20261128)]
    assert [names.count(f"{name}.py") for name in "abc"] == [60, 30, 10]


def test_no_fault_is_chosen_twice_nor_more_than_there_are() -> None:
    assert len(set(chosen(FAULTS, 999, 1))) == 999
    assert sorted(chosen(FAULTS, 5000, 1)) == FAULTS
    assert chosen([], 5, 1) == []


def test_a_run_that_is_cut_short_is_not_of_the_first_files() -> None:
    assert {fault.path for fault in chosen(FAULTS, 100, 1)[:30]} == {"a.py", "b.py", "c.py"}
