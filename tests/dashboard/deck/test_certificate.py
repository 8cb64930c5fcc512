"""The certificate rests on whole days of open trading, and its page says what was judged."""

import json
import sys
from datetime import date

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from msgspec.structs import replace

from dashboard.deck import realism_monitor
from dashboard.deck.certificate import _bar, certificate
from dashboard.deck.realism_monitor import RealismMonitor
from feeds.engine.virtual_clock import demo_plan, tape_of
from feeds.market.bars import DAY_MS, MINUTE_MS
from feeds.market.delayed_keys import delayed
from feeds.market.events import Batch, Carryover, Delisting, Listing, Phase, Side, Status, Trade
from feeds.models import Feed, RealismDay
from feeds.plan.calendars import EXCHANGES, Calendar
from feeds.realism.collector import TradeCollector
from feeds.realism.days import VERSION, DayFacts, DayState, pack_day, unpack_day
from feeds.realism.judging import Certificate, Finding, Verdict
from feeds.realism.statistics import FACTS
from feeds.realism.watch import DAYS_KEPT, SYMBOLS_KEPT, RealismWatch, WatchedDay
from feeds.selectors.realism import all_realism_days, realism_days
from feeds.services.feeds import seed_exchange
from feeds.services.realism import store_realism
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


def test_a_lone_day_does_not_count():
    """Nothing says yet how long a day is."""
    assert days_of(watched(a_day(0, begin=OPEN_MS + 60 * MINUTE_MS))) == []
    assert days_of(watched(a_day(0))) == []


def test_a_part_of_a_day_that_comes_again_does_not_count_twice():
    day = a_day(0)
    once, twice = watched(day, a_day(1)), watched(day, day[40:-1], a_day(1))
    assert twice.sample().volumes.tolist() == once.sample().volumes.tolist()


def test_only_the_newest_days_are_kept():
    assert days_of(watched(*(a_day(number) for number in range(9)))) == [5, 6, 7, 8]


def test_a_symbol_that_did_not_trade_on_a_whole_day_is_left_out():
    watch = watched(a_day(0), a_day(1), a_day(1, "ORB"), a_day(1, "ZED"))
    assert list(watch.sample().sectors) == ["Technology"]
    both = watched(a_day(0), a_day(0, "ORB"), a_day(1), a_day(1, "ORB"))
    assert both.sample().volumes.shape[2] == 2
    with pytest.raises(ValueError, match="no whole day"):
        watched().sample()


# --- what is watched --------------------------------------------------------------------------
def listed(*symbols, feed="demo"):
    return [Listing(feed, definition(symbol), 1) for symbol in symbols]


def opened(symbol, phase=Phase.OPEN):
    return Status(symbol, phase, "", 1)


class Watched:
    """A watch of a market, with the monitor that reads what it has stored so far."""

    def __init__(self, left=None, *, is_simulated=False):
        self.watch = RealismWatch(left)
        self.stored = {feed: dict(days) for feed, days in (left or {}).items()}
        self.monitor = RealismMonitor(self._read, lambda feed: is_simulated)

    def take(self, *events):
        self.watch.observe(batch(*events))

    def certificate(self, feed):
        return self.monitor.certificate(feed)

    def left(self):
        """Return what the next life finds in the bytes that are stored."""
        for feed, day, state in self.watch.changed():
            self.stored.setdefault(feed, {})[day] = unpack_day(pack_day(state))
        return self.stored

    def _read(self, feed):
        return self.left().get(feed, {})


def examine(*events):
    watched = Watched()
    watched.take(*events)
    return watched


def seen_by(watched):
    return watched.certificate("demo").days


def test_only_open_trading_counts():
    days = [*a_day(0), *a_day(1)]
    assert seen_by(examine(*listed("NVX"), opened("NVX"), *days)) == 2
    assert seen_by(examine(*listed("NVX"), *days)) == 0
    assert seen_by(examine(*listed("NVX"), opened("NVX", Phase.AUCTION), *days)) == 0
    assert seen_by(examine(*listed("NVX"), opened("NVX"), opened("NVX", Phase.HALTED), *days)) == 0
    assert seen_by(examine(*listed("NVX"), opened("NVX"), Delisting("NVX", 1), *days)) == 0


def test_late_twins_and_other_feeds_do_not_count():
    twin = delayed("NVX", 15)
    assert seen_by(examine(*listed(twin), opened(twin), *a_day(0, twin), *a_day(1, twin))) == 0
    other = examine(*listed("NVX", feed="other"), opened("NVX"), *a_day(0), *a_day(1))
    assert seen_by(other) == 0
    assert other.certificate("other").days == 2


def test_there_is_an_end_to_how_many_symbols_are_watched():
    symbols = [f"S{number}" for number in range(SYMBOLS_KEPT + 5)]
    trades = [trade(0, OPEN_MS, symbol) for symbol in symbols]
    found = examine(*listed(*symbols), *map(opened, symbols), *trades)
    assert found.certificate("demo").symbols == SYMBOLS_KEPT


# --- restarts ---------------------------------------------------------------------------------
NOON = len(a_day(0)) // 2


def next_life(former, *events):
    watched = Watched(former.left())
    left = Carryover("NVX", 1, 0, Phase.OPEN)
    watched.take(*listed("NVX"), left, *events)
    return watched


def test_a_restart_forgets_nothing():
    days = [*a_day(0), *a_day(1)]
    # As text, because a single symbol has findings that are no number.
    said = lambda watched: repr(watched.certificate("demo")._replace(market=None))
    whole = said(examine(*listed("NVX"), opened("NVX"), *days))
    for at in (0, 1, NOON, len(a_day(0)), len(a_day(0)) + NOON, len(days)):
        first = examine(*listed("NVX"), opened("NVX"), *days[:at])
        second = next_life(first, *days[at:])
        assert said(second) == whole
        assert said(next_life(second)) == whole


def test_only_days_that_changed_are_written_again():
    watched = examine(*listed("NVX"), opened("NVX"), *a_day(0), *a_day(1)[:3])
    days = lambda: [item.day - FIRST_DAY for item in watched.watch.changed()]
    assert (days(), days()) == ([0, 1], [])
    watched.take(*a_day(1)[3:])
    assert days() == [1]


def broken_days():
    watched = examine(*listed("NVX"), opened("NVX"), *a_day(0))
    ((_, _, day),) = watched.watch.changed()
    trades = day.trades["NVX"]
    yield b""
    yield b"no day"
    yield pack_day(day)[:-9]
    yield pack_day(replace(day, version=day.version + 1))
    yield pack_day(replace(day, byteorder="other"))
    for short in ("samples", "prices", "minutes", "volumes", "trades"):
        shorter = replace(trades, **{short: getattr(trades, short)[:-1]})
        yield pack_day(replace(day, trades={"NVX": shorter}))


@pytest.mark.parametrize("content", list(broken_days()))
@pytest.mark.django_db
def test_a_day_that_cannot_be_read_was_never_seen(content, caplog):
    seed_exchange(2, 200)
    RealismDay.objects.create(feed=Feed.objects.get(), day=7, content=content)
    assert realism_days("demo") == {}
    assert "realism day is of no use feed=demo day=7" in caplog.text


@pytest.mark.django_db
def test_the_newest_days_are_stored_and_those_of_a_feed_that_is_gone_are_not():
    seed_exchange(2, 200)
    state = DayState(VERSION, sys.byteorder, {}, {}, DayFacts())
    for day in range(DAYS_KEPT + 3):
        store_realism([WatchedDay("demo", day, state), WatchedDay("gone", day, state)])
    assert sorted(realism_days("demo")) == list(range(3, DAYS_KEPT + 3))
    assert RealismDay.objects.count() == DAYS_KEPT
    assert all_realism_days().keys() == {"demo"}


@pytest.mark.slow
def test_three_days_of_a_feed_are_whole_and_looked_at_once(monkeypatch):
    """Days of a minute each."""
    days = Calendar(EXCHANGES["XNYS"], date(2026, 1, 5))
    plan = demo_plan(days, seed=1, rate=300.0, instruments=20, day_ms=MINUTE_MS)
    watched = Watched(is_simulated=True)
    for some in tape_of(plan, 180):
        watched.watch.observe(some)
    found = watched.certificate("demo")
    assert (found.days, found.symbols, found.remarks) == (3, 20, ())
    assert [finding.number for finding in found.findings] == [fact.number for fact in FACTS]
    assert found.verdict is Verdict.UNKNOWN
    assert found.findings[0].missing == "needs 7 more days"
    assert all(finding.values for finding in found.findings)
    monkeypatch.setattr(TradeCollector, "sample", None)
    assert watched.certificate("demo") is found


def test_a_certificate_is_computed_once_for_the_same_days(monkeypatch):
    """A feed that begins to make its ticks itself is judged anew, as each feed by itself is."""
    made, simulated = [], []

    def make(watch, *, has_rate):
        made.append(has_rate)
        return Certificate(len(made), 1, (), ())

    monkeypatch.setattr(realism_monitor, "certificate_of", make)
    monitor = RealismMonitor(lambda feed: {}, lambda feed: feed in simulated)
    assert [monitor.certificate(feed).days for feed in ("a", "a", "b", "a", "b")] == [1, 1, 2, 1, 2]
    simulated.append("a")
    assert [monitor.certificate("a").days for _ in range(2)] == [3, 3]
    assert made == [False, False, True]


def test_a_market_of_one_symbol_that_stands_still_is_not_real():
    still = [trade(day, at) for day in (0, 1) for at in range(OPEN_MS, CLOSE_MS, MINUTE_MS)]
    market = examine(*listed("NVX"), opened("NVX"), *still).certificate("demo").market
    with np.errstate(invalid="ignore", divide="ignore"):
        met = {fact.number for fact in FACTS if fact.measure(market)[1]}
    assert not met & {2, 3, 4, 5, 6, 7, 8, 10, 11}


# --- the page ---------------------------------------------------------------------------------
@pytest.mark.slow
@pytest.mark.django_db
def test_the_page_is_for_operators_and_waits_for_days():
    seed_exchange(2, 200)
    client = staff("run_feed")
    page = " ".join(client.get(PAGE).content.decode().split())
    assert "Demo Exchange: cannot judge yet" in page
    assert page.count("needs 10 whole days") == 8
    facts = client.get(PAGE, {"format": "json"}).json()
    assert facts["is_met"] is None
    assert {finding["verdict"] for finding in facts["findings"]} == {"cannot judge yet"}
    assert client.get(PAGE.replace("demo", "none")).status_code == 404
    assert client.post(PAGE).status_code == 405
    assert staff("view_feed").get(PAGE).status_code == 403
    assert staff("run_feed", is_staff=False).get(PAGE).status_code == 302


class Examined:
    def certificate(self, feed: str) -> Certificate:
        findings = (
            Finding(2, "Fat tails", (float("nan"), 3.14159), "kurtosis > 3", Verdict.OUT),
            Finding(4, "Volatility clusters", (0.2, -0.0001), "ACF > 0.1", Verdict.IN),
            Finding(9, "The day's U", (), "1.8-4", Verdict.UNKNOWN, "needs 3 more days"),
        )
        return Certificate(3, 8, findings, ("2 days left out: why",))


@pytest.mark.django_db
def test_only_those_who_operate_see_a_certificate(rf):
    seed_exchange(2, 200)
    request = rf.get(PAGE, {"format": "json"})
    request.user = User.objects.create_user("ada", is_staff=True)
    with pytest.raises(PermissionDenied):
        certificate(request, "demo", monitor=Examined())


@pytest.mark.parametrize(
    ("lag", "value", "bar"),
    [
        (0, 0.5, (0, 0.0, 100.0)),
        (3, 0.25, (15, 50.0, 50.0)),
        (2, -0.1, (10, 100.0, 0.0)),
        (1, 0.9, (5, 0.0, 100.0)),
        (1, 0.03333, (5, 93.3, 6.7)),
    ],
)
def test_a_bar_of_the_memory_stands_on_the_ground_and_is_cut_at_the_top(lag, value, bar):
    assert _bar(lag, value) == dict(zip(("x", "y", "height"), bar, strict=True))


@pytest.mark.django_db
def test_the_page_shows_every_finding_with_one_of_three_verdicts(rf, admin_user):
    seed_exchange(2, 200)

    def page(**query):
        request = rf.get(PAGE, query)
        request.user = admin_user
        return certificate(request, "demo", monitor=Examined())

    text = page().render().content.decode()
    assert "Demo Exchange: outside the band" in text
    assert "<td>\u2013, 3.14</td>" in text
    assert "<td>0.2, 0</td>" in text
    assert "<td>\u2013</td>" in text
    for verdict in Verdict:
        assert text.count(f'<span data-is="{verdict}">1 {verdict}</span>') == 1
        assert text.count(f'<td><span data-is="{verdict}">{verdict}</span>') == 1
    assert "cannot judge yet</span>: needs 3 more days" in text
    assert "3 whole days, 8 instruments. 2 days left out: why." in text
    facts = json.loads(page(format="json").content)
    assert (facts["verdict"], facts["is_met"]) == ("outside the band", False)
    assert [finding["is_met"] for finding in facts["findings"]] == [False, True, None]
    assert facts["findings"][2]["missing"] == "needs 3 more days"
