"""One process's copy of the market, and the shared answers to "what changed after n?".

Pure. Must not know subscribers or sockets. Fed by hub, asked by outbox: every entry is encoded once
for all subscribers that stand at the same position.
"""

from typing import Any

from dashboard.wire.frames import (
    encode_entry,
    encode_feed,
    encode_gone,
    encode_instrument,
    encode_row,
    encode_status,
)
from feeds.board import Board
from feeds.events import Batch, Event, Position, Quote, Trade, symbol_of
from feeds.exceptions import PositionLost
from feeds.tape import Tape, TickCounts

STATUS_CAPACITY = 4096
"""Status entries that can be resumed from: halting 2,000 instruments and back fits."""
SHARED_ANSWERS = 256
"""Answers kept for readers at the same position; readers everywhere must not fill the memory."""


class BatchLost(Exception):
    """A batch does not follow the last one; begin again from a board."""


class Replica:
    """Board, tick counts and status tape of one epoch, as of `sequence`."""

    def __init__(self, epoch: str, board: Board, *, capacity: int) -> None:
        self.epoch = epoch
        self.board = board
        self.newest_ms: int | None = None
        self._counts = TickCounts(capacity, floor=board.sequence)
        self._statuses: Tape[str] = Tape(STATUS_CAPACITY, floor=board.sequence)
        self._entries: dict[str, dict[tuple[int, int], str]] = {}
        self._recent: dict[str, int] = dict.fromkeys([*board.gone, *board.rows], board.sequence)
        self._changed: dict[int, list[str]] = {}

    @property
    def sequence(self) -> int:
        """Return the sequence of the last event applied."""
        return self.board.sequence

    @property
    def status_sequence(self) -> int:
        """Return the sequence of the last status entry, or where this replica began."""
        return self._statuses.last

    def receive(self, batch: Batch) -> None:
        """Apply the next batch.

        Raises:
            BatchLost: it is of another epoch, or does not begin where the last one ended.
        """
        if batch.epoch != self.epoch or batch.first != self.sequence + 1:
            mine = f"{self.epoch}:{self.sequence}"
            raise BatchLost(f"batch begins at {batch.epoch}:{batch.first}, mine is {mine}")
        self._changed.clear()
        for sequence, event in enumerate(batch.events, batch.first):
            self._apply(sequence, event)

    def reaches(self, position: Position) -> bool:
        """Say whether everything after the position is still known, receipts included."""
        floor = self._counts.floor
        return position.epoch == self.epoch and floor <= position.sequence <= self.sequence

    def ticks_at(self, symbol: str, sequence: int) -> int:
        """Return how many ticks the symbol had had at `sequence`.

        Raises:
            PositionLost: the counts do not reach back that far.
        """
        return self.board.ticks(symbol) - self._counts.since(symbol, sequence)

    def changed_since(self, sequence: int) -> list[str]:
        """Return the symbols with news after `sequence`, newest first; shared, do not change."""
        known = self._changed.get(sequence)
        if known is None:
            _bound(self._changed)
            known = self._changed[sequence] = []
            for symbol in reversed(self._recent):
                if self._recent[symbol] <= sequence:
                    break
                known.append(symbol)
        return known

    def entry(self, symbol: str, *, since: int, ticks_seen: int) -> str:
        """Return the encoded changes of one symbol after `since`, when it had had those ticks."""
        shared = self._entries.setdefault(symbol, {})
        entry = shared.get((since, ticks_seen))
        if entry is None:
            _bound(shared)
            row = self.board.rows.get(symbol)
            ticks = self.board.ticks(symbol) - ticks_seen
            if row is None:
                entry = encode_gone(symbol, ticks=ticks)
            else:
                entry = encode_entry(symbol, row, since=since, ticks=ticks)
            shared[since, ticks_seen] = entry
        return entry

    def full_entry(self, symbol: str) -> str:
        """Return the encoded row, or that the instrument is gone."""
        row = self.board.rows.get(symbol)
        return encode_gone(symbol, ticks=0) if row is None else encode_row(symbol, row)

    def statuses_since(self, sequence: int) -> list[str]:
        """Return the status entries after `sequence`, in order.

        Raises:
            PositionLost: the status tape does not reach back that far.
        """
        if sequence > self.sequence:
            raise PositionLost(f"position was {sequence}, the last is {self.sequence}")
        return self._statuses.since(sequence)

    def all_statuses(self) -> list[str]:
        """Return the present status entry of every feed and instrument."""
        feeds = [encode_feed(status) for status in self.board.feeds.values()]
        return feeds + [encode_instrument(*item) for item in self.board.rows.items()]

    def _apply(self, sequence: int, event: Event) -> None:
        self.board.apply(sequence, event)
        symbol = symbol_of(event)
        if symbol is not None:
            self._entries.pop(symbol, None)
            self._recent.pop(symbol, None)
            self._recent[symbol] = sequence
        if isinstance(event, Quote | Trade):
            self.newest_ms = event.ts_event
            self._counts.append(sequence, event.symbol)
            return
        row = None if symbol is None else self.board.rows.get(symbol)
        self._statuses.append(sequence, encode_status(event, row))


def _bound(answers: dict[Any, Any]) -> None:
    if len(answers) >= SHARED_ANSWERS:
        answers.clear()
