"""A replay is the recorded market once more: the same order, at another time and speed."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feeds.engine.engine import Engine
from feeds.engine.sources import PlannedSource, SilentSource
from feeds.exceptions import InvalidPlan, InvalidRecording
from feeds.market.bars import DAY_MS
from feeds.market.board import ASK, ASK_SIZE, BID, LAST, Board
from feeds.market.events import (
    Batch,
    Delisting,
    Event,
    FeedState,
    FeedStatus,
    Listing,
    Phase,
    Side,
    Status,
    Trade,
)
from feeds.market.fingerprint import Fingerprint
from feeds.plan.calendars import EXCHANGES, Calendar
from feeds.plan.plans import FeedKind, FeedPlan, Playback
from feeds.plan.price_bands import BandRules
from feeds.plan.schedules import CompressedSchedule
from feeds.plan.vendor_days import vendor_day
from feeds.recordings.folder import replay_of
from feeds.recordings.header import Origin, RecordingHeader
from feeds.recordings.replay import CATCH_UP_MS, MOST_EVENTS, Replay
from feeds.recordings.writer import RecordingWriter
from feeds.simulator.demo_exchange import definitions
from feeds.simulator.simulator import Simulator
from tests.support.market_script import NOW, definition, listing

THEN = 1_600_000_000_000
"""When it was recorded."""


class Reel:
    """Events in memory; unlike a file they need no reading, and break where a test wants."""

    def __init__(self, events: list[Event], *, breaks: bool = False) -> None:
        self._events, self._breaks = events, breaks
        times = [event.ts_event for event in events]
        self.first_ms, self.last_ms = min(times), max(times)
        self.passes = 0

    def events(self) -> Iterator[Event]:
        self.passes += 1
        yield from self._events
        if self._breaks:
            raise InvalidRecording("the disk is gone")


def listed(symbol: str, at_ms: int = THEN) -> Listing:
    return msgspec.structs.replace(listing(symbol), ts_event=at_ms)


def opened(symbol: str, at_ms: int = THEN) -> Status:
    return Status(symbol, Phase.OPEN, "", at_ms)


def trade(after_ms: int, symbol: str = "NVX", price: int = 100) -> Trade:
    return Trade(symbol, price, 1, Side.BUY, THEN + after_ms, THEN + after_ms)


def beginning(*symbols: str) -> list[Event]:
    return [event for symbol in symbols for event in (listed(symbol), opened(symbol))]


def plan(*symbols: str, playback: Playback, **changes: object) -> FeedPlan:
    base = FeedPlan(
        feed="demo", name="Demo", state=FeedState.RUNNING, rate=200.0, seed=1,
        definitions=tuple(map(definition, symbols)), kind=FeedKind.REPLAY, playback=playback,
    )  # fmt: skip
    return msgspec.structs.replace(base, **changes)


def play(events: list[Event] | Reel, *symbols: str, **how: object) -> Replay:
    playback = Playback(path="a.parquet", **how)  # type: ignore[arg-type]
    replay = Replay(events if isinstance(events, Reel) else Reel(events), playback)
    replay.plan(plan(*(symbols or ("NVX",)), playback=playback))
    return replay


def replan(replay: Replay, *symbols: str, state: FeedState = FeedState.RUNNING, **how) -> None:
    playback = Playback(path="a.parquet", **how)
    replay.plan(plan(*(symbols or ("NVX",)), playback=playback, state=state))


def times(replay: Replay, *draws_ms: int) -> list[int]:
    """Return when trades came, in ms after NOW, over draws at these times after NOW."""
    drawn = [event for at in draws_ms for event in replay.draw(NOW + at)]
    return [event.ts_event - NOW for event in drawn if isinstance(event, Trade)]


TEN = [*beginning("NVX"), *(trade(100 * n) for n in range(10))]


@pytest.mark.parametrize(
    ("speed", "expected"),
    [
        (1.0, [0, 100, 200, 300, 400, 500]),
        (0.1, [0]),
        (0.5, [0, 200, 400]),
        (60.0, [0, 1, 3, 5, 6, 8, 10, 11, 13, 15]),
    ],
)
def test_the_speed_changes_the_times_and_nothing_else(speed: float, expected: list[int]) -> None:
    assert times(play(TEN, speed=speed), 0, 250, 500) == expected


@given(st.lists(st.integers(1, 900), max_size=30), st.sampled_from([0.1, 0.7, 1.0, 3.0, 60.0]))
def test_it_does_not_matter_how_often_it_is_drawn(waits: list[int], speed: float) -> None:
    places = [sum(waits[:count]) for count in range(len(waits) + 1)]
    assert times(play(TEN, speed=speed), *places) == times(
        play(TEN, speed=speed), *range(0, places[-1], 500), places[-1]
    )


def test_what_is_drawn_is_never_of_the_future() -> None:
    replay = play(TEN, speed=0.3)
    for now in range(NOW, NOW + 4000, 7):
        assert all(event.ts_event <= now for event in replay.draw(now))


def test_the_order_of_the_recording_is_kept_where_times_go_back() -> None:
    late = [trade(50), Status("NVX", Phase.HALTED, "news", THEN + 90), trade(60), trade(95)]
    drawn = play([*beginning("NVX"), *late]).draw(NOW)
    assert drawn == [msgspec.structs.replace(opened("NVX"), ts_event=NOW)]
    replay = play([*beginning("NVX"), *late])
    replay.draw(NOW)
    kinds = [(type(event), event.ts_event - NOW) for event in replay.draw(NOW + 95)]
    assert kinds == [(Trade, 50), (Status, 90), (Trade, 60), (Trade, 95)]


def test_at_the_time_of_the_recording_the_events_are_the_recorded_ones() -> None:
    replay = play(TEN)
    drawn = [event for at in range(0, 901, 100) for event in replay.draw(THEN + at)]
    assert drawn == [event for event in TEN if not isinstance(event, Listing)]


def test_trades_keep_the_time_of_the_exchange() -> None:
    drawn = play(TEN, speed=60.0).draw(NOW), play(TEN, speed=60.0)
    drawn[1].draw(NOW)
    found = [
        event.exchange_ms - THEN for event in drawn[1].draw(NOW + 20) if isinstance(event, Trade)
    ]
    assert found == [100 * n for n in range(1, 10)]


# --- the end --------------------------------------------------------------------------------


def test_at_the_end_everything_closes_and_says_why() -> None:
    replay = play(TEN, "NVX", "ORB")
    assert times(replay, 0, 900)[-1] == 900
    assert replay.draw(NOW + 901) == [
        Status(symbol, Phase.CLOSED, "the recording is over", NOW + 901)
        for symbol in ("NVX", "ORB")
    ]
    assert replay.draw(NOW + 2000) == []


def test_a_loop_begins_again_with_the_first_phases_a_day_later() -> None:
    halt = Status("NVX", Phase.HALTED, "news", THEN + 900)
    replay = play([*TEN, halt], loops=True)
    replay.draw(NOW)
    replay.draw(NOW + 900)
    assert replay.draw(NOW + 940) == []
    status, first, second = replay.draw(NOW + 1040)
    assert status == Status("NVX", Phase.OPEN, "", NOW + 940, day=1)
    assert [first.ts_event, second.ts_event] == [NOW + 940, NOW + 1040]
    assert second.exchange_ms == THEN + 100 + DAY_MS


def test_a_loop_of_one_moment_is_not_played_without_end_in_one_draw() -> None:
    replay = play([*beginning("NVX"), trade(0)], loops=True)
    assert times(replay, *range(0, 200, 40)) == [0, 40, 120]


def test_a_loop_that_is_switched_on_after_the_end_begins_at_the_start() -> None:
    replay = play(TEN)
    times(replay, 0, 900, 950)
    replan(replay, loops=True)
    assert times(replay, 1000, 1200) == [1000, 1100, 1200]


# --- the start ------------------------------------------------------------------------------


def test_it_begins_where_it_should_with_the_phases_of_that_place() -> None:
    halt = Status("NVX", Phase.HALTED, "news", THEN + 250)
    events = [*beginning("NVX", "ORB"), *(trade(100 * n, "ORB") for n in range(10))]
    events.insert(7, halt)
    replay = play(events, "NVX", "ORB", start_s=0.5)
    drawn = replay.draw(NOW)
    assert drawn[:2] == [Status("NVX", Phase.HALTED, "news", NOW), opened("ORB", NOW)]
    assert [event.ts_event for event in drawn[2:]] == [NOW]
    assert times(replay, 200) == [100, 200]


def test_a_far_start_is_looked_for_in_several_draws() -> None:
    events = [*beginning("NVX"), *(trade(n) for n in range(2 * MOST_EVENTS + 100))]
    replay = play(events, start_s=2 * MOST_EVENTS / 1000)
    assert times(replay, 0, 40) == []
    assert times(replay, 50) == list(range(40, 51))
    assert replay.late_draws == 2


# --- rests ----------------------------------------------------------------------------------


def test_a_pause_keeps_the_place() -> None:
    replay = play(TEN)
    assert times(replay, 0, 250) == [0, 100, 200]
    replan(replay, state=FeedState.PAUSED)
    replan(replay)
    assert replay.draw(NOW + 9000) == []
    assert times(replay, 9060) == [9050]


def test_a_close_begins_at_the_start_again() -> None:
    replay = play(TEN)
    assert times(replay, 0, 250) == [0, 100, 200]
    replan(replay, state=FeedState.CLOSED)
    replan(replay)
    assert replay.draw(NOW + 9000) == []
    assert times(replay, 9000, 9100) == [9000, 9100]


def test_a_new_speed_goes_on_from_the_same_place() -> None:
    replay = play(TEN)
    assert times(replay, 0, 250) == [0, 100, 200]
    replan(replay, speed=10.0)
    assert times(replay, 300) == [255, 265, 275, 285, 295]


def test_a_clock_that_is_set_back_or_stood_still_loses_nothing() -> None:
    replay = play(TEN)
    assert times(replay, 0, 250) == [0, 100, 200]
    assert times(replay, -5000, -4900) == [-4950]
    hour = 3_600_000
    assert times(replay, hour, hour + 400) == [hour - CATCH_UP_MS + 50 + 100 * n for n in range(6)]


def test_what_is_too_much_for_a_draw_comes_in_the_next() -> None:
    flood = [*beginning("NVX"), *[trade(10)] * (MOST_EVENTS + 5)]
    replay = play(flood)
    replay.draw(NOW)
    assert len(replay.draw(NOW + 40)) == MOST_EVENTS
    assert len(times(replay, 80)) == 5
    assert replay.late_draws == 1


# --- instruments ----------------------------------------------------------------------------


def test_what_the_feed_does_not_trade_is_left_out() -> None:
    events = [*beginning("NVX", "ORB"), trade(0), trade(0, "ORB"), trade(0, "ZED")]
    assert {event.symbol for event in play(events, "ORB").draw(NOW)} == {"ORB"}


def test_what_is_on_another_grid_here_is_left_out() -> None:
    replay = play(TEN)
    playback = Playback(path="a.parquet")
    replay.plan(plan(playback=playback, definitions=(definition("NVX", tick="0.05"),)))
    assert replay.draw(NOW) == []
    other_lot = msgspec.structs.replace(definition("NVX"), lot=Decimal("0.1"))
    replay.plan(plan(playback=playback, definitions=(other_lot,)))
    assert replay.draw(NOW) == []


def test_a_prefix_makes_other_instruments_of_the_same() -> None:
    drawn = play(TEN, "RNVX", prefix="R").draw(NOW)
    assert [event.symbol for event in drawn] == ["RNVX", "RNVX"]
    assert play(TEN, "NVX", prefix="R").draw(NOW) == []


def test_an_instrument_that_left_the_recording_is_closed_and_comes_back() -> None:
    gone = [Delisting("NVX", THEN + 10), listed("NVX", THEN + 20), opened("NVX", THEN + 20)]
    replay = play([*beginning("NVX"), *gone, trade(30)])
    replay.draw(NOW)
    phases = [event.phase for event in replay.draw(NOW + 25) if isinstance(event, Status)]
    assert phases == [Phase.CLOSED, Phase.OPEN]
    assert times(replay, 30) == [30]


def test_an_instrument_that_is_added_gets_its_phase_with_the_next_event() -> None:
    halt = Status("ORB", Phase.HALTED, "news", THEN + 10)
    replay = play([*beginning("NVX", "ORB"), halt, *(trade(100 * n) for n in range(1, 5))])
    replay.draw(NOW)
    replay.draw(NOW + 50)
    replan(replay, "NVX", "ORB")
    assert Status("ORB", Phase.HALTED, "news", NOW + 100) in replay.draw(NOW + 100)


@pytest.mark.parametrize("speed", [1.0, 2.0])
def test_after_a_new_plan_the_feed_says_the_exchange_time_of_its_place(speed: float) -> None:
    status = FeedStatus(
        "old", "Old", FeedState.RUNNING, rate=1.0, reason="", ts_event=THEN + 10,
        exchange="XNYS", day=3, exchange_ms=5_000_000, scale=60.0,
    )  # fmt: skip
    replay = play([*beginning("NVX"), status, trade(20), trade(400)], speed=speed)
    replay.draw(NOW)
    replay.draw(NOW + 100)
    replan(replay, speed=speed)
    at_ms = round(400 / speed)
    (heard,) = [event for event in replay.draw(NOW + at_ms) if isinstance(event, FeedStatus)]
    assert (heard.ts_event, heard.day, heard.scale) == (NOW + at_ms, 3, 60 * speed)
    assert heard.exchange_ms == 5_000_000 + 60 * (400 - 10)


# --- what is broken -------------------------------------------------------------------------


def test_a_recording_that_breaks_closes_the_feed_and_says_why() -> None:
    replay = play(Reel(TEN, breaks=True))
    drawn = [event for at in (0, 450, 900) for event in replay.draw(NOW + at)]
    assert drawn[-1] == Status("NVX", Phase.CLOSED, "the disk is gone", NOW + 900)
    assert len(drawn) == 12
    assert replay.draw(NOW + 940) == []


def test_a_silent_feed_says_why_once_for_every_plan() -> None:
    silence = SilentSource("there is no recording")
    silence.plan(plan("NVX", playback=Playback(path="a.parquet")))
    expected = [Status("NVX", Phase.CLOSED, "there is no recording", NOW)]
    assert silence.draw(NOW) == expected
    assert silence.draw(NOW) == []


@pytest.mark.parametrize("speed", [0.0, 0.09, 60.1, -1.0, float("nan"), float("inf")])
def test_a_speed_out_of_range_is_refused(speed: float) -> None:
    with pytest.raises(InvalidPlan, match="speed was"):
        Playback(path="a.parquet", speed=speed)


@pytest.mark.parametrize("start_s", [-1.0, float("nan")])
def test_a_start_before_the_beginning_is_refused(start_s: float) -> None:
    with pytest.raises(InvalidPlan, match="start was"):
        Playback(path="a.parquet", start_s=start_s)


def test_a_replay_of_nothing_is_refused() -> None:
    with pytest.raises(InvalidPlan, match="only a replay has a recording"):
        plan("NVX", playback=None)  # type: ignore[arg-type]


# --- a whole day, recorded and replayed -----------------------------------------------------


def engine_on(source: object) -> Engine:
    return Engine(epoch="e1", open_source=lambda _: source)  # type: ignore[arg-type, return-value]


def simulated(number: int, *, rate: float) -> FeedPlan:
    return FeedPlan(
        feed="demo", name="Demo", state=FeedState.RUNNING, rate=rate, seed=5,
        definitions=definitions(number),
    )  # fmt: skip


def record_a_million(
    path: Path, wanted: FeedPlan, tape: Fingerprint
) -> tuple[RecordingHeader, int]:
    """Run a market into a recording; return its header, and when it ended."""
    market, now = engine_on(Simulator(5)), THEN
    halts = {THEN + 5_000: {"NVX": "news"}, THEN + 9_000: {}}
    with RecordingWriter(path, origin=Origin.RECORDED, feed="demo", seed=5) as writer:
        events = list(market.reconcile([wanted], now).events)
        while tape.count < 1_001_000:
            if now in halts:
                changed = msgspec.structs.replace(wanted, halts=halts[now])
                events += market.reconcile([changed], now).events
            events += market.step(now).events
            tape.add(events)
            writer.add(events)
            events, now = [], now + 40
        return writer.close(), now


@pytest.mark.slow
def test_a_million_ticks_recorded_and_replayed_have_one_hash(tmp_path: Path) -> None:
    """A halt and its end included; both tapes are hashed as they are numbered."""
    wanted, path, taped = simulated(100, rate=20_000.0), tmp_path / "million.parquet", Fingerprint()
    header, end_ms = record_a_million(path, wanted, taped)
    assert header.ticks >= 1_000_000
    assert header.fingerprint == taped.hex()
    again = msgspec.structs.replace(wanted, kind=FeedKind.REPLAY, playback=Playback(path=path.name))
    replayed, played = engine_on(replay_of(again, tmp_path)), Fingerprint()
    played.add(replayed.reconcile([again], THEN).events)
    for at_ms in (header.first_ms, *range(THEN, end_ms, 40)):
        if played.count < header.events:
            played.add(replayed.step(at_ms).events)
    assert (played.count, played.hex()) == (header.events, taped.hex())


@pytest.mark.slow
def test_a_trading_day_recorded_and_replayed_has_the_same_ticks_and_phases() -> None:
    """Auctions, price bands and the change of days included; a late beginning shows OPEN first."""
    days = CompressedSchedule(Calendar(EXCHANGES["XNYS"], date(2026, 9, 21)), THEN, 20_000)
    wanted = msgspec.structs.replace(
        simulated(8, rate=500.0), schedule=days, exchange="NYSE", bands=BandRules(1)
    )
    market = engine_on(Simulator(5))
    tape = list(market.reconcile([wanted], THEN).events)
    for now in range(THEN, THEN + 45_000, 40):
        tape += market.step(now).events
    assert {event.phase for event in tape if isinstance(event, Status)} >= {
        Phase.PRE_OPEN, Phase.AUCTION, Phase.OPEN, Phase.CLOSED,
    }  # fmt: skip
    playback, reel = Playback(path="a.parquet"), Reel(tape)
    again = msgspec.structs.replace(wanted, kind=FeedKind.REPLAY, playback=playback)
    replayed = engine_on(Replay(reel, playback))
    replayed.reconcile([again], THEN)
    played: list[Event] = []
    for now in (reel.first_ms, *range(THEN, reel.last_ms + 40, 40)):
        played += replayed.step(now).events
    recorded = [event for event in tape if not isinstance(event, Listing | FeedStatus)]
    assert [event for event in played if not isinstance(event, FeedStatus)][
        : len(recorded)
    ] == recorded
    turns = [event for event in tape if isinstance(event, FeedStatus)]
    assert [event for event in played if isinstance(event, FeedStatus)][: len(turns)] == turns


def test_an_admins_halt_stops_a_replay_and_its_end_brings_the_recorded_phase_back() -> None:
    playback = Playback(path="a.parquet")
    wanted = plan("NVX", playback=playback)
    auction = Status("NVX", Phase.HALTED, "recorded news", THEN + 250)
    engine = engine_on(Replay(Reel([*TEN[:5], auction, *TEN[5:]]), playback))
    engine.reconcile([wanted], NOW)
    engine.step(NOW)
    halted = msgspec.structs.replace(wanted, halts={"NVX": "by hand"})
    assert engine.reconcile([halted], NOW + 100).events[0].reason == "by hand"
    assert engine.step(NOW + 300).events == ()
    resumed = engine.reconcile([wanted], NOW + 400).events
    assert resumed == (Status("NVX", Phase.HALTED, "recorded news", NOW + 400),)
    assert engine.step(NOW + 900).events == ()


def test_a_recorded_halt_lets_no_tick_through_until_it_ends() -> None:
    playback = Playback(path="a.parquet")
    halted = Status("NVX", Phase.HALTED, "news", THEN + 150)
    ends = Status("NVX", Phase.OPEN, "", THEN + 350)
    wild = [*TEN[:4], halted, *TEN[4:6], ends, *TEN[6:]]
    engine = engine_on(Replay(Reel(wild), playback))
    engine.reconcile([plan("NVX", playback=playback)], NOW)
    engine.step(NOW)
    kinds = [
        event.phase if isinstance(event, Status) else (event.ts_event - NOW)
        for event in engine.step(NOW + 900).events
    ]
    assert kinds == [100, Phase.HALTED, Phase.OPEN, 400, 500, 600, 700, 800, 900]


def test_another_kind_of_feed_starts_with_everything_open() -> None:
    playback = Playback(path="a.parquet")
    playing = plan("NVX", playback=playback)
    made: list[FeedKind] = []

    def open_one(kind: FeedKind):
        made.append(kind)
        return (
            Replay(Reel(TEN), playback) if kind is FeedKind.REPLAY else SilentSource("no upstream")
        )

    openers = {kind: lambda plan: open_one(plan.kind) for kind in FeedKind}
    engine = Engine(epoch="e1", open_source=lambda _: PlannedSource(openers))
    upstream = msgspec.structs.replace(playing, kind=FeedKind.UPSTREAM, playback=None)
    engine.reconcile([upstream], NOW)
    closed = Status("NVX", Phase.CLOSED, "no upstream", NOW, vendor_day(NOW))
    assert engine.step(NOW).events == (closed,)
    engine.reconcile([playing], NOW + 40)
    engine.reconcile([msgspec.structs.replace(playing, rate=5.0)], NOW + 40)
    first, second = engine.step(NOW + 40).events
    assert first == opened("NVX", NOW + 40)
    assert isinstance(second, Trade)
    assert made == [FeedKind.UPSTREAM, FeedKind.REPLAY]


@pytest.mark.slow
def test_the_quotes_of_another_source_are_withdrawn_and_every_change_of_kind_goes_on() -> None:
    playback = Playback(path="a.parquet")
    openers = {
        FeedKind.SIMULATED: lambda plan: Simulator(plan.seed),
        FeedKind.REPLAY: lambda _: Replay(Reel([*beginning("NVX"), trade(10)]), playback),
        FeedKind.UPSTREAM: lambda _: SilentSource("no upstream"),
    }
    engine, board = Engine(epoch="e1", open_source=lambda _: PlannedSource(openers)), Board()
    playing = plan("NVX", playback=playback)
    kinds = [FeedKind(kind) for kind in ("simulated", "replay", "simulated", "upstream")]
    for now_ms, kind in zip(range(NOW, NOW + 80_000, 20_000), kinds, strict=True):
        used = playback if kind is FeedKind.REPLAY else None
        wanted = msgspec.structs.replace(playing, kind=kind, playback=used)
        apply(board, engine.reconcile([wanted], now_ms))
        row = board.rows["NVX"]
        assert row.values[BID : ASK_SIZE + 1] == [None] * 4
        assert (row.bids, row.asks) == ((), ())
        for at_ms in range(now_ms, now_ms + 20_000, 400):
            apply(board, engine.step(at_ms))
        if kind is FeedKind.SIMULATED:
            assert row.values[BID] < row.values[ASK]
            assert row.bids
    assert row.values[LAST] is not None


def apply(board: Board, batch: Batch) -> None:
    for sequence, event in enumerate(batch.events, batch.first):
        board.apply(sequence, event)


def test_feeds_of_different_kinds_are_merged_by_time_each_in_its_own_order() -> None:
    playback = Playback(path="a.parquet")
    engine = Engine(
        epoch="e1",
        open_source=lambda plan: Replay(
            Reel([*beginning(plan.definitions[0].symbol)]
                 + [trade(ms, plan.definitions[0].symbol) for ms in (10, 30, 20, 60)]),
            playback,
        ),
    )  # fmt: skip
    both = [plan("NVX", playback=playback), plan("ORB", playback=playback, feed="other")]
    engine.reconcile(both, NOW)
    engine.step(NOW)
    found = [(event.symbol, event.ts_event - NOW) for event in engine.step(NOW + 60).events]
    assert found == [
        ("NVX", 10), ("ORB", 10), ("NVX", 30), ("NVX", 20), ("ORB", 30), ("ORB", 20),
        ("NVX", 60), ("ORB", 60),
    ]  # fmt: skip


def test_a_missing_recording_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRecording, match="there is no recording"):
        replay_of(plan("NVX", playback=Playback(path="none.parquet")), tmp_path)


@given(
    times=st.lists(st.integers(0, 2_000), min_size=1, max_size=30).map(sorted),
    ends_ms=st.integers(0, 6_000),
    speed=st.sampled_from([0.5, 1.0, 3.0]),
    loops=st.booleans(),
)
@example(times=[0], ends_ms=100, speed=0.5, loops=True)  # it ends between two passes
def test_a_replay_goes_on_at_its_place_in_the_next_life(
    times: list[int], ends_ms: int, speed: float, loops: bool
) -> None:
    reel = Reel([*beginning("NVX"), *(trade(at, price=100 + n) for n, at in enumerate(times))])
    wanted = plan("NVX", playback=Playback(path="x", speed=speed, loops=loops))
    whole = Replay(reel, wanted.playback)
    whole.plan(wanted)
    for now in range(NOW, NOW + ends_ms + 1, 100):
        whole.draw(now)
    state = whole.state()
    assert state is not None
    second = Replay(reel, wanted.playback)
    second.restore(state)
    second.plan(wanted)
    last = NOW + ends_ms // 100 * 100
    went_on, goes_on = trades(second.draw(last)), []
    for now in range(last + 100, last + 3_000, 100):
        went_on += trades(second.draw(now))
        goes_on += trades(whole.draw(now))
    assert went_on == goes_on


def trades(events: list) -> list[tuple[int, int]]:
    """Return price and exchange time of the trades; their own time depends on rounding."""
    return [(event.price_ticks, event.exchange_ms) for event in events if isinstance(event, Trade)]
