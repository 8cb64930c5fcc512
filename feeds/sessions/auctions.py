"""A call auction: trades are collected, and execute together at a single price.

Pure. Must not know phases, or when the auction ends.
"""

from enum import StrEnum
from itertools import accumulate

from feeds.market.events import Quote, Side, Trade
from feeds.plan.price_bands import NO_BAND


class AuctionKind(StrEnum):
    """The kind of an auction; its value is the reason that people read."""

    OPENING = "Opening auction"
    CLOSING = "Closing auction"
    REOPENING = "Reopening auction"


class Auction:
    """The auction of one instrument. A price outside the collar extends it (see FeedSession)."""

    def __init__(self) -> None:
        self.kind = AuctionKind.OPENING
        self.collar = NO_BAND
        self.quote: Quote | None = None
        self.trades: list[Trade] = []

    def collect(self, trade: Trade) -> None:
        """Keep a trade until the uncross."""
        self.trades.append(trade)

    def price(self) -> int | None:
        """Return the clearing price in ticks, None when nothing was collected.

        It is the median of the collected prices, weighted by shares, moved into the quote in force.
        """
        if not self.trades:
            return None
        price = self._median()
        if self.quote is None:
            return price
        return min(max(price, self.quote.bid_ticks), self.quote.ask_ticks)

    def uncross(self, symbol: str, at_ms: int, exchange_ms: int) -> Trade | None:
        """Return the single trade of all that was collected, None when nothing was collected."""
        price = self.price()
        if price is None:
            return None
        size = sum(trade.size for trade in self.trades)
        bought = sum(trade.size for trade in self.trades if trade.side is Side.BUY)
        # Both sides trade in an uncross. It counts as a buy when buyers were the more aggressive.
        side = Side.BUY if 2 * bought >= size else Side.SELL
        return Trade(symbol, price, size, side, at_ms, exchange_ms)

    def _median(self) -> int:
        half = sum(trade.size for trade in self.trades) / 2
        trades = sorted(self.trades, key=lambda trade: trade.price_ticks)
        below = accumulate(trade.size for trade in trades)
        return next(
            trade.price_ticks for trade, size in zip(trades, below, strict=True) if size >= half
        )
