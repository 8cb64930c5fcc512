"""An option of a command is refused outside its range, and the ends of the range are in it."""

import pytest
from django.core.management import CommandError

from feeds.management.ranges import refuse_out_of_range

RANGES = {"keep_days": (1, 30), "rate": (0.5, 1_000_000.0)}


@pytest.mark.parametrize("days", [None, 1, 30])
def test_a_value_in_its_range_passes(days: int | None) -> None:
    refuse_out_of_range({"keep_days": days, "rate": 0.5, "other": -1}, RANGES)


@pytest.mark.parametrize("days", [0, 31])
def test_a_value_outside_is_refused_with_the_option_and_its_range(days: int) -> None:
    with pytest.raises(CommandError, match=rf"\A--keep-days was {days}, expected 1 to 30\Z"):
        refuse_out_of_range({"keep_days": days, "rate": 1.0}, RANGES)


def test_every_option_is_looked_at() -> None:
    with pytest.raises(CommandError, match=r"\A--rate was 0.25, expected 0.5 to 1e\+06\Z"):
        refuse_out_of_range({"keep_days": None, "rate": 0.25}, RANGES)
