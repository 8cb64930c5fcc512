"""The gate of one instrument: its phase, and which of its ticks that lets through.

Pure. Must not know the day, the feed or when phases change. They are all that a usual tick is
compared with.
"""

from math import inf
from typing import Final

from feeds.market.events import Phase, Quote, Trade
from feeds.market.instruments import Definition
from feeds.plan.price_bands import NO_BAND, Band, BandRules, Reference
from feeds.sessions.auctions import Auction, Kind

SHUT: Final = Band(1, 0)
_QUIET: Final = {Phase.HALTED, Phase.CLOSED}
_PASSING: Final = {Phase.PRE_OPEN, Phase.OPEN}
"""Where nobody looks at a quote."""


class Gate:
    """Let ticks of an instrument through as its phase says.

    After a silence trades wait for a quote: what stood before it is not the market any more.
    """

    __slots__ = (
        "_has_quotes", "_is_waiting", "_part", "_reference", "_told", "auction", "band", "close",
        "count", "deadline_ms", "definition", "high", "hold", "is_passing", "is_up", "last",
        "low", "number", "phase", "reason", "roll_ms", "rules", "total",
    )  # fmt: skip

    def __init__(self, definition: Definition, rules: BandRules | None) -> None:
        self.definition = definition
        self.rules = rules
        self.phase = Phase.CLOSED
        self.reason = ""
        self.number: int | None = None
        self._told: tuple[Phase, str, int] | None = None
        self.hold: tuple[Phase, str] | None = None
        self.auction: Auction | None = None
        self.deadline_ms: float = inf
        self.close = definition.reference_ticks
        self.last: int | None = None
        self.is_up = False
        self.band = NO_BAND
        self.total = self.count = self._part = 0
        self._reference = Reference()
        self._has_quotes = self._is_waiting = False
        self.roll_ms: float = 0
        self._set_out()

    # --- phases -----------------------------------------------------------------------------
    def enter(self, phase: Phase, reason: str) -> None:
        """Enter a phase, for as long as nothing sets a deadline."""
        if phase in _QUIET:
            self._is_waiting = self._has_quotes
        if phase is not Phase.AUCTION:
            self.auction = None
        if phase is Phase.OPEN and self.phase is not Phase.LIMIT:
            self._restart(None)
        self.phase, self.reason, self.deadline_ms = phase, reason, inf
        self._set_out()

    def tell(self, number: int) -> bool:
        """Say whether phase, reason or trading day are news; a new day closes the one before."""
        news = (self.phase, self.reason, number)
        if news == self._told:
            return False
        former, self._told, self.number = self._told, news, number
        is_opened = former is not None and former[0] is Phase.CLOSED is not self.phase
        if self.last is not None and (is_opened or (former is not None and former[2] != number)):
            self.close = self.last
        return True

    def gather(self, kind: Kind, collar: Band = NO_BAND) -> None:
        """Hold an auction; what another has collected goes into it."""
        auction = self.auction = self.auction or Auction()
        auction.kind, auction.collar = kind, collar

    def clear(self, at_ms: int, exchange_ms: int) -> Trade | None:
        """End the auction, if there is one, with its trade."""
        auction, self.auction = self.auction, None
        if auction is None:
            return None
        trade = auction.uncross(self.definition.symbol, at_ms, exchange_ms)
        self.last = self.last if trade is None else trade.price_ticks
        return trade

    def open_at(self, trade: Trade | None) -> None:
        """Open; bands are around the auction's trade, or without one around the next trade."""
        self.enter(Phase.OPEN, "")
        self._restart(None if trade is None else trade.price_ticks)

    # --- ticks that are not usual -----------------------------------------------------------
    def take_quote(self, quote: Quote) -> bool:
        """Say whether a quote may happen."""
        if self.phase in _QUIET:
            return False
        if self._is_waiting or not self._has_quotes:
            self._has_quotes, self._is_waiting = True, False
            self._set_out()
        if self.auction is not None:
            self.auction.quote = quote
        return True

    def take_trade(self, trade: Trade, *, part_ms: int, is_doubled: bool) -> bool:
        """Say whether a trade may happen; in an auction it is collected."""
        if self._is_waiting:
            return False
        if self.auction is not None:
            self.auction.collect(trade)
        if self.phase is not Phase.OPEN:
            return False
        if self.rules is not None and trade.ts_event >= self.roll_ms:
            self._roll(self.rules, trade, part_ms, is_doubled)
        if not self.low <= trade.price_ticks <= self.high:
            return False
        self.last = trade.price_ticks
        self.total += trade.price_ticks
        self.count += 1
        return True

    def is_hit_by(self, trade: Trade) -> bool:
        """Say whether a trade that may not happen is one outside the band of open trading."""
        is_weighed = self.phase is Phase.OPEN and not self._is_waiting
        return is_weighed and not self.band.holds(trade.price_ticks)

    def is_regained_by(self, quote: Quote) -> bool:
        """Say whether a limit state is over: all of the quote is inside the band again."""
        is_inside = self.band.low <= quote.bid_ticks and quote.ask_ticks <= self.band.high
        return self.phase is Phase.LIMIT and is_inside

    def price(self, ticks: int) -> str:
        """Return a price as people read it."""
        return self.definition.price_text(ticks)

    def _set_out(self) -> None:
        """Say what a usual tick is now; a band is found when the next trade comes."""
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

    def _roll(self, rules: BandRules, trade: Trade, part_ms: int, is_doubled: bool) -> None:
        """Move the band to the mean of the last five minutes; a first trade is its own."""
        now = trade.ts_event // part_ms
        self._reference.roll(self._part, self.total, self.count, now=now)
        self.total = self.count = 0
        self._part, self.roll_ms = now, (now + 1) * part_ms
        reference = self._reference.ticks = self._reference.ticks or trade.price_ticks
        self.band = rules.band(self.definition, reference, is_doubled=is_doubled)
        self.low, self.high = self.band
