"""The price, the size and the side of an auction's trade."""

import pytest

from feeds.market.events import Side, Trade
from feeds.sessions.auctions import Auction
from tests.support.trading_day import OPEN, quote, trade


def auction_of(*trades: Trade) -> Auction:
    auction = Auction()
    for each in trades:
        auction.collect(each)
    return auction


@pytest.mark.parametrize(
    ("deals", "price"),
    [
        ([(100, 7)], 100),
        ([(102, 50), (100, 50)], 100),  # half of the shares is enough
        ([(100, 49), (102, 51)], 102),
        ([(104, 10), (100, 10), (102, 10)], 102),
        ([(100, 1), (101, 1), (109, 3)], 109),
    ],
)
def test_an_auction_clears_at_the_median_of_its_shares(
    deals: list[tuple[int, int]], price: int
) -> None:
    auction = auction_of(*(trade(ticks, OPEN, size=size) for ticks, size in deals))
    assert auction.price() == price


@pytest.mark.parametrize(
    ("bid", "price"), [(98, 100), (97, 99), (99, 100), (100, 100), (101, 101), (102, 102)]
)
def test_the_price_of_an_auction_is_moved_into_the_quote(bid: int, price: int) -> None:
    auction = auction_of(trade(100, OPEN))
    auction.quote = quote(bid, OPEN)  # the ask is two ticks above
    assert auction.price() == price


@pytest.mark.parametrize(
    ("bought", "sold", "side"), [(50, 50, "BUY"), (49, 50, "SELL"), (50, 49, "BUY")]
)
def test_an_uncross_is_one_trade_of_all_shares(bought: int, sold: int, side: str) -> None:
    auction = auction_of(trade(100, OPEN, size=bought), trade(100, OPEN, size=sold, side="SELL"))
    found = auction.uncross("NVX", OPEN + 7, OPEN + 9)
    assert found == Trade("NVX", 100, bought + sold, Side(side), OPEN + 7, OPEN + 9)


def test_an_auction_of_nothing_has_no_price_and_no_trade() -> None:
    auction = auction_of()
    auction.quote = quote(100, OPEN)
    assert (auction.price(), auction.uncross("NVX", OPEN, OPEN)) == (None, None)
