"""Lives of a market without rows or clocks: an engine, and the board that everybody sees."""

from collections.abc import Iterable
from datetime import date

import msgspec

from feeds.engine.checkpoint import (
    NO_CHECKPOINT,
    Checkpoint,
    checkpoint_of,
    pack_checkpoint,
    unpack_checkpoint,
)
from feeds.engine.engine import Engine
from feeds.engine.sources import PlannedSource, SourceOpeners
from feeds.market.bars import INTERVALS, SPANS
from feeds.market.board import Board
from feeds.market.events import Batch, Event, FeedState, Quote, Trade
from feeds.market.packing import pack_batch, unpack_batch
from feeds.plan.calendars import EXCHANGES, Calendar
from feeds.plan.plans import FeedKind, FeedPlan
from feeds.plan.schedules import CompressedSchedule
from feeds.sessions.session import FeedSession
from feeds.simulator.demo_exchange import definitions
from feeds.simulator.simulator import STEP_MS, STRIDE, Simulator

NOW = 1_790_000_000_000
"""A Monday of 2026 at 14:13 UTC: the exchange of New York trades."""
STRIDE_MS = STRIDE * STEP_MS
NEW_YORK = Calendar(EXCHANGES["XNYS"], date(2026, 1, 5))
HOUR_MS = INTERVALS["1h"]


SIMULATORS: SourceOpeners = {FeedKind.SIMULATED: lambda plan: Simulator(plan.seed)}


class MarketLife:
    """One life of a market: its engine, and the board that everybody sees."""

    def __init__(
        self,
        left: Checkpoint = NO_CHECKPOINT,
        epoch: str = "e1",
        openers: SourceOpeners = SIMULATORS,
    ) -> None:
        self.engine = Engine(
            epoch=epoch,
            open_source=lambda _: PlannedSource(openers),
            left=left,
            board=lambda: self.board,
        )
        self.board = Board()
        self.events: list[Event] = []
        self.batches: list[Batch] = []

    def follow(self, plan: FeedPlan, now_ms: int) -> list[Event]:
        return self._take(self.engine.reconcile([plan], now_ms))

    def run(self, from_ms: int, until_ms: int, step_ms: int = STRIDE_MS) -> list[Event]:
        events: list[Event] = []
        for now_ms in range(from_ms, until_ms + 1, step_ms):
            events += self._take(self.engine.step(now_ms))
        return events

    def end(self, now_ms: int, **changes: object) -> Checkpoint:
        """Return what is left, read back from the bytes that are stored."""
        left = checkpoint_of(self.engine.state(), self.board, now_ms, epoch=self.engine.epoch)
        content = pack_checkpoint(left)
        return msgspec.structs.replace(unpack_checkpoint(content), **changes)

    def _take(self, batch: Batch) -> list[Event]:
        if batch.events:
            self.batches.append(unpack_batch(pack_batch(batch)))
        for sequence, event in enumerate(batch.events, batch.first):
            self.board.apply(sequence, event)
        self.events += batch.events
        return list(batch.events)


def plan(count: int = 6, **changes: object) -> FeedPlan:
    base = FeedPlan(
        feed="demo", name="Demo", state=FeedState.RUNNING, rate=200.0, seed=1,
        definitions=tuple(definitions(count)),
    )  # fmt: skip
    return msgspec.structs.replace(base, **changes)


def shown(board: Board) -> dict[str, object]:
    """Return all that a reader sees of each instrument, with its live bars."""
    return {
        symbol: (row.values, row.day, row.reason, row.bids, row.asks, live_bars(board, symbol))
        for symbol, row in board.rows.items()
    }


def live_bars(board: Board, symbol: str) -> list[object]:
    bars = board.bars.symbols.get(symbol)
    return [] if bars is None else [bars.live(level) for level in range(len(SPANS))]


def ticks(events: Iterable[Event]) -> list[Event]:
    return [event for event in events if isinstance(event, Quote | Trade)]


def run_life(wanted: FeedPlan, lasts_ms: int, now_ms: int = NOW) -> tuple[MarketLife, int]:
    """Return a life of so many ms, and when it ended, at the end of a stride."""
    life, begin_ms = MarketLife(), now_ms // STRIDE_MS * STRIDE_MS
    life.follow(wanted, begin_ms)
    end_ms = begin_ms + lasts_ms // STRIDE_MS * STRIDE_MS
    life.run(begin_ms, end_ms)
    return life, end_ms


def compressed(anchor_ms: int) -> CompressedSchedule:
    return CompressedSchedule(NEW_YORK, anchor_ms, 30 * 60_000)


def session_of(life: MarketLife) -> FeedSession:
    session = life.engine._sessions["demo"]
    assert isinstance(session, FeedSession)
    return session
