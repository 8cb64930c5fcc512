"""How the delayed twin of a symbol or of a feed is named: `NVX~15` is `NVX`, 15 minutes late.

Pure. Must not know who sees what late; the delay lines of the engine hold events back.
"""

from typing import Final

MARK: Final = "~"


def delayed(key: str, minutes: int) -> str:
    """Return the key of the delayed twin of a symbol or feed; a delay of 0 is the original."""
    return f"{key}{MARK}{minutes}" if minutes else key


def shown(key: str) -> str:
    """Return the symbol or feed that people know a key by."""
    return key.partition(MARK)[0]


def delay_of(key: str) -> int:
    """Return by how many minutes a key's events are late."""
    return int(key.partition(MARK)[2] or 0)
