"""After a crash a market goes on from what it published last, not from its last checkpoint."""

import random
from math import exp

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.engine.catching_up import CatchUp, following
from feeds.engine.checkpoint import NO_CHECKPOINT, Checkpoint
from feeds.exceptions import InvalidCheckpoint
from feeds.market.board import ASK, BID, HIGH, LAST, LOW, OPEN, PHASE, VOLUME
from feeds.market.events import (
    Batch,
    FeedState,
    Listing,
    Phase,
    Position,
    Quote,
    Side,
    Status,
    Trade,
    Withdrawal,
)
from feeds.plan.plans import FeedKind, FeedPlan, Playback
from feeds.plan.price_bands import BandRules
from feeds.plan.schedules import Segment
from feeds.recordings.replay import Replay
from feeds.sessions.auctions import AuctionKind
from feeds.simulator.demo_exchange import definitions
from feeds.simulator.simulator import Simulator
from tests.support.examples import examples
from tests.support.market_lives import (
    HOUR_MS,
    NEW_YORK,
    NOW,
    SIMULATORS,
    STRIDE_MS,
    MarketLife,
    compressed,
    plan,
    run_life,
    session_of,
    shown,
    ticks,
)

ANCHOR_MS = NOW - 5 * 60_000


def crash(life: MarketLife, left: Checkpoint, now_ms: int) -> Checkpoint:
    """Return what is known after kill -9: the last checkpoint, and what was published."""
    batches = list(following(left, life.batches))
    assert batches[-1].last == life.board.sequence
    catch_up = CatchUp(left)
    for batch in batches:
        catch_up.take(batch)
    return catch_up.checkpoint(now_ms)


def carried(left: Checkpoint) -> dict[str, object]:
    """Return what a checkpoint has of instruments, but for the time at which it was taken."""
    found: dict[str, object] = {}
    for symbol, item in left.instruments.items():
        growing = tuple(part for part in item.values.growing if part is not None)
        values = msgspec.structs.replace(item.values, ts_event=0, growing=())
        found[symbol] = item.feed, item.tick_size, values, growing
    return found


def session_facts(left: Checkpoint, feed: str = "demo") -> object:
    """Return what a session must not forget; the band of a minute is computed anew anyway."""
    session = left.feeds[feed].session
    assert session is not None
    parts = ("phase", "reason", "day", "halt", "deadline_ms", "close", "last", "has_quotes")
    instruments = {
        symbol: [getattr(state, part) for part in parts] + [state.is_waiting]
        for symbol, state in session.instruments.items()
    }
    return session.day, session.segment, session.deepest, session.halt, instruments


def changed_plans(seed: int) -> list[FeedPlan]:
    """Return plans one after the other: halts, other instruments, other states, other rates."""
    chance, wanted = random.Random(seed), plan(4, schedule=compressed(ANCHOR_MS))
    wanted = msgspec.structs.replace(wanted, bands=BandRules(1))
    plans = []
    for _ in range(6):
        some = list(definitions(6))
        chance.shuffle(some)
        some = some[: chance.randint(1, 6)]
        halted = chance.choice(some).symbol
        state = chance.choice([FeedState.RUNNING] * 4 + [FeedState.PAUSED, FeedState.CLOSED])
        plans.append(
            msgspec.structs.replace(
                wanted,
                definitions=tuple(some),
                halts=chance.choice([{}, {halted: "news"}]),
                state=state,
                rate=chance.choice([50.0, 200.0, 400.0]),
                delays=chance.choice([(), (1,)]),
            )
        )
    return plans


@pytest.mark.slow
@settings(max_examples=examples(40), deadline=None)
@given(seed=st.integers(0, 10_000))
def test_whatever_changed_after_the_checkpoint_goes_on(seed: int) -> None:
    """Compared with the checkpoint that a market without a crash would have stored."""
    chance, plans = random.Random(seed), changed_plans(seed)
    life, now_ms = run_life(plans[0], 8_000)
    left = life.end(now_ms)
    for wanted in plans[1 : chance.randint(2, 6)]:
        life.follow(wanted, now_ms)
        until_ms = now_ms + chance.randint(1, 12) * STRIDE_MS
        life.run(now_ms, until_ms, step_ms=40)
        now_ms = until_ms
    found = crash(life, left, now_ms)
    assert carried(found) == carried(life.end(now_ms))
    assert found.sequence == life.board.sequence
    whole = life.end(now_ms)
    assert {name: kept.state for name, kept in found.feeds.items()} == {
        name: kept.state for name, kept in whole.feeds.items()
    }
    assert session_facts(found) == session_facts(whole)


def test_the_next_price_follows_from_the_last_published_one() -> None:
    """An effect moved the prices by tenths after the checkpoint; the source knows nothing of it."""
    wanted = plan(5)
    first, end_ms = run_life(wanted, 8_000)
    left = first.end(end_ms)
    for symbol in first.board.rows:
        rise(first, symbol, end_ms + 1)
    second = MarketLife(crash(first, left, end_ms + STRIDE_MS), epoch="e2")
    second.follow(wanted, end_ms + STRIDE_MS)
    before = {symbol: row.values[:] for symbol, row in second.board.rows.items()}
    assert shown(second.board) == shown(first.board)
    second.run(end_ms + STRIDE_MS, end_ms + 20 * STRIDE_MS)
    for symbol, row in second.board.rows.items():
        assert row.values[LAST] == pytest.approx(before[symbol][LAST], rel=0.01)
        assert row.values[HIGH] >= before[symbol][HIGH]
        assert row.values[VOLUME] >= before[symbol][VOLUME]


def rise(life: MarketLife, symbol: str, at_ms: int) -> None:
    """Publish a quote and a trade a tenth above the last price."""
    price = int(life.board.rows[symbol].values[LAST] * 1.1)  # type: ignore[operator]
    events = (
        Quote(symbol, price - 2, price + 2, 100, 100, at_ms),
        Trade(symbol, price, 100, Side.BUY, at_ms, at_ms),
    )
    batch = Batch("e1", life.board.sequence + 1, events)
    life.engine.sequence = batch.last
    life._take(batch)


def test_a_stale_quote_does_not_set_the_price_of_its_source_back() -> None:
    """What a source drew by the checkpoint is newer than an earlier quote."""
    first, end_ms = run_life(plan(3), 8_000)
    left = first.end(end_ms)
    (symbol, *_) = first.board.rows
    rise(first, symbol, end_ms + 1)
    source = crash(first, left, end_ms + 40).feeds["demo"].source
    assert list(source.quoted) == [symbol]
    assert source.drift == left.feeds["demo"].source.drift


def test_a_feed_that_is_younger_than_the_checkpoint_goes_on() -> None:
    wanted = plan(3, schedule=compressed(ANCHOR_MS))
    life, end_ms = run_life(wanted, 4_000)
    found = crash(life, msgspec.structs.replace(NO_CHECKPOINT, epoch="e1"), end_ms)
    assert carried(found) == carried(life.end(end_ms))
    second = MarketLife(found, epoch="e2")
    second.follow(wanted, end_ms)
    assert shown(second.board) == shown(life.board)
    second.run(end_ms, end_ms + 10 * STRIDE_MS)
    for symbol, row in second.board.rows.items():
        assert row.values[LAST] == pytest.approx(life.board.rows[symbol].values[LAST], rel=0.01)


def test_a_day_that_began_after_the_checkpoint_has_no_second_gap() -> None:
    """Prices moved overnight already: the next ones are near, not a night away."""
    schedule = compressed(NOW)
    last_ms = schedule.wall_ms(1, NEW_YORK.day(1).starts_ms[Segment.PRE_OPEN])
    opens_ms = schedule.wall_ms(1, NEW_YORK.day(1).starts_ms[Segment.CONTINUOUS])
    wanted = plan(6, schedule=schedule, rate=400.0)
    closes_ms = schedule.wall_ms(0, NEW_YORK.day(0).starts_ms[Segment.CLOSING_AUCTION])
    first, end_ms = run_life(wanted, 4_000, now_ms=closes_ms - 4_000)
    left = first.end(end_ms)
    assert left.feeds["demo"].source.day == 0
    until_ms = opens_ms + 4_000
    first.run(last_ms - last_ms % STRIDE_MS, until_ms)
    found = crash(first, left, until_ms)
    assert found.feeds["demo"].source.day == 1
    assert after_a_stride(found, wanted, until_ms) == pytest.approx(quoted(first), rel=0.002)
    gap = msgspec.structs.replace(found.feeds["demo"].source, day=0)
    feeds = {"demo": msgspec.structs.replace(found.feeds["demo"], source=gap)}
    again = msgspec.structs.replace(found, feeds=feeds)
    assert after_a_stride(again, wanted, until_ms) != pytest.approx(quoted(first), rel=0.002)


def quoted(life: MarketLife) -> dict[str, float]:
    rows = life.board.rows.items()
    return {symbol: (row.values[BID] + row.values[ASK]) / 2 for symbol, row in rows}


def after_a_stride(left: Checkpoint, wanted: FeedPlan, now_ms: int) -> dict[str, float]:
    """Return the prices of the source after the first stride of a life."""
    life = MarketLife(left, epoch="e2")
    life.follow(wanted, now_ms)
    life.run(now_ms, now_ms)
    source = life.end(now_ms).feeds["demo"].source
    origins = source.origins.values()
    return {
        origin.symbol: origin.reference_ticks * exp(drift)
        for origin, drift in zip(origins, source.drift, strict=True)
    }


def test_a_pause_that_began_after_the_checkpoint_goes_on_and_ends_on_time() -> None:
    wanted = plan(3, schedule=compressed(ANCHOR_MS), bands=BandRules(1))
    first, end_ms = run_life(wanted, 40_000)
    left = first.end(end_ms)
    symbol = wanted.definitions[0].symbol
    instrument = session_of(first)._instruments[symbol]
    far = Trade(symbol, instrument.band.low - 1, 100, Side.SELL, end_ms + 1)
    events = session_of(first).admit([far], end_ms + 2)
    events += session_of(first).admit([], end_ms + 2_000)
    first.engine._changed.take("demo", events)
    first._take(first.engine._publish(events, end_ms + 2_000))
    assert instrument.phase is Phase.HALTED
    found = crash(first, left, end_ms + 2_000)
    second = MarketLife(msgspec.structs.replace(found, rested_ms={"demo": HOUR_MS}))
    later = plan(3, schedule=compressed(ANCHOR_MS + HOUR_MS), bands=BandRules(1))
    second.follow(later, end_ms + 2_000 + HOUR_MS)
    assert second.board.rows[symbol].values[PHASE] == Phase.HALTED
    ends_ms = int(instrument.deadline_ms) + HOUR_MS
    quiet = session_of(second).admit([], ends_ms - 1)
    assert not [event for event in quiet if isinstance(event, Status) and event.symbol == symbol]
    resumed = session_of(second).admit([], ends_ms + 1)
    assert [event.phase for event in resumed if isinstance(event, Status)] == [Phase.AUCTION]


def test_an_auction_goes_on_with_the_quote_that_was_published_last() -> None:
    schedule = compressed(NOW)
    begin_ms = schedule.wall_ms(0, NEW_YORK.day(0).starts_ms[Segment.OPENING_AUCTION])
    wanted = plan(3, schedule=schedule)
    first, end_ms = run_life(wanted, 2_000, now_ms=begin_ms)
    left = first.end(end_ms)
    first.run(end_ms, end_ms + 2_000)
    found = crash(first, left, end_ms + 2_000).feeds["demo"].session
    for symbol, state in found.instruments.items():
        assert state.auction.kind is AuctionKind.OPENING
        row = first.board.rows[symbol].values
        assert (state.auction.quote.bid_ticks, state.auction.quote.ask_ticks) == (
            row[BID],
            row[ASK],
        )


def test_times_of_a_life_that_had_rested_are_not_moved_twice() -> None:
    """A take-over is a checkpoint of its own: it may end at once, and the next one goes on."""
    wanted = plan(2, schedule=compressed(ANCHOR_MS), bands=BandRules(1))
    first, end_ms = run_life(wanted, 8_000)
    rested = {"demo": HOUR_MS}
    left = msgspec.structs.replace(first.end(end_ms), rested_ms=rested, epoch="e2", sequence=0)
    assert CatchUp(left).checkpoint(end_ms).rested_ms == rested
    second = MarketLife(left, epoch="e2")
    second.follow(plan(2, schedule=compressed(ANCHOR_MS + HOUR_MS), bands=BandRules(1)), end_ms)
    assert crash(second, left, end_ms).rested_ms == {}


class Recording:
    """A recording of one instrument that trades every 100 ms for a minute."""

    first_ms, last_ms = 0, 60_000

    def __init__(self) -> None:
        (self._listed,) = definitions(1)

    def events(self):
        symbol = self._listed.symbol
        yield Listing("was", self._listed, 0)
        yield Status(symbol, Phase.OPEN, "", 0)
        for number in range(600):
            at_ms, price = 100 * number, 1000 + number
            yield Quote(symbol, price - 1, price + 1, 100, 100, at_ms)
            yield Trade(symbol, price, 100, Side.BUY, at_ms, at_ms)


REPLAYED = plan(1, kind=FeedKind.REPLAY, playback=Playback(path="a.parquet"))
OPENERS = SIMULATORS | {FeedKind.REPLAY: lambda wanted: Replay(Recording(), wanted.playback)}


def replaying(left: Checkpoint = NO_CHECKPOINT, epoch: str = "e1", *, now_ms: int) -> MarketLife:
    life = MarketLife(left, epoch, OPENERS)
    life.follow(REPLAYED, now_ms)
    return life


def prices(life: MarketLife) -> list[int]:
    return [event.price_ticks for event in life.events if isinstance(event, Trade)]


@pytest.mark.parametrize("published_ms", [400, 1_200, 3_000])
def test_a_replay_repeats_nothing_that_was_published_and_leaves_nothing_out(
    published_ms: int,
) -> None:
    first = replaying(now_ms=NOW)
    first.run(NOW, NOW + 2_000, 40)
    left = first.end(NOW + 2_000)
    first.run(NOW + 2_040, NOW + 2_000 + published_ms, 40)
    later_ms = NOW + HOUR_MS
    second = replaying(crash(first, left, later_ms), "e2", now_ms=later_ms)
    assert shown(second.board) == shown(first.board)
    second.run(later_ms, later_ms + 5_000, 40)
    (row,) = second.board.rows.values()
    assert (row.values[OPEN], row.values[LOW], row.day) == (1000, 1000, 0)
    assert row.values[VOLUME] == 100 * len(prices(first) + prices(second))
    both = prices(first) + prices(second)
    assert both == [1000 + number for number in range(len(both))]
    assert len(prices(second)) > 20


@pytest.mark.parametrize("lives", [2, 3])
def test_a_source_that_draws_nothing_is_not_forgotten(lives: int) -> None:
    """A feed that is paused, or a life too short to draw anything."""
    for wanted, openers in ((plan(2), SIMULATORS), (REPLAYED, OPENERS)):
        life = MarketLife(openers=openers)
        life.follow(wanted, NOW)
        life.run(NOW, NOW + 4_000, 40)
        left = life.end(NOW + 4_000)
        paused = msgspec.structs.replace(wanted, state=FeedState.PAUSED)
        for number in range(lives):
            now_ms = NOW + 5_000 * (number + 1)
            following_life = MarketLife(left, f"e{number + 2}", openers)
            following_life.follow(paused, now_ms)
            following_life.run(now_ms, now_ms + 1_000, 40)
            assert not ticks(following_life.events)
            later = following_life.end(now_ms + 1_000)
            assert later.feeds["demo"].source == left.feeds["demo"].source
            left = later


def test_a_long_recording_that_is_read_again_keeps_its_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Reading up to the place takes several draws, and the market may end again meanwhile."""
    first = replaying(now_ms=NOW)
    first.run(NOW, NOW + 8_000, 40)
    left = first.end(NOW + 8_000)
    monkeypatch.setattr("feeds.recordings.replay.MOST_EVENTS", 10)
    second = replaying(left, "e2", now_ms=NOW + 9_000)
    second.run(NOW + 9_000, NOW + 9_080, 40)
    state = second.end(NOW + 9_080).feeds["demo"].source
    assert state.played == left.feeds["demo"].source.played


def test_a_feed_of_another_kind_since_the_checkpoint_goes_on_as_that() -> None:
    first = MarketLife(openers=OPENERS)
    first.follow(plan(1), NOW)
    first.run(NOW, NOW + 4_000, 40)
    left = first.end(NOW + 4_000)
    first.follow(REPLAYED, NOW + 4_000)
    first.run(NOW + 4_040, NOW + 6_000, 40)
    found = crash(first, left, NOW + 6_000)
    source = first.end(NOW + 6_000).feeds["demo"].source
    assert found.feeds["demo"].source.played == source.played
    assert found.feeds["demo"].session is None
    first.follow(plan(1), NOW + 6_000)
    first.run(NOW + 6_040, NOW + 7_000, 40)
    found = crash(first, left, NOW + 7_000)
    assert session_facts(found) == session_facts(first.end(NOW + 7_000))
    assert found.has_source_of(plan(1))


def test_a_feed_that_was_removed_since_the_checkpoint_is_gone() -> None:
    first, end_ms = run_life(plan(2), 4_000)
    left = first.end(end_ms)
    first._take(first.engine.reconcile([], end_ms))
    found = crash(first, left, end_ms)
    assert (found.feeds, found.instruments) == ({}, {})
    assert found.position == Position("e1", first.board.sequence)


def test_a_halt_since_the_checkpoint_leaves_the_sessions_of_the_others() -> None:
    """The note of its batch has only what changed."""
    wanted = plan(3, schedule=compressed(ANCHOR_MS))
    first, end_ms = run_life(wanted, 4_000)
    left = first.end(end_ms)
    halted, *others = first.board.rows
    first.follow(msgspec.structs.replace(wanted, halts={halted: "news"}), end_ms)
    first.run(end_ms, end_ms + STRIDE_MS)
    instruments = crash(first, left, end_ms + STRIDE_MS).feeds["demo"].session.instruments
    phases = {symbol: state.phase for symbol, state in instruments.items()}
    assert phases == {halted: Phase.HALTED} | dict.fromkeys(others, Phase.OPEN)


def test_a_quote_that_was_withdrawn_is_not_followed() -> None:
    first, end_ms = run_life(plan(1), 4_000)
    left = first.end(end_ms)
    (symbol,) = first.board.rows
    rise(first, symbol, end_ms + 1)
    first._take(Batch("e1", first.board.sequence + 1, (Withdrawal(symbol, end_ms + 2),)))
    found = crash(first, left, end_ms + 3)
    assert found.feeds["demo"].source.quoted == {}
    assert found.instruments[symbol].values.bid is None


def test_only_batches_that_continue_the_checkpoint_count() -> None:
    left = msgspec.structs.replace(NO_CHECKPOINT, epoch="e1", sequence=10)
    batches = [
        Batch("e0", 11, ()),
        Batch("e1", 9, (Withdrawal("NVX", 1), Withdrawal("NVX", 1))),
        Batch("e1", 11, (Withdrawal("NVX", 1),)),
        Batch("e1", 11, (Withdrawal("NVX", 1),)),
        Batch("e1", 12, ()),
        Batch("e1", 12, (Withdrawal("NVX", 1),)),
        Batch("e1", 14, (Withdrawal("NVX", 1),)),
        Batch("e1", 15, (Withdrawal("NVX", 1),)),
    ]
    assert list(following(left, batches)) == [batches[2], batches[4], batches[5]]


def test_a_note_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(InvalidCheckpoint, match="cannot be read"):
        CatchUp(NO_CHECKPOINT).take(Batch("e1", 1, (), b"\xc1"))


def test_most_batches_have_no_note() -> None:
    """Ticks alone need none: at thousands of ticks a second it would cost as much as they do."""
    life, _ = run_life(plan(6), 8_000)
    assert life.batches[0].note
    assert not any(batch.note for batch in life.batches[1:])


def test_prices_stay_within_their_limits() -> None:
    """A quote far from where an instrument began does not take its path beyond what it may be."""
    first, end_ms = run_life(plan(1), 4_000)
    (symbol,) = first.board.rows
    left = first.end(end_ms)
    source = msgspec.structs.replace(left.feeds["demo"].source, quoted={symbol: (1, 2, 1, 1)})
    simulator = Simulator(1)
    simulator.restore(source)
    simulator.plan(plan(1))
    assert simulator.draw(end_ms + 20 * STRIDE_MS)
    assert abs(simulator.state().drift[0]) <= 3.0
    assert first.board.rows[symbol].values[LOW]
