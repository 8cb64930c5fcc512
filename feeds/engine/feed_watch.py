"""Notices that a feed stalls, stops by itself, or loses its upstream too often.

Pure. Must not know who hears of it. It looks at the board once a second, so ticks cost nothing.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Set
from enum import StrEnum
from typing import Final, NamedTuple

from feeds.market.board import Board
from feeds.market.events import ACTIVE_PHASES, FeedState
from feeds.plan.plans import FeedKind, FeedPlan, is_in_hours

QUIET_TICKS: Final = 20
"""A feed has stalled if none comes in the time of so many on average: by chance once in e^20."""
LOSSES: Final = 5
LOSSES_WITHIN_S: Final = 300.0
"""The upstream is unsteady after so many losses within this time."""


class TroubleKind(StrEnum):
    """What can be wrong with a feed that should run."""

    STALLED = "stalled"
    STOPPED = "stopped"
    UNSTEADY = "unsteady"
    CRASHED = "crashed"
    SILENT = "silent"
    OVERLOADED = "overloaded"
    MEMORY = "memory"


class Trouble(NamedTuple):
    """What is wrong with a feed, in words; the feed is "" where all of them are meant."""

    feed: str
    kind: TroubleKind
    fact: str


class FeedWatch:
    """Compares the board with the plans; each trouble is news once, until it is over."""

    def __init__(self, *, stall_s: float) -> None:
        self._stall_s = stall_s
        self._ticks: dict[str, tuple[int, float]] = {}
        self._stopped: dict[str, float] = {}
        self._losses: deque[tuple[float, int]] = deque()
        self._known: set[tuple[str, TroubleKind]] = set()
        self._overloaded_s: float | None = None

    def look(
        self,
        plans: Iterable[FeedPlan],
        board: Board,
        now_s: float,
        *,
        stopped: Mapping[str, str],
        losses: int,
        is_overloaded: bool = False,
        now_ms: int | None = None,
    ) -> list[Trouble]:
        """Return the troubles that are new; `stopped` has the reasons of sources by feed.

        `losses` is how often the upstream was lost so far, `now_s` is monotonic. `is_overloaded`
        says that the market cannot keep its rate. `now_ms` is the wall time (UTC): outside the
        hours of its exchange an upstream has nothing to say.
        """
        running = {plan.feed: plan for plan in plans if plan.state is FeedState.RUNNING}
        over = {feed: stopped[feed] for feed in running if feed in stopped}
        present = self._stopped_long(over, now_s)
        silent = {
            plan.feed
            for plan in running.values()
            if plan.kind is FeedKind.UPSTREAM and now_ms is not None
            and not is_in_hours(plan, now_ms)
        }  # fmt: skip
        present += self._stalled(running, board, now_s, silent)
        present += self._unsteady(running.values(), losses, now_s)
        present += self._overloaded_long(now_s, is_overloaded=is_overloaded)
        known, self._known = self._known, {(trouble.feed, trouble.kind) for trouble in present}
        return [trouble for trouble in present if (trouble.feed, trouble.kind) not in known]

    def _stopped_long(self, stopped: Mapping[str, str], now_s: float) -> list[Trouble]:
        """Return the feeds that stopped a while ago: a connection may be back in a moment."""
        self._stopped = {feed: self._stopped.get(feed, now_s) for feed in stopped}
        return [
            Trouble(feed, TroubleKind.STOPPED, stopped[feed])
            for feed, since_s in self._stopped.items()
            if now_s - since_s >= self._stall_s
        ]

    def _overloaded_long(self, now_s: float, *, is_overloaded: bool) -> list[Trouble]:
        """Return an overload that lasts: other work may take the core for a moment."""
        since_s = now_s if self._overloaded_s is None else self._overloaded_s
        self._overloaded_s = since_s if is_overloaded else None
        if not is_overloaded or now_s - since_s < self._stall_s:
            return []
        return [Trouble("", TroubleKind.OVERLOADED, "it makes fewer ticks: lower the rates")]

    def _stalled(
        self, running: Mapping[str, FeedPlan], board: Board, now_s: float, silent: Set[str]
    ) -> list[Trouble]:
        ticks = dict.fromkeys(running, 0)
        trading: set[str] = set()
        for row in board.rows.values():
            if row.feed in ticks:
                ticks[row.feed] += row.ticks
                if row.phase in ACTIVE_PHASES:
                    trading.add(row.feed)
        self._ticks = {
            feed: self._since(feed, count, now_s, is_trading=feed in trading and feed not in silent)
            for feed, count in ticks.items()
        }
        return [
            Trouble(feed, TroubleKind.STALLED, f"no ticks for {now_s - since_s:.0f} s")
            for feed, (_, since_s) in self._ticks.items()
            if now_s - since_s >= max(self._stall_s, QUIET_TICKS / running[feed].rate)
        ]

    def _since(self, feed: str, count: int, now_s: float, *, is_trading: bool) -> tuple[int, float]:
        """Return the count of ticks, and since when it is the same although there is trading."""
        former = self._ticks.get(feed)
        is_same = is_trading and former is not None and former[0] == count
        return (count, former[1]) if is_same and former else (count, now_s)

    def _unsteady(self, running: Iterable[FeedPlan], losses: int, now_s: float) -> list[Trouble]:
        if self._losses and losses < self._losses[-1][1]:
            self._losses.clear()  # another connection counts from the start
        if not self._losses or self._losses[-1][1] != losses:
            self._losses.append((now_s, losses))
        # The newest count from before this time stays: the losses since then are counted from it.
        while len(self._losses) > 1 and self._losses[1][0] < now_s - LOSSES_WITHIN_S:
            self._losses.popleft()
        count = losses - self._losses[0][1]
        if count < LOSSES:
            return []
        fact = f"the upstream was lost {count} times within {LOSSES_WITHIN_S:.0f} s"
        upstream = [plan.feed for plan in running if plan.kind is FeedKind.UPSTREAM]
        return [Trouble(feed, TroubleKind.UNSTEADY, fact) for feed in upstream]
