"""How places end after their attacks: each has a row."""

from typing import Any, Final

from tests.attacks.places import nothing_yet
from tests.attacks.registry import ATTACKS, Attack, Outcome, Place, attack

GOAL: Final = "it stops with exit 0, and there is no traceback in any log"


def add_ends() -> None:
    """Add a row for each place that the attacks are tried at."""
    for place in dict.fromkeys(known.place for known in ATTACKS.values()):
        if place is not nothing_yet:
            attack(_name_of(place), expected=GOAL, source="issue: no traceback", at=place)(_measure)


def end_of(place: Place) -> Attack | None:
    """Return the row of a place, if it has one."""
    return ATTACKS.get(_name_of(place))


def _name_of(place: Place) -> str:
    return f"end of the {getattr(place, '__name__', '').replace('_', ' ')} after its attacks"


def _measure(_: Any) -> Outcome:
    raise NotImplementedError("the end of a place is measured where it ends")
