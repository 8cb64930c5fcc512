"""Times as other people write them, as UTC milliseconds.

Pure. Must not know what happened then.
"""

import re
from calendar import monthrange, timegm
from typing import Final

_TIME: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:([Zz])|([+-])(\d\d):(\d\d))",
    re.ASCII,
)
_MILLISECONDS: Final = re.compile(r"\d{1,14}", re.ASCII)
"""Up to the year 5138."""
LIMITS: Final = (23, 59, 60)
"""Highest hour, minute and second; the second 60 is a leap second, told as the next one."""


def utc_ms_of(text: str) -> int:
    """Read RFC 3339 (`2026-01-31T14:30:00.25Z`, `…+01:00`); what is finer than ms is cut off.

    Raises:
        ValueError: it is no such time.
    """
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"time was {text[:40]!r}, expected as in 2026-01-31T14:30:00.250Z")
    year, month, day, *clock = (int(match[place]) for place in range(1, 7))
    is_day = 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]
    if not is_day or any(part > limit for part, limit in zip(clock, LIMITS, strict=True)):
        raise ValueError(f"time was {text[:40]!r}, which no calendar and no clock shows")
    seconds = timegm((year, month, day, *clock)) - _offset_s(match)
    return seconds * 1000 + int((match[7] or "0").ljust(3, "0")[:3])


def moment_of(text: str) -> int:
    """Read RFC 3339 or whole UTC milliseconds.

    Raises:
        ValueError: it is neither.
    """
    return int(text) if _MILLISECONDS.fullmatch(text) else utc_ms_of(text)


def _offset_s(match: re.Match[str]) -> int:
    if match[8]:
        return 0
    hours, minutes = int(match[10]), int(match[11])
    if hours > LIMITS[0] or minutes > LIMITS[1]:
        raise ValueError(f"offset was {match[9]}{match[10]}:{match[11]}")
    return (1 if match[9] == "+" else -1) * (hours * 3600 + minutes * 60)
