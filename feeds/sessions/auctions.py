"""An auction: what would have traded is collected, and ends as one trade at one price.

Pure. Must not know phases, or when it ends.
"""

from enum import StrEnum

from feeds.market.events import Quote, Side, Trade
from feeds.plan.price_bands import NO_BAND


class Kind(StrEnum):
    """What an auction is for."""

    OPENING = "Opening auction"
    CLOSING = "Closing auction"
    REOPENING = "Reopening auction"


class Auction:
    """Collect the trades of one instrument; a price outside the collar does not end it."""

    def __init__(self) -> None:
        self.kind = Kind.OPENING
        self.collar = NO_BAND
        self.quote: Quote | None = None
        self._trades: list[Trade] = []

    def collect(self, trade: Trade) -> None:
        """Keep a trade for the end."""
        self._trades.append(trade)

    def price(self) -> int | None:
        """Return the clearing price in ticks, None when nothing was collected.

        Half of the shares were wanted at or below it, half at or above; the present quote holds it.
        """
        if not self._trades:
            return None
        price = self._median()
        if self.quote is None:
            return price
        return min(max(price, self.quote.bid_ticks), self.quote.ask_ticks)

    def uncross(self, symbol: str, at_ms: int, exchange_ms: int) -> Trade | None:
        """Return the one trade of everything collected, None when that is nothing."""
        price = self.price()
        if price is None:
            return None
        size = sum(trade.size for trade in self._trades)
        bought = sum(trade.size for trade in self._trades if trade.side is Side.BUY)
        side = Side.BUY if 2 * bought >= size else Side.SELL
        return Trade(symbol, price, size, side, at_ms, exchange_ms)

    def _median(self) -> int:
        half = sum(trade.size for trade in self._trades) / 2
        below = 0
        trades = sorted(self._trades, key=lambda trade: trade.price_ticks)
        for trade in trades:
            below += trade.size
            if below >= half:
                return trade.price_ticks
        return trades[-1].price_ticks
