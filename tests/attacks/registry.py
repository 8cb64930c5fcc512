"""The attacks: each has a name, what is expected, where that is from, and a function that tries it.

A function is bounded in count and time. It gets the target that it is tried at, such as a running
server, and returns what it measured.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.attacks.targets import usual

LONGEST_S: Final = 900
"""No attack may take longer, unless it says so; all but the suites take less than two minutes."""
OpenTarget = Callable[[str, Path], AbstractContextManager[Any]]
"""Starts what is attacked, with a kind of server and in an empty folder; attacks get it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was measured, and whether that is what was expected; if not, perhaps why."""

    measured: str
    is_met: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Attack:
    """One row of the table."""

    name: str
    subject: str
    expected: str
    source: str
    open_target: OpenTarget
    run: Callable[[Any], Outcome]
    test: str = ""
    """Where the suite tries it in any case."""
    longest_s: int = LONGEST_S


ATTACKS: Final[dict[str, Attack]] = {}
Try = Callable[[Any], Outcome]


def attack(
    name: str,
    *,
    expected: str,
    source: str,
    at: OpenTarget = usual,
    test: str = "",
    longest_s: int = LONGEST_S,
) -> Callable[[Try], Try]:
    """Add a function to the attacks; its module is the subject."""

    def register(run: Try) -> Try:
        assert name not in ATTACKS, name
        subject = run.__module__.rpartition(".")[2].replace("_", " ")
        ATTACKS[name] = Attack(name, subject, expected, source, at, run, test, longest_s)
        return run

    return register
