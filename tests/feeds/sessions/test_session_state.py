"""A session that goes on in a later life of the market, in its day or in another one."""

import pytest

from feeds.market.bars import DAY_MS
from feeds.market.events import FeedState, Phase, Status
from feeds.plan.price_bands import BandRules
from feeds.sessions.session import FeedSession
from tests.support.trading_day import (
    AUCTION,
    CLOSE,
    MINUTE,
    OPEN,
    SECOND,
    Session,
    phases,
    quote,
    trade,
)

LATER = OPEN + 30 * MINUTE
SHIFT = 40 * SECOND
"""How much longer things take, because the market stood still."""


def trading(at_ms: int = LATER, *, price: int = 10_000) -> Session:
    session = Session(at_ms, bands=BandRules(2, 0, 0))
    session.go(at_ms, quote(price - 1, at_ms), trade(price, at_ms))
    return session


def fall(session: Session, percent: int, at_ms: int) -> int:
    """Let the index fall until it is checked again; return when."""
    session.feed_session._instruments["NVX"].last = 100 * (100 - percent)
    session.go(at_ms + 5 * SECOND)
    return at_ms + 5 * SECOND


def next_life(former: Session, at_ms: int) -> Session:
    """Return the session of the next life: what is left of the former one begins at a time."""
    session = Session(at_ms, bands=BandRules(2, 0, 0))
    session.feed_session = FeedSession(session.plan, at_ms)
    session.feed_session.restore(former.feed_session.state(), shift_ms=SHIFT)
    session.board.clear()
    session.become(at_ms)
    return session


def test_a_market_wide_halt_goes_on_for_what_was_left_of_it() -> None:
    former = trading()
    began = fall(former, 8, LATER)
    former.feed_session._instruments["NVX"].last = 8_000
    session = next_life(former, began + MINUTE)
    reason = "Market-wide halt: the index fell 8.0 %, paused for 15 min"
    assert session.board == {"NVX": ("HALTED", reason)}
    end = began + 15 * MINUTE + SHIFT
    assert session.go(end - 1) == [], "the index is not checked during a halt"
    assert phases(session.go(end)) == [(Phase.AUCTION, end)]


def test_a_halt_for_the_rest_of_the_day_lasts_until_its_close() -> None:
    former = trading()
    session = next_life(former, fall(former, 20, LATER) + MINUTE)
    assert session.phase() == "HALTED"
    assert phases(session.go(CLOSE)) == [(Phase.CLOSED, CLOSE)]


@pytest.mark.parametrize(("days", "is_halted"), [(0, False), (1, True)])
def test_a_level_that_was_hit_halts_again_on_another_day_only(days: int, is_halted: bool) -> None:
    former = trading()
    began = fall(former, 8, LATER)
    end = began + 15 * MINUTE + 30 * SECOND
    former.go(end)
    session = next_life(former, LATER + 20 * MINUTE + days * DAY_MS)
    assert session.phase() == "OPEN"
    session.feed_session._instruments["NVX"].close = 10_000
    fall(session, 9, LATER + 20 * MINUTE + days * DAY_MS)
    assert (session.phase() == "HALTED") is is_halted


@pytest.mark.parametrize("at_ms", [OPEN + MINUTE, LATER + DAY_MS])
def test_what_was_collected_for_an_auction_of_an_earlier_part_is_dropped(at_ms: int) -> None:
    former = Session(AUCTION)
    former.go(AUCTION, quote(10_000, AUCTION), trade(10_001, AUCTION))
    session = next_life(former, at_ms)
    assert session.board == {"NVX": ("OPEN", "")}
    assert session.go(at_ms + 4 * SECOND) == []


def test_an_auction_of_the_present_part_goes_on_with_what_it_collected() -> None:
    former = Session(AUCTION)
    former.go(AUCTION, quote(10_000, AUCTION), trade(10_001, AUCTION, size=70))
    session = next_life(former, AUCTION + SECOND)
    assert session.board == {"NVX": ("AUCTION", "Opening auction")}
    uncross, status = session.go(OPEN)
    assert uncross == trade(10_001, OPEN, size=70)
    assert isinstance(status, Status)
    assert status.phase is Phase.OPEN


def test_a_deadline_is_moved_by_the_time_that_the_market_stood_still() -> None:
    former = trading()
    former.go(LATER, trade(12_000, LATER))
    assert former.phase() == "LIMIT"
    session = next_life(former, LATER + SECOND)
    end = LATER + 15 * SECOND + SHIFT
    assert phases(session.go(end)) == [(Phase.HALTED, end)]


@pytest.mark.parametrize(("days", "phase"), [(0, "HALTED"), (1, "OPEN")])
def test_a_market_wide_halt_is_still_there_when_a_feed_opens_again_on_its_day(
    days: int, phase: str
) -> None:
    session = trading()
    began = fall(session, 8, LATER)
    session.become(began + SECOND, state=FeedState.CLOSED)
    assert session.phase() == "CLOSED"
    session.become(began + MINUTE + days * DAY_MS, state=FeedState.RUNNING)
    assert session.phase() == phase
    assert fall_halts(session, began + 16 * MINUTE + days * DAY_MS) is bool(days)


def fall_halts(session: Session, at_ms: int) -> bool:
    """Say whether a fall through the first level halts the market, after any halt of before."""
    session.go(at_ms)
    assert session.phase() == "OPEN"
    session.feed_session._instruments["NVX"].close = 10_000
    fall(session, 9, at_ms)
    return session.phase() == "HALTED"


@pytest.mark.parametrize(("price", "phase"), [(11_000, "OPEN"), (11_001, "LIMIT")])
def test_a_band_goes_on_around_the_price_of_before(price: int, phase: str) -> None:
    at_ms = LATER + SECOND
    session = next_life(trading(), at_ms)
    session.go(at_ms, trade(price, at_ms))
    assert session.phase() == phase


def test_the_last_price_is_that_of_an_auction_if_it_had_a_trade() -> None:
    session = Session(AUCTION)
    assert session.feed_session.state().instruments["NVX"].last is None
    session.go(OPEN, quote(10_000, AUCTION), trade(10_001, AUCTION))
    assert session.feed_session.state().instruments["NVX"].last == 10_001
    session.go(CLOSE)
    assert session.feed_session.state().instruments["NVX"].last == 10_001
