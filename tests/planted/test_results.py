"""Results are kept line by line, read again, and counted."""

from pathlib import Path

from tests.planted.copies import Outcome
from tests.planted.fault import Fault
from tests.planted.results import Result, Results, as_table, summary

PYTHON = Fault("feeds/a.py", 3, 10, 11, "boundary moved", "<", "<=")
SCRIPT = Fault("static/js/a.js", 5, 20, 21, "number changed", "1", "2")
FOUND = [
    Result(PYTHON, Outcome("noticed", "tests/feeds/test_a.py::test_b", 1.5)),
    Result(PYTHON._replace(line=4), Outcome("survived", "", 9.0)),
    Result(SCRIPT, Outcome("no test", "", 0.0)),
]


def test_a_later_run_knows_the_results_of_an_earlier_one(tmp_path: Path) -> None:
    file = tmp_path / "place" / "results.jsonl"
    for result in FOUND:
        Results(file).add(result)
    assert Results(file).known == {result.fault: result for result in FOUND}


def test_results_are_counted_by_language() -> None:
    assert summary(FOUND) == {"Python": {"noticed": 1, "survived": 1}, "scripts": {"no test": 1}}


def test_the_table_lists_what_nobody_noticed() -> None:
    assert as_table(FOUND).splitlines() == [
        "Python: 2 planted, 1 noticed, 1 survived (50 % noticed)",
        "scripts: 1 planted, 1 no test (0 % noticed)",
        "feeds/a.py:4      survived  boundary moved     < -> <=",
        "static/js/a.js:5  no test   number changed     1 -> 2",
    ]
