"""Says how real the market of a feed looks, from the days that the market's process stored.

Must not know pages or watch the tape. Every web process reads the same rows, so all say the same,
and a restart forgets nothing. Pages ask from threads of their own.
"""

from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any

import numpy as np

from feeds.realism.collector import TradeCollector
from feeds.realism.days import DayState
from feeds.realism.judging import Certificate, certificate_of
from feeds.selectors.realism import makes_its_ticks, realism_days


class RealismMonitor:
    """Computes certificates.

    `read_days` returns the stored days of a feed, `is_simulated` says whether it makes its ticks.
    """

    def __init__(
        self,
        read_days: Callable[[str], Mapping[int, DayState]] = realism_days,
        is_simulated: Callable[[str], bool] = makes_its_ticks,
    ) -> None:
        self._read_days = read_days
        self._is_simulated = is_simulated
        self._known: dict[str, tuple[Any, Certificate]] = {}
        self._lock = Lock()

    def certificate(self, feed: str) -> Certificate:
        """Return what the newest whole days of a feed say; computed once for the same days.

        Computing takes about two seconds of the thread that asks; other threads wait meanwhile.
        """
        is_simulated = self._is_simulated(feed)
        watch = TradeCollector({}, tells_hours=is_simulated)
        watch.restore(self._read_days(feed))
        # One thread computes; the others then find its result.
        with self._lock:
            # A market that goes on changes the facts of its newest day, and no whole day.
            key = is_simulated, watch.symbols, watch.whole_days(), watch.facts()
            known = self._known.get(feed)
            if known is None or known[0] != key:
                # A market that stands still divides by 0.
                with np.errstate(invalid="ignore", divide="ignore"):
                    found = certificate_of(watch, has_rate=is_simulated)
                known = self._known[feed] = key, found
            return known[1]
