"""How targets end after their attacks: each has a row."""

from typing import Any, Final

from tests.attacks.registry import ATTACKS, Attack, OpenTarget, Outcome, attack
from tests.attacks.targets import nothing_yet

GOAL: Final = "it stops with exit 0, and there is no traceback in any log"


def add_ends() -> None:
    """Add a row for each target that the attacks are tried at."""
    for open_target in dict.fromkeys(known.open_target for known in ATTACKS.values()):
        if open_target is not nothing_yet:
            attack(
                _name_of(open_target), expected=GOAL, source="issue: no traceback", at=open_target
            )(_measure)


def end_of(open_target: OpenTarget) -> Attack | None:
    """Return the row of a target, if it has one."""
    return ATTACKS.get(_name_of(open_target))


def _name_of(open_target: OpenTarget) -> str:
    return f"end of the {getattr(open_target, '__name__', '').replace('_', ' ')} after its attacks"


def _measure(_: Any) -> Outcome:
    raise NotImplementedError("the end of a target is measured where it ends")
