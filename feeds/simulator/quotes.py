"""Quotes and trades around the mid price of a path, drawn as whole arrays in integer ticks.

Pure. Must not know paths or time: arrivals come as columns, with a row per tick. A trade is at the
bid or the ask of the quote in force; the first tick of an instrument is always a quote.
"""

from itertools import chain
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from feeds.market.events import Levels, Quote, Side, Tick, Trade
from feeds.simulator.randomness import Block, Floats, Whole, Words, exp_of, normal_of

TRADE_SHARE: Final = 0.3
"""Share of the ticks that are trades."""
LOT: Final = 100
"""Shares of a lot: every size is a multiple of it."""
MAX_LOTS: Final = 500.0
LEVELS: Final = 4
"""Levels behind the best bid and ask; with the best there are five."""
_BITS: Final = 12
Objects = npt.NDArray[np.object_]
_SIDES: Final = (Side.SELL, Side.BUY)


class Arrivals(NamedTuple):
    """Ticks that arrive, as columns with a row for each tick.

    `place` is the index of the instrument. `at` is wall time and `exchange_ms` exchange time, both
    UTC ms. `mid` and `spread` are in ticks. `kind_u`, `bid_u` and `ask_u` are uniforms in (0, 1)
    that decide the kind and the sizes. `volatility_ratio` is volatility as a multiple of the usual.
    `depth_sizes` are the sizes of the levels behind the best, [tick, level].
    """

    place: Whole
    at: Whole
    exchange_ms: Whole
    mid: Floats
    spread: Whole
    kind_u: Floats
    bid_u: Floats
    ask_u: Floats
    volatility_ratio: Floats
    depth_sizes: Objects

    def take(self, order: Whole) -> "Arrivals":
        """Return some rows, or all in another order, by their indices."""
        columns: Any = (column[order] for column in self)
        return Arrivals(*columns)


def lots_of(u: Floats, volatility_ratio: Floats) -> Whole:
    """Return log-normal sizes in shares, whole lots; they grow with volatility."""
    lots = volatility_ratio * exp_of(1.3 + 0.9 * normal_of(u))
    return np.rint(np.clip(lots, 1.0, MAX_LOTS)).astype(np.int64) * LOT


_SIZES: Final = lots_of((np.arange(2**_BITS) + 0.5) / 2**_BITS, np.full(2**_BITS, 2.0)).astype(
    object
)
"""Sizes behind the best, by a number of 12 bits: the distribution of `lots_of`, twice as large.

A table of Python integers, because quotes then share 4096 objects instead of creating millions.
"""


def sizes_of(words: Block) -> Objects:
    """Return the sizes of LEVELS bids and as many asks, [tick, level]."""
    # The lowest and the highest 12 bits of a word of 32 are independent: four words give 8 sizes.
    low, high = np.uint64(2**_BITS - 1), np.uint64(32 - _BITS)
    numbers = [word & low for word in words] + [word >> high for word in words]
    sizes: Objects = _SIZES[np.stack(numbers, axis=1).astype(np.int64)]
    return sizes


class Books:
    """The quote in force of every instrument, by place; a bid of 0 means no quote yet.

    `quotes` are bid, ask and their sizes, in ticks and shares: [4, place].
    """

    def __init__(self, symbols: list[str]) -> None:
        self._symbols = symbols
        self.quotes = np.zeros((4, len(symbols)), dtype=np.int64)

    def carry_over(self, former: "Books", here: list[int], there: list[int]) -> None:
        """Copy quotes of instruments that stay, from the places `there` to the places `here`."""
        self.quotes[:, here] = former.quotes[:, there]

    def ticks_of(self, rows: Arrivals, rank: Words, size: float = 1.0) -> list[Tick]:
        """Return the ticks in time order; ticks of the same time are in the order of `rank`.

        Trades are `size` times as large as usual.
        """
        # Sorted by instrument first: then the quote before a trade is that of its own book, and
        # whole columns can be computed at once.
        # The most important key of `lexsort` comes last.
        order = np.lexsort((rank, rows.at, rows.place))
        rows, rank = rows.take(order), rank[order]
        # No place is -1, so the first row always begins an instrument.
        is_first = np.diff(rows.place, prepend=-1) != 0
        is_quote = (rows.kind_u >= TRADE_SHARE) | (is_first & (self.quotes[0, rows.place] == 0))
        quotes = self._quote(rows.take(np.flatnonzero(is_quote)))
        trades = np.flatnonzero(~is_quote)
        in_force = self._in_force(rows.place, is_quote, quotes)[:, trades]
        # An array of objects takes quotes and trades at their rows and sorts both in one call.
        made = np.empty(len(order), dtype=object)
        made[is_quote] = self._quotes_of(rows.take(np.flatnonzero(is_quote)), quotes)
        made[trades] = self._trades_of(rows.take(trades), in_force, size)
        self._remember(rows.place[is_quote], quotes)
        ticks: list[Tick] = made[np.lexsort((rank, rows.at))].tolist()
        return ticks

    def _quote(self, rows: Arrivals) -> Whole:
        """Return bid, ask and their sizes by row; a quote must differ from the quote before it."""
        bid = np.maximum(1, np.rint(rows.mid - rows.spread / 2)).astype(np.int64)
        ratio = rows.volatility_ratio
        sizes = lots_of(rows.bid_u, ratio), lots_of(rows.ask_u, ratio)
        quotes = np.stack([bid, bid + rows.spread, *sizes])
        is_first = np.diff(rows.place, prepend=-1) != 0
        # A repeated quote gets a larger bid size. That can make it equal to its other neighbour,
        # so this is repeated until no quote is equal to the quote before it.
        while True:
            before = np.roll(quotes, 1, axis=1)
            before[:, is_first] = self.quotes[:, rows.place[is_first]]
            repeats = (quotes == before).all(axis=0)
            if not repeats.any():
                return quotes
            quotes[2, repeats] += LOT

    def _in_force(self, place: Whole, is_quote: np.ndarray, quotes: Whole) -> Whole:
        """Return the quote in force at every row: the last quote of its instrument."""
        # Rows are sorted by instrument. `number` is the index of the last quote up to the row,
        # `before` is where the quotes of the row's instrument begin. If `number` is smaller, this
        # stride has no quote of the instrument yet: that of the stride before is in force.
        number = np.cumsum(is_quote) - 1
        before = np.searchsorted(place[is_quote], place)
        is_known = number >= before
        found = self.quotes[:, place]
        found[:, is_known] = quotes[:, number[is_known]]
        return found

    def _quotes_of(self, rows: Arrivals, quotes: Whole) -> list[Quote]:
        symbols = map(self._symbols.__getitem__, rows.place.tolist())
        bid, ask, bid_size, ask_size = quotes
        gaps = ((rows.spread + 1) // 2)[:, None] * np.arange(1, LEVELS + 1)
        bids = _levels(bid[:, None] - gaps, rows.depth_sizes[:, :LEVELS])
        asks = _levels(ask[:, None] + gaps, rows.depth_sizes[:, LEVELS:])
        columns = (column.tolist() for column in (bid, ask, bid_size, ask_size, rows.at))
        return list(map(Quote, symbols, *columns, bids, asks))

    def _trades_of(self, rows: Arrivals, in_force: Whole, size: float) -> list[Trade]:
        """Return the trades: more are buys when mid is above the middle of the quote in force."""
        bid, ask, _, _ = in_force
        # The quote is some time old. A quote that lags behind mid is hit on the side that is cheap,
        # which pulls trade prices towards mid; 0.1 and 0.9 keep some trades against it.
        lean = (rows.mid - (bid + ask) / 2) / (4.0 * (ask - bid))
        # Among trades `kind_u` is uniform below TRADE_SHARE. Divided by it, it serves as another
        # uniform in (0, 1), and no further random number is needed.
        is_buy = rows.kind_u / TRADE_SHARE < np.clip(0.5 + lean, 0.1, 0.9)
        symbols = map(self._symbols.__getitem__, rows.place.tolist())
        sides = map(_SIDES.__getitem__, is_buy.astype(np.int64).tolist())
        prices, sizes = np.where(is_buy, ask, bid), lots_of(rows.bid_u, rows.volatility_ratio)
        if size != 1.0:
            sizes = np.maximum(1, np.rint(size * sizes / LOT)).astype(np.int64) * LOT
        return list(
            map(
                Trade, symbols, prices.tolist(), sizes.tolist(), sides,
                rows.at.tolist(), rows.exchange_ms.tolist(),
            )
        )  # fmt: skip

    def _remember(self, place: Whole, quotes: Whole) -> None:
        is_last = np.diff(place, append=-1) != 0
        self.quotes[:, place[is_last]] = quotes[:, is_last]


def _levels(prices: Whole, sizes: Objects) -> list[Levels]:
    """Return the levels by row, without levels below a price of one tick."""
    columns = chain.from_iterable(zip(prices.T.tolist(), sizes.T.tolist(), strict=True))
    levels: list[Levels] = list(zip(*columns, strict=True))
    # Bids fall from level to level: if the last is above 0, all are. Asks are always above 0.
    for row in np.flatnonzero(prices[:, -1] < 1).tolist():
        levels[row] = levels[row][: 2 * int((prices[row] > 0).sum())]
    return levels
