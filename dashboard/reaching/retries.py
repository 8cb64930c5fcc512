"""When a dispatch that failed is tried again, and when that is given up.

Pure: chance is an argument.
"""

from typing import Final

ATTEMPTS: Final = 12
FIRST_WAIT_S: Final = 5.0
LONGEST_WAIT_S: Final = 3600.0


def wait_s(attempt: int, *, asked_s: float, chance: float) -> float | None:
    """Return how long to wait after the attempt with this number (from 1); None is to give up.

    Each wait is twice as long as the one before, up to an hour, and shortened by up to half of it
    (`chance` is 0 to 1): what failed together does not come back together. Twelve attempts take
    about two hours. The receiver may ask for a longer wait with `asked_s`, up to an hour.
    """
    if attempt >= ATTEMPTS:
        return None
    doubled = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** (attempt - 1))
    return max(doubled * (1 - chance / 2), min(asked_s, LONGEST_WAIT_S))
