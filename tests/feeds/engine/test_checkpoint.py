"""A market goes on in its next life as if nothing had happened, as far as time allows."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.engine.checkpoint import (
    NO_CHECKPOINT,
    VERSION,
    checkpoint_of,
    pack_checkpoint,
    unpack_checkpoint,
)
from feeds.engine.sources import PlannedSource
from feeds.exceptions import InvalidCheckpoint
from feeds.market.bars import DAY
from feeds.market.board import BID, HIGH, LAST, OPEN, PHASE, PREVIOUS_CLOSE, VOLUME
from feeds.market.events import (
    Carryover,
    FeedState,
    Phase,
    Status,
    Trade,
)
from feeds.plan.plans import FeedKind, FeedPlan, Playback
from feeds.plan.price_bands import BandRules
from feeds.plan.schedules import PlainSchedule, Segment
from feeds.simulator.simulator import Simulator
from tests.support.examples import examples
from tests.support.market_lives import (
    HOUR_MS,
    NEW_YORK,
    NOW,
    STRIDE_MS,
    MarketLife,
    compressed,
    plan,
    run_life,
    session_of,
    shown,
    ticks,
)


@pytest.mark.slow
@settings(max_examples=examples(12))
@given(strides=st.integers(3, 60), count=st.integers(1, 8))
def test_without_a_rest_the_next_life_is_the_rest_of_the_first(strides: int, count: int) -> None:
    wanted = plan(count)
    first, end_ms = run_life(wanted, strides * STRIDE_MS)
    second = MarketLife(first.end(end_ms), epoch="e2")
    second.follow(wanted, end_ms)
    assert shown(second.board) == shown(first.board)
    # A life begins within a stride, so only the strides after that are whole.
    begun_ms, until_ms = end_ms + STRIDE_MS, end_ms + 20 * STRIDE_MS
    first.run(begun_ms, begun_ms)
    second.run(begun_ms, begun_ms)
    went_on = ticks(first.run(begun_ms + STRIDE_MS, until_ms))
    assert ticks(second.run(begun_ms + STRIDE_MS, until_ms)) == went_on
    assert went_on


@pytest.mark.slow
def test_what_is_carried_over_is_no_tick_and_comes_once() -> None:
    first, end_ms = run_life(plan(2), 20_000)
    second = MarketLife(first.end(end_ms))
    begun = second.follow(plan(2), end_ms)
    assert [type(event) for event in begun[1:4]] == [type(begun[1]), Carryover, Status]
    assert all(row.ticks == 0 for row in second.board.rows.values())
    assert second.follow(plan(3), end_ms)  # an instrument that comes later is new
    assert sum(isinstance(event, Carryover) for event in second.events) == 2


@pytest.mark.slow
@pytest.mark.parametrize("changes", [{"tick_size": Decimal("0.001")}, {"lot": Decimal("0.1")}])
def test_an_instrument_with_other_units_begins_anew(changes: dict[str, Decimal]) -> None:
    wanted = plan(2)
    first, end_ms = run_life(wanted, 20_000)
    changed = msgspec.structs.replace(wanted.definitions[0], **changes)
    second = MarketLife(first.end(end_ms))
    second.follow(plan(2, definitions=(changed, wanted.definitions[1])), end_ms)
    fresh, same = (second.board.rows[instrument.symbol] for instrument in wanted.definitions)
    assert fresh.values[LAST] is None
    assert same.values[LAST] is not None


@pytest.mark.slow
def test_the_quotes_of_another_kind_of_feed_do_not_go_on() -> None:
    wanted = plan(1)
    first, end_ms = run_life(wanted, 20_000)
    replay = plan(1, kind=FeedKind.REPLAY, playback=Playback(path="a.parquet"))
    for after, goes_on in ((wanted, True), (replay, False)):
        second = MarketLife(first.end(end_ms))
        openers = {kind: lambda plan: Simulator(plan.seed) for kind in FeedKind}
        second.engine._open_source = lambda _, openers=openers: PlannedSource(openers)
        second.follow(after, end_ms)
        (row,), (before,) = second.board.rows.values(), first.board.rows.values()
        assert row.values[LAST] == before.values[LAST]
        assert (row.values[BID] is not None, bool(row.bids)) == (goes_on, goes_on)


@pytest.mark.slow
def test_an_instrument_of_another_feed_begins_anew() -> None:
    first, end_ms = run_life(plan(1), 20_000)
    second = MarketLife(first.end(end_ms))
    second.follow(plan(1, feed="other"), end_ms)
    (row,) = second.board.rows.values()
    assert row.values[LAST] is None


@pytest.mark.slow
def test_a_market_that_trades_on_moves_while_it_rests() -> None:
    wanted = plan(8)
    first, end_ms = run_life(wanted, 20_000)
    left = first.end(end_ms)
    near, far = MarketLife(left), MarketLife(left)
    later_ms = end_ms + 10 * HOUR_MS // STRIDE_MS * STRIDE_MS
    for life, begin_ms in ((near, end_ms), (far, later_ms)):
        life.follow(wanted, begin_ms)
        life.run(begin_ms, begin_ms + 20_000)
    before = {symbol: row.values[LAST] for symbol, row in first.board.rows.items()}

    def moved(life: MarketLife) -> float:
        rows = life.board.rows.items()
        return max(abs(row.values[LAST] / before[symbol] - 1) for symbol, row in rows)

    assert 4 * moved(near) < moved(far) < 0.5


@pytest.mark.slow
def test_after_a_night_the_last_price_is_the_previous_close() -> None:
    schedule = PlainSchedule(NEW_YORK)
    wanted = plan(4, schedule=schedule)
    first, end_ms = run_life(wanted, 20_000)
    assert {row.values[PHASE] for row in first.board.rows.values()} == {Phase.OPEN}
    tomorrow_ms = end_ms + 24 * HOUR_MS
    second = MarketLife(first.end(end_ms))
    second.follow(wanted, tomorrow_ms)
    for symbol, row in second.board.rows.items():
        assert row.values[PREVIOUS_CLOSE] == first.board.rows[symbol].values[LAST]
        assert (row.values[OPEN], row.values[HIGH], row.values[VOLUME]) == (None, None, 0)


@pytest.mark.slow
def test_the_bar_of_a_day_that_ended_meanwhile_closes_whole() -> None:
    wanted = plan(2)
    first, end_ms = run_life(wanted, 20_000)
    second = MarketLife(first.end(end_ms))
    closed: list[tuple[str, object]] = []
    second.board.bars._on_closed = lambda symbol, level, bar: (
        closed.append((symbol, bar)) if level == DAY else None
    )
    later_ms = end_ms + 24 * HOUR_MS // STRIDE_MS * STRIDE_MS
    second.follow(wanted, later_ms)
    second.run(later_ms, later_ms + 30_000)
    for symbol, bar in closed:
        live = first.board.bars.symbols[symbol].live(DAY)
        assert bar == live
    assert {symbol for symbol, _ in closed} == set(first.board.rows)


@pytest.mark.slow
def test_a_compressed_market_goes_on_where_its_clock_stopped() -> None:
    """Its plan is anchored later by the rest, so that its clock shows the same time as before."""
    rest_ms = 7 * HOUR_MS
    before = plan(4, schedule=compressed(NOW - 5 * 60_000), bands=BandRules(1))
    first, end_ms = run_life(before, 60_000)
    left = first.end(end_ms, rested_ms={"demo": rest_ms})
    second = MarketLife(left)
    after = plan(4, schedule=compressed(NOW - 5 * 60_000 + rest_ms), bands=BandRules(1))
    second.follow(after, end_ms + rest_ms)
    assert {symbol: row.values for symbol, row in second.board.rows.items()} == {
        symbol: row.values for symbol, row in first.board.rows.items()
    }
    second.run(end_ms + rest_ms, end_ms + rest_ms + 4_000)
    for symbol, row in second.board.rows.items():
        assert abs(row.values[LAST] / first.board.rows[symbol].values[LAST] - 1) < 0.01


def paused_by_its_band() -> tuple[MarketLife, int, FeedPlan]:
    """Return a market in which an instrument was halted by its price band."""
    wanted = plan(3, schedule=compressed(NOW - 5 * 60_000), bands=BandRules(1))
    life, end_ms = run_life(wanted, 40_000)
    symbol = wanted.definitions[0].symbol
    instrument = session_of(life)._instruments[symbol]
    crash = instrument.band.low - 1
    admitted = session_of(life).admit([Trade(symbol, crash, 100, "SELL", end_ms + 1)], end_ms + 2)
    # A limit state lasts 15 s of exchange time, then trading pauses for five minutes.
    admitted += session_of(life).admit([], end_ms + 2_000)
    for sequence, event in enumerate(admitted, life.board.sequence + 1):
        life.board.apply(sequence, event)
    assert instrument.phase is Phase.HALTED
    return life, end_ms + 2_000, wanted


@pytest.mark.slow
def test_a_pause_by_a_price_band_goes_on_and_ends_on_time() -> None:
    first, end_ms, wanted = paused_by_its_band()
    symbol = wanted.definitions[0].symbol
    ends_ms = session_of(first)._instruments[symbol].deadline_ms
    rest_ms = HOUR_MS
    second = MarketLife(first.end(end_ms, rested_ms={"demo": rest_ms}))
    later = plan(3, schedule=compressed(NOW - 5 * 60_000 + rest_ms), bands=BandRules(1))
    second.follow(later, end_ms + rest_ms)
    assert second.board.rows[symbol].values[PHASE] == Phase.HALTED
    assert second.board.rows[symbol].reason == first.board.rows[symbol].reason
    session = session_of(second)
    before = session.admit([], int(ends_ms) + rest_ms - 1)
    assert not [event for event in before if isinstance(event, Status) and event.symbol == symbol]
    after = session.admit([], int(ends_ms) + rest_ms + 1)
    assert [event.phase for event in after if isinstance(event, Status)] == [Phase.AUCTION]


@pytest.mark.slow
def test_a_market_wide_halt_goes_on_and_no_level_halts_twice() -> None:
    wanted = plan(3, schedule=compressed(NOW - 5 * 60_000), bands=BandRules(1))
    first, end_ms = run_life(wanted, 20_000)
    session = session_of(first)
    session._breakers.hit(70_000)
    session._halt, session._lift_ms = "Market-wide halt: the index fell", end_ms + 30_000
    for instrument in session._instruments.values():
        session._apply_phase(instrument, end_ms)
    for sequence, event in enumerate(session._take_events(), first.board.sequence + 1):
        first.board.apply(sequence, event)
    second = MarketLife(first.end(end_ms))
    second.follow(wanted, end_ms)
    assert {row.values[PHASE] for row in second.board.rows.values()} == {Phase.HALTED}
    assert session_of(second)._breakers.hit(70_000) == (False, None)
    lifted = session_of(second).admit([], end_ms + 30_001)
    assert Phase.AUCTION in {event.phase for event in lifted if isinstance(event, Status)}


@pytest.mark.slow
def test_a_halt_by_an_admin_that_ended_meanwhile_reopens() -> None:
    schedule = compressed(NOW - 5 * 60_000)
    symbol = plan(2).definitions[0].symbol
    first, end_ms = run_life(plan(2, schedule=schedule, halts={symbol: "news"}), 20_000)
    assert first.board.rows[symbol].values[PHASE] == Phase.HALTED
    second = MarketLife(first.end(end_ms))
    second.follow(plan(2, schedule=schedule), end_ms)
    assert second.board.rows[symbol].values[PHASE] == Phase.AUCTION


@pytest.mark.slow
def test_a_halt_by_an_admin_made_meanwhile_holds() -> None:
    schedule = compressed(NOW - 5 * 60_000)
    symbol = plan(2).definitions[0].symbol
    first, end_ms = run_life(plan(2, schedule=schedule), 20_000)
    second = MarketLife(first.end(end_ms))
    second.follow(plan(2, schedule=schedule, halts={symbol: "news"}), end_ms)
    assert second.board.rows[symbol].values[PHASE] == Phase.HALTED
    assert second.board.rows[symbol].reason == "news"


@pytest.mark.slow
def test_a_closed_feed_remembers_its_last_prices() -> None:
    schedule = compressed(NOW - 5 * 60_000)
    first, end_ms = run_life(plan(2, schedule=schedule), 20_000)
    closed = plan(2, schedule=schedule, state=FeedState.CLOSED)
    first.follow(closed, end_ms)
    second = MarketLife(first.end(end_ms))
    second.follow(closed, end_ms)
    assert shown(second.board) == shown(first.board)
    second = MarketLife(first.end(end_ms))
    second.follow(closed, end_ms + HOUR_MS)  # two of its days later
    for symbol, row in second.board.rows.items():
        assert row.values[LAST] == first.board.rows[symbol].values[LAST]
        assert row.values[PHASE] == Phase.CLOSED


def test_an_auction_keeps_what_it_collected() -> None:
    schedule = compressed(NOW)
    opening = NEW_YORK.day(0).starts_ms[Segment.OPENING_AUCTION]
    begin_ms = schedule.wall_ms(0, opening)
    wanted = plan(3, schedule=schedule)
    first, end_ms = run_life(wanted, 4_000, now_ms=begin_ms)
    collected = {
        symbol: len(instrument.auction.trades)
        for symbol, instrument in session_of(first)._instruments.items()
        if instrument.auction is not None
    }
    assert sum(collected.values()) > 0
    second = MarketLife(first.end(end_ms))
    second.follow(wanted, end_ms)
    for symbol, count in collected.items():
        assert len(session_of(second)._instruments[symbol].auction.trades) == count


@pytest.mark.slow
def test_delayed_readers_see_what_they_saw_until_the_delay_is_over() -> None:
    wanted = plan(1, delays=(1,))
    symbol = wanted.definitions[0].symbol
    first, end_ms = run_life(wanted, 90_000)
    twin = f"{symbol}~1"
    seen = first.board.rows[twin].values[:11]
    assert seen[LAST] is not None
    assert seen != first.board.rows[symbol].values[:11]
    second = MarketLife(first.end(end_ms))
    second.follow(wanted, end_ms)
    assert second.board.rows[twin].values[:11] == seen
    second.run(end_ms, end_ms + 59_000)
    assert second.board.rows[twin].values[:11] == seen
    second.run(end_ms + 59_200, end_ms + 60_400)
    assert second.board.rows[twin].values[VOLUME] >= first.board.rows[symbol].values[VOLUME]


@pytest.mark.parametrize("content", [b"", b"\x00", b"\x80", b"\xc1" * 50])
def test_bytes_that_are_no_checkpoint_are_refused(content: bytes) -> None:
    with pytest.raises(InvalidCheckpoint, match="cannot be read"):
        unpack_checkpoint(content)


def test_a_checkpoint_of_another_version_is_refused() -> None:
    other = msgspec.structs.replace(NO_CHECKPOINT, version=VERSION + 1)
    with pytest.raises(InvalidCheckpoint, match="version was"):
        unpack_checkpoint(pack_checkpoint(other))


@pytest.mark.parametrize(
    ("saved_ms", "is_shown"),
    [(-1, False), (0, True), (253_402_300_799_999, True), (253_402_300_800_000, False)],
)
def test_a_time_that_no_calendar_shows_is_refused(saved_ms: int, is_shown: bool) -> None:
    content = pack_checkpoint(msgspec.structs.replace(NO_CHECKPOINT, saved_ms=saved_ms))
    if is_shown:
        assert unpack_checkpoint(content).saved_ms == saved_ms
    else:
        with pytest.raises(InvalidCheckpoint, match="no calendar shows"):
            unpack_checkpoint(content)


@pytest.mark.slow
def test_a_checkpoint_that_was_cut_off_is_refused() -> None:
    life, end_ms = run_life(plan(2), 20_000)
    content = pack_checkpoint(checkpoint_of(life.engine.state(), life.board, end_ms))
    for length in range(0, len(content), 97):
        with pytest.raises(InvalidCheckpoint):
            unpack_checkpoint(content[:length])


@pytest.mark.slow
def test_a_state_whose_parts_do_not_fit_is_refused() -> None:
    life, _ = run_life(plan(2), 20_000)
    state = life.engine.state()["demo"].source
    assert state is not None
    with pytest.raises(InvalidCheckpoint, match="does not fit"):
        msgspec.structs.replace(state, drift=[0.0])
    with pytest.raises(InvalidCheckpoint, match="does not fit"):
        msgspec.structs.replace(state, quotes=state.quotes[:3])
