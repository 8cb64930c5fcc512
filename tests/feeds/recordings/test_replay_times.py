"""What a replay moves in time, and what it leaves as it was recorded."""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from feeds.market.bars import DAY_MS
from feeds.market.events import (
    Event,
    FeedState,
    FeedStatus,
    Listing,
    Phase,
    Quote,
    ReportedTrade,
    Side,
    Status,
    Trade,
)
from feeds.plan.plans import FeedKind, FeedPlan, Playback
from feeds.recordings.replay import Replay
from feeds.recordings.state import ReplayState
from tests.support.market_script import NOW, definition

THEN = 20_000 * DAY_MS
"""When it was recorded: midnight in UTC."""


class Reel:
    """Events in memory."""

    def __init__(self, *events: Event) -> None:
        self._events = events
        self.first_ms = min(event.ts_event for event in events)
        self.last_ms = max(event.ts_event for event in events)

    def events(self) -> Iterator[Event]:
        yield from self._events


LISTED = Listing("old", definition("NVX"), THEN)


def plan_of(playback: Playback, **changes: object) -> FeedPlan:
    plan = FeedPlan(
        feed="demo", name="Demo", state=FeedState.RUNNING, rate=200.0, seed=1,
        definitions=(definition(f"{playback.prefix}NVX"),), kind=FeedKind.REPLAY,
        playback=playback, reason="again",
    )  # fmt: skip
    return replace(plan, **changes)


def replay_of(*events: Event, **how: object) -> Replay:
    playback = Playback(path="a.parquet", **how)  # type: ignore[arg-type]
    replay = Replay(Reel(LISTED, *events), playback)
    replay.plan(plan_of(playback))
    return replay


def trade(after_ms: int, exchange_ms: int | None = None) -> Trade:
    at_ms = THEN + after_ms
    return Trade("NVX", 100, 1, Side.BUY, at_ms, at_ms if exchange_ms is None else exchange_ms)


def passes(replay: Replay, *draws_ms: int) -> list[list[Event]]:
    """Return what comes at these times after NOW."""
    return [list(replay.draw(NOW + at_ms)) for at_ms in draws_ms]


def test_in_the_second_pass_every_event_is_at_its_new_time() -> None:
    report = ReportedTrade(
        "NVX", 101, 7, Side.SELL, THEN + 10, THEN + 8, bar=3, day=5, day_ms=THEN - DAY_MS,
        nanos=9, ref="r1",
    )  # fmt: skip
    quote = Quote("NVX", 99, 102, 5, 6, THEN + 20, (98, 1), (103, 2))
    halt = Status("NVX", Phase.HALTED, "news", THEN + 30, 4)
    status = FeedStatus(
        "old", "Old", FeedState.PAUSED, rate=1.0, reason="before", ts_event=THEN + 40,
        exchange="XNYS", zone="America/New_York", day=4, phase=Phase.AUCTION,
        exchange_ms=THEN + 400, scale=60.0,
    )  # fmt: skip
    replay = replay_of(report, quote, halt, status, trade(50), prefix="R", loops=True, speed=2.0)
    first, begun, over = passes(replay, 0, 26, 51)
    assert [event.ts_event - NOW for event in begun] == [5, 10, 15, 20, 25]
    assert (first, over) == ([], [])
    assert passes(replay, 52, 80) == [[], [
        replace(report, symbol="RNVX", ts_event=NOW + 56, exchange_ms=THEN + 8 + DAY_MS,
                day_ms=THEN),
        replace(quote, symbol="RNVX", ts_event=NOW + 61),
        replace(halt, symbol="RNVX", ts_event=NOW + 66, day=5),
        FeedStatus(
            "demo", "Demo", FeedState.RUNNING, rate=200.0, reason="again", ts_event=NOW + 71,
            exchange="XNYS", zone="America/New_York", day=5, phase=Phase.AUCTION,
            exchange_ms=THEN + 400 + DAY_MS, scale=120.0,
        ),
        replace(trade(50), symbol="RNVX", ts_event=NOW + 76, exchange_ms=THEN + 50 + DAY_MS),
    ]]  # fmt: skip


@pytest.mark.parametrize(
    ("first_ms", "last_ms", "shift_days"),
    [(0, 0, 1), (0, DAY_MS - 1, 1), (DAY_MS - 1, DAY_MS, 2), (0, 3 * DAY_MS, 4), (-1, 0, 2)],
)
def test_a_pass_moves_trades_on_by_the_calendar_days_that_they_take(
    first_ms: int, last_ms: int, shift_days: int
) -> None:
    """Days of two passes never meet, or bars would go back."""
    replay = replay_of(trade(10, THEN + first_ms), trade(20, THEN + last_ms), loops=True)
    _, (_, first), _, (second, _) = passes(replay, 0, 20, 21, 60)
    assert first.exchange_ms == THEN + last_ms
    assert second.exchange_ms == THEN + first_ms + shift_days * DAY_MS


@pytest.mark.parametrize(("days", "shift"), [((), 1), ((3,), 1), ((3, 5, 4), 3)])
def test_a_pass_moves_the_number_of_the_day_on_by_those_that_it_had(
    days: tuple[int, ...], shift: int
) -> None:
    turns = [Status("NVX", Phase.OPEN, "", THEN + n, day) for n, day in enumerate(days)]
    replay = replay_of(*turns, trade(20), loops=True)
    *_, again = passes(replay, 0, 20, 21, 50)
    found = [event.day for event in again if isinstance(event, Status)]
    assert found == [day + shift for day in days]


def test_a_replay_says_why_it_ended_once_the_recording_is_over() -> None:
    replay = replay_of(trade(10))
    found = []
    for at_ms in (0, 10, 11, 12):
        replay.draw(NOW + at_ms)
        found.append(replay.stopped)
    assert found == ["", "", "the recording is over", "the recording is over"]
    replay.plan(plan_of(Playback(path="a.parquet"), state=FeedState.CLOSED))
    assert replay.stopped == ""


def test_a_plan_without_a_recording_leaves_the_speed_as_it_was() -> None:
    replay = replay_of(trade(10), trade(20), speed=2.0)
    assert passes(replay, 0, 5)[1][0].ts_event == NOW + 5
    changes = {"kind": FeedKind.SIMULATED, "playback": None}
    replay.plan(replace(plan_of(Playback(path="a.parquet")), **changes))
    assert [event.ts_event for event in passes(replay, 10)[0]] == [NOW + 10]


def test_of_what_was_before_the_start_only_the_state_is_announced() -> None:
    status = FeedStatus(
        "old", "Old", FeedState.RUNNING, rate=1.0, reason="", ts_event=THEN + 5, day=4,
        exchange_ms=1000, scale=60.0,
    )  # fmt: skip
    early, late = (Status("NVX", phase, "", THEN + 6) for phase in (Phase.AUCTION, Phase.OPEN))
    replay = replay_of(status, early, trade(7), late, trade(20), trade(21), start_s=0.015)
    first, found = passes(replay, 0, 5)
    assert first == []
    phase, begun, sold = found
    assert phase == replace(late, ts_event=NOW + 5)
    assert (begun.ts_event, begun.day, begun.exchange_ms) == (NOW + 5, 4, 1000 + 15 * 60)
    assert sold == replace(trade(20), ts_event=NOW + 5)


def test_every_pass_announces_the_phases_of_its_start() -> None:
    auction = Status("NVX", Phase.AUCTION, "", THEN + 5, 4)
    replay = replay_of(auction, trade(20), start_s=0.015, loops=True)
    *_, again = passes(replay, 0, 5, 6, 11)
    assert again == [
        replace(auction, ts_event=NOW + 11, day=5),
        replace(trade(20), ts_event=NOW + 11, exchange_ms=THEN + 20 + DAY_MS),
    ]


def test_between_two_passes_the_place_is_the_start_of_the_next() -> None:
    replay = replay_of(trade(10), trade(20), start_s=0.005, loops=True)
    assert replay.state() is None
    passes(replay, 0, 15)
    played = replay.state()
    assert played is not None
    assert (played.played, played.place_ms, played.shift_days) == (3, THEN + 20, 0)
    assert passes(replay, 16) == [[]]
    assert replay.state() == ReplayState(
        playback=Playback(path="a.parquet", start_s=0.005, loops=True), played=0,
        place_ms=THEN + 5, shift_ms=DAY_MS, shift_days=1, end_reason="",
    )  # fmt: skip


def test_the_days_of_the_feed_move_the_number_of_the_day_on() -> None:
    turns = [
        FeedStatus("old", "Old", FeedState.RUNNING, 1.0, "", THEN + day, day=day) for day in (3, 5)
    ]
    *_, again = passes(replay_of(*turns, trade(20), loops=True), 0, 20, 21, 50)
    assert [event.day for event in again if isinstance(event, FeedStatus)] == [6, 8]


def test_while_it_rests_a_replay_keeps_the_place_of_its_earlier_life() -> None:
    left = ReplayState(
        playback=Playback(path="a.parquet"), played=2, place_ms=THEN + 15, shift_ms=0,
        shift_days=0, end_reason="",
    )  # fmt: skip
    for state in (None, left):
        replay = Replay(Reel(LISTED, trade(10), trade(20)), Playback(path="a.parquet"))
        if state:
            replay.restore(state)
        replay.plan(plan_of(Playback(path="a.parquet"), state=FeedState.PAUSED))
        assert (passes(replay, 0), replay.state()) == ([[]], state)


def test_an_event_that_stays_as_it_was_is_the_same_object() -> None:
    kept = trade(10)
    replay = replay_of(kept)
    drawn = [event for at_ms in (THEN, THEN + 10) for event in replay.draw(at_ms)]
    assert len(drawn) == 1
    assert drawn[0] is kept
