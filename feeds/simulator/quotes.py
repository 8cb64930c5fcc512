"""Quotes and trades around the middle that a path gives: whole arrays of them, on their grids.

Pure. Must not know paths or time: what happens arrives as columns, one row per event. A trade is at
the bid or the ask of the quote before it; who has none yet quotes first.
"""

from itertools import chain
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from feeds.market.events import Levels, Quote, Side, Tick, Trade
from feeds.simulator.randomness import Block, Floats, Whole, Words, exp_of, normal_of

TRADE_SHARE: Final = 0.3
LOT: Final = 100
MAX_LOTS: Final = 500.0
LEVELS: Final = 4
"""Levels behind the best bid and ask; with it they are five."""
_BITS: Final = 12
Objects = npt.NDArray[np.object_]
_SIDES: Final = (Side.SELL, Side.BUY)


class Happenings(NamedTuple):
    """What happens, a row each: to which instrument (its place), when (ms of our clock and of the
    exchange's), around which price in ticks, how wide, and three numbers in (0, 1) that decide kind
    and sizes; `heat` is volatility as a multiple of the usual, `behind` the sizes of the depth."""

    place: Whole
    at: Whole
    exchange_ms: Whole
    middle: Floats
    width: Whole
    chance: Floats
    bid_u: Floats
    ask_u: Floats
    heat: Floats
    behind: Objects

    def take(self, order: Whole) -> "Happenings":
        """Return the rows in another order."""
        columns: Any = (column[order] for column in self)
        return Happenings(*columns)


def lots_of(u: Floats, heat: Floats) -> Whole:
    """Return log-normal sizes in whole lots; more is traded when prices move more."""
    lots = heat * exp_of(1.3 + 0.9 * normal_of(u))
    return np.rint(np.clip(lots, 1.0, MAX_LOTS)).astype(np.int64) * LOT


_SIZES: Final = lots_of((np.arange(2**_BITS) + 0.5) / 2**_BITS, np.full(2**_BITS, 2.0)).astype(
    object
)
"""Sizes behind the best by a number of 12 bits: the same distribution, twice as large. As objects,
for the same few are in millions of quotes."""


def sizes_of(words: Block) -> Objects:
    """Return the sizes of LEVELS bids and as many asks, [event, level]: a word gives two."""
    low, high = np.uint64(2**_BITS - 1), np.uint64(32 - _BITS)
    numbers = [word & low for word in words] + [word >> high for word in words]
    sizes: Objects = _SIZES[np.stack(numbers, axis=1).astype(np.int64)]
    return sizes


class Books:
    """The quote in force of every instrument, by place; a bid of 0 means that there is none yet."""

    def __init__(self, symbols: list[str]) -> None:
        self._symbols = symbols
        self._quotes = np.zeros((4, len(symbols)), dtype=np.int64)

    def keep(self, former: "Books", here: list[int], there: list[int]) -> None:
        """Take over the quotes of instruments that stay: at `here` what was at `there`."""
        self._quotes[:, here] = former._quotes[:, there]

    def happen(self, rows: Happenings, rank: Words) -> list[Tick]:
        """Return the ticks in time order; what happens at once, in the order of `rank`."""
        order = np.lexsort((rank, rows.at, rows.place))
        rows, rank = rows.take(order), rank[order]
        is_first = np.diff(rows.place, prepend=-1) != 0
        is_quote = (rows.chance >= TRADE_SHARE) | (is_first & (self._quotes[0, rows.place] == 0))
        quotes = self._quote(rows.take(np.flatnonzero(is_quote)))
        trades = np.flatnonzero(~is_quote)
        in_force = self._in_force(rows.place, is_quote, quotes)[:, trades]
        made = np.empty(len(order), dtype=object)
        made[is_quote] = self._quotes_of(rows.take(np.flatnonzero(is_quote)), quotes)
        made[trades] = self._trades_of(rows.take(trades), in_force)
        self._remember(rows.place[is_quote], quotes)
        ticks: list[Tick] = made[np.lexsort((rank, rows.at))].tolist()
        return ticks

    def _quote(self, rows: Happenings) -> Whole:
        """Return bid, ask and their sizes by row; one that repeats the last is made larger."""
        bid = np.maximum(1, np.rint(rows.middle - rows.width / 2)).astype(np.int64)
        sizes = lots_of(rows.bid_u, rows.heat), lots_of(rows.ask_u, rows.heat)
        quotes = np.stack([bid, bid + rows.width, *sizes])
        is_first = np.diff(rows.place, prepend=-1) != 0
        while True:
            before = np.roll(quotes, 1, axis=1)
            before[:, is_first] = self._quotes[:, rows.place[is_first]]
            repeats = (quotes == before).all(axis=0)
            if not repeats.any():
                return quotes
            quotes[2, repeats] += LOT

    def _in_force(self, place: Whole, is_quote: np.ndarray, quotes: Whole) -> Whole:
        """Return the quote in force at every row: the last one of its instrument."""
        number = np.cumsum(is_quote) - 1
        before = np.searchsorted(place[is_quote], place)
        is_known = number >= before
        found = self._quotes[:, place]
        found[:, is_known] = quotes[:, number[is_known]]
        return found

    def _quotes_of(self, rows: Happenings, quotes: Whole) -> list[Quote]:
        symbols = map(self._symbols.__getitem__, rows.place.tolist())
        bid, ask, bid_size, ask_size = quotes
        gaps = ((rows.width + 1) // 2)[:, None] * np.arange(1, LEVELS + 1)
        bids = _levels(bid[:, None] - gaps, rows.behind[:, :LEVELS])
        asks = _levels(ask[:, None] + gaps, rows.behind[:, LEVELS:])
        columns = (column.tolist() for column in (bid, ask, bid_size, ask_size, rows.at))
        return list(map(Quote, symbols, *columns, bids, asks))

    def _trades_of(self, rows: Happenings, in_force: Whole) -> list[Trade]:
        """Trade at the ask when the market is worth more than the quote, rather than at the bid."""
        bid, ask, _, _ = in_force
        lean = (rows.middle - (bid + ask) / 2) / (4.0 * (ask - bid))
        is_buy = rows.chance / TRADE_SHARE < np.clip(0.5 + lean, 0.1, 0.9)
        symbols = map(self._symbols.__getitem__, rows.place.tolist())
        sides = map(_SIDES.__getitem__, is_buy.astype(np.int64).tolist())
        prices, sizes = np.where(is_buy, ask, bid), lots_of(rows.bid_u, rows.heat)
        return list(
            map(
                Trade, symbols, prices.tolist(), sizes.tolist(), sides,
                rows.at.tolist(), rows.exchange_ms.tolist(),
            )
        )  # fmt: skip

    def _remember(self, place: Whole, quotes: Whole) -> None:
        is_last = np.diff(place, append=-1) != 0
        self._quotes[:, place[is_last]] = quotes[:, is_last]


def _levels(prices: Whole, sizes: Objects) -> list[Levels]:
    """Return the levels by row, without those below the first tick."""
    columns = chain.from_iterable(zip(prices.T.tolist(), sizes.T.tolist(), strict=True))
    levels: list[Levels] = list(zip(*columns, strict=True))
    for row in np.flatnonzero(prices[:, -1] < 1).tolist():
        levels[row] = levels[row][: 2 * int((prices[row] > 0).sum())]
    return levels
