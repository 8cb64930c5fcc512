"""The certificate rests on whole days of open trading; it says what the tests of realism say."""

from datetime import date

import pytest

from dashboard.deck.certificate import certificate
from dashboard.deck.realism_monitor import SYMBOLS_KEPT, Certificate, RealismMonitor
from feeds.engine.virtual_clock import demo_plan, tape_of
from feeds.market.bars import DAY_MS, MINUTE_MS
from feeds.market.board import Board
from feeds.market.delayed_keys import delayed
from feeds.market.events import Batch, Delisting, Listing, Phase, Side, Status, Trade
from feeds.plan.calendars import EXCHANGES, Calendar
from feeds.plan.schedules import Segment
from feeds.realism.collector import TradeCollector
from feeds.realism.statistics import Finding
from feeds.services.feeds import seed_exchange
from tests.support.market_script import definition
from tests.support.staff import staff

OPEN_MS, CLOSE_MS = 9 * 60 * MINUTE_MS, 15 * 60 * MINUTE_MS
FIRST_DAY = 20_000
PAGE = "/admin/flightdeck/feeds/demo/certificate/"


def batch(*events, first=1):
    return Batch("e", first, tuple(events))


def trade(day, passed_ms, symbol="NVX", price=100):
    return Trade(symbol, price, 100, Side.BUY, 1, (FIRST_DAY + day) * DAY_MS + passed_ms)


def a_day(number, symbol="NVX", *, begin=OPEN_MS, end=CLOSE_MS, rest=(0, 0)):
    """Return a trade every five minutes, but for a rest."""
    return [
        trade(number, at, symbol, 100 + at // MINUTE_MS % 7)
        for at in range(begin, end + 1, 5 * MINUTE_MS)
        if not rest[0] < at < rest[1]
    ]


def watched(*trades):
    watch = TradeCollector({"NVX": "Technology", "ORB": "Energy"}, days=4)
    watch.observe(trade for some in trades for trade in some)
    return watch


def days_of(watch):
    return [day - FIRST_DAY for day in watch.whole_days()]


# --- which days count -------------------------------------------------------------------------
def test_a_day_that_was_joined_in_the_middle_and_one_that_goes_on_do_not_count():
    joined, on = a_day(0, begin=OPEN_MS + 60 * MINUTE_MS), a_day(3, end=CLOSE_MS - 60 * MINUTE_MS)
    assert days_of(watched(joined, a_day(1), a_day(2), on)) == [1, 2]


def test_a_day_with_a_long_rest_does_not_count():
    noon = 12 * 60 * MINUTE_MS
    assert days_of(watched(a_day(0), a_day(1, rest=(noon, noon + 30 * MINUTE_MS)))) == [0]
    assert days_of(watched(a_day(0), a_day(1, rest=(noon, noon + 10 * MINUTE_MS)))) == [0, 1]


def test_only_the_newest_days_are_kept():
    assert days_of(watched(*(a_day(number) for number in range(9)))) == [5, 6, 7, 8]


def test_a_symbol_that_did_not_trade_on_a_whole_day_is_left_out():
    watch = watched(a_day(0), a_day(1), a_day(1, "ORB"), a_day(1, "ZED"))
    assert list(watch.sample().sectors) == ["Technology"]
    assert watched(a_day(0), a_day(0, "ORB")).sample().volumes.shape[2] == 2
    with pytest.raises(ValueError, match="no whole day"):
        watched().sample()


# --- what is watched --------------------------------------------------------------------------
def listed(*symbols, feed="demo"):
    return [Listing(feed, definition(symbol), 1) for symbol in symbols]


def opened(symbol, phase=Phase.OPEN):
    return Status(symbol, phase, "", 1)


def examine(*events):
    monitor = RealismMonitor()
    monitor.begin(Board())
    monitor.take(batch(*events))
    return monitor


def seen_by(monitor):
    return monitor.certificate("demo").days


def test_only_open_trading_counts():
    day = a_day(0)
    assert seen_by(examine(*listed("NVX"), opened("NVX"), *day)) == 1
    assert seen_by(examine(*listed("NVX"), *day)) == 0
    assert seen_by(examine(*listed("NVX"), opened("NVX", Phase.AUCTION), *day)) == 0
    assert seen_by(examine(*listed("NVX"), opened("NVX"), opened("NVX", Phase.HALTED), *day)) == 0
    assert seen_by(examine(*listed("NVX"), opened("NVX"), Delisting("NVX", 1), *day)) == 0


def test_late_twins_and_other_feeds_do_not_count():
    twin = delayed("NVX", 15)
    assert seen_by(examine(*listed(twin), opened(twin), *a_day(0, twin))) == 0
    other = examine(*listed("NVX", feed="other"), opened("NVX"), *a_day(0))
    assert seen_by(other) == 0
    assert other.certificate("other").days == 1


def test_there_is_an_end_to_how_many_symbols_are_watched():
    symbols = [f"S{number}" for number in range(SYMBOLS_KEPT + 5)]
    assert examine(*listed(*symbols)).certificate("demo").symbols == SYMBOLS_KEPT


def test_another_tape_begins_anew_and_a_board_says_what_is_open():
    monitor = examine(*listed("NVX"), opened("NVX"), *a_day(0))
    board = Board()
    for sequence, event in enumerate([*listed("NVX"), opened("NVX")], 1):
        board.apply(sequence, event)
    monitor.begin(board)
    assert seen_by(monitor) == 0
    monitor.take(batch(*a_day(1)))
    assert seen_by(monitor) == 1


@pytest.mark.slow
def test_it_finds_what_a_watch_finds_and_finds_it_once(monkeypatch):
    """Three days of a minute each."""
    days = Calendar(EXCHANGES["XNYS"], date(2026, 1, 5))
    plan = demo_plan(days, seed=1, rate=300.0, instruments=20, day_ms=MINUTE_MS)
    monitor = RealismMonitor()
    watch = TradeCollector(
        {definition.symbol: definition.sector for definition in plan.definitions}
    )
    monitor.begin(Board())
    closing = [days.day(number).starts_ms[Segment.CLOSING_AUCTION] for number in range(3)]
    is_open: dict[str, bool] = {}
    for some in tape_of(plan, 180):
        monitor.take(some)
        for event in some.events:
            if isinstance(event, Status):
                is_open[event.symbol] = event.phase is Phase.OPEN
            elif isinstance(event, Trade) and is_open[event.symbol]:
                assert event.exchange_ms <= closing[-1]
                watch.observe([event])
    found = monitor.certificate("demo")
    assert (found.days, found.symbols) == (3, 20)
    assert found.findings == tuple(watch.sample().certificate())
    assert len(found.memory) == 60
    monkeypatch.setattr(TradeCollector, "sample", None)
    assert monitor.certificate("demo") is found


def test_a_market_of_one_symbol_that_stands_still_is_not_real():
    still = [trade(day, at) for day in (0, 1) for at in range(OPEN_MS, CLOSE_MS, MINUTE_MS)]
    found = examine(*listed("NVX"), opened("NVX"), *still).certificate("demo")
    assert not found.is_met
    assert not any(finding.is_met for finding in found.findings if finding.number in (2, 4, 5, 10))


# --- the page ---------------------------------------------------------------------------------
@pytest.mark.slow
@pytest.mark.django_db
def test_the_page_is_for_operators_and_waits_for_days():
    seed_exchange(2, 200)
    client = staff("run_feed")
    assert "So far there are 0 whole trading days" in " ".join(
        client.get(PAGE).content.decode().split()
    )
    assert client.get(PAGE, {"format": "json"}).json()["findings"] == []
    assert client.get(PAGE.replace("demo", "none")).status_code == 404
    assert client.post(PAGE).status_code == 405
    assert staff("view_feed").get(PAGE).status_code == 403
    assert staff("run_feed", is_staff=False).get(PAGE).status_code == 302


class Examined:
    def certificate(self, feed: str) -> Certificate:
        findings = (
            Finding(2, "Fat tails", (float("nan"), 3.14159), "kurtosis > 3", False),
            Finding(4, "Volatility clusters", (0.2, 0.1), "ACF > 0.1", True),
        )
        return Certificate(3, 8, findings, (0.4, 0.9, -0.1))


@pytest.mark.django_db
def test_the_page_shows_every_finding(rf, admin_user):
    seed_exchange(2, 200)
    request = rf.get(PAGE)
    request.user = admin_user
    page = certificate(request, "demo", monitor=Examined()).render().content.decode()
    assert "1 of 2 as on real markets" in page
    assert "<td>\u2013, 3.14</td>" in page
    assert 'data-is="missed"' in page
    assert "single findings may be missed by chance" in page
    assert page.count("<rect ") == 3
    assert 'y="0.0" width="4" height="100.0"' in page
