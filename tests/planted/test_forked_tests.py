"""What is heard from a fork names the test that failed, or the test that does not end."""

import os

import pytest

from tests.planted.forked_tests import heard_from

TESTS = ["tests/a.py::test_a", "tests/a.py::test_b", "tests/a.py::test_c"]


@pytest.mark.parametrize(
    ("said", "ends", "test"),
    [
        (b"...", True, None),
        (b"..tests/a.py::test_b", True, TESTS[1]),
        (b"", True, None),
        (b"", False, None),
        (b".", False, TESTS[0]),
        (b"..", False, TESTS[1]),
    ],
)
def test_a_fork_is_heard_to_its_end_or_its_last_test(
    said: bytes, *, ends: bool, test: str | None
) -> None:
    reading, writing = os.pipe()
    os.write(writing, said)
    if ends:
        os.close(writing)
    assert heard_from(reading, TESTS, limit_s=5 if ends else 0) == test
    os.close(reading)
    if not ends:
        os.close(writing)
