"""Events that cannot have happened cannot be made; positions are read strictly."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.exceptions import InvalidDefinition, InvalidEvent, InvalidPlan, InvalidPosition
from feeds.market.events import (
    Batch,
    Delisting,
    FeedRemoval,
    FeedState,
    FeedStatus,
    Position,
    PriceBand,
    Quote,
    Side,
    Trade,
    symbol_of,
)
from feeds.market.instruments import decimals_of
from tests.support.market_script import NOW, definition, listing, plan


@pytest.mark.parametrize("sides", [(11, 10), (-1, 1), (1, -1)])
def test_a_bid_above_the_ask_is_refused(sides: tuple[int, int]) -> None:
    with pytest.raises(InvalidEvent, match="bid was"):
        Quote("NVX", *sides, 1, 1, NOW)


@pytest.mark.parametrize("sides", [(10, 10, 1, 1), (10, 0, 1, 0), (0, 10, 0, 1), (0, 0, 0, 0)])
def test_a_quote_may_be_locked_or_have_one_side(sides: tuple[int, int, int, int]) -> None:
    assert Quote("NVX", *sides, NOW).bid_ticks == sides[0]


@pytest.mark.parametrize("sides", [(10, 0, 1, 1), (0, 10, 1, 1), (10, 11, 1, 0), (10, 10, 0, 1)])
def test_half_a_side_is_refused(sides: tuple[int, int, int, int]) -> None:
    with pytest.raises(InvalidEvent, match="sizes were"):
        Quote("NVX", *sides, NOW)


@pytest.mark.parametrize("sizes", [(0, 1), (1, 0), (-1, 1)])
def test_quotes_without_size_are_refused(sizes: tuple[int, int]) -> None:
    with pytest.raises(InvalidEvent, match="sizes were"):
        Quote("NVX", 1, 2, *sizes, NOW)


@pytest.mark.parametrize(("price", "size"), [(0, 1), (1, 0), (-1, 1), (1, -1)])
def test_trades_of_nothing_are_refused(price: int, size: int) -> None:
    with pytest.raises(InvalidEvent, match="trade of"):
        Trade("NVX", price, size, Side.BUY, NOW)


def test_a_batch_before_the_first_sequence_is_refused() -> None:
    with pytest.raises(InvalidEvent, match="first sequence was 0"):
        Batch("e1", 0, ())


def test_events_cannot_be_changed() -> None:
    trade = Trade("NVX", 1, 1, Side.BUY, NOW)
    with pytest.raises(AttributeError):
        trade.size = 2  # type: ignore[misc]


@given(st.from_regex(r"[0-9a-zA-Z]{1,32}", fullmatch=True), st.integers(0, 10**15))
def test_a_position_reads_what_it_writes(epoch: str, sequence: int) -> None:
    position = Position(epoch, sequence)
    assert Position.parse(str(position)) == position


@pytest.mark.parametrize(
    "text", ["", ":", "e1", "e1:", ":1", "e1:-1", "e1:01", "e1:1 ", "e 1:1", "e1:1e3", "e1:٣",
             "e1:" + "9" * 40, "e" * 33 + ":1", "e1:1:2"],
)  # fmt: skip
def test_junk_is_no_position(text: str) -> None:
    with pytest.raises(InvalidPosition, match="expected epoch:sequence"):
        Position.parse(text)


@pytest.mark.parametrize("symbol", ["", "nvx", "-NV", "NV X", "N" * 25, "NVX\n", '"', "NVX~0"])
def test_what_is_no_symbol_is_no_instrument(symbol: str) -> None:
    with pytest.raises(InvalidDefinition, match="symbol was"):
        definition(symbol)


@pytest.mark.parametrize("tick", ["0", "-0.01", "NaN", "0.000000001"])
def test_tick_sizes_off_any_grid_are_refused(tick: str) -> None:
    with pytest.raises((InvalidDefinition, ArithmeticError)):
        definition("NVX", tick=tick)


@pytest.mark.parametrize(("tick", "decimals"), [("0.01", 2), ("0.0100", 2), ("5", 0), ("10", 0)])
def test_decimals_follow_the_grid(tick: str, decimals: int) -> None:
    assert decimals_of(Decimal(tick)) == decimals


@pytest.mark.parametrize(
    ("changes", "fact"),
    [({"rate": 0}, "rate was 0"), ({"rate": 1e9}, "rate was"), ({"rate": float("nan")}, "rate was"),
     ({"halts": {"ZZZ": "why"}}, "halts unknown")],
)  # fmt: skip
def test_plans_that_cannot_be_run_are_refused(changes: dict, fact: str) -> None:
    with pytest.raises(InvalidPlan, match=fact):
        plan("NVX", **changes)


def test_a_plan_with_a_symbol_twice_is_refused() -> None:
    with pytest.raises(InvalidPlan, match="twice"):
        plan("NVX", "NVX")


def test_exchange_time_runs_on_from_the_last_change_of_the_feed() -> None:
    status = FeedStatus("demo", "Demo", FeedState.RUNNING, 1, "", NOW, exchange_ms=500, scale=2.5)
    assert [status.exchange_at(NOW + passed) for passed in (-100, 0, 1_000)] == [250, 500, 3_000]


def test_without_a_clock_of_its_own_exchange_time_is_wall_time() -> None:
    status = FeedStatus("demo", "Demo", FeedState.RUNNING, 1, "", NOW, scale=2.5)
    assert status.exchange_at(NOW + 1_000) == NOW + 1_000


@pytest.mark.parametrize("prices", [(0, 5), (-1, 5), (6, 5)])
def test_a_price_band_needs_two_prices_in_order(prices: tuple[int, int]) -> None:
    with pytest.raises(InvalidEvent, match="NVX: band"):
        PriceBand("NVX", *prices, NOW)
    assert PriceBand("NVX", 1, 1, NOW).upper_ticks == 1


def test_a_batch_ends_with_its_last_event() -> None:
    gone = Delisting("NVX", NOW)
    assert [Batch("e1", 1, (gone,) * count).last for count in (0, 1, 3)] == [0, 1, 3]
    assert Batch("e1", 7, (gone, gone)).last == 8


def test_events_have_the_symbol_of_their_instrument_and_those_of_a_feed_none() -> None:
    gone, whole = Delisting("NVX", NOW), FeedRemoval("demo", NOW)
    status = FeedStatus("demo", "Demo", FeedState.RUNNING, 1, "", NOW)
    found = [symbol_of(event) for event in (listing("ORB"), gone, status, whole)]
    assert found == ["ORB", "NVX", None, None]
