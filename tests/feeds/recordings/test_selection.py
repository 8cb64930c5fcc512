"""A recording begins with the state of its feed, and has what belongs to the feed alone."""

from msgspec.structs import replace

from feeds.market.board import Board
from feeds.market.events import (
    Delisting,
    FeedRemoval,
    FeedState,
    FeedStatus,
    Listing,
    Phase,
    Side,
    Status,
    Trade,
)
from feeds.recordings.selection import FeedSelection
from tests.support.market_script import NOW, definition

TEN_SECONDS = 10_000
STATUS = FeedStatus(
    "demo", "Demo", FeedState.PAUSED, rate=5.0, reason="lunch", ts_event=NOW, exchange="XNYS",
    zone="America/New_York", day=3, phase=Phase.AUCTION, exchange_ms=5_000_000, scale=13.5,
)  # fmt: skip
OTHER = replace(STATUS, feed="other")


def listed(symbol: str, feed: str = "demo", at_ms: int = NOW) -> Listing:
    return Listing(feed, definition(symbol), at_ms)


def trade(symbol: str) -> Trade:
    return Trade(symbol, 100, 1, Side.BUY, NOW, NOW)


def board_of(*events: object) -> Board:
    board = Board()
    for sequence, event in enumerate(events, 1):
        board.apply(sequence, event)  # type: ignore[arg-type]
    return board


def test_it_begins_with_the_feed_and_its_instruments_as_of_now() -> None:
    """The exchange's clock went on by ten seconds of ours, 13.5 times as fast."""
    halt = Status("NVX", Phase.HALTED, "news", NOW, 4)
    board = board_of(STATUS, OTHER, listed("NVX"), halt, listed("ZED", "other"), listed("ORB"))
    later = NOW + TEN_SECONDS
    assert FeedSelection("demo").initial_events(board, later) == [
        replace(STATUS, ts_event=later, exchange_ms=5_135_000),
        listed("NVX", at_ms=later),
        Status("NVX", Phase.HALTED, "news", later, 4),
        listed("ORB", at_ms=later),
        Status("ORB", board.rows["ORB"].phase, "", later, 0),
    ]


def test_what_was_there_at_the_beginning_goes_on() -> None:
    selection = FeedSelection("demo")
    selection.initial_events(board_of(listed("NVX"), listed("ZED", "other")), NOW)
    assert selection.select([trade("NVX"), trade("ZED"), trade("NVX")]) == [trade("NVX")] * 2


def test_without_the_feed_it_begins_with_nothing() -> None:
    board = board_of(OTHER, listed("ZED", "other"))
    assert FeedSelection("demo").initial_events(board, NOW) == []


def test_an_instrument_is_of_the_feed_from_its_listing_to_its_delisting() -> None:
    ours = [listed("NVX"), trade("NVX"), Delisting("NVX", NOW), STATUS, FeedRemoval("demo", NOW)]
    others = [
        trade("NVX"), listed("ZED", "other"), trade("ZED"), Delisting("ZED", NOW), OTHER,
        FeedRemoval("other", NOW), Delisting("NVX", NOW),
    ]  # fmt: skip
    selection = FeedSelection("demo")
    assert selection.select([trade("NVX"), *ours]) == ours
    assert selection.select(others) == []
    assert selection.select([listed("NVX"), trade("NVX")]) == [listed("NVX"), trade("NVX")]
