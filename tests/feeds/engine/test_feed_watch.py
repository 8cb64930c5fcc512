"""Each trouble of a feed is news once, after its time; normal operation is no trouble."""

from datetime import date

import pytest

from feeds.engine.feed_watch import LOSSES, LOSSES_WITHIN_S, FeedWatch, Trouble, TroubleKind
from feeds.market.board import Board
from feeds.market.events import FeedState, Phase, Status
from feeds.market.parsing import parse_rfc3339
from feeds.plan.calendars import EXCHANGES, Calendar
from feeds.plan.plans import FeedKind, FeedPlan
from feeds.plan.schedules import PlainSchedule
from tests.support.exchange import quote
from tests.support.market_script import NOW, listing


def plan(**facts) -> FeedPlan:
    usual = {"feed": "demo", "name": "Demo", "state": FeedState.RUNNING, "rate": 200.0, "seed": 1}
    return FeedPlan(**usual | {"definitions": ()} | facts)


class Watched:
    """A watch, and the hands that move what it looks at."""

    def __init__(self, **facts) -> None:
        self.watch, self.board, self.plans = FeedWatch(stall_s=5), Board(), [plan(**facts)]
        self.stopped: dict[str, str] = {}
        self.losses = 0
        self.is_overloaded = False
        self.board.apply(1, listing("NVX"))
        self.phase(Phase.OPEN)

    def phase(self, phase: Phase) -> None:
        self.board.apply(self.board.sequence + 1, Status("NVX", phase, "", NOW))

    def tick(self) -> None:
        self.board.apply(self.board.sequence + 1, quote(10))

    def look(self, now_s: float) -> list[Trouble]:
        return self.watch.look(
            self.plans, self.board, now_s, stopped=self.stopped, losses=self.losses,
            is_overloaded=self.is_overloaded,
        )  # fmt: skip


def test_a_feed_that_ticks_is_well() -> None:
    watched = Watched()
    for now_s in range(100):
        watched.tick()
        assert watched.look(now_s) == []


def test_a_feed_without_ticks_is_news_after_its_time_and_once() -> None:
    watched = Watched()
    watched.tick()
    assert watched.look(0) == []
    assert watched.look(4.9) == []
    assert watched.look(5) == [Trouble("demo", TroubleKind.STALLED, "no ticks for 5 s")]
    assert watched.look(60) == []


def test_a_stall_that_was_over_is_news_again() -> None:
    watched = Watched()
    watched.look(0)
    assert watched.look(5)
    watched.tick()
    assert watched.look(6) == []
    assert watched.look(10.9) == []
    assert [trouble.kind for trouble in watched.look(11)] == [TroubleKind.STALLED]


def test_a_slow_feed_has_more_time() -> None:
    watched = Watched(rate=0.5)
    watched.look(0)
    assert watched.look(39.9) == []
    assert watched.look(40)


@pytest.mark.parametrize("phase", [Phase.HALTED, Phase.CLOSED])
def test_a_feed_that_may_have_no_ticks_does_not_stall(phase: Phase) -> None:
    watched = Watched()
    watched.phase(phase)
    watched.look(0)
    assert watched.look(1000) == []
    watched.phase(Phase.OPEN)
    assert watched.look(1001) == []
    assert watched.look(1004.9) == []
    assert watched.look(1005)


@pytest.mark.parametrize("state", [FeedState.PAUSED, FeedState.CLOSED])
def test_a_feed_that_rests_has_no_trouble(state: FeedState) -> None:
    watched = Watched(state=state)
    watched.stopped["demo"] = "the recording is over"
    watched.look(0)
    assert watched.look(1000) == []


def test_a_source_that_stopped_is_news_when_it_stays_so() -> None:
    watched = Watched()
    watched.phase(Phase.CLOSED)
    watched.stopped["demo"] = "the recording is over"
    assert watched.look(0) == []
    assert watched.look(5) == [Trouble("demo", TroubleKind.STOPPED, "the recording is over")]
    assert watched.look(6) == []
    watched.stopped.clear()
    watched.look(7)
    watched.stopped["demo"] = "away"
    assert watched.look(8) == []
    assert watched.look(13)


def test_an_overload_is_news_when_it_lasts() -> None:
    watched = Watched()
    watched.phase(Phase.CLOSED)
    watched.look(0)
    watched.is_overloaded = True
    assert watched.look(1) == watched.look(5.9) == []
    assert [trouble.kind for trouble in watched.look(6)] == [TroubleKind.OVERLOADED]
    assert watched.look(60) == []
    watched.is_overloaded = False
    watched.look(61)
    watched.is_overloaded = True
    assert watched.look(62) == []
    assert watched.look(67)


def test_an_upstream_that_is_lost_too_often_is_news_of_its_feeds_only() -> None:
    watched = Watched(kind=FeedKind.UPSTREAM)
    watched.plans.append(plan(feed="other"))
    watched.phase(Phase.CLOSED)
    watched.look(0)
    watched.losses = LOSSES - 1
    assert watched.look(1) == []
    watched.losses = LOSSES
    [trouble] = watched.look(2)
    assert (trouble.feed, trouble.kind) == ("demo", TroubleKind.UNSTEADY)
    assert watched.look(3) == []


def test_losses_of_long_ago_do_not_count() -> None:
    watched = Watched(kind=FeedKind.UPSTREAM)
    watched.phase(Phase.CLOSED)
    for loss in range(3 * LOSSES):
        watched.losses = loss
        assert watched.look(loss * LOSSES_WITHIN_S / (LOSSES - 1) * 1.01) == []


def test_a_new_connection_counts_from_the_start() -> None:
    watched = Watched(kind=FeedKind.UPSTREAM)
    watched.phase(Phase.CLOSED)
    watched.losses = 100
    watched.look(0)
    watched.losses = 0
    assert watched.look(1) == []
    watched.losses = LOSSES
    assert watched.look(2)


@pytest.mark.parametrize(
    ("at", "is_news"), [("2026-09-21T15:00:00Z", True), ("2026-09-20T15:00:00Z", False)]
)
def test_silence_of_an_upstream_is_news_in_its_hours_alone(at: str, is_news: bool) -> None:
    schedule = PlainSchedule(Calendar(EXCHANGES["XNYS"], date(2026, 1, 1)))
    watched = Watched(kind=FeedKind.UPSTREAM, schedule=schedule)
    found = [
        watched.watch.look(
            watched.plans, watched.board, now_s, stopped={}, losses=0, now_ms=parse_rfc3339(at)
        )
        for now_s in (0.0, 100.0)
    ]
    assert [bool(troubles) for troubles in found] == [False, is_news]
