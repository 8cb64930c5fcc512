"""Checks that options of a command are within their ranges.

Must not know what the options mean.
"""

from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandError


def refuse_out_of_range(
    options: Mapping[str, Any], ranges: Mapping[str, tuple[float, float]]
) -> None:
    """Check that each option is in [low, high]; None, an option that was not given, passes.

    Raises:
        CommandError: an option is out of its range.
    """
    for name, (low, high) in ranges.items():
        value = options[name]
        if value is not None and not low <= value <= high:
            flag = name.replace("_", "-")
            raise CommandError(f"--{flag} was {value}, expected {low:g} to {high:g}")
