"""The state of a market is stored beside its ticks, and only the newest market may store it."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from django import db
from django.utils import timezone

from feeds.bus.memory import MemoryBus
from feeds.clock import SystemClock
from feeds.engine.checkpoint import NO_CHECKPOINT, Checkpoint, FeedCheckpoint, pack_checkpoint
from feeds.market.bars import MINUTE_MS, Bar
from feeds.market.board import HIGH, LAST, VOLUME, Board
from feeds.market.events import Batch, FeedState, Side, Trade, Withdrawal
from feeds.models import AuditEntry, Feed, Instrument, Intervention, MarketCheckpoint, StoredBar
from feeds.models.feeds import Hours
from feeds.realism.watch import RealismWatch
from feeds.services import checkpoints
from feeds.services.bar_queue import BarQueue
from feeds.services.bars import ClosedBar
from feeds.services.checkpoints import (
    WRITE_BARS,
    CheckpointWriter,
    read_checkpoint,
    store_checkpoint,
    take_over,
)
from feeds.services.feeds import close_feed, start_feed
from tests.support.log_lines import lines_of
from tests.support.market_lives import MarketLife, plan, run_life

SAVED_MS = 1_790_000_000_000
SAVED_AT = datetime.fromtimestamp(SAVED_MS / 1000, UTC)
REST_MS = 3_600_000
REST = timedelta(milliseconds=REST_MS)
RUNNING = {"demo": FeedCheckpoint(FeedState.RUNNING, None, None)}


@pytest.fixture
def feed(db: None) -> Feed:
    return Feed.objects.create(slug="demo", name="Demo", opened_at=SAVED_AT - REST)


def saved(**feeds: FeedCheckpoint) -> Checkpoint:
    return Checkpoint(NO_CHECKPOINT.version, SAVED_MS, feeds or RUNNING, {})


def rest() -> Checkpoint:
    """Let a market end and another begin after REST; return what that finds."""
    take_over("e1", SAVED_MS)
    assert store_checkpoint("e1", saved())
    return take_over("e2", SAVED_MS + REST_MS)


def test_the_first_market_finds_nothing(feed: Feed) -> None:
    assert take_over("e1", SAVED_MS) == NO_CHECKPOINT


def test_before_the_first_market_there_is_nothing_to_read(feed: Feed) -> None:
    assert read_checkpoint() == NO_CHECKPOINT
    rest()
    assert read_checkpoint().saved_ms == SAVED_MS + REST_MS


def test_the_next_market_finds_what_the_last_one_stored(feed: Feed) -> None:
    left = rest()
    assert (left.saved_ms, left.feeds) == (SAVED_MS, RUNNING)


def test_a_market_that_was_replaced_stores_nothing(feed: Feed) -> None:
    rest()
    assert not store_checkpoint("e1", saved(other=RUNNING["demo"]))
    assert store_checkpoint("e2", saved())
    assert MarketCheckpoint.objects.count() == 1


@pytest.mark.parametrize("content", [b"\x00", b"no checkpoint", pack_checkpoint(saved())[:-3]])
def test_a_state_that_cannot_be_read_counts_as_none(
    feed: Feed, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    take_over("e1", SAVED_MS)
    MarketCheckpoint.objects.update(content=content, saved_ms=SAVED_MS)
    assert take_over("e2", SAVED_MS) == NO_CHECKPOINT
    assert "begins anew" in caplog.text


def test_a_compressed_clock_stands_still_while_nothing_runs(feed: Feed) -> None:
    before = feed.schedule().at(SAVED_MS)
    assert rest().rested_ms == {"demo": REST_MS}
    feed.refresh_from_db()
    assert feed.schedule().at(SAVED_MS + REST_MS) == before
    entry = AuditEntry.objects.get(action="go on")
    assert (entry.target, entry.after) == ("feed demo", {"rested_ms": REST_MS})


def test_a_compressed_clock_does_not_go_back_with_the_clock_of_the_machine(feed: Feed) -> None:
    """Else its hours come again: a market that was open is closed until then."""
    before = feed.schedule().at(SAVED_MS)
    take_over("e1", SAVED_MS)
    assert store_checkpoint("e1", saved())
    left = take_over("e2", SAVED_MS - 2 * REST_MS)
    assert left.rested_ms == {"demo": -2 * REST_MS}
    feed.refresh_from_db()
    assert feed.schedule().at(SAVED_MS - 2 * REST_MS) == before


@pytest.mark.parametrize("saved_ms", [-1, 10**15, 10**18, 2**63 - 1])
def test_a_state_of_a_time_that_cannot_be_counts_as_none(
    feed: Feed, saved_ms: int, caplog: pytest.LogCaptureFixture
) -> None:
    take_over("e1", SAVED_MS)
    content = pack_checkpoint(msgspec.structs.replace(saved(), saved_ms=saved_ms))
    MarketCheckpoint.objects.update(content=content)
    assert take_over("e2", SAVED_MS) == NO_CHECKPOINT
    assert "begins anew" in caplog.text


@pytest.mark.parametrize("hours", [Hours.EXCHANGE, Hours.ALWAYS])
def test_the_clock_of_a_real_exchange_goes_on(feed: Feed, hours: Hours) -> None:
    Feed.objects.update(hours=hours)
    assert rest().rested_ms == {}
    feed.refresh_from_db()
    assert feed.rested_ms == 0


def test_a_feed_that_was_started_meanwhile_keeps_its_clock(feed: Feed) -> None:
    Feed.objects.update(opened_at=SAVED_AT + REST / 2)
    rest()
    feed.refresh_from_db()
    assert feed.rested_ms == 0


def test_a_feed_that_is_closed_does_not_move(feed: Feed) -> None:
    close_feed(feed, actor=None)
    assert rest().rested_ms == {}


def test_what_a_clock_has_rested_stays_known_while_its_feed_is_closed(feed: Feed) -> None:
    rest()
    feed.refresh_from_db()
    close_feed(feed, actor=None)
    assert take_over("e3", SAVED_MS + 2 * REST_MS).rested_ms == {"demo": REST_MS}


def test_a_feed_that_is_started_again_begins_with_a_fresh_clock(feed: Feed) -> None:
    rest()
    feed.refresh_from_db()
    close_feed(feed, actor=None)
    start_feed(feed, actor=None)
    assert feed.rested_ms == 0


def test_shocks_and_steps_are_moved_with_the_clock(feed: Feed) -> None:
    Feed.objects.update(runs_until=SAVED_AT + timedelta(seconds=1))
    facts = {"feed": feed, "size": -5, "reason": "test", "made_at": SAVED_AT - REST}
    begins, ends = SAVED_AT - timedelta(seconds=30), SAVED_AT + timedelta(seconds=30)
    running = Intervention.objects.create(starts_at=begins, ends_at=ends, **facts)
    over = Intervention.objects.create(starts_at=begins - REST, ends_at=SAVED_AT - REST, **facts)
    made_later = Intervention.objects.create(
        starts_at=begins + REST, ends_at=ends + REST, **facts | {"made_at": timezone.now()}
    )
    always = Feed.objects.create(slug="always", name="Always", hours=Hours.ALWAYS)
    other = Intervention.objects.create(starts_at=begins, ends_at=ends, **facts | {"feed": always})
    rest()
    for row in (running, over, made_later, other):
        row.refresh_from_db()
    assert other.starts_at == begins
    feed.refresh_from_db()
    assert (running.starts_at, running.ends_at) == (begins + REST, ends + REST)
    assert over.ends_at == SAVED_AT - REST
    assert made_later.starts_at == begins + REST
    assert feed.runs_until == SAVED_AT + timedelta(seconds=1) + REST


def test_what_was_called_off_keeps_its_times(feed: Feed) -> None:
    begins, ends = SAVED_AT - timedelta(seconds=30), SAVED_AT + timedelta(seconds=30)
    row = Intervention.objects.create(
        feed=feed, size=-5, reason="test", starts_at=begins, ends_at=ends,
        made_at=SAVED_AT - REST, cancelled_at=SAVED_AT - timedelta(seconds=1),
    )  # fmt: skip
    rest()
    row.refresh_from_db()
    assert (row.starts_at, row.ends_at) == (begins, ends)


class Stored:
    """What a writer stored; it fails as often as it is told to."""

    def __init__(self, failures: int = 0, *, is_ours: bool = True) -> None:
        self.checkpoints: list[Checkpoint] = []
        self.parts: list[tuple[int, bool]] = []
        self.calls = 0
        self._failures, self._is_ours = failures, is_ours

    def __call__(
        self, epoch: str, checkpoint: Checkpoint | None, bars: Sequence[ClosedBar], _days: object
    ) -> bool:
        self.calls += 1
        if self.calls <= self._failures:
            raise db.OperationalError("database is locked")
        self.parts.append((len(bars), checkpoint is not None))
        if checkpoint is not None:
            self.checkpoints.append(checkpoint)
        return self._is_ours


async def write(
    stored: Stored,
    calls: int,
    bars: BarQueue | None = None,
    *,
    drawn: Callable[[], int] = int,
    every_s: float = 0.001,
) -> None:
    """Run a writer until it stored so often, then end it."""
    writer = CheckpointWriter(
        epoch="e1", clock=SystemClock(), state=lambda: RUNNING, board=Board,
        bars=BarQueue() if bars is None else bars, realism=RealismWatch(), drawn=drawn,
        kept=MemoryBus(), store=stored, every_s=every_s,
    )  # fmt: skip
    running = asyncio.create_task(writer.run())
    async with asyncio.timeout(20):
        while stored.calls < calls:
            await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await writer.end()


async def test_a_writer_stores_again_and_again_and_at_its_end() -> None:
    stored = Stored()
    await write(stored, 3)
    assert stored.calls >= 4
    assert all(checkpoint.feeds == RUNNING for checkpoint in stored.checkpoints)


async def test_a_database_that_is_away_is_named_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "feeds.services.checkpoints")
    stored = Stored(failures=5)
    await write(stored, 8)
    assert stored.checkpoints
    failed, written = lines_of(caplog, checkpoints)
    assert failed == "checkpoint cannot be written waiting_bars=0 error=database is locked"
    assert written == "checkpoint is written again lost_bars=0"


async def test_a_writer_that_was_replaced_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    await write(Stored(is_ours=False), 5)
    assert caplog.text.count("another market took over") == 1


def bar_of(feed: Feed) -> ClosedBar:
    Instrument.objects.create(feed=feed, symbol="NVX", name="N", sector="Lab", reference_price=1)
    return ClosedBar("NVX", False, Bar(SAVED_MS, 1, 1, 1, 1, 1, 1), SAVED_MS)


def test_bars_and_state_are_stored_together(feed: Feed) -> None:
    bar = bar_of(feed)
    take_over("e1", SAVED_MS)
    assert store_checkpoint("e1", saved(), [bar])
    row = MarketCheckpoint.objects.get()
    assert (row.saved_ms, StoredBar.objects.count()) == (SAVED_MS, 1)


def test_bars_of_a_market_that_was_replaced_are_not_stored(feed: Feed) -> None:
    bar = bar_of(feed)
    take_over("e1", SAVED_MS)
    take_over("e2", SAVED_MS)
    for checkpoint in (saved(), None):
        assert not store_checkpoint("e1", checkpoint, [bar])
    assert not StoredBar.objects.exists()


def test_without_its_bars_no_state_is_stored(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Sequence[ClosedBar]) -> None:
        raise db.OperationalError("disk is full")

    bar = bar_of(feed)
    take_over("e1", SAVED_MS)
    monkeypatch.setattr(checkpoints, "store_bars", fail)
    with pytest.raises(db.OperationalError):
        store_checkpoint("e1", saved(), [bar])
    assert not read_checkpoint().feeds


def queue_of(bars: int) -> BarQueue:
    queue = BarQueue()
    trades = [
        Trade("NVX", 1, 1, Side.BUY, 1, SAVED_MS + MINUTE_MS * number) for number in range(bars + 1)
    ]
    queue.observe(Batch("e1", 1, tuple(trades)))
    return queue


async def test_the_state_comes_with_the_last_of_many_bars() -> None:
    queue, stored = queue_of(WRITE_BARS + 7), Stored()
    waiting = len(queue)
    await write(stored, 2, queue)
    assert stored.parts[:2] == [(WRITE_BARS, False), (waiting - WRITE_BARS, True)]
    assert not queue


@pytest.mark.parametrize(
    ("count", "parts"),
    [(2, [(2, True)]), (3, [(3, True)]), (4, [(3, False), (1, True)]),
     (7, [(3, False), (3, False), (1, True)])],
)  # fmt: skip
async def test_all_parts_are_written_at_once_and_no_empty_one(
    monkeypatch: pytest.MonkeyPatch, count: int, parts: list[tuple[int, bool]]
) -> None:
    monkeypatch.setattr(checkpoints, "WRITE_BARS", 3)
    queue, stored = queue_of(count), Stored()
    writer = CheckpointWriter(
        epoch="e1", clock=SystemClock(), state=lambda: RUNNING, board=Board, bars=queue,
        realism=RealismWatch(), drawn=int, kept=MemoryBus(), store=stored,
    )  # fmt: skip
    await writer.end()
    assert (stored.parts, len(queue)) == (parts, 0)


async def test_bars_wait_while_the_state_cannot_be_written() -> None:
    queue, stored = queue_of(3), Stored(failures=2)
    await write(stored, 3, queue)
    assert stored.parts[0] == (3, True)
    assert not queue


async def test_bars_of_a_market_that_was_replaced_stay_in_its_queue() -> None:
    queue = queue_of(3)
    await write(Stored(is_ours=False), 3, queue)
    assert len(queue) == 3


async def test_while_a_batch_is_not_published_nothing_is_written() -> None:
    """The engine is then ahead of the board, and bars may hold trades that nobody saw. The writer
    looks again soon."""
    stored, published = Stored(), iter([7, 7, 7, 0])
    await write(stored, 1, drawn=lambda: next(published, 0), every_s=3600)
    assert next(published, None) is None
    assert stored.checkpoints


def published_life() -> tuple[Checkpoint, MarketLife, int]:
    """Return a checkpoint, the life that went on for 90 s after it, and when that ended."""
    first, end_ms = run_life(plan(2), 60_000, now_ms=SAVED_MS)
    left = first.end(end_ms)
    first.run(end_ms, end_ms + 90_000)
    return left, first, end_ms + 90_000


@pytest.fixture
def listed(feed: Feed) -> Feed:
    for row in plan(2).definitions:
        Instrument.objects.create(
            feed=feed, symbol=row.symbol, name=row.name, sector="Lab", reference_price=1
        )
    return feed


def crashed(left: Checkpoint) -> None:
    """Leave this checkpoint behind."""
    take_over("e1", SAVED_MS)
    assert store_checkpoint("e1", left)


def test_a_market_goes_on_from_what_was_published_after_its_checkpoint(listed: Feed) -> None:
    left, first, end_ms = published_life()
    crashed(left)
    found = take_over("e2", end_ms + REST_MS, first.batches)
    for symbol, row in first.board.rows.items():
        values = found.instruments[symbol].values
        assert (values.last, values.high, values.volume) == (
            row.values[LAST],
            row.values[HIGH],
            row.values[VOLUME],
        )
    # Its clock stood still since the last event, not since the checkpoint.
    passed_ms = end_ms + REST_MS - found.saved_ms
    assert REST_MS <= passed_ms < REST_MS + 1_000
    assert found.rested_ms == {"demo": passed_ms}


def test_bars_that_closed_after_the_checkpoint_are_stored_when_the_next_market_begins(
    listed: Feed,
) -> None:
    left, first, end_ms = published_life()
    crashed(left)
    whole = BarQueue()
    for batch in first.batches:
        whole.observe(batch)
    minutes = [item.bar for item in whole.oldest(100) if not item.is_day]
    take_over("e2", end_ms, first.batches)
    stored = StoredBar.objects.filter(interval="1m").order_by("pk")
    found = [Bar(*(getattr(row, name) for name in Bar.__struct_fields__)) for row in stored]
    newer = [bar for bar in minutes if bar.start_ms >= left.saved_ms - left.saved_ms % MINUTE_MS]
    assert newer
    assert sorted(found, key=repr) == sorted(newer, key=repr)


def test_a_life_that_ends_before_its_first_checkpoint_loses_nothing_and_moves_no_clock_twice(
    listed: Feed,
) -> None:
    left, first, end_ms = published_life()
    crashed(left)
    before = listed.schedule().at(end_ms)
    once = take_over("e2", end_ms + REST_MS, first.batches)
    twice = take_over("e3", end_ms + 2 * REST_MS, first.batches)
    assert twice.instruments == once.instruments
    assert twice.rested_ms == {"demo": once.rested_ms["demo"] + REST_MS}
    listed.refresh_from_db()
    after = listed.schedule().at(end_ms + 2 * REST_MS)
    assert abs(after.exchange_ms - before.exchange_ms) < 20_000  # of a clock 14 times as fast


def test_what_does_not_continue_the_checkpoint_is_left_alone(listed: Feed) -> None:
    left, first, end_ms = published_life()
    crashed(left)
    after = [batch for batch in first.batches if batch.first > left.sequence]
    other = [msgspec.structs.replace(batch, epoch="e7") for batch in after]
    for batches in ([], other, after[1:]):
        found = take_over("e2", end_ms, batches)
        assert found.instruments == left.instruments
        MarketCheckpoint.objects.update(content=pack_checkpoint(left))


@pytest.mark.parametrize("fault", ["note", "symbol"])
def test_batches_that_cannot_be_used_cost_no_more_than_themselves(
    listed: Feed, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    left, first, end_ms = published_life()
    crashed(left)
    after = [batch for batch in first.batches if batch.first > left.sequence]
    broken = msgspec.structs.replace(
        after[3],
        **(
            {"note": b"\xc1"}
            if fault == "note"
            else {"events": (Withdrawal("NONE", SAVED_MS),) * len(after[3].events)}
        ),
    )
    found = take_over("e2", end_ms, [*after[:3], broken, *after[4:]])
    assert found.instruments == left.instruments
    assert "cannot be used" in caplog.text


def test_state_of_before_the_journal_is_read(feed: Feed) -> None:
    """Bytes of a version without positions: nothing continues them, and nothing of them is lost."""
    content = msgspec.msgpack.decode(pack_checkpoint(saved()))
    del content["epoch"], content["sequence"]
    take_over("e1", SAVED_MS)
    MarketCheckpoint.objects.update(content=msgspec.msgpack.encode(content))
    assert take_over("e2", SAVED_MS).feeds == RUNNING
