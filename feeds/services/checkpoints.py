"""Keeps the state of the market while it runs, and hands it to its next life.

The only writer of this row. Must not know what a state is made of. The state is taken between two
steps of the engine, with the bars that closed by then. A thread of its own writes both in one
transaction: a database that is locked delays no tick, and after a crash the day fields and the
stored bars are of the same moment.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from math import inf
from typing import Final, Protocol

from django import db
from django.db import transaction
from django.db.models import F
from msgspec.structs import replace

from feeds.clock import Clock
from feeds.database import with_connection
from feeds.engine.catching_up import CatchUp, following
from feeds.engine.checkpoint import (
    NO_CHECKPOINT,
    Checkpoint,
    FeedCheckpoint,
    checkpoint_of,
    pack_checkpoint,
    unpack_checkpoint,
)
from feeds.exceptions import FeedError, InvalidCheckpoint
from feeds.market.board import Board
from feeds.market.events import FIRST, NOTHING, Batch, FeedState
from feeds.models import Feed, Intervention, MarketCheckpoint
from feeds.models.feeds import Hours
from feeds.plan.plans import FeedKind
from feeds.realism.watch import RealismWatch, WatchedDay
from feeds.services.audit import target_of
from feeds.services.bar_queue import BarQueue
from feeds.services.bars import ClosedBar, close_thread, store_bars
from feeds.services.changes import lock, record_market
from feeds.services.realism import store_realism

EVERY_S: Final = 2.0
"""The state is written this often."""
REALISM_S: Final = 10.0
"""The days of the realism certificate are written this often, with the state: a busy day is some
0.3 MB. After a crash up to so much is missing, at the half-hour day eight minutes of exchange time,
less than the silence that a whole day may have."""
LOOK_S: Final = 0.05
"""Before its first plan a market has no state. It is asked this often until it has."""
WRITE_BARS: Final = 5_000
"""Bars of one transaction, some 0.3 s of SQLite. Only after an outage do more of them wait."""
_ONLY: Final = 1
"""The primary key of the row."""
Store = Callable[[str, Checkpoint | None, Sequence[ClosedBar], Sequence[WatchedDay]], bool]
log = logging.getLogger(__name__)


def take_over(epoch: str, now_ms: int, published: Sequence[Batch] = ()) -> Checkpoint:
    """Return what the last market left, and let only the market of this epoch write from now on.

    `published` is what the last market published after its checkpoint. State, bars and clocks are
    brought up to there, and stored at once as the first checkpoint of this epoch: a market that
    ends before its first own checkpoint neither loses that nor moves the clocks twice.

    The clocks of compressed feeds go on where they stopped. A state that cannot be read counts as
    none, with a line in the log.
    """
    with transaction.atomic():
        row, _ = MarketCheckpoint.objects.select_for_update().get_or_create(pk=_ONLY)
        left, bars = _bring_up(_read(bytes(row.content)), published, now_ms)
        passed_ms = _move_clocks(left, now_ms)
        rested_ms = {
            feed: left.rested_ms.get(feed, 0) + passed_ms.get(feed, 0)
            for feed in left.rested_ms.keys() | passed_ms.keys()
        }
        left = replace(left, rested_ms=rested_ms)
        begun = replace(left, saved_ms=now_ms, epoch=epoch, sequence=NOTHING)
        row.epoch, row.saved_ms, row.content = epoch, now_ms, pack_checkpoint(begun)
        row.save()
        if bars:
            store_bars(bars)
    return left


def read_checkpoint() -> Checkpoint:
    """Return what the market has left so far, and leave it alone."""
    row = MarketCheckpoint.objects.filter(pk=_ONLY).first()
    return NO_CHECKPOINT if row is None else _read(bytes(row.content))


def store_checkpoint(
    epoch: str,
    checkpoint: Checkpoint | None,
    bars: Sequence[ClosedBar] = (),
    days: Sequence[WatchedDay] = (),
) -> bool:
    """Write the state of the market of an epoch, and bars and days as of then, all or nothing.

    Without a checkpoint only the bars are written. Return False, and write nothing, if another
    market took over.
    """
    rows = MarketCheckpoint.objects.filter(pk=_ONLY, epoch=epoch)
    news: dict[str, object] = {"epoch": epoch}
    if checkpoint is not None:
        news = {"saved_ms": checkpoint.saved_ms, "content": pack_checkpoint(checkpoint)}
    with transaction.atomic():
        # The update comes first: it locks the row, so no other market can take over until the end.
        is_ours = bool(rows.update(**news))
        if is_ours and bars:
            store_bars(bars)
        if is_ours and days:
            store_realism(days)
    return is_ours


class Kept(Protocol):
    """The side of a bus that keeps what was published since the newest checkpoint."""

    def prepare_part(self) -> None:
        """Get ready for `begin_part`, which must not wait."""
        ...

    def begin_part(self) -> int:
        """Note that a checkpoint holds all that was published so far; return its number."""
        ...

    def forget_before(self, part: int) -> None:
        """Forget what was published before: the checkpoint is stored."""
        ...


class CheckpointWriter:
    """Writes state and bars of a running market every `every_s`, and once more at its end.

    `drawn` returns the sequence of the last event of the engine. While the board is behind it, a
    batch was drawn and is not published: state, bars and board are then of different moments.
    """

    def __init__(
        self,
        *,
        epoch: str,
        clock: Clock,
        state: Callable[[], Mapping[str, FeedCheckpoint]],
        board: Callable[[], Board],
        drawn: Callable[[], int],
        bars: BarQueue,
        realism: RealismWatch,
        kept: Kept,
        store: Store = store_checkpoint,
        every_s: float = EVERY_S,
    ) -> None:
        self._epoch = epoch
        self._clock = clock
        self._state = state
        self._board = board
        self._drawn = drawn
        self._bars = bars
        self._realism = realism
        self._kept = kept
        self._realism_due_s = -inf
        self._days: dict[tuple[str, int], WatchedDay] = {}
        self._store = store
        self._every_s = every_s
        self._trouble = ""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="checkpoint")

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            has_begun = await self._write(self._clock.monotonic())
            await asyncio.sleep(self._every_s if has_begun else LOOK_S)

    async def end(self) -> None:
        """Write a last time; the market has ended, so nothing is drawn or published any more."""
        await self._write(inf)
        await _in(self._thread, close_thread)
        self._thread.shutdown(wait=False)

    async def _write(self, now_s: float) -> bool:
        """Take the state and write it; say whether the market has begun."""
        await _in(self._thread, self._kept.prepare_part)
        # No await before state and number of bars are known: the engine must not step in between.
        if self._board().sequence != self._drawn():
            return False
        board, now_ms = self._board(), self._clock.now_ms()
        checkpoint = checkpoint_of(self._state(), board, now_ms, epoch=self._epoch)
        waiting, lost = len(self._bars), self._bars.lost
        if not checkpoint.feeds and not waiting:
            return False
        self._take_days(now_s)
        part = self._kept.begin_part()
        try:
            is_ours = await self._write_all(checkpoint, waiting, lost)
        except db.Error as error:
            self._complain(str(error))
        else:
            self._complain("" if is_ours else "another market took over")
            if is_ours:
                await _in(self._thread, partial(self._kept.forget_before, part))
        return True

    async def _write_all(self, checkpoint: Checkpoint, waiting: int, lost: int) -> bool:
        """Write the bars in parts, and the checkpoint with the last part."""
        while True:
            # A full queue may have dropped bars meanwhile, which then wait no more.
            left = max(0, waiting - (self._bars.lost - lost))
            part, lost_before = self._bars.oldest(min(left, WRITE_BARS)), self._bars.lost
            is_last = left <= WRITE_BARS
            state = checkpoint if is_last else None
            days = list(self._days.values()) if is_last else []
            if not await _in(self._thread, partial(self._store, self._epoch, state, part, days)):
                return False
            self._bars.drop(len(part), lost_before=lost_before)
            waiting, lost = left - len(part), lost_before
            if is_last:
                self._days = {}
                return True

    def _take_days(self, now_s: float) -> None:
        """Take the days of the certificate when they are due; those not written yet stay."""
        if now_s >= self._realism_due_s:
            self._realism_due_s = now_s + REALISM_S
            self._days |= {(day.feed, day.day): day for day in self._realism.changed()}

    def _complain(self, trouble: str) -> None:
        if trouble and trouble != self._trouble:
            waiting = len(self._bars)
            log.error("checkpoint cannot be written waiting_bars=%d error=%s", waiting, trouble)
        if self._trouble and not trouble:
            log.info("checkpoint is written again lost_bars=%d", self._bars.lost)
        self._trouble = trouble


def _read(content: bytes) -> Checkpoint:
    if not content:
        return NO_CHECKPOINT
    try:
        return unpack_checkpoint(content)
    except InvalidCheckpoint as error:
        log.warning("market begins anew, its checkpoint cannot be used reason=%s", error)
        return NO_CHECKPOINT


def _bring_up(
    left: Checkpoint, published: Sequence[Batch], now_ms: int
) -> tuple[Checkpoint, list[ClosedBar]]:
    """Return the market as of what it published last, and the bars that closed since `left`."""
    batches = list(following(left, published))
    if not batches:
        return left, []
    catch_up, bars = CatchUp(left), BarQueue()
    carried = tuple(instrument.values for instrument in left.instruments.values())
    bars.observe(Batch(left.epoch, FIRST, carried))
    try:
        for batch in batches:
            catch_up.take(batch)
            bars.observe(batch)
    except (FeedError, LookupError, ArithmeticError, ValueError) as error:
        log.warning("what was published after the checkpoint cannot be used reason=%r", error)
        return left, []
    log.info("market goes on after its checkpoint batches=%d bars=%d", len(batches), len(bars))
    return catch_up.checkpoint(now_ms), bars.oldest(len(bars))


def _move_clocks(left: Checkpoint, now_ms: int) -> dict[str, int]:
    """Let the clocks of compressed feeds stand still since a checkpoint; return by how many ms.

    Less than 0 if the clock of the machine was set back: what was published must not come again.
    """
    passed_ms = now_ms - left.saved_ms
    feeds = Feed.objects.filter(slug__in=left.feeds, hours=Hours.COMPRESSED)
    resting = [feed for feed in feeds if _rests(feed) and passed_ms]
    for feed in resting:
        _move_clock(feed, left.saved_ms, passed_ms)
    return {feed.slug: passed_ms for feed in resting}


def _rests(feed: Feed) -> bool:
    """Say whether the clock of a compressed feed stands still while nothing runs."""
    return feed.kind == FeedKind.SIMULATED and feed.state != FeedState.CLOSED


def _move_clock(feed: Feed, saved_ms: int, passed_ms: int) -> None:
    """Move the clock of a feed, and what is planned on it, by the time that nothing ran."""
    lock(feed)
    saved_at, passed = (
        datetime.fromtimestamp(saved_ms / 1000, UTC),
        timedelta(milliseconds=passed_ms),
    )
    # It was started since then, and its days count from that start.
    if feed.opened_at > saved_at:
        return
    before = {"rested_ms": feed.rested_ms}
    feed.rested_ms += passed_ms
    if feed.runs_until is not None and feed.runs_until > saved_at:
        feed.runs_until += passed
    feed.save(update_fields=["rested_ms", "runs_until"])
    # One that was made since then was planned by the clock as it is now.
    running = Intervention.objects.filter(
        feed=feed, cancelled_at=None, ends_at__gt=saved_at, made_at__lte=saved_at
    )
    running.update(starts_at=F("starts_at") + passed, ends_at=F("ends_at") + passed)
    after = {"rested_ms": feed.rested_ms}
    reason = "nothing ran meanwhile"
    record_market("go on", target_of(feed), before, after, actor=None, reason=reason)


async def _in(thread: ThreadPoolExecutor, work: Callable[[], object]) -> bool:
    return bool(await asyncio.get_running_loop().run_in_executor(thread, with_connection(work)))
