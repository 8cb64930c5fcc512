"""How many examples Hypothesis tries: all of them, or a fifth in the fast tier."""

from typing import Final

import pytest
from hypothesis import settings

from tests.support import storage

FAST: Final = "not slow"
"""What `-m` says to run the fast tier."""

settings.register_profile("busy", deadline=None)  # a busy machine makes an example slow: no fault
settings.register_profile("fast", settings.get_profile("busy"), max_examples=20)


def load_profile(config: pytest.Config) -> None:
    """Load the profile of a run, before the tests are imported."""
    asked = config.getoption("--hypothesis-profile")
    settings.load_profile(asked or profile_for(config.getoption("markexpr"), storage.IS_SHARED))


def profile_for(marks: str, is_shared: bool) -> str:
    """Return the profile for what `-m` says.

    PostgreSQL and Redis run no other tier, so there the fast tests try all examples.
    """
    return "fast" if marks == FAST and not is_shared else "busy"


def examples(whole: int) -> int:
    """Return how many of a test's own number of examples the profile leaves."""
    return max(1, whole * settings().max_examples // 100)
