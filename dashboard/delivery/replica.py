"""One process's copy of the market, and the shared answers to "what changed after n?".

Pure. Must not know subscribers or sockets. Every entry is encoded once for all readers that stand
at the same position, and every frame once for those of them that have the same view.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from copy import copy
from math import inf
from typing import Any, Final, Protocol
from weakref import WeakSet

from dashboard.delivery.bar_texts import BarTexts
from dashboard.delivery.market_view import MarketView, StatusText
from dashboard.delivery.news import SHARED_ANSWERS, Catalogue, News, Update
from dashboard.people.access import UNLIMITED, Access
from dashboard.wire.frames import (
    Fields,
    StatusEvent,
    TapedTrade,
    TradeText,
    encode_book,
    encode_correction,
    encode_entry,
    encode_feed,
    encode_gone,
    encode_instrument,
    encode_row,
    encode_status,
    encode_update_head,
)
from dashboard.wire.registry import RECENT_TRADES, Channel
from feeds.market.board import PHASE, Board, Row
from feeds.market.events import (
    NOTHING,
    Amendment,
    Batch,
    Carryover,
    Delisting,
    Event,
    FeedRemoval,
    FeedStatus,
    Listing,
    Position,
    PriceBand,
    Quote,
    Status,
    Tick,
    Trade,
    Withdrawal,
    symbol_of,
)
from feeds.market.tape import Tape, TickCounts

STATUS_CAPACITY: Final = 4096
"""Status entries that can be resumed from: halting 2,000 instruments and back fits."""
CORRECTION_CAPACITY: Final = 4096
"""Corrections of trades that can be resumed from: they are rare."""
TRADE_CAPACITY: Final = 16_384
"""Trades that can be resumed from: 30 s at 2,000 ticks/s, 5 minutes at 200."""
AHEAD_EVENTS: Final = 60_000
"""Events by which a reader may be ahead of this process: 2 s at 30,000 ticks/s.

Another process sent them, and they are on their way here. A position further ahead is not valid.
"""


class BatchLost(Exception):
    """A batch does not follow the last one, so the replica must begin again from a board."""


TICKS: Final = (Quote, Trade)
"""The classes of `Tick`, as a tuple: a union of classes is looked through far more slowly."""


class CountedReader(Protocol):
    """A reader whose receipts the replica counts, as long as its counts reach back to it."""

    def keep_counts(self, floor: float) -> None:
        """Note the ticks of each symbol at the reader's position if that is before the floor."""
        ...


class Replica:
    """Board, tick counts, bars, trades and status tape of one epoch, as of `sequence`.

    `ts` is when the last batch was received (UTC ms), which is the time of every frame of this
    position. While a fault silences the market, `stale_ms` is when it was last heard (UTC ms).
    `newest_ms` is the time of the newest tick (UTC ms), None before the first. `former` is the
    replica of the epoch before: readers that stand there still get the rest of its trades.
    """

    def __init__(
        self,
        epoch: str,
        board: Board,
        *,
        capacity: int,
        ts: int,
        recent: Sequence[Batch] = (),
    ) -> None:
        """Begin at a board; `recent` are the batches before it, for readers to resume from."""
        self.epoch = epoch
        self.board = board
        # A copy of the board's, because every reader compares it at every frame.
        self.sequence = board.sequence
        self.bars = BarTexts(board)
        self.ts = ts
        self.stale_ms: int | None = None
        self.newest_ms: int | None = None
        self.former: Replica | None = None
        events = _events_of_present_rows(recent)
        floor = events[0][0] - 1 if events else board.sequence
        self._counts = TickCounts(capacity, floor=floor)
        self._statuses: Tape[StatusText] = Tape(STATUS_CAPACITY, floor=floor)
        self._trades: Tape[TapedTrade] = Tape(TRADE_CAPACITY, floor=floor)
        self._corrections: Tape[TradeText] = Tape(CORRECTION_CAPACITY, floor=floor)
        self._recent: dict[str, int] = dict.fromkeys([*board.gone, *board.rows], floor)
        self.catalogue = Catalogue(self._recent)
        self._instruments: dict[str, str] = {}
        self.listed: dict[Access, frozenset[str] | None] = {}
        self._changes: dict[int, News] = {}
        self._updates: dict[tuple[MarketView, int, int], Update] = {}
        self._books: dict[str, str] = {}
        self._new_trades: dict[int, list[TapedTrade]] = {}
        # Weak, so that a reader that left need not be taken out.
        self._counted: WeakSet[CountedReader] = WeakSet()
        for sequence, event in events:
            self._note(sequence, event, self._row_after)

    @property
    def position(self) -> Position:
        """Return where this replica stands."""
        return Position(self.epoch, self.sequence)

    @property
    def ticks(self) -> Counter[str]:
        """Return how many ticks of each feed are in this epoch."""
        ticks: Counter[str] = Counter()
        for row in self.board.rows.values():
            ticks[row.feed] += row.ticks
        return ticks

    @property
    def status_sequence(self) -> int:
        """Return the sequence of the last status entry, or where this replica began."""
        return self._statuses.last

    @property
    def status_position(self) -> Position:
        """Return the position of the last status entry; status ignores the pace."""
        return Position(self.epoch, self._statuses.last)

    def receive(self, batch: Batch, *, ts: int) -> None:
        """Apply the next batch, received at `ts`; one without events is a sign of life.

        Raises:
            BatchLost: the batch is of another epoch, does not begin where the last one ended, or
                names an instrument that is not listed. A part of it may have been applied.
        """
        if batch.epoch != self.epoch or batch.first != self.sequence + 1:
            mine = f"{self.epoch}:{self.sequence}"
            raise BatchLost(f"batch begins at {batch.epoch}:{batch.first}, mine is {mine}")
        if not batch.events:
            return
        # Before the batch moves the floor: readers below it can still be counted now.
        self._keep_counts(self._counts.floor_after(self.sequence + len(batch.events)))
        self.ts = ts
        self._changes.clear()
        self._updates.clear()
        self._new_trades.clear()
        self._books.clear()
        self.bars.forget()
        apply, note, note_tick = self.board.apply, self._note, self._note_tick
        try:
            for sequence, event in enumerate(batch.events, batch.first):
                apply(sequence, event)
                if isinstance(event, TICKS):
                    note_tick(sequence, event)
                else:
                    note(sequence, event, self._present_row)
            self.sequence = self.board.sequence
        except KeyError as error:
            raise BatchLost(f"batch speaks of {error}, which is not listed") from None

    def visible_to(self, access: Access) -> frozenset[str] | None:
        """Return the keys of the known symbols that an access allows; None is all of them."""
        if access not in self.listed:
            _bound(self.listed)
            known = self.board.known()
            seen = frozenset(access.seen_of(known, self.board))
            self.listed[access] = None if len(seen) == len(known) else seen
        return self.listed[access]

    def awaits(self, position: Position) -> bool:
        """Say whether a position is a little ahead of this tape."""
        return position.sequence > self.sequence and self.has_or_awaits(position)

    def has_or_awaits(self, position: Position) -> bool:
        """Say whether a position is on this tape, or can be a little ahead of it."""
        is_near = position.sequence <= self.sequence + AHEAD_EVENTS
        return is_near and position.epoch == self.epoch != ""

    # --- ticker -----------------------------------------------------------------------------
    def reaches(self, position: Position) -> bool:
        """Say whether a reader at the position can resume, with exact receipts."""
        return self.has_or_awaits(position) and self.counts_since(position.sequence)

    def counts_since(self, sequence: int) -> bool:
        """Say whether the ticks after `sequence` can still be counted."""
        return sequence >= self._counts.floor

    def count_for(self, reader: CountedReader) -> None:
        """Let a reader know before the ticks after its position cannot be counted any more."""
        self._counted.add(reader)

    def follow(self, former: "Replica") -> None:
        """Take the place of another replica: its readers note their counts, and come here."""
        former._keep_counts(inf)
        self.former = former if former.epoch not in ("", self.epoch) else former.former
        former.former = None

    def ticks_at(self, symbol: str, sequence: int) -> int:
        """Return the tick count of a symbol as it was at `sequence`.

        Raises:
            PositionLost: the counts do not reach back that far.
        """
        return self.board.ticks(symbol) - self._counts.since(symbol, sequence)

    def changed_since(self, sequence: int, view: MarketView) -> Collection[str]:
        """Return the symbols of a view with news after `sequence`."""
        self.look_at(view)
        return self.news_since(sequence).among(view.wanted)

    def news_since(self, sequence: int) -> News:
        """Return what changed after a sequence; readers who stand there share it."""
        known = self._changes.get(sequence)
        if known is None:
            _bound(self._changes)
            symbols = self._walk_back_to(sequence)
            known = self._changes[sequence] = News(sequence, symbols, self, self._updates)
        return known

    def look_at(self, view: MarketView) -> None:
        """Bring a view up to date with what is listed."""
        # Every listing brings a new dict, so its identity shows whether the answer still holds.
        if view.listed is self.listed:
            return
        visible, view.listed = self.visible_to(view.access), self.listed
        wanted: Collection[str] | None = view.symbols
        if wanted is None:
            wanted = visible
        elif visible is not None:
            wanted = tuple(filter(visible.__contains__, wanted))
        view.want(wanted, self.catalogue.places)

    def update(self, view: MarketView, since: int, looked: int) -> Update:
        """Return the update that brings a reader from `since` to here; empty without news.

        `looked` is a later position up to which nothing in the view changed. Only what changed
        after it is encoded.

        Raises:
            PositionLost: the ticks after `looked` cannot be counted any more.
        """
        return self.news_since(looked).update(view, since)

    def counted_entry(self, symbol: str, *, since: int, fields: Fields) -> tuple[str, int]:
        """Return the encoded changes of a symbol after `since`, and their number of ticks.

        Raises:
            PositionLost: the ticks after `since` cannot be counted any more.
        """
        ticks = self._counts.since(symbol, since)
        return self.entry(symbol, since=since, fields=fields, ticks=ticks), ticks

    def head(self, since: int) -> str:
        """Return the beginning of an update of prices that covers what came after `since`."""
        return encode_update_head(Channel.TICKER, since=since, seq=self.sequence, ts=self.ts)

    def entry(self, symbol: str, *, since: int, fields: Fields, ticks: int) -> str:
        """Return the encoded changes of a symbol after `since`; they stand for `ticks` ticks."""
        row = self.board.rows.get(symbol)
        if row is None:
            return encode_gone(symbol, ticks=ticks)
        return encode_entry(symbol, row, since=since, fields=fields, ticks=ticks, ts=self.ts)

    def full_entry(self, symbol: str, fields: Fields) -> str:
        """Return the encoded row, or the entry that says that the instrument is gone."""
        row = self.board.rows.get(symbol)
        if row is None:
            return encode_gone(symbol, ticks=0)
        return encode_row(symbol, row, fields=fields, ts=self.ts)

    # --- depth ------------------------------------------------------------------------------
    def book(self, symbol: str) -> str:
        """Return the encoded book of a symbol, or the entry that says that it is gone.

        It is encoded when the first reader asks, and shared until the market moves.
        """
        text = self._books.get(symbol)
        if text is None:
            text = self._books[symbol] = encode_book(symbol, self.board.rows.get(symbol))
        return text

    def _keep_counts(self, floor: float) -> None:
        if floor > self._counts.floor:
            for reader in self._counted:
                reader.keep_counts(floor)

    def _walk_back_to(self, sequence: int) -> Iterable[str]:
        # `_recent` is ordered by the last change, so only changed symbols are visited.
        for symbol in reversed(self._recent):
            if self._recent[symbol] <= sequence:
                return
            yield symbol

    # --- trades -----------------------------------------------------------------------------
    @property
    def has_first_trade(self) -> bool:
        """Say whether no trade of this epoch has fallen off the tape, or was before it began."""
        return self._trades.floor == NOTHING

    def trades_since(self, sequence: int) -> list[TapedTrade]:
        """Return the trades after `sequence`, in order; shared, do not change.

        Raises:
            PositionLost: the tape of trades does not reach back that far.
        """
        known = self._new_trades.get(sequence)
        if known is None:
            known = self._trades.since(sequence)
            _bound(self._new_trades)
            self._new_trades[sequence] = known
        return known

    def recent_trades(
        self, symbols: Collection[str] | None, count: int = RECENT_TRADES
    ) -> list[TapedTrade]:
        """Return the newest trades of these symbols, by their keys (None is all), in order."""
        found: list[TapedTrade] = []
        for trade in self._trades.newest():
            if symbols is None or trade.symbol in symbols:
                found.append(trade)
                if len(found) == count:
                    break
        return found[::-1]

    def corrections_since(self, sequence: int) -> list[TradeText]:
        """Return the corrections of trades after `sequence`, in order.

        Raises:
            PositionLost: the tape of corrections does not reach back that far.
        """
        return self._corrections.since(sequence)

    def recent_corrections(self, symbols: Collection[str] | None, sequence: int) -> list[TradeText]:
        """Return the corrections of these symbols (None is all) after `sequence`, as known."""
        known = self._corrections.since(max(sequence, self._corrections.floor))
        return [each for each in known if symbols is None or each.symbol in symbols]

    # --- status -----------------------------------------------------------------------------
    def statuses_since(self, sequence: int, access: Access = UNLIMITED) -> list[str]:
        """Return the status entries after `sequence` that an access allows, in order.

        Raises:
            PositionLost: the status tape does not reach back that far.
        """
        entries = self._statuses.since(sequence)
        return [entry.text for entry in entries if entry.is_for(access)]

    def all_statuses(self, access: Access = UNLIMITED) -> list[str]:
        """Return the present status entry of every feed and instrument that an access allows."""
        known, rows, visible = self._instruments, self.board.rows, self.visible_to(access)
        if len(known) < len(rows):
            known |= {s: encode_instrument(s, row) for s, row in rows.items() if s not in known}
        feeds = [encode_feed(status) for status in access.feeds_of(self.board)]
        return feeds + [known[s] for s in rows if visible is None or s in visible]

    # --- events -----------------------------------------------------------------------------
    def _note(self, sequence: int, event: Event, row_of: Callable[[Event], Row | None]) -> None:
        """Put an event on the tapes; `row_of` finds its instrument's row after it."""
        if isinstance(event, TICKS):
            self._note_tick(sequence, event)
            return
        symbol = symbol_of(event)
        if symbol is not None:
            self._move_to_end(symbol, sequence)
        if isinstance(event, Amendment):
            row = self.board.rows[event.symbol]
            self._corrections.append(sequence, encode_correction(event, row, sequence=sequence))
        else:
            self._note_status(sequence, event, symbol, row_of(event))

    def _present_row(self, event: Event) -> Row | None:
        return self.board.rows.get(symbol_of(event) or "")

    def _row_after(self, event: Event) -> Row | None:
        """Return the row of an instrument as an entry of status shows it after an earlier event."""
        row = self._present_row(event)
        if row is None or not isinstance(event, Status):
            return row
        former = copy(row)
        former.values = [*row.values]
        former.values[PHASE], former.reason = event.phase, event.reason
        former.status_ts = event.ts_event
        return former

    def _move_to_end(self, symbol: str, sequence: int) -> None:
        # Taken out and put in again: a dict keeps the order of insertion, newest last.
        self._recent.pop(symbol, None)
        self._recent[symbol] = sequence

    def _note_tick(self, sequence: int, tick: Tick) -> None:
        # `_move_to_end` is written out: a call for each tick would cost more than what it does.
        symbol, recent = tick.symbol, self._recent
        self.newest_ms = tick.ts_event
        recent.pop(symbol, None)
        recent[symbol] = sequence
        self._counts.append(sequence, symbol)
        if isinstance(tick, Trade):
            self._trades.append(sequence, TapedTrade(tick, self.board.rows[symbol], sequence))

    def _note_status(
        self, sequence: int, event: StatusEvent, symbol: str | None, row: Row | None
    ) -> None:
        if isinstance(event, Listing | Delisting):
            # A new dict instead of `clear()`: views compare its identity.
            self.listed = {}
            self.catalogue.add(symbol or "")
        if isinstance(event, FeedStatus | FeedRemoval):
            text = StatusText(event.feed, encode_status(event, row))
        else:
            self._instruments.pop(symbol or "", None)
            feed = self.board.feed_of(symbol or "")
            text = StatusText(feed, encode_status(event, row))
        self._statuses.append(sequence, text)


def _events_of_present_rows(recent: Iterable[Batch]) -> list[tuple[int, Event]]:
    """Return the events since which no instrument came, left or changed, with their sequences."""
    # An entry shows the definition and the phase of its time; only the present ones are known.
    events: list[tuple[int, Event]] = []
    for batch in recent:
        for sequence, event in enumerate(batch.events, batch.first):
            if isinstance(event, Listing | Delisting | Withdrawal | Carryover | PriceBand):
                events.clear()
            else:
                events.append((sequence, event))
    return events


def _bound(answers: dict[Any, Any]) -> None:
    if len(answers) >= SHARED_ANSWERS:
        answers.clear()
