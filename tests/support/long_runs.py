"""A test that hangs fails after ten minutes, but those that calculate and long runs get more time.

A hang shows where it waits, and the rest of the suite still runs (pytest-timeout).
"""

from typing import Final

import pytest

CALCULATES: Final = pytest.mark.timeout(3_600)
"""For what calculates for a minute or more: it cannot hang, and is slow on a busy machine."""
NUMBERS: Final = {
    "restarts": (2, "of each case (test_restart.py)"),
    "kills": (3, "of a process (test_alert_kills.py)"),
    "stops": (3, "stops of each server (test_stops.py)"),
}
"""How often a test does what it is about, by the name of its option: usually, and the help."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, and the time after which a test hangs."""
    for name, (usually, about) in NUMBERS.items():
        parser.addoption(f"--{name}", type=int, default=usually, help=about)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Lift the limit where a long run is asked for, before pytest-timeout reads it."""
    if any(config.getoption(name) > usually for name, (usually, _) in NUMBERS.items()):
        config.option.timeout = 0
