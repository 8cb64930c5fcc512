"""One instrument within the trading session: its phase, and which of its ticks may happen.

Pure. Must not know the day, the feed or when phases change.
"""

from math import inf
from typing import Final

from feeds.market.events import Phase, Quote, Trade
from feeds.market.instruments import Definition
from feeds.plan.price_bands import NO_BAND, Band, BandRules, ReferencePrice
from feeds.sessions.auctions import Auction, AuctionKind
from feeds.sessions.state import AuctionState, InstrumentState

SHUT: Final = Band(1, 0)
"""An empty band: no price is inside, so that every trade takes the slow path."""
_QUIET: Final = {Phase.HALTED, Phase.CLOSED}
_PASSING: Final = {Phase.PRE_OPEN, Phase.OPEN}
"""Phases in which every quote may happen without a closer look."""


class TradedInstrument:
    """Admit the ticks that the phase of an instrument allows.

    After a halt or a night trades wait for a new quote, because the old quote is no longer valid.

    `is_passing`, `low`, `high` and `roll_ms` hold the answer for the usual tick, ready to compare.
    The session's hot loop reads them instead of calling a method for every tick.
    """

    __slots__ = (
        "_announced", "_has_quotes", "_is_waiting", "_part", "_reference", "auction", "band",
        "close", "count", "deadline_ms", "definition", "high", "hold", "is_passing", "is_up",
        "last", "low", "number", "phase", "reason", "roll_ms", "rules", "total",
    )  # fmt: skip

    def __init__(self, definition: Definition, rules: BandRules | None) -> None:
        self.definition = definition
        self.rules = rules
        self.phase = Phase.CLOSED
        self.reason = ""
        self.number: int | None = None
        self._announced: tuple[Phase, str, int] | None = None
        self.hold: tuple[Phase, str] | None = None
        self.auction: Auction | None = None
        self.deadline_ms: float = inf
        self.close = definition.reference_ticks
        self.last: int | None = None
        self.is_up = False
        self.band = NO_BAND
        self.total = self.count = self._part = 0
        self._reference = ReferencePrice()
        self._has_quotes = self._is_waiting = False
        self.roll_ms: float = 0
        self._refresh_limits()

    # --- lives of the market ------------------------------------------------------------------
    def state(self) -> InstrumentState:
        """Return what a later life of the market needs to go on with this instrument."""
        auction = self.auction
        return InstrumentState(
            phase=self.phase,
            reason=self.reason,
            day=self.number,
            halt=self.hold,
            deadline_ms=None if self.deadline_ms == inf else int(self.deadline_ms),
            close=self.close,
            last=self.last,
            is_up=self.is_up,
            band=self.band,
            reference=self._reference.ticks,
            has_quotes=self._has_quotes,
            is_waiting=self._is_waiting,
            auction=None
            if auction is None
            else AuctionState(auction.kind, auction.collar, auction.quote, tuple(auction.trades)),
        )

    def restore(self, state: InstrumentState, shift_ms: int) -> None:
        """Go on from a state; times are moved by `shift_ms`.

        The mean of the last five minutes is kept as it was, without the trades behind it.
        """
        self.phase, self.reason, self.number, self.hold = (
            state.phase, state.reason, state.day, state.halt,
        )  # fmt: skip
        self.deadline_ms = inf if state.deadline_ms is None else state.deadline_ms + shift_ms
        self.close, self.last, self.is_up = state.close, state.last, state.is_up
        self.band = state.band
        self._has_quotes, self._is_waiting = state.has_quotes, state.is_waiting
        self._reference.begin(state.reference)
        if state.day is not None:
            self._announced = state.phase, state.reason, state.day
        if state.auction is not None:
            auction = self.auction = Auction()
            auction.kind, auction.collar = state.auction.kind, state.auction.collar
            auction.quote, auction.trades = state.auction.quote, list(state.auction.trades)
        self._refresh_limits()

    # --- phases -----------------------------------------------------------------------------
    def enter(self, phase: Phase, reason: str) -> None:
        """Enter a phase; it has no deadline until one is set."""
        if phase in _QUIET:
            self._is_waiting = self._has_quotes
        if phase is not Phase.AUCTION:
            self.auction = None
        # After a limit state the band stays; trading goes on around the same reference price.
        if phase is Phase.OPEN and self.phase is not Phase.LIMIT:
            self._restart(None)
        self.phase, self.reason, self.deadline_ms = phase, reason, inf
        self._refresh_limits()

    def note_change(self, number: int) -> bool:
        """Say whether phase, reason or day changed since last time.

        On a new day the last price becomes the close.
        """
        news = (self.phase, self.reason, number)
        if news == self._announced:
            return False
        former, self._announced, self.number = self._announced, news, number
        is_opened = former is not None and former[0] is Phase.CLOSED is not self.phase
        if self.last is not None and (is_opened or (former is not None and former[2] != number)):
            self.close = self.last
        return True

    def hold_auction(self, kind: AuctionKind, collar: Band = NO_BAND) -> None:
        """Start an auction, or change the kind and collar of the current auction."""
        auction = self.auction = self.auction or Auction()
        auction.kind, auction.collar = kind, collar

    def end_auction(self, at_ms: int, exchange_ms: int) -> Trade | None:
        """End the auction; return its trade, or None without one."""
        auction, self.auction = self.auction, None
        if auction is None:
            return None
        trade = auction.uncross(self.definition.symbol, at_ms, exchange_ms)
        self.last = self.last if trade is None else trade.price_ticks
        return trade

    def open_at(self, trade: Trade | None) -> None:
        """Begin continuous trading; the band is around this trade, or else around the next one."""
        self.enter(Phase.OPEN, "")
        self._restart(None if trade is None else trade.price_ticks)

    # --- ticks that are not usual -----------------------------------------------------------
    def take_quote(self, quote: Quote) -> bool:
        """Say whether a quote may happen; the slow path for quotes."""
        if self.phase in _QUIET:
            return False
        if self._is_waiting or not self._has_quotes:
            self._has_quotes, self._is_waiting = True, False
            self._refresh_limits()
        if self.auction is not None:
            self.auction.quote = quote
        return True

    def take_trade(self, trade: Trade, *, band_part_ms: int, is_doubled: bool) -> bool:
        """Say whether a trade may happen now; an auction collects it. The slow path for trades."""
        if self._is_waiting:
            return False
        if self.auction is not None:
            self.auction.collect(trade)
        if self.phase is not Phase.OPEN:
            return False
        if self.rules is not None and trade.ts_event >= self.roll_ms:
            self._roll(self.rules, trade, band_part_ms, is_doubled)
        if not self.low <= trade.price_ticks <= self.high:
            return False
        self.last = trade.price_ticks
        self.total += trade.price_ticks
        self.count += 1
        return True

    def starts_limit_state(self, trade: Trade) -> bool:
        """Say whether a refused trade starts a limit state: it was outside the price band."""
        is_eligible = self.phase is Phase.OPEN and not self._is_waiting
        return is_eligible and not self.band.holds(trade.price_ticks)

    def ends_limit_state(self, quote: Quote) -> bool:
        """Say whether a quote ends a limit state: bid and ask are inside the band again."""
        is_inside = self.band.low <= quote.bid_ticks and quote.ask_ticks <= self.band.high
        return self.phase is Phase.LIMIT and is_inside

    def price(self, ticks: int) -> str:
        """Return a price (ticks) as people read it."""
        return self.definition.price_text(ticks)

    def _refresh_limits(self) -> None:
        """Set what the usual tick is compared with."""
        # With `roll_ms` 0 the next trade takes the slow path, which computes its band.
        is_quoted = self._has_quotes and not self._is_waiting
        self.is_passing = is_quoted and self.phase in _PASSING
        (self.low, self.high), self.roll_ms = SHUT, 0
        if self._is_waiting:
            return
        if self.phase is Phase.OPEN and self.rules is None:
            (self.low, self.high), self.roll_ms = NO_BAND, inf
        elif self.phase is Phase.LIMIT:
            (self.low, self.high), self.roll_ms = self.band, inf

    def _restart(self, reference_ticks: int | None) -> None:
        self._reference.begin(reference_ticks)
        self.total = self.count = 0
        self.band = NO_BAND

    def _roll(self, rules: BandRules, trade: Trade, band_part_ms: int, is_doubled: bool) -> None:
        """Move the band around the mean of the last five minutes; a first trade is its own mean."""
        now = trade.ts_event // band_part_ms
        self._reference.roll(self._part, self.total, self.count, now=now)
        self.total = self.count = 0
        self._part, self.roll_ms = now, (now + 1) * band_part_ms
        reference = self._reference.ticks = self._reference.ticks or trade.price_ticks
        self.band = rules.band(self.definition, reference, is_doubled=is_doubled)
        self.low, self.high = self.band
