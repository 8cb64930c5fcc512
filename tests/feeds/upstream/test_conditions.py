"""What the conditions of a trade let it move, by the vendor's table."""

import pytest

from feeds.market.events import MOVES_ALL, MOVES_FIRST, MOVES_LAST, MOVES_RANGE, MOVES_VOLUME
from feeds.upstream.conditions import rule_of

FREE = (MOVES_ALL, MOVES_ALL)
VOLUME = (MOVES_VOLUME, MOVES_VOLUME)
OUT_OF_ORDER = (MOVES_VOLUME, MOVES_FIRST | MOVES_RANGE | MOVES_VOLUME)


@pytest.mark.parametrize(
    ("conditions", "tape", "rule"),
    [
        ((), "C", FREE),
        (("@",), "C", FREE),
        (("B",), "A", VOLUME),
        (("B",), "B", VOLUME),
        (("B",), "C", FREE),
        (("B",), "", FREE),
        (("G",), "A", FREE),
        (("G",), "B", FREE),
        (("G",), "C", OUT_OF_ORDER),
        (("@", "I"), "C", VOLUME),
        (("T",), "C", (MOVES_ALL, MOVES_VOLUME)),
        (("T", "Z"), "C", VOLUME),
        (("Q", "@"), "C", (0, 0)),
        (("9",), "C", (0, MOVES_LAST | MOVES_RANGE)),
        (("9", "Z"), "A", (0, MOVES_FIRST | MOVES_RANGE)),
        (("9", "I"), "A", (0, 0)),
    ],
)
def test_of_several_conditions_the_strictest_counts(
    conditions: tuple[str, ...], tape: str, rule: tuple[int, int]
) -> None:
    assert rule_of(conditions, tape) == rule
    assert rule_of(conditions[::-1], tape) == rule
