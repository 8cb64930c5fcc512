"""Brings a checkpoint up to what was published after it, so that a crash takes nothing back.

Pure. Must not know where batches are kept. Boards, day fields and bars follow from the events.
Phases and the place of a replay are in the notes of the batches. A simulator goes on from its last
published quotes. What it had drawn after them is lost, and it draws other ticks instead.
"""

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from feeds.engine.checkpoint import (
    CarriedInstrument,
    Checkpoint,
    FeedCheckpoint,
    SourceState,
    checkpoint_of,
    unpack_note,
)
from feeds.market.board import Board
from feeds.market.delayed_keys import MARK
from feeds.market.events import (
    Batch,
    Delisting,
    Event,
    FeedRemoval,
    Listing,
    Quote,
    Trade,
    Withdrawal,
)
from feeds.market.instruments import Definition
from feeds.sessions.state import InstrumentState
from feeds.simulator.state import SimulatorState, state_without_prices


def following(left: Checkpoint, batches: Iterable[Batch]) -> Iterator[Batch]:
    """Yield the batches that continue a checkpoint, up to the first hole."""
    sequence = left.sequence
    for batch in batches:
        if batch.epoch != left.epoch or batch.first <= sequence:
            continue
        if batch.first != sequence + 1:
            return
        yield batch
        sequence = batch.last


class CatchUp:
    """The market of a checkpoint, and what became of it since."""

    def __init__(self, left: Checkpoint) -> None:
        self._left = left
        self._feeds = dict(left.feeds)
        self._rested_ms = dict(left.rested_ms)
        self._board = _board_of(left)
        self._newest_ms = 0
        self._quotes: dict[str, Quote] = {}
        self._days: dict[str, int | None] = {}
        self._traded_ms: dict[str, int] = {}
        # What the sessions of instruments do not know yet: last trades and quotes.
        self._last: dict[str, int] = {}
        self._in_force: dict[str, Quote] = {}

    def take(self, batch: Batch) -> None:
        """Take the next batch.

        Raises:
            InvalidCheckpoint: its note cannot be read.
            KeyError: an event is about a symbol that was never listed.
        """
        news = unpack_note(batch.note)
        for sequence, event in enumerate(batch.events, batch.first):
            self._board.apply(sequence, event)
            self._newest_ms = max(self._newest_ms, event.ts_event)
            self._follow(event)
        for feed, changed in news.items():
            self._take_news(feed, changed)

    def checkpoint(self, now_ms: int) -> Checkpoint:
        """Return the market as of the last batch; `now_ms` is later than that (UTC ms)."""
        feeds = {feed: self._brought_up(feed, left) for feed, left in self._feeds.items()}
        # An upstream's clock may be ahead of ours.
        saved_ms = max(self._left.saved_ms, min(self._newest_ms, now_ms))
        whole = checkpoint_of(feeds, self._board, saved_ms, epoch=self._left.epoch)
        return replace(whole, rested_ms=self._rested_ms)

    def _follow(self, event: Event) -> None:
        match event:
            # The delayed twins of instruments have no session and no simulator.
            case Quote(symbol=symbol) if MARK not in symbol:
                row = self._board.rows[symbol]
                self._quotes[symbol] = self._in_force[symbol] = event
                self._days[row.feed] = row.day
            case Trade(symbol=symbol) if MARK not in symbol:
                feed = self._board.rows[symbol].feed
                self._last[symbol] = event.price_ticks
                self._traded_ms[feed] = event.exchange_ms
            case Delisting(symbol=symbol) | Withdrawal(symbol=symbol):
                for known in (self._quotes, self._in_force, self._last):
                    known.pop(symbol, None)
            case FeedRemoval(feed=feed):
                self._feeds.pop(feed, None)

    def _take_news(self, feed: str, news: FeedCheckpoint) -> None:
        """Take what a batch says of a feed; only a simulated feed has a session."""
        self._rested_ms.pop(feed, None)  # what a batch says has the times of this market already
        if news.session is None:
            self._feeds[feed] = news
            return
        # These sessions are as of the end of the batch: they have what was noted.
        for symbol in news.session.instruments:
            self._last.pop(symbol, None)
            self._in_force.pop(symbol, None)
        former = self._feeds.get(feed)
        known = former.session.instruments if former and former.session else {}
        source = former.source if former and isinstance(former.source, SimulatorState) else None
        session = replace(news.session, instruments=known | news.session.instruments)
        self._feeds[feed] = FeedCheckpoint(news.state, source, session)

    def _brought_up(self, feed: str, left: FeedCheckpoint) -> FeedCheckpoint:
        if left.session is None:
            return left
        instruments = {
            symbol: self._traded(symbol, state)
            for symbol, state in left.session.instruments.items()
            if self._is_listed(symbol, feed)
        }
        session = replace(left.session, instruments=instruments)
        return FeedCheckpoint(left.state, self._source(feed, left.source), session)

    def _traded(self, symbol: str, state: InstrumentState) -> InstrumentState:
        """Return the session of an instrument with its last trade and the quote in force."""
        if symbol in self._last:
            state = replace(state, last=self._last[symbol])
        if (quote := self._in_force.get(symbol)) is None:
            return state
        auction = state.auction and replace(state.auction, quote=quote)
        return replace(state, has_quotes=True, is_waiting=False, auction=auction)

    def _source(self, feed: str, left: SourceState | None) -> SourceState | None:
        """Return the state of a simulator that goes on from the published quotes."""
        quotes = {
            symbol: quote for symbol, quote in self._quotes.items() if self._is_listed(symbol, feed)
        }
        if not quotes:
            return left
        at_ms = self._exchange_ms(feed, max(quote.ts_event for quote in quotes.values()), left)
        state = left if isinstance(left, SimulatorState) else state_without_prices(at_ms)
        quoted = {
            symbol: (quote.bid_ticks, quote.ask_ticks, quote.bid_size, quote.ask_size)
            for symbol, quote in quotes.items()
        }
        day, quoted = self._days.get(feed), state.quoted | quoted
        return replace(state, day=day, exchange_ms=at_ms, quoted=quoted)

    def _is_listed(self, symbol: str, feed: str) -> bool:
        row = self._board.rows.get(symbol)
        return row is not None and row.feed == feed

    def _exchange_ms(self, feed: str, at_ms: int, left: SourceState | None) -> int:
        """Return the exchange time of the last quote, as exactly as the events say it (UTC ms)."""
        status = self._board.feeds.get(feed)
        if status is not None:
            return status.exchange_at(at_ms)
        former_ms = left.exchange_ms if isinstance(left, SimulatorState) else at_ms
        return max(former_ms, self._traded_ms.get(feed, 0))


def _board_of(left: Checkpoint) -> Board:
    """Return a board with what a checkpoint has of its instruments."""
    board = Board()
    for symbol, carried in left.instruments.items():
        board.apply(left.sequence, _listing_of(symbol, carried))
        board.apply(left.sequence, carried.values)
    board.sequence = left.sequence
    return board


def _listing_of(symbol: str, carried: CarriedInstrument) -> Listing:
    """Return a listing with the tick size; the rest of a definition is that of its row."""
    definition = Definition(
        symbol=symbol, name=symbol, sector="", tick_size=carried.tick_size, reference_ticks=1
    )
    return Listing(carried.feed, definition, carried.values.ts_event)
