"""The engine makes the market what the plans say, and numbers every event."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from feeds.engine.checkpoint import FeedCheckpoint, checkpoint_of, unpack_note
from feeds.engine.engine import Engine
from feeds.exceptions import InvalidPlan
from feeds.market.board import Board
from feeds.market.events import (
    Batch,
    Carryover,
    Delisting,
    FeedRemoval,
    FeedState,
    FeedStatus,
    Listing,
    Phase,
    Quote,
    Status,
    Withdrawal,
)
from feeds.plan.plans import FeedKind, FeedPlan, Playback
from tests.support.market_script import NOW, definition, listing, plan

TODAY = NOW // 86_400_000
"""Round the clock, a day is one of UTC."""


class CountingSource:
    """One quote of each instrument per draw; unlike a market it needs no time to pass."""

    def __init__(self) -> None:
        self.symbols: list[str] = []
        self.plans = 0
        self.draws = 0

    def plan(self, plan: FeedPlan) -> None:
        self.plans += 1
        self.symbols = [instrument.symbol for instrument in plan.definitions]

    def draw(self, now_ms: int) -> list[Quote]:
        self.draws += 1
        return [Quote(symbol, self.draws, self.draws + 1, 1, 1, now_ms) for symbol in self.symbols]


def open_engine() -> tuple[Engine, CountingSource]:
    source = CountingSource()
    return Engine(epoch="e1", open_source=lambda _: source), source


def kinds(batch: Batch) -> list[type]:
    return [type(event) for event in batch.events]


def test_a_new_feed_is_announced_listed_and_opened() -> None:
    engine, _ = open_engine()
    batch = engine.reconcile([plan("NVX", "ORB")], NOW)
    assert kinds(batch) == [FeedStatus, Listing, Status, Listing, Status]
    assert (batch.first, batch.last) == (1, 5)


def test_an_unchanged_plan_is_no_event_and_does_not_disturb_the_source() -> None:
    engine, source = open_engine()
    engine.reconcile([plan("NVX")], NOW)
    assert engine.reconcile([plan("NVX")], NOW).events == ()
    assert source.plans == 1


def test_sequences_go_on_over_steps_and_plans() -> None:
    engine, _ = open_engine()
    batches = [engine.reconcile([plan("NVX")], NOW), engine.step(NOW), engine.step(NOW)]
    assert [(batch.first, batch.last) for batch in batches] == [(1, 3), (4, 4), (5, 5)]


def test_a_paused_feed_is_not_drawn() -> None:
    engine, source = open_engine()
    engine.reconcile([plan("NVX", state=FeedState.PAUSED)], NOW)
    assert engine.step(NOW).events == ()
    assert source.draws == 0


@pytest.mark.parametrize("rest", [FeedState.PAUSED, FeedState.CLOSED])
def test_what_would_be_made_up_for_a_rest_never_happened(rest: FeedState) -> None:
    engine, source = open_engine()
    engine.reconcile([plan("NVX")], NOW)
    engine.reconcile([plan("NVX", state=rest)], NOW)
    engine.reconcile([plan("NVX")], NOW + 9000)
    assert source.draws == 1
    assert [tick.ts_event for tick in engine.step(NOW + 9040).events] == [NOW + 9040]


def test_a_feed_that_makes_a_step_runs_until_its_end_and_is_paused_again() -> None:
    engine, source = open_engine()
    paused = plan("NVX", state=FeedState.PAUSED)
    engine.reconcile([paused], NOW)
    stepping = plan("NVX", until_ms=NOW + 9_000)
    begun = engine.reconcile([stepping], NOW + 8_000)
    assert [event.state for event in begun.events] == [FeedState.RUNNING]
    assert source.draws == 1, "what it would make up for its rest is thrown away"
    assert kinds(engine.step(NOW + 8_500)) == [Quote]
    last = engine.step(NOW + 9_020)
    assert kinds(last) == [Quote, FeedStatus]
    assert last.events[0].ts_event == NOW + 9_000
    assert last.events[1].state is FeedState.PAUSED
    assert engine.step(NOW + 9_500).events == ()
    assert engine.reconcile([paused], NOW + 9_600).events == ()


def test_the_note_of_a_step_by_hand_says_that_the_feed_is_paused_again() -> None:
    """After a crash the market would go on with a feed that runs."""
    engine, _ = open_engine()
    begun = engine.reconcile([plan("NVX", until_ms=NOW + 1_000)], NOW)
    ended = engine.step(NOW + 1_000)
    states = [unpack_note(batch.note)["demo"].state for batch in (begun, ended)]
    assert states == [FeedState.RUNNING, FeedState.PAUSED]
    assert engine.step(NOW + 2_000).note == b""


def test_another_source_withdraws_the_quotes_of_the_one_before() -> None:
    engine, _ = open_engine()
    recording, other = Playback(path="a.parquet"), Playback(path="b.parquet")
    engine.reconcile([plan("NVX", kind=FeedKind.REPLAY, playback=recording)], NOW)
    faster = replace(recording, speed=2.0)
    same = engine.reconcile([plan("NVX", kind=FeedKind.REPLAY, playback=faster)], NOW)
    assert Withdrawal not in kinds(same)
    changed = [plan("NVX", "ORB", kind=FeedKind.REPLAY, playback=other)]
    events = engine.reconcile(changed, NOW + 5).events
    assert [event for event in events if isinstance(event, Withdrawal)] == [
        Withdrawal("NVX", NOW + 5)
    ], "an instrument that is new has no quote"


@pytest.mark.parametrize(
    ("kind", "goes_on"), [(FeedKind.SIMULATED, False), (FeedKind.UPSTREAM, True)]
)
def test_quotes_of_an_earlier_life_go_on_only_if_they_are_of_this_source(
    kind: FeedKind, goes_on: bool
) -> None:
    """What an upstream left has no state of a source."""
    board = Board()
    board.apply(1, listing("NVX"))
    board.apply(2, Quote("NVX", 99, 101, 1, 1, NOW))
    left = checkpoint_of({"demo": FeedCheckpoint(FeedState.RUNNING, None, None)}, board, NOW)
    engine = Engine(epoch="e2", open_source=lambda _: CountingSource(), left=left)
    events = engine.reconcile([plan("NVX", kind=kind)], NOW + 9).events
    assert sum(isinstance(event, Carryover) for event in events) == 1
    withdrawn = [event for event in events if isinstance(event, Withdrawal)]
    assert withdrawn == ([] if goes_on else [Withdrawal("NVX", NOW + 9)])


def test_delayed_twins_follow_in_the_same_sequence() -> None:
    engine, _ = open_engine()
    engine.reconcile([plan("NVX", delays=(1,))], NOW)
    engine.step(NOW + 40)
    late = engine.step(NOW + 40 + 60_000)
    quotes = [(event.symbol, event.ts_event) for event in late.events if isinstance(event, Quote)]
    assert quotes == [("NVX", NOW + 60_040), ("NVX~1", NOW + 40)]
    assert late.last == engine.sequence


def test_a_step_that_was_heard_of_too_late_is_over_at_once() -> None:
    engine, _ = open_engine()
    engine.reconcile([plan("NVX", state=FeedState.PAUSED)], NOW)
    engine.reconcile([plan("NVX", until_ms=NOW + 1_000)], NOW + 5_000)
    engine.step(NOW + 5_050)
    assert engine.step(NOW + 5_100).events == ()


def test_a_halted_instrument_makes_no_tick_and_the_others_go_on() -> None:
    engine, _ = open_engine()
    engine.reconcile([plan("NVX", "ORB")], NOW)
    batch = engine.reconcile([plan("NVX", "ORB", halts={"NVX": "news"})], NOW)
    assert batch.events == (Status("NVX", Phase.HALTED, "news", NOW, TODAY),)
    assert [tick.symbol for tick in engine.step(NOW).events] == ["ORB"]
    resumed = engine.reconcile([plan("NVX", "ORB")], NOW)
    assert resumed.events == (Status("NVX", Phase.OPEN, "", NOW, TODAY),)
    assert len(engine.step(NOW).events) == 2


def test_closing_a_feed_closes_its_instruments_and_a_halt_outlives_it() -> None:
    engine, _ = open_engine()
    halted = {"halts": {"NVX": "news"}}
    engine.reconcile([plan("NVX", **halted)], NOW)
    closed = engine.reconcile([plan("NVX", state=FeedState.CLOSED, reason="night", **halted)], NOW)
    assert closed.events[-1] == Status("NVX", Phase.CLOSED, "night", NOW, TODAY)
    opened = engine.reconcile([plan("NVX", **halted)], NOW)
    assert opened.events[-1] == Status("NVX", Phase.HALTED, "news", NOW, TODAY)


def test_an_instrument_on_another_grid_leaves_and_comes_back() -> None:
    engine, _ = open_engine()
    engine.reconcile([plan("NVX")], NOW)
    finer = plan(definitions=(definition("NVX", tick="0.005"),))
    assert kinds(engine.reconcile([finer], NOW)) == [Delisting, Listing, Status]


def test_a_renamed_instrument_stays() -> None:
    engine, _ = open_engine()
    engine.reconcile([plan("NVX")], NOW)
    renamed = plan(definitions=(definition("NVX", name="Other"),))
    assert kinds(engine.reconcile([renamed], NOW)) == [Listing]


def test_a_removed_feed_takes_its_instruments_along() -> None:
    engine, _ = open_engine()
    engine.reconcile([plan("NVX")], NOW)
    assert kinds(engine.reconcile([], NOW)) == [Delisting, FeedRemoval]
    assert engine.step(NOW).events == ()


def test_an_instrument_moves_between_feeds() -> None:
    engine, _ = open_engine()
    engine.reconcile([plan("NVX"), plan("ORB", feed="other")], NOW)
    batch = engine.reconcile([plan(), plan("NVX", "ORB", feed="other")], NOW)
    assert kinds(batch) == [Delisting, Listing, Status]
    assert {tick.symbol for tick in engine.step(NOW).events} == {"NVX", "ORB"}


def test_a_symbol_of_two_feeds_is_refused_and_changes_nothing() -> None:
    engine, _ = open_engine()
    engine.reconcile([plan("NVX")], NOW)
    with pytest.raises(InvalidPlan, match="NVX is listed by demo and other"):
        engine.reconcile([plan("NVX"), plan("NVX", feed="other")], NOW)
    assert engine.reconcile([plan("NVX")], NOW).events == ()


def test_feeds_leave_in_the_order_of_their_plans() -> None:
    """A set of names has another order in every process: the tape would differ."""
    engine, _ = open_engine()
    feeds = [f"feed{number}" for number in range(8)]
    engine.reconcile([plan(feed.upper(), feed=feed) for feed in feeds], NOW)
    left = engine.reconcile([], NOW).events
    assert [event.feed for event in left if isinstance(event, FeedRemoval)] == feeds


@st.composite
def some_plans(draw: st.DrawFn) -> list[FeedPlan]:
    symbols = draw(st.lists(st.sampled_from(["NVX", "ORB", "QAL"]), unique=True))
    halts = dict.fromkeys(draw(st.sets(st.sampled_from(symbols))), "why") if symbols else {}
    state = draw(st.sampled_from(FeedState))
    return [plan(*symbols, halts=halts, state=state)] if draw(st.booleans()) else []


@given(st.lists(some_plans(), max_size=8))
def test_whatever_the_plans_were_the_board_is_the_last_one(history: list[list[FeedPlan]]) -> None:
    """Level beats edge: only the last plan counts, and every event can be folded."""
    engine, _ = open_engine()
    board, last = Board(), 0
    for plans in history:
        for batch in (engine.reconcile(plans, NOW), engine.step(NOW)):
            assert batch.first == last + 1
            for sequence, event in enumerate(batch.events, batch.first):
                board.apply(sequence, event)
            last = batch.last
    wanted = history[-1][0] if history and history[-1] else None
    assert set(board.rows) == {
        instrument.symbol for instrument in (wanted.definitions if wanted else ())
    }
    assert set(board.feeds) == ({"demo"} if wanted else set())
    for symbol, row in board.rows.items():
        closed = wanted.state is FeedState.CLOSED
        phase = Phase.CLOSED if closed else Phase.HALTED if symbol in wanted.halts else Phase.OPEN
        assert row.phase == phase
