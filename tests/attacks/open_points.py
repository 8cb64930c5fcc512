"""What the plan expects and nothing measures, or the project does not have: with the reason."""

from tests.attacks.places import Ground, nothing_yet
from tests.attacks.registry import Outcome, attack


def open_point(name: str, *, expected: str, source: str, measured: str, reason: str) -> None:
    """Add a row that counts as not met in every run: to close it, write an attack instead."""

    def run(_: Ground) -> Outcome:
        return Outcome(measured, False, reason)

    attack(name, expected=expected, source=source, at=nothing_yet)(run)


open_point(
    "memory of the machine runs short",
    expected="depth, then rates, then new readers are given up before the process is killed",
    source="fault: memory pressure",
    measured="nothing is given up",
    reason="each connection and request is bounded, but nothing looks at the memory of the machine",
)
