"""How much a server bears, and how servers compare: what the benchmark of delivery decides.

Pure: figures come as arguments.
"""

from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Final

OLDEST_MS: Final = 1000
"""A server bears a load if 99 of 100 updates are younger when a reader has them …"""
LEAST_DELIVERED: Final = 0.95
"""… and so much arrives of what its readers should get."""
HALVES: Final = 9
"""How often the rate is halved at most."""

Speeds = Mapping[str, float]


def bears(*, delivered: float, expected: float, p99_ms: float | None) -> bool:
    """Say whether readers got what they should, and soon enough; None is a server without ages."""
    is_young = p99_ms is None or p99_ms < OLDEST_MS
    return is_young and delivered >= LEAST_DELIVERED * expected


def expected_messages(*, rate: float, clients: int, symbols: int, instruments: int) -> float:
    """Return messages a second if each tick goes to everybody who reads its symbol."""
    return rate * clients * symbols / instruments


def smaller_loads(rate: float, halves: int = HALVES) -> list[float]:
    """Return a rate and its halves, the smallest first."""
    return [rate / 2**power for power in range(halves, -1, -1)]


def largest_load(loads: Sequence[float], is_borne: Callable[[float], bool]) -> float | None:
    """Return the largest load that is borne, None if none is.

    The loads ascend. The largest one is tried first, then halves of what is left, so that of ten
    at most five are tried.
    """
    if is_borne(loads[-1]):
        return loads[-1]
    low, high = -1, len(loads) - 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if is_borne(loads[middle]) else (low, middle)
    return loads[low] if low >= 0 else None


def ratios(rounds: Sequence[Speeds], standard: str) -> dict[str, float]:
    """Return each server's speed over that of the standard: the median of the rounds.

    A ratio is made within a round, so that other work on the machine hits both of its speeds.
    """
    found: dict[str, list[float]] = {}
    for speeds in rounds:
        for server, speed in speeds.items():
            found.setdefault(server, []).append(speed / speeds[standard])
    return {server: _rounded(median(each)) for server, each in found.items()}


def _rounded(ratio: float) -> float:
    """Keep two digits of a small ratio as well."""
    return round(ratio, 2) if ratio >= 0.1 else float(f"{ratio:.2g}")
