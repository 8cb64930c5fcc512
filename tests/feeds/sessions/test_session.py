"""The order of phases, their times and reasons, the ticks they admit, and auctions."""

import pytest

from feeds.market.bars import DAY_MS
from feeds.market.events import FeedState, Phase, Quote, Status, Trade
from feeds.plan.price_bands import BandRules
from feeds.plan.schedules import CompressedSchedule, RoundTheClock
from tests.support.trading_day import (
    AUCTION,
    CLOSE,
    CLOSING,
    MINUTE,
    OPEN,
    PRE_OPEN,
    SECOND,
    Session,
    ShortDays,
    phases,
    quote,
    trade,
)

LATER = OPEN + 30 * MINUTE
LIMIT_UP = "Price band: limit up at 105.00"
LIMIT_DOWN = "Price band: limit down at 95.00"


def trading(at_ms: int = LATER, *symbols: str, price: int = 10_000, **changes: object) -> Session:
    """Return a session in which each symbol has traded at a price."""
    symbols = symbols or ("NVX",)
    session = Session(at_ms, *symbols, **changes)
    for symbol in symbols:
        session.go(at_ms, quote(price - 1, at_ms, symbol), trade(price, at_ms, symbol))
    return session


def limited(*, is_up: bool = True) -> Session:
    """Return a session in which NVX has just hit its band, quoted beyond it."""
    session = trading()
    price = 10_600 if is_up else 9_400
    session.go(LATER, quote(price - 1, LATER), trade(price, LATER))
    return session


def paused() -> Session:
    """Return a session in which NVX has just been paused."""
    session = limited()
    session.go(LATER + 15 * SECOND)
    return session


PAUSE_END = LATER + 15 * SECOND + 5 * MINUTE
REOPENED = PAUSE_END + 30 * SECOND


# --- the day --------------------------------------------------------------------------------


def test_a_day_goes_through_its_phases_at_their_exact_times() -> None:
    events = Session(PRE_OPEN).go(PRE_OPEN + DAY_MS)
    assert phases(events) == [
        (Phase.AUCTION, AUCTION),
        (Phase.OPEN, OPEN),
        (Phase.AUCTION, CLOSING),
        (Phase.CLOSED, CLOSE),
        (Phase.PRE_OPEN, PRE_OPEN + DAY_MS),
    ]
    reasons = [event.reason for event in events]
    assert reasons == [
        "Opening auction",
        "",
        "Closing auction",
        "After the close",
        "Quotes only until the opening auction",
    ]
    assert [event.day for event in events] == [0, 0, 0, 0, 1]


def test_every_part_of_the_day_begins_with_an_event_of_the_feed_in_exchange_time() -> None:
    session = Session(PRE_OPEN, exchange="NYSE", zone="America/New_York")
    feed_statuses = [
        event
        for event in session.feed_session.admit((), CLOSE + 1)
        if not isinstance(event, Status)
    ]
    assert [(feed.phase, feed.exchange_ms) for feed in feed_statuses] == [
        (Phase.AUCTION, AUCTION),
        (Phase.OPEN, OPEN),
        (Phase.AUCTION, CLOSING),
        (Phase.CLOSED, CLOSE),
    ]
    assert {(feed.exchange, feed.zone, feed.day, feed.scale) for feed in feed_statuses} == {
        ("NYSE", "America/New_York", 0, 1.0)
    }


@pytest.mark.parametrize(
    ("begin", "phase"),
    [
        (PRE_OPEN, Phase.PRE_OPEN),
        (AUCTION, Phase.AUCTION),
        (OPEN, Phase.OPEN),
        (CLOSING, Phase.AUCTION),
        (CLOSE, Phase.CLOSED),
        (CLOSE + 60 * MINUTE, Phase.CLOSED),
        (OPEN + DAY_MS, Phase.OPEN),
    ],
)
def test_a_start_in_the_middle_of_a_day_finds_the_phase_of_the_moment(
    begin: int, phase: Phase
) -> None:
    assert Session(begin).phase() == phase


TICKS_OF = {
    PRE_OPEN: (True, False),
    AUCTION: (True, False),
    OPEN: (True, True),
    CLOSING: (True, False),
    CLOSE: (False, False),
}


@pytest.mark.parametrize(("begin", "admitted"), TICKS_OF.items())
def test_a_part_of_the_day_admits_its_kinds_of_tick(
    begin: int, admitted: tuple[bool, bool]
) -> None:
    session = Session(begin)
    at_ms = begin + SECOND
    events = session.go(at_ms, quote(9_999, at_ms), trade(10_000, at_ms), quote(9_998, at_ms))
    found = {type(event) for event in events}
    assert (Quote in found, Trade in found) == admitted


# --- auctions -------------------------------------------------------------------------------


def test_the_opening_auction_ends_with_a_single_trade_of_all_shares() -> None:
    session = Session(PRE_OPEN)
    session.go(PRE_OPEN, trade(500, PRE_OPEN), quote(10_000, PRE_OPEN))
    collected = [(10_000, 100), (10_001, 500), (10_002, 200)]
    session.go(AUCTION, *(trade(price, AUCTION, size=size) for price, size in collected))
    events = session.go(OPEN)
    assert events == [
        Trade("NVX", 10_001, 800, "BUY", OPEN, OPEN),
        Status("NVX", Phase.OPEN, "", OPEN),
    ]


def test_an_auction_clears_inside_the_quote_that_stands_at_its_end() -> None:
    session = Session(AUCTION)
    session.go(AUCTION, quote(10_000, AUCTION), trade(10_002, AUCTION), quote(10_100, AUCTION))
    assert session.go(OPEN)[0].price_ticks == 10_100


def test_the_side_of_an_auction_is_that_of_most_of_its_shares() -> None:
    session = Session(AUCTION)
    session.go(AUCTION, trade(9_999, AUCTION, size=300, side="SELL"), trade(9_999, AUCTION))
    assert session.go(OPEN)[0].side == "SELL"


def test_an_auction_that_collected_nothing_ends_without_a_trade() -> None:
    assert phases(Session(AUCTION).go(OPEN)) == [(Phase.OPEN, OPEN)]


def test_the_closing_auction_ends_the_day_with_its_trade() -> None:
    session = trading()
    session.go(CLOSING + SECOND, trade(10_000, CLOSING + SECOND, size=700))
    assert session.go(CLOSE) == [
        Trade("NVX", 10_000, 700, "BUY", CLOSE, CLOSE),
        Status("NVX", Phase.CLOSED, "After the close", CLOSE),
    ]


def test_after_a_silence_trades_wait_for_a_quote() -> None:
    session = trading(OPEN)
    session.become(OPEN, halts={"NVX": "news"})
    session.become(OPEN, halts={})
    collected = OPEN + SECOND
    session.go(collected, trade(9_000, collected), quote(9_989, collected), trade(9_990, collected))
    assert session.go(OPEN + 30 * SECOND)[0].price_ticks == 9_990


# --- price bands ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("price", "reason"),
    [(10_501, f"{LIMIT_UP}, pause in 15 s"), (9_499, f"{LIMIT_DOWN}, pause in 15 s")],
)
def test_a_trade_outside_the_band_does_not_happen_and_begins_a_limit_state(
    price: int, reason: str
) -> None:
    session = trading()
    events = session.go(LATER + 1, trade(price, LATER + 1))
    assert events == [Status("NVX", Phase.LIMIT, reason, LATER + 1)]


@pytest.mark.parametrize("price", [10_500, 9_500])
@pytest.mark.parametrize("at_ms", [LATER, LATER + 30 * SECOND])
def test_a_trade_at_the_band_happens(at_ms: int, price: int) -> None:
    """Also if it is the first after the band was computed again."""
    session = trading()
    assert session.go(at_ms, trade(price, at_ms)) == [trade(price, at_ms)]


def test_in_a_limit_state_trades_happen_only_inside_the_band() -> None:
    session = limited()
    inside, outside = trade(10_500, LATER + 2), trade(10_501, LATER + 3)
    assert session.go(LATER + 4, inside, outside) == [inside]
    assert session.phase() == "LIMIT"


@pytest.mark.parametrize(("is_up", "back"), [(True, 10_498), (False, 9_500)])
def test_a_quote_inside_the_band_ends_a_limit_state_without_a_pause(is_up: bool, back: int) -> None:
    session = limited(is_up=is_up)
    beyond = back + 1 if is_up else back - 1
    session.go(LATER + 5, quote(beyond, LATER + 5))
    assert session.phase() == "LIMIT"
    events = session.go(LATER + 6, quote(back, LATER + 6))
    assert events[1:] == [Status("NVX", Phase.OPEN, "", LATER + 6)]
    assert session.go(LATER + 20 * MINUTE) == []


def test_a_second_limit_state_lasts_its_full_time() -> None:
    session = limited()
    at_ms = LATER + 10 * SECOND
    session.go(at_ms, quote(10_400, at_ms), trade(10_600, at_ms))
    assert phases(session.go(LATER + 20 * SECOND)) == []
    assert phases(session.go(at_ms + 15 * SECOND)) == [(Phase.HALTED, at_ms + 15 * SECOND)]


def test_a_limit_state_of_15_s_becomes_a_pause_of_5_min_without_ticks_and_an_auction() -> None:
    session = limited()
    assert phases(session.go(LATER + 15 * SECOND)) == [(Phase.HALTED, LATER + 15 * SECOND)]
    assert session.reason() == f"{LIMIT_UP}, paused for 5 min"
    at_ms = LATER + MINUTE
    assert session.go(at_ms, quote(10_600, at_ms), trade(10_500, at_ms)) == []
    assert phases(session.go(PAUSE_END)) == [(Phase.AUCTION, PAUSE_END)]
    assert session.reason() == "Reopening auction"


def test_a_reopening_auction_ends_with_one_trade_and_bands_around_it() -> None:
    session = paused()
    session.go(PAUSE_END, quote(10_699, PAUSE_END), trade(10_700, PAUSE_END, size=300))
    assert session.go(REOPENED) == [
        Trade("NVX", 10_700, 300, "BUY", REOPENED, REOPENED),
        Status("NVX", Phase.OPEN, "", REOPENED),
    ]
    high = trade(11_235, REOPENED + 1)
    assert session.go(REOPENED + 1, high) == [high]
    assert phases(session.go(REOPENED + 2, trade(11_236, REOPENED + 2)))[0][0] is Phase.LIMIT


def test_an_auction_outside_its_collar_is_5_min_longer_and_the_collar_wider() -> None:
    session = paused()
    session.go(PAUSE_END, quote(11_399, PAUSE_END), trade(11_400, PAUSE_END))
    assert phases(session.go(REOPENED)) == [(Phase.AUCTION, REOPENED)]
    assert session.reason() == "Reopening auction, 5 min longer: 114.00 is not in 95.00 to 110.00"
    assert session.go(REOPENED + 5 * MINUTE)[0] == Trade(
        "NVX", 11_400, 100, "BUY", REOPENED + 5 * MINUTE, REOPENED + 5 * MINUTE
    )
    assert session.phase() == "OPEN"


def test_below_its_collar_an_auction_is_longer_and_the_collar_wider_there() -> None:
    session = limited(is_up=False)
    session.go(PAUSE_END, quote(8_599, PAUSE_END), trade(8_600, PAUSE_END))
    session.go(REOPENED)
    assert session.reason() == "Reopening auction, 5 min longer: 86.00 is not in 90.00 to 105.00"
    assert session.go(REOPENED + 5 * MINUTE)[0].price_ticks == 8_600


def test_a_reopening_without_trades_opens_and_the_next_trade_sets_the_band() -> None:
    session = paused()
    assert phases(session.go(REOPENED))[1:] == [(Phase.OPEN, REOPENED)]
    far = trade(14_000, REOPENED + 1)
    assert session.go(REOPENED + 1, quote(13_999, REOPENED + 1), far)[1:] == [far]


@pytest.mark.parametrize(("before_ms", "phase"), [(SECOND, "LIMIT"), (MINUTE, "HALTED")])
def test_the_closing_auction_takes_over_from_limit_states_and_pauses(
    before_ms: int, phase: str
) -> None:
    at_ms = CLOSING - before_ms
    session = trading(at_ms)
    session.go(CLOSING - 1, trade(10_600, at_ms))
    assert session.phase() == phase
    assert phases(session.go(CLOSE + MINUTE)) == [(Phase.AUCTION, CLOSING), (Phase.CLOSED, CLOSE)]


def test_a_reopening_auction_passes_its_trades_on_to_the_closing_auction() -> None:
    begin = CLOSING - 10 * SECOND
    session = trading(begin)
    session.become(begin, halts={"NVX": "news"})
    session.become(begin, halts={})
    session.go(begin, quote(9_999, begin), trade(10_000, begin, size=300))
    session.go(CLOSING + 1, trade(10_000, CLOSING + 1, size=500))
    assert session.reason() == "Closing auction"
    assert [event.size for event in session.go(CLOSE) if isinstance(event, Trade)] == [800]


def test_the_reference_is_the_mean_of_the_trades_of_five_minutes() -> None:
    session = trading()
    at_ms = LATER + MINUTE
    session.go(at_ms, trade(10_400, at_ms), trade(10_400, at_ms))
    near = trade(10_767, LATER + 2 * MINUTE)
    assert session.go(near.ts_event, near) == [near]
    beyond = trade(10_500 + 500, LATER + 2 * MINUTE + 1)
    assert phases(session.go(beyond.ts_event, beyond))[0][0] is Phase.LIMIT


def test_trades_of_more_than_five_minutes_ago_no_longer_count() -> None:
    session = trading()
    for minutes in (2, 4):
        at_ms = LATER + minutes * MINUTE
        session.go(at_ms, trade(10_400, at_ms))
    at_ms = LATER + 6 * MINUTE
    session.go(at_ms, trade(10_920, at_ms))
    assert session.phase() == "OPEN"


def test_bands_are_doubled_where_the_rules_say() -> None:
    rules = BandRules(doubled_after_open_ms=15 * MINUTE, doubled_before_close_ms=25 * MINUTE)
    for at_ms, highest in (
        (OPEN + MINUTE, 11_000),
        (OPEN + 15 * MINUTE, 10_500),
        (CLOSING - 25 * MINUTE, 11_000),
    ):
        session = trading(at_ms, bands=rules)
        session.go(at_ms, trade(highest, at_ms))
        assert session.phase() == "OPEN"
        session.go(at_ms, trade(highest + 1, at_ms))
        assert session.phase() == "LIMIT"


def test_a_doubled_band_ends_for_the_trade_of_that_very_moment() -> None:
    rules = BandRules(doubled_after_open_ms=15 * MINUTE, doubled_before_close_ms=0)
    end = OPEN + 15 * MINUTE
    session = trading(end - SECOND, bands=rules)
    session.go(end - 1, trade(10_800, end - 1))
    assert session.phase() == "OPEN"
    session.go(end, trade(10_950, end))
    assert session.phase() == "LIMIT"


def test_a_feed_without_bands_lets_every_price_through() -> None:
    session = trading(bands=None)
    wild = [trade(1, LATER), trade(1_000_000, LATER)]
    assert session.go(LATER + 10 * MINUTE, *wild) == wild


# --- halts by an admin ----------------------------------------------------------------------


@pytest.mark.parametrize("begin", [trading, limited, paused])
def test_a_halt_by_an_admin_replaces_a_limit_state_or_a_pause(begin) -> None:
    session = begin()
    session.become(LATER + 20 * SECOND, halts={"NVX": "news"})
    assert (session.phase(), session.reason()) == ("HALTED", "news")
    assert session.go(CLOSING - 1) == []


def test_a_halt_by_an_admin_outlives_the_day_and_is_closed_at_night() -> None:
    session = trading()
    session.become(LATER, halts={"NVX": "news"})
    assert phases(session.go(AUCTION + DAY_MS)) == [
        (Phase.CLOSED, CLOSE),
        (Phase.HALTED, PRE_OPEN + DAY_MS),
    ]
    assert session.reason() == "news"


def test_a_resumed_instrument_reopens_by_a_short_auction() -> None:
    session = trading()
    session.become(LATER, halts={"NVX": "news"})
    assert phases(session.become(LATER + MINUTE, halts={})) == [(Phase.AUCTION, LATER + MINUTE)]
    assert session.reason() == "Reopening auction"
    far = LATER + MINUTE + SECOND
    session.go(far, quote(19_999, far), trade(20_000, far))
    events = session.go(LATER + 2 * MINUTE)
    assert [type(event) for event in events] == [Trade, Status]
    assert phases(events) == [(Phase.OPEN, LATER + 90 * SECOND)]


def test_round_the_clock_a_resumed_instrument_opens_at_once() -> None:
    session = trading(LATER, schedule=RoundTheClock())
    session.become(LATER, halts={"NVX": "news"})
    assert phases(session.become(LATER, halts={})) == [(Phase.OPEN, LATER)]


@pytest.mark.parametrize(
    ("at_ms", "phase"),
    [(PRE_OPEN, "PRE_OPEN"), (AUCTION, "AUCTION"), (CLOSING, "AUCTION"), (CLOSE, "CLOSED")],
)
def test_outside_continuous_trading_a_resumed_instrument_joins_the_others(
    at_ms: int, phase: str
) -> None:
    session = Session(at_ms, halts={"NVX": "news"})
    session.become(at_ms, halts={})
    assert session.phase() == phase


def test_a_halt_during_an_auction_drops_the_collected_trades() -> None:
    session = Session(AUCTION)
    session.go(AUCTION, trade(10_000, AUCTION))
    session.become(AUCTION + 1, halts={"NVX": "news"})
    session.become(AUCTION + 2, halts={})
    assert phases(session.go(OPEN)) == [(Phase.OPEN, OPEN)]
    assert session.go(OPEN) == []


def test_a_feed_that_runs_again_is_in_the_current_part_of_the_day() -> None:
    session = paused()
    session.become(LATER + MINUTE, state=FeedState.PAUSED)
    assert session.phase() == "HALTED"
    session.become(CLOSING + 1, state=FeedState.RUNNING)
    assert session.reason() == "Closing auction"


# --- market-wide breakers -------------------------------------------------------------------


def fallen(percent: float, *, at_ms: int = LATER, session: Session | None = None) -> Session:
    """Return a session whose index has fallen, in steps that hit no band."""
    symbols = ("NVX", "ORB")
    session = session or trading(at_ms, *symbols, bands=BandRules(2, 0, 0))
    price = round(10_000 * (1 - percent / 100))
    for symbol in symbols:
        session.feed_session._instruments[symbol].last = price
    session.go(at_ms + 5 * SECOND)
    return session


@pytest.mark.parametrize(("percent", "is_halted"), [(6.99, False), (7.0, True), (13.5, True)])
def test_a_fall_of_the_index_halts_everything_for_15_min(percent: float, is_halted: bool) -> None:
    session = fallen(percent)
    assert [session.phase(symbol) == "HALTED" for symbol in ("NVX", "ORB")] == [is_halted] * 2
    if is_halted:
        said = f"Market-wide halt: the index fell {percent:.1f} %, paused for 15 min"
        assert session.reason() == said
        end = LATER + 5 * SECOND + 15 * MINUTE
        assert phases(session.go(end)) == [(Phase.AUCTION, end)] * 2
        assert phases(session.go(end + 30 * SECOND)) == [(Phase.OPEN, end + 30 * SECOND)] * 2


def test_each_level_halts_once_a_day_and_the_next_one_again() -> None:
    session = fallen(8)
    at_ms = LATER + 16 * MINUTE
    session.go(at_ms)
    assert fallen(9, at_ms=at_ms, session=session).phase() == "OPEN"
    assert "fell 14.0 %" in fallen(14, at_ms=at_ms + MINUTE, session=session).reason()


def test_a_fall_of_20_percent_ends_the_day_and_the_next_one_trades() -> None:
    session = fallen(20)
    assert session.reason().endswith("paused for the rest of the day")
    assert phases(session.go(AUCTION + DAY_MS))[::2] == [
        (Phase.CLOSED, CLOSE),
        (Phase.PRE_OPEN, PRE_OPEN + DAY_MS),
        (Phase.AUCTION, AUCTION + DAY_MS),
    ]
    session.go(OPEN + DAY_MS + MINUTE)
    assert session.phase() == "OPEN"


def test_the_index_counts_from_the_previous_close() -> None:
    session = fallen(6)
    session.go(OPEN + DAY_MS)
    assert fallen(12, at_ms=OPEN + DAY_MS, session=session).phase() == "OPEN"
    assert fallen(13, at_ms=OPEN + DAY_MS + MINUTE, session=session).phase() == "HALTED"


def test_a_halt_by_an_admin_outlives_a_market_wide_one() -> None:
    session = fallen(7)
    session.become(LATER + MINUTE, halts={"NVX": "news"})
    session.become(LATER + 2 * MINUTE, halts={"NVX": "news", "ORB": "more"})
    session.become(LATER + 3 * MINUTE, halts={"NVX": "news"})
    assert session.reason("ORB").startswith("Market-wide")
    session.go(LATER + 17 * MINUTE)
    assert (session.reason("NVX"), session.phase("ORB")) == ("news", "OPEN")


def test_events_of_the_feed_do_not_reveal_a_market_wide_halt() -> None:
    """Events of a feed have no delay, also for readers with delayed instruments."""
    session = trading(bands=BandRules(2, 0, 0))
    session.feed_session._instruments["NVX"].last = 9_000
    events = session.feed_session.admit((), LATER + 20 * MINUTE)
    assert [event.phase for event in events] == [Phase.HALTED, Phase.AUCTION, Phase.OPEN]
    assert all(isinstance(event, Status) for event in events)


def test_the_levels_of_one_day_are_new_on_the_next() -> None:
    session = fallen(8)
    session.go(OPEN + DAY_MS)
    assert "fell 8.0 %" in fallen(100 - 92 * 0.92, at_ms=OPEN + DAY_MS, session=session).reason()


def test_the_index_is_checked_in_continuous_trading_only() -> None:
    session = trading(CLOSING, "NVX", "ORB")
    assert fallen(30, at_ms=CLOSING + SECOND, session=session).reason() == "Closing auction"


def test_a_market_wide_halt_ends_with_the_day() -> None:
    session = fallen(7, at_ms=CLOSING - MINUTE, session=trading(CLOSING - MINUTE, "NVX", "ORB"))
    assert session.phase() == "HALTED"
    events = session.feed_session.admit((), PRE_OPEN + DAY_MS)
    feed_statuses = [event for event in events if not isinstance(event, Status)]
    assert [(feed.phase, feed.ts_event) for feed in feed_statuses] == [
        (Phase.AUCTION, CLOSING),
        (Phase.CLOSED, CLOSE),
    ]
    assert phases(events) == [(Phase.CLOSED, CLOSE)] * 2


def test_round_the_clock_a_market_wide_halt_ends_at_midnight() -> None:
    midnight = LATER // DAY_MS * DAY_MS + DAY_MS
    begin = midnight - MINUTE
    session = trading(begin, "NVX", "ORB", schedule=RoundTheClock())
    assert fallen(20, at_ms=begin, session=session).phase() == "HALTED"
    assert phases(session.go(midnight)) == [(Phase.OPEN, midnight)] * 2


def test_round_the_clock_a_new_day_is_only_another_number() -> None:
    midnight = LATER // DAY_MS * DAY_MS + DAY_MS
    session = trading(midnight - MINUTE, schedule=RoundTheClock())
    number = midnight // DAY_MS
    assert session.go(midnight) == [Status("NVX", Phase.OPEN, "", midnight, number)]
    assert session.go(midnight + DAY_MS - 1) == []


# --- changes of the plan --------------------------------------------------------------------


def test_trades_collected_before_a_pause_of_the_feed_are_dropped() -> None:
    session = Session(AUCTION)
    session.go(AUCTION, trade(10_000, AUCTION))
    session.become(AUCTION + 1, state=FeedState.PAUSED)
    session.become(CLOSING, state=FeedState.RUNNING)
    assert [type(event) for event in session.go(CLOSE)] == [Status]


def test_while_a_feed_is_paused_a_resumed_instrument_has_no_auction() -> None:
    session = trading()
    session.become(LATER, halts={"NVX": "news"})
    session.become(LATER, state=FeedState.PAUSED)
    assert phases(session.become(LATER + 1, halts={})) == [(Phase.OPEN, LATER + 1)]


def test_other_hours_are_in_force_at_once() -> None:
    session = Session(CLOSE)
    assert phases(session.become(CLOSE + 1, schedule=RoundTheClock())) == [(Phase.OPEN, CLOSE + 1)]


def test_without_bands_a_limit_state_ends_at_once() -> None:
    session = limited()
    assert phases(session.become(LATER + 1, bands=None)) == [(Phase.OPEN, LATER + 1)]


def test_a_closed_feed_is_closed_at_any_time_of_day() -> None:
    session = trading(exchange="NYSE")
    assert session.feed_session.status(LATER).phase is Phase.OPEN
    session.become(LATER, state=FeedState.CLOSED, reason="Holiday")
    status = session.feed_session.status(LATER + 1)
    assert (status.phase, status.state, status.reason) == (
        Phase.CLOSED, FeedState.CLOSED, "Holiday",
    )  # fmt: skip


def test_the_clock_of_a_short_day_runs_faster() -> None:
    """140 minutes of the exchange in 14."""
    session = Session(LATER, schedule=CompressedSchedule(ShortDays(), LATER, 14 * MINUTE))
    status = session.feed_session.status(LATER + MINUTE)
    assert (status.scale, status.exchange_ms) == (10.0, PRE_OPEN + 10 * MINUTE)
