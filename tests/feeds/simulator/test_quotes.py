"""The sizes of quotes: spread as wanted at the best, and twice as large behind it."""

import numpy as np
import pytest

from feeds.market.events import Quote, Trade
from feeds.simulator.quotes import LEVELS, LOT, MAX_LOTS, Arrivals, Books, lots_of, sizes_of

COUNT = 20_000


def behind() -> np.ndarray:
    """Return sizes behind the best, [tick, level], from words of 32 random bits."""
    words = np.random.default_rng(1).integers(0, 2**32, size=(LEVELS, COUNT), dtype=np.uint64)
    return sizes_of(words).astype(np.int64)


def best(volatility_ratio: float) -> np.ndarray:
    chances = (np.arange(COUNT) + 0.5) / COUNT
    return lots_of(chances, np.full(COUNT, volatility_ratio))


def test_sizes_are_whole_lots_up_to_a_limit() -> None:
    for sizes in (best(1.0), best(50.0), behind()):
        assert not (sizes % LOT).any()
        assert sizes.min() >= LOT
        assert sizes.max() <= MAX_LOTS * LOT
    assert best(50.0).max() == MAX_LOTS * LOT


def test_sizes_grow_with_volatility() -> None:
    medians = [np.median(best(ratio)) / LOT for ratio in (1.0, 2.0, 4.0)]
    assert medians == [4, 7, 15]


def test_sizes_behind_the_best_are_twice_as_large() -> None:
    found = behind()
    assert found.shape == (COUNT, 2 * LEVELS)
    for share in (0.25, 0.5, 0.75):
        assert abs(np.quantile(found, share) - np.quantile(best(2.0), share)) <= LOT, share


def test_levels_have_sizes_of_their_own() -> None:
    correlations = np.corrcoef(behind(), rowvar=False)
    assert np.abs(correlations - np.eye(2 * LEVELS)).max() < 0.05


def arrivals(mids: list[float], spread: int, *, kind_u: float = 0.9) -> Arrivals:
    """Return a tick of the first instrument in every millisecond, around these prices."""
    count, halves = len(mids), np.full(len(mids), 0.5)
    at = np.arange(count, dtype=np.int64)
    return Arrivals(
        place=0 * at, at=at, exchange_ms=1000 + at, mid=np.array(mids),
        spread=np.full(count, spread), kind_u=0 * halves + kind_u, bid_u=halves, ask_u=halves,
        volatility_ratio=2 * halves, depth_sizes=np.array([[5, 6, 7, 8, 1, 2, 3, 4]] * count),
    )  # fmt: skip


def ranks(rows: Arrivals) -> np.ndarray:
    return np.arange(len(rows.at), dtype=np.uint64)


@pytest.mark.parametrize(
    ("mid", "spread", "best", "bids", "asks"),
    [
        (6.0, 2, (5, 7), (4, 5, 3, 6, 2, 7, 1, 8), (8, 1, 9, 2, 10, 3, 11, 4)),
        (5.0, 2, (4, 6), (3, 5, 2, 6, 1, 7), (7, 1, 8, 2, 9, 3, 10, 4)),
        (3.0, 2, (2, 4), (1, 5), (5, 1, 6, 2, 7, 3, 8, 4)),
        (2.0, 2, (1, 3), (), (4, 1, 5, 2, 6, 3, 7, 4)),
        (0.1, 1, (1, 2), (), (3, 1, 4, 2, 5, 3, 6, 4)),
        (8.5, 3, (7, 10), (5, 5, 3, 6, 1, 7), (12, 1, 14, 2, 16, 3, 18, 4)),
    ],
)
def test_levels_behind_the_best_are_half_a_spread_apart_and_above_0(
    mid: float, spread: int, best: tuple, bids: tuple, asks: tuple
) -> None:
    rows = arrivals([mid], spread)
    (quote,) = Books(["NVX"]).ticks_of(rows, ranks(rows))
    assert isinstance(quote, Quote)
    assert ((quote.bid_ticks, quote.ask_ticks), quote.bids, quote.asks) == (best, bids, asks)


def test_quotes_that_would_repeat_have_other_sizes() -> None:
    rows = arrivals([50.0] * 3, 2)
    found = Books(["NVX"]).ticks_of(rows, ranks(rows))
    assert [(tick.bid_size, tick.ask_size) for tick in found if isinstance(tick, Quote)] == [
        (400, 400), (500, 400), (600, 400),
    ]  # fmt: skip


def test_a_trade_is_at_the_last_quote_of_its_own_instrument() -> None:
    books = Books(["NVX", "ORB", "QAL"])
    for place, mid in enumerate((20.0, 40.0, 60.0)):
        quotes = arrivals([9.0, mid], 2)._replace(place=np.array([place, place]))
        books.ticks_of(quotes, ranks(quotes))
    rows = arrivals([20.0, 40.0, 60.0], 2, kind_u=0.1)._replace(place=np.array([0, 1, 2]))
    found = books.ticks_of(rows, ranks(rows))
    assert [(tick.symbol, tick.price_ticks) for tick in found if isinstance(tick, Trade)] == [
        ("NVX", 21), ("ORB", 41), ("QAL", 61),
    ]  # fmt: skip
    alone = arrivals([30.0], 2, kind_u=0.1)
    (first,) = Books(["NVX"]).ticks_of(alone, ranks(alone))
    assert isinstance(first, Quote), "before a quote there is no trade"


def test_a_quote_that_repeats_that_of_the_stride_before_has_another_size() -> None:
    """Also if no tick comes of the first instrument."""
    books = Books(["NVX", "ORB"])
    rows = arrivals([50.0], 2)._replace(place=np.array([1]))
    found = [books.ticks_of(rows, ranks(rows)) for _ in range(3)]
    assert [[(tick.symbol, tick.bid_size) for tick in each] for each in found] == [
        [("ORB", 400)], [("ORB", 500)], [("ORB", 400)],
    ]  # fmt: skip
