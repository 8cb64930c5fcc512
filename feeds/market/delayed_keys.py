"""Keys of delayed symbols and feeds: `NVX~15` is `NVX` with a delay of 15 minutes.

Pure. Must not know who gets delayed data, or how events are delayed.
"""

from typing import Final

MARK: Final = "~"
LONGEST_DELAY_MINUTES: Final = 60
"""Delayed ticks wait in memory, so the delay has a limit."""


def delayed(key: str, minutes: int) -> str:
    """Return the key of a symbol or feed with a delay; without a delay the key itself."""
    return f"{key}{MARK}{minutes}" if minutes else key


def shown(key: str) -> str:
    """Return the symbol or feed without the delay, as people see it."""
    return key.partition(MARK)[0]


def delay_of(key: str) -> int:
    """Return the delay of a key in minutes."""
    return int(key.partition(MARK)[2] or 0)
