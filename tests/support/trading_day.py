"""A short trading day and a market on it, for the tests of sessions and engine."""

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

import msgspec

from feeds.market.bars import DAY_MS
from feeds.market.board import Board
from feeds.market.events import (
    Event,
    FeedState,
    FeedStatus,
    Phase,
    Quote,
    Side,
    Status,
    Tick,
    Trade,
)
from feeds.plan.plans import FeedPlan
from feeds.plan.price_bands import BandRules
from feeds.plan.schedules import PlainSchedule, Schedule, TradingDay
from feeds.sessions.session import FeedSession
from tests.support.market_script import definition

SECOND = 1_000
MINUTE = 60 * SECOND
FIRST = 1_790_000_000_000 // DAY_MS * DAY_MS
"""Midnight before the first day; a day pre-opens 10 minutes later."""
PRE_OPEN, AUCTION, OPEN, CLOSING, CLOSE, END = (
    FIRST + minutes * MINUTE for minutes in (10, 20, 22, 142, 147, 150)
)


@dataclass(frozen=True)
class ShortDays:
    """A trading day of two hours, every day."""

    def day(self, number: int) -> TradingDay:
        starts = tuple(at + number * DAY_MS for at in (PRE_OPEN, AUCTION, OPEN, CLOSING, CLOSE))
        return TradingDay(starts, END + number * DAY_MS)

    def early_closes(self, number: int) -> int:
        return 0

    def number_at(self, utc_ms: int) -> int:
        return max(0, (utc_ms - PRE_OPEN) // DAY_MS)


SCHEDULE = PlainSchedule(ShortDays())


def plan(*symbols: str, schedule: Schedule = SCHEDULE, **changes: object) -> FeedPlan:
    base = FeedPlan(
        feed="demo",
        name="Demo",
        state=FeedState.RUNNING,
        rate=200,
        seed=1,
        definitions=tuple(map(definition, symbols or ("NVX",))),
        schedule=schedule,
        bands=BandRules(doubled_after_open_ms=0, doubled_before_close_ms=0),
    )
    return msgspec.structs.replace(base, **changes)


def quote(bid: int, at_ms: int, symbol: str = "NVX") -> Quote:
    return Quote(symbol, bid, bid + 2, 100, 100, at_ms)


def trade(price: int, at_ms: int, symbol: str = "NVX", size: int = 100, side: str = "BUY") -> Trade:
    return Trade(symbol, price, size, Side(side), at_ms, at_ms)


class Session:
    """A feed's session, and everything that happened in it."""

    def __init__(self, at_ms: int, *symbols: str, **changes: object) -> None:
        self.plan = plan(*symbols, **changes)
        self.feed_session = FeedSession(self.plan, at_ms)
        self.board: dict[str, tuple[str, str]] = {}
        self._note(self.feed_session.follow(self.plan, at_ms).values())

    def become(self, at_ms: int, **changes: object) -> list[Event]:
        """Change the plan."""
        self.plan = msgspec.structs.replace(self.plan, **changes)
        return self._note(self.feed_session.follow(self.plan, at_ms).values())

    def go(self, until_ms: int, *ticks: Tick) -> list[Event]:
        """Let ticks come and time pass; return what happened, without the statuses of the feed."""
        events = self.feed_session.admit(ticks, until_ms + 1)
        return self._note(event for event in events if not isinstance(event, FeedStatus))

    def phase(self, symbol: str = "NVX") -> str:
        return self.board[symbol][0]

    def reason(self, symbol: str = "NVX") -> str:
        return self.board[symbol][1]

    def _note(self, events: Iterable[Event]) -> list[Event]:
        noted = list(events)
        for event in noted:
            if isinstance(event, Status):
                self.board[event.symbol] = (event.phase.value, event.reason)
        return noted


class WildSource:
    """Quotes and trades of a market that runs away; like the simulator it draws steps of 50 ms."""

    def __init__(self, seed: int, start_ms: int) -> None:
        self._random = Random(seed)
        self._next = start_ms // 50
        self._prices: dict[str, float] = {}

    def plan(self, plan: FeedPlan) -> None:
        """Begin every instrument at its reference."""
        self._prices = {
            definition.symbol: definition.reference_ticks for definition in plan.definitions
        }

    def draw(self, now_ms: int) -> list[Tick]:
        """Return the ticks of whole steps: a quote, and half of the time a trade at it."""
        ticks: list[Tick] = []
        for step in range(self._next, now_ms // 50):
            slump = self._random.choice((1, 1, 1, 0.96)) if step % 40 == 0 else 1
            for place, symbol in enumerate(self._prices):
                self._tick(symbol, step * 50 + place, slump, ticks)
        self._next = now_ms // 50
        return ticks

    def _tick(self, symbol: str, at_ms: int, slump: float, ticks: list[Tick]) -> None:
        self._prices[symbol] *= slump * self._random.lognormvariate(0.0005, 0.006)
        bid = max(1, int(self._prices[symbol]))
        ticks.append(Quote(symbol, bid, bid + 2, 1, 1, at_ms))
        if self._random.random() < 0.5:
            price = bid + 2 * self._random.randrange(2)
            ticks.append(Trade(symbol, price, 100, Side.BUY, at_ms, at_ms))


def fold(events: Iterable[Event]) -> Board:
    """Return the board after events, the first of which list the instruments."""
    board = Board()
    for sequence, event in enumerate(events, 1):
        board.apply(sequence, event)
    return board


def phases(events: Iterable[Event]) -> list[tuple[Phase, int]]:
    """Return the changes of phase, and when they happened."""
    return [(event.phase, event.ts_event) for event in events if isinstance(event, Status)]
