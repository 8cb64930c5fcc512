"""The page of faults and attacks: what is not met is marked, and what is not run again stays."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.attacks.registry import Attack, OpenTarget, Outcome
from tests.attacks.running import run_at, tried
from tests.attacks.table import NOT_MEASURED, NOT_MET, Row, cell_of, page_of, read_rows
from tests.attacks.targets import nothing_yet
from tests.support.documents import document

MET, FAILED = Outcome("413", True), Outcome("200 | OK\nreally", False, "the body was read")


def attack_of(outcome: Outcome | Exception, name: str = "a large body") -> Attack:
    def run(_: object) -> Outcome:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return Attack(name, "bodies", "413", "goals", nothing_yet, run)


def test_what_is_met_is_shown_as_measured() -> None:
    assert cell_of(MET) == "413"


def test_what_is_not_met_is_marked_with_its_reason() -> None:
    assert cell_of(FAILED) == "200 / OK really; **not met**: the body was read"
    assert cell_of(Outcome("200", False)) == "200; **not met**"


def test_an_attack_that_fails_itself_is_not_met() -> None:
    outcome, is_broken = tried(attack_of(ConnectionResetError("by peer")), object())
    assert is_broken
    assert NOT_MET in cell_of(outcome)
    assert "ConnectionResetError: by peer" in cell_of(outcome)


def test_a_page_counts_what_is_met_and_what_is_not() -> None:
    rows = {"a large body": Row({"daphne": cell_of(MET), "uvicorn": cell_of(FAILED)}, "2026-01-02")}
    page = page_of([attack_of(MET), attack_of(MET, "another")], rows, "a machine")
    assert "2 attacks and faults on 2 servers: 1 met, 1 not met, 2 not measured." in page
    assert (
        "| a large body | 413 | 413 | 200 / OK really; **not met**: the body was read | goals |"
        " 2026-01-02 |" in page
    )
    assert page.count(f"| another | 413 | {NOT_MEASURED} | {NOT_MEASURED} | goals |  |") == 1


def test_what_is_not_measured_names_its_test() -> None:
    known = replace(attack_of(MET), test="tests/x.py")
    page = page_of([known], {}, "a machine")
    assert page.count(f"{NOT_MEASURED}; see `tests/x.py`") == 2
    assert "0 met, 0 not met, 2 not measured" in page
    assert page_of([known], read_rows(page), "a machine") == page


def test_a_row_that_is_not_measured_again_stays() -> None:
    rows = {"a large body": Row({"uvicorn": cell_of(FAILED)}, "2026-01-02")}
    page = page_of([attack_of(MET)], rows, "a machine")
    assert read_rows(page) == rows
    assert page_of([attack_of(MET)], read_rows(page), "a machine") == page


def run(open_target: OpenTarget, *attacks: Attack) -> dict[str, Outcome]:
    reported: dict[str, Outcome] = {}

    def report(attack: Attack, server: str, outcome: Outcome) -> None:
        reported[attack.name] = outcome

    end = run_at(open_target, deque(attacks), "daphne", report)
    return {**reported, "end": end}


def test_after_an_attack_that_broke_the_target_the_others_get_a_new_one() -> None:
    made: list[str] = []

    @contextmanager
    def open_target(server: str, folder: Path) -> Iterator[str]:
        made.append(server)
        yield server

    found = run(open_target, attack_of(OSError("gone"), "first"), attack_of(MET, "second"))
    assert made == ["daphne", "daphne"]
    assert {name: outcome.is_met for name, outcome in found.items()} == {
        "first": False, "second": True, "end": True,
    }  # fmt: skip


def test_a_target_that_does_not_begin_measures_nothing_and_says_why() -> None:
    @contextmanager
    def open_target(server: str, folder: Path) -> Iterator[str]:
        pytest.skip("nginx is not installed")
        yield server

    found = run(open_target, attack_of(MET))
    assert not any(outcome.is_met for outcome in found.values())
    assert "nginx is not installed" in found["a large body"].reason


def test_a_target_that_ends_badly_is_not_met() -> None:
    @contextmanager
    def open_target(server: str, folder: Path) -> Iterator[str]:
        yield server
        raise AssertionError("a traceback in the log")

    found = run(open_target, attack_of(MET))
    assert found["a large body"].is_met
    assert not found["end"].is_met
    assert "a traceback in the log" in found["end"].reason


def test_the_page_in_the_docs_was_made_by_the_command() -> None:
    """Every row has a figure or says that it has none, and nobody wrote the counts by hand."""
    page = document("faults.md")
    rows = read_rows(page)
    texts = [text for row in rows.values() for text in row.cells.values()]
    failed = sum(NOT_MET in text for text in texts)
    missing = 2 * len(rows) - len(texts)
    counts = f"{len(texts) - failed} met, {failed} not met, {missing} not measured."
    assert f"{len(rows)} attacks and faults on 2 servers: {counts}" in page
