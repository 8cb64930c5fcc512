"""One pass of a recording: what a rule does in it, up to a time, and when it is given up."""

from collections.abc import Iterator
from decimal import Decimal
from math import inf

import pytest

from dashboard.alerts.recorded_forecast import forecast_recording
from dashboard.alerts.rules import Condition, Frequency, Kind, Rule
from feeds.engine.virtual_clock import START_MS
from feeds.market.events import Event, Listing, Phase, Side, Status, Trade
from feeds.plan.plans import FeedKind, Playback
from tests.support.market_script import plan

CROSSES = (Condition(Kind.CROSSES_UP, Decimal(100)),)
RULE = Rule(
    id=0, revision=0, keys=("NVX",), conditions=CROSSES, frequency=Frequency.EVERY_TIME
)  # fmt: skip


class Tape:
    """A recording in memory: a price that goes above 100 after 60 and after 180 s."""

    first_ms, last_ms = START_MS, START_MS + 240_000

    def events(self) -> Iterator[Event]:
        (definition,) = plan("NVX").definitions
        yield Listing("demo", definition, START_MS)
        yield Status("NVX", Phase.OPEN, "", START_MS, 1)
        for index, price in enumerate((9_900, 10_100, 9_900, 10_100, 9_900)):
            at_ms = START_MS + index * 60_000
            yield Trade("NVX", price, 1, Side.BUY, at_ms, at_ms)


@pytest.mark.parametrize(
    ("how", "until_s", "places", "judged_s", "seen"),
    [
        ({}, inf, [60, 180], 240, (0, 240)),
        ({"speed": 60.0}, inf, [60, 180], 240, (0, 240)),
        ({"start_s": 90.0}, inf, [180], 150, (120, 240)),
        ({"start_s": 90.0}, 179, [], 88.999, (120, 120)),
        ({"start_s": 90.0}, 181, [180], 90.999, (120, 180)),
        ({}, 60, [], 59.999, (0, 0)),
        ({}, 60.001, [60], 60, (0, 60)),
        ({}, 0, [], 0, (None, None)),
        ({"speed": 10.0}, 61, [60], 60.99, (0, 60)),
    ],
)
def test_a_pass_judges_what_was_replayed_until_then(how, until_s, places, judged_s, seen) -> None:
    playback = Playback(path="x", **how)
    replayed = plan("NVX", kind=FeedKind.REPLAY, playback=playback)
    until_ms = START_MS + until_s * 1000
    course = forecast_recording(
        RULE, replayed, Tape(), until_ms=until_ms, goes_on=lambda: True, most=9
    )
    assert [(place - START_MS) / 1000 for _, place in course.firings] == places
    assert course.judged_ms == judged_s * 1000
    assert course.is_whole
    first, last = (0 if at_s is None else START_MS + at_s * 1000 for at_s in seen)
    assert (course.first_ms, course.last_ms) == (first, last)


class Burst(Tape):
    """Four trades within a second of the replay, after one a minute before."""

    def events(self) -> Iterator[Event]:
        yield from list(super().events())[:3]
        for index, price in enumerate((10_100, 9_900, 10_100, 9_900)):
            at_ms = START_MS + 60_100 + index * 200
            yield Trade("NVX", price, 1, Side.BUY, at_ms, at_ms)


def test_a_firing_has_the_time_of_its_own_trade_among_those_of_a_second() -> None:
    replayed = plan("NVX", kind=FeedKind.REPLAY, playback=Playback(path="x"))
    course = forecast_recording(RULE, replayed, Burst(), until_ms=inf, goes_on=lambda: True, most=9)
    assert [place - START_MS for _, place in course.firings] == [60_100, 60_500]
    assert course.last_ms - START_MS == 60_700


@pytest.mark.parametrize(("most", "goes_on", "count"), [(1, True, 1), (2, True, 2), (9, False, 0)])
def test_a_pass_that_is_given_up_is_not_whole(most: int, goes_on: bool, count: int) -> None:
    replayed = plan("NVX", kind=FeedKind.REPLAY, playback=Playback(path="x"))
    course = forecast_recording(
        RULE, replayed, Tape(), until_ms=inf, goes_on=lambda: goes_on, most=most
    )
    assert (len(course.firings), course.is_whole) == (count, False)
