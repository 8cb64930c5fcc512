"""What a source reports of phases and days, and what a feed admits of it."""

from typing import Any

import pytest
from msgspec.structs import replace

from feeds.market.bars import DAY_MS
from feeds.market.events import (
    Amendment,
    AmendmentKind,
    Carryover,
    FeedState,
    FeedStatus,
    Phase,
    PriceBand,
    Quote,
    ReportedTrade,
    Side,
    Status,
    Trade,
)
from feeds.plan.plans import FeedKind, FeedPlan, Playback
from feeds.sessions.external import ExternalSession
from feeds.sessions.ledger import TradeChange
from tests.support.market_script import definition, plan

DAY = 20_788
"""A day in winter: New York is five hours behind UTC."""
NOW = DAY * DAY_MS + 15 * 3_600_000
REPLAY: dict[str, Any] = {"kind": FeedKind.REPLAY, "playback": Playback(path="day.tape")}
UPSTREAM: dict[str, Any] = {"kind": FeedKind.UPSTREAM}
HALT = Status("NVX", Phase.HALTED, "News", NOW + 5, DAY)


def session_of(*symbols: str, **changes: Any) -> tuple[ExternalSession, FeedPlan]:
    """Return a session, of an upstream unless changed, that follows its plan."""
    followed = plan(*symbols or ("NVX",), **(changes or UPSTREAM))
    session = ExternalSession(followed, NOW)
    session.follow(followed, NOW)
    return session, followed


def reported(price: int, at_ms: int = NOW, ref: str = "", **changes: Any) -> ReportedTrade:
    trade = ReportedTrade("NVX", price, 5, Side.BUY, at_ms, at_ms, day_ms=DAY * DAY_MS, ref=ref)
    return replace(trade, **changes)


def quote(symbol: str = "NVX") -> Quote:
    return Quote(symbol, 100, 101, 1, 1, NOW)


def feed_status(at_ms: int, **changes: Any) -> FeedStatus:
    status = FeedStatus(
        "demo", "Demo", FeedState.RUNNING, 200, "", at_ms, day=DAY, exchange_ms=at_ms
    )
    return replace(status, **changes)


def test_what_is_not_listed_is_not_admitted() -> None:
    session, _ = session_of()
    strangers = [
        quote("ORB"),
        reported(100, symbol="ORB"),
        replace(HALT, symbol="ORB"),
        PriceBand("ORB", 90, 110, NOW),
        TradeChange("ORB", "a", 100, 5, NOW),
    ]
    assert session.admit(strangers, NOW) == []
    assert session.admit([quote()], NOW) == [quote()]


def test_a_price_band_holds_in_every_phase() -> None:
    session, _ = session_of()
    band = PriceBand("NVX", 90, 110, NOW)
    assert session.admit([HALT, quote(), band], NOW) == [HALT, band]


@pytest.mark.parametrize(
    ("phase", "is_quoted", "is_traded"),
    [
        (Phase.PRE_OPEN, True, False),
        (Phase.AUCTION, True, True),
        (Phase.OPEN, True, True),
        (Phase.LIMIT, True, True),
        (Phase.HALTED, False, False),
        (Phase.CLOSED, False, False),
    ],
)
def test_a_phase_admits_its_kinds_of_tick(phase: Phase, is_quoted: bool, is_traded: bool) -> None:
    session, _ = session_of(**REPLAY)
    session.admit([replace(HALT, phase=Phase.HALTED), replace(HALT, phase=phase)], NOW)
    trade = Trade("NVX", 100, 5, Side.BUY, NOW + 6, NOW + 6)
    found = session.admit([quote(), trade], NOW)
    assert found == [quote()] * is_quoted + [trade] * is_traded


@pytest.mark.parametrize(("before_ms", "is_admitted"), [(1, True), (0, False), (-1, False)])
def test_a_trade_counts_if_it_happened_before_the_halt(before_ms: int, is_admitted: bool) -> None:
    session, _ = session_of()
    trade = reported(100, HALT.ts_event - before_ms)
    assert session.admit([HALT, trade], NOW) == [HALT] + [trade] * is_admitted


def test_a_halt_by_an_admin_and_a_closed_feed_beat_what_the_source_reports() -> None:
    session, followed = session_of("NVX", "ORB")
    assert session.admit([HALT, HALT], NOW) == [HALT], "an equal status is no news"
    halted = replace(followed, halts={"NVX": "Audit"})
    assert session.follow(halted, NOW + 10) == {
        "NVX": Status("NVX", Phase.HALTED, "Audit", NOW + 10, DAY)
    }
    closed = replace(halted, state=FeedState.CLOSED, reason="Holiday")
    assert session.follow(closed, NOW + 20) == {
        symbol: Status(symbol, Phase.CLOSED, "Holiday", NOW + 20, DAY) for symbol in ("NVX", "ORB")
    }
    assert session.follow(followed, NOW + 30) == {
        "NVX": Status("NVX", Phase.HALTED, "News", NOW + 30, DAY),
        "ORB": Status("ORB", Phase.OPEN, "", NOW + 30, DAY),
    }


@pytest.mark.parametrize("is_gone_between", [True, False])
@pytest.mark.parametrize("is_halted", [True, False])
def test_an_instrument_with_other_units_is_another_one(
    is_halted: bool, is_gone_between: bool
) -> None:
    """Neither its halt nor its trades go on, and its phase is announced again."""
    session, followed = session_of("NVX", "ORB")
    session.admit([reported(100, ref="a"), *[HALT] * is_halted], NOW)
    if is_gone_between:
        session.follow(plan("ORB", **UPSTREAM), NOW + 10)
        again = followed
    else:
        again = replace(followed, definitions=(definition("NVX", tick="0.05"), definition("ORB")))
    opened = Status("NVX", Phase.OPEN, "", NOW + 20, DAY)
    assert session.follow(again, NOW + 20) == {"NVX": opened}
    trade = reported(100, ref="a")
    assert session.admit([trade], NOW) == [trade]


def test_an_instrument_that_stays_keeps_its_halt() -> None:
    session, followed = session_of("NVX")
    session.admit([HALT], NOW)
    assert session.follow(replace(followed, rate=7), NOW + 10) == {}


def test_a_feed_counts_on_in_the_time_that_its_source_reported() -> None:
    session, followed = session_of(**REPLAY)
    begin = 3 * DAY_MS
    begun = feed_status(
        NOW, exchange="NYSE", day=3, phase=Phase.AUCTION, exchange_ms=begin, scale=2
    )
    session.admit([begun], NOW)
    status = session.status(NOW + 500)
    assert status == replace(begun, ts_event=NOW + 500, exchange_ms=begin + 1_000)
    closed = replace(followed, state=FeedState.CLOSED, reason="Holiday", rate=7, name="Night")
    session.follow(closed, NOW)
    status = session.status(NOW + 500)
    assert (status.phase, status.state, status.reason) == (
        Phase.CLOSED, FeedState.CLOSED, "Holiday",
    )  # fmt: skip
    assert (status.rate, status.name, status.day) == (7, "Night", 3)


def test_time_alone_is_no_news_of_a_feed() -> None:
    session, _ = session_of()
    session.status(NOW)
    assert session.admit([feed_status(NOW + 1_000)], NOW) == []
    # What a recording says of its own feed is not said of this one.
    assert session.admit([feed_status(NOW + 1_000, feed="night", rate=3)], NOW) == []
    trouble = feed_status(NOW + 2_000, reason="Connection lost", exchange_ms=0)
    [status] = session.admit([trouble, trouble], NOW)
    assert isinstance(status, FeedStatus)
    assert (status.reason, status.exchange_ms) == ("Connection lost", NOW + 2_000)
    [status] = session.admit([feed_status(NOW + 3_000)], NOW)
    assert isinstance(status, FeedStatus)
    assert status.reason == ""


def test_a_new_day_of_an_upstream_is_that_of_every_instrument() -> None:
    session, _ = session_of("NVX", "ORB")
    session.admit([reported(100), HALT], NOW)
    later = NOW + DAY_MS
    [feed, *moved] = session.admit([feed_status(later, day=DAY + 1)], later)
    assert isinstance(feed, FeedStatus)
    assert moved == [
        Status("NVX", Phase.HALTED, "News", later, DAY + 1),
        Status("ORB", Phase.OPEN, "", later, DAY + 1),
    ]
    _, late = session.admit([reported(90, HALT.ts_event - 1)], later)
    assert isinstance(late, Amendment)
    assert (late.volume, late.previous_close, late.last) == (0, 90, 90)
    again = replace(HALT, phase=Phase.OPEN, reason="", ts_event=later + 1, day=3)
    assert session.admit([again], later) == [replace(again, day=DAY + 1)]


def test_the_statuses_of_a_replay_have_their_own_days() -> None:
    session, _ = session_of(**REPLAY)
    status = replace(HALT, day=3)
    assert session.admit([status], NOW) == [status]
    feed = feed_status(NOW, day=4)
    assert session.admit([feed], NOW) == [feed]


@pytest.mark.parametrize(
    ("changes", "phase", "has_place", "wanted"),
    [
        (UPSTREAM, Phase.HALTED, True, (Phase.HALTED, "News", DAY)),
        (UPSTREAM, Phase.AUCTION, True, (Phase.AUCTION, "News", DAY)),
        (UPSTREAM, Phase.CLOSED, True, (Phase.OPEN, "", DAY)),
        (UPSTREAM, Phase.HALTED, False, (Phase.OPEN, "", DAY)),
        (REPLAY, Phase.CLOSED, True, (Phase.CLOSED, "News", 3)),
        (REPLAY, Phase.HALTED, False, (Phase.OPEN, "", DAY)),
    ],
)
def test_a_phase_of_an_earlier_life_goes_on(
    changes: dict[str, Any], phase: Phase, has_place: bool, wanted: tuple[Phase, str, int]
) -> None:
    followed = plan("NVX", **changes)
    session = ExternalSession(followed, NOW)
    left = Carryover("NVX", NOW, 3, phase, "News", last=100)
    session.carry_over(left, has_place=has_place)
    status = session.follow(followed, NOW + 1)["NVX"]
    assert (status.phase, status.reason, status.day) == wanted


@pytest.mark.parametrize(("changes", "day"), [(UPSTREAM, DAY - 1), (REPLAY, DAY)])
def test_an_upstream_begins_in_the_day_of_its_vendor(changes: dict[str, Any], day: int) -> None:
    """At four in the morning UTC it is still the day before in New York."""
    night = DAY * DAY_MS + 4 * 3_600_000
    followed = plan("NVX", **changes)
    session = ExternalSession(followed, night)
    assert session.follow(followed, night)["NVX"].day == day
    assert session.status(night).day == day


@pytest.mark.parametrize(("changes", "is_late"), [(UPSTREAM, True), (REPLAY, False)])
def test_a_replay_has_the_days_of_its_trades(changes: dict[str, Any], is_late: bool) -> None:
    session, _ = session_of(**changes)
    trade = reported(100, day_ms=(DAY - 1) * DAY_MS, ref="a")
    moved, *mended = session.admit([trade], NOW)
    assert moved == (replace(trade, bar=0, day=0) if is_late else trade)
    assert len(mended) == is_late
    change = TradeChange("NVX", "x", 100, 5, NOW)
    assert session.admit([change], NOW) == [
        Amendment("NVX", AmendmentKind.CANCELLED, NOW, "x", "x", 0, 0, 100, 5, 0)
    ]
