"""Says how real the market of a feed looks, from the days that the market's process stored.

Must not know pages or watch the tape. Every web process reads the same rows, so all say the same,
and a restart forgets nothing. Pages ask from threads of their own.
"""

from collections.abc import Callable, Mapping
from threading import Lock
from typing import Final, NamedTuple

import numpy as np

from feeds.realism.collector import TradeCollector
from feeds.realism.days import DayState
from feeds.realism.statistics import Finding
from feeds.selectors.realism import realism_days

DAYS_NEEDED: Final = 2
DAYS_MEANT: Final = 10
"""The bands fit this many days or more; with fewer a finding may be missed by chance."""


class Certificate(NamedTuple):
    """What was found on a number of whole days and symbols; nothing before DAYS_NEEDED days.

    `memory` is the autocorrelation of absolute returns by lag in minutes.
    """

    days: int
    symbols: int
    findings: tuple[Finding, ...]
    memory: tuple[float, ...]

    @property
    def is_met(self) -> bool:
        """Say whether all findings are as on real markets."""
        return all(finding.is_met for finding in self.findings)


class RealismMonitor:
    """Computes certificates; `read_days` returns the stored days of a feed."""

    def __init__(self, read_days: Callable[[str], Mapping[int, DayState]] = realism_days) -> None:
        self._read_days = read_days
        self._known: dict[str, tuple[tuple[int, ...], Certificate]] = {}
        self._lock = Lock()

    def certificate(self, feed: str) -> Certificate:
        """Return what the newest whole days of a feed say; computed once for the same days.

        Computing takes about a second of the thread that asks; other threads wait meanwhile.
        """
        watch = TradeCollector({})
        watch.restore(self._read_days(feed))
        with self._lock:
            days = tuple(watch.whole_days())
            if len(days) < DAYS_NEEDED:
                return Certificate(len(days), watch.symbols, (), ())
            known = self._known.get(feed)
            if known is None or known[0] != days:
                known = self._known[feed] = days, _examined(watch, len(days))
            return known[1]


def _examined(watch: TradeCollector, days: int) -> Certificate:
    with np.errstate(invalid="ignore", divide="ignore"):  # a market that stands still divides by 0
        market = watch.sample()
        memory = tuple(map(float, market.memory()))
        return Certificate(days, len(market.sectors), tuple(market.certificate()), memory)
