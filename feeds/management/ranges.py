"""Refuses options that are out of range, in words for the one who typed them.

Must not know what the options mean.
"""

from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandError


def refuse_out_of_range(
    options: Mapping[str, Any], ranges: Mapping[str, tuple[float, float]]
) -> None:
    """Let options in [low, high] pass; one that was not given is None, and passes.

    Raises:
        CommandError: an option is out of its range.
    """
    for name, (low, high) in ranges.items():
        value = options[name]
        if value is not None and not low <= value <= high:
            flag = name.replace("_", "-")
            raise CommandError(f"--{flag} was {value}, expected {low:g} to {high:g}")
