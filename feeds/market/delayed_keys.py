"""Keys of delayed symbols and feeds: `NVX~15` is `NVX` with a delay of 15 minutes.

Pure. Must not know who gets delayed data, or how events are delayed.
"""

import re
from typing import Final

from feeds.market.symbols import LONGEST_SYMBOL, is_symbol

# No symbol has this character, and URLs need no escape for it (RFC 3986, 2.3).
MARK: Final = "~"
LONGEST_KEY: Final = LONGEST_SYMBOL + 5
_DELAY: Final = re.compile(r"[1-9][0-9]{0,3}")
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


def is_key(text: str) -> bool:
    """Say whether a text is a symbol, with or without a delay."""
    symbol, mark, delay = text.partition(MARK)
    return is_symbol(symbol) and (not mark or _DELAY.fullmatch(delay) is not None)
