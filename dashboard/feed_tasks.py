"""The tasks that run the market: engine, sources, observers, recorder, and what stores its state.

A part of the composition: it reads the settings and hands them on. Must not know readers.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable
from importlib import import_module
from typing import Final

from asgiref.sync import sync_to_async
from django import db
from django.conf import settings

from dashboard.alerts.watch import AlertWatch
from dashboard.operations.alarm import Alarm
from dashboard.operations.metrics import FeedFigures
from dashboard.operations.retention import Retention, prune_for_ever
from dashboard.personal.notifications import notify_operators
from dashboard.process.supervision import supervise
from feeds.bus.interface import Bus
from feeds.bus.mirror import Mirror
from feeds.clock import SystemClock
from feeds.database import why_unusable, with_connection
from feeds.engine.checkpoint import Checkpoint
from feeds.engine.engine import Engine, Source
from feeds.engine.feed_watch import FeedWatch, Trouble, TroubleKind
from feeds.engine.runner import Runner
from feeds.engine.sources import PlannedSource, SilentSource
from feeds.exceptions import FeedError, InvalidRecording
from feeds.market.board import Board
from feeds.market.packing import pack_batch, pack_board, unpack_batch
from feeds.plan.plans import FeedKind, FeedPlan
from feeds.realism.watch import RealismWatch
from feeds.recordings.recorder import Recorder
from feeds.selectors.plans import PlanReader, read_recorded
from feeds.selectors.realism import all_realism_days
from feeds.services.bar_queue import BarQueue
from feeds.services.checkpoints import CheckpointWriter, read_checkpoint, take_over
from feeds.services.recordings import record_live
from feeds.simulator.simulator import Simulator
from feeds.upstream.connection import Upstream

log = logging.getLogger(__name__)
FIRST_STEP_MS: Final = 100
"""Time that a rehearsed market runs, enough to draw something."""


class FeedTasks:
    """Runs the market: engine, upstream, recorder, alerts, checkpoints and retention."""

    def __init__(self, bus: Bus, clock: SystemClock) -> None:
        self.alarm = Alarm(self._troubles, tell_operators)
        self._watch = FeedWatch(stall_s=settings.MARKET_FEED_STALL_S)
        self._engine: Engine | None = None
        self._bus = bus
        self._clock = clock
        self._plans = PlanReader(clock)
        self._runner: Runner | None = None
        self._upstream: Upstream | None = None

    async def run(self) -> None:
        """Run a market of a new epoch until cancelled or until its runner fails."""
        try:
            await self._run()
        except Exception as error:
            if not why_unusable(error):  # else an outage, in which no notification can be stored
                # A task group wraps what its tasks raise.
                first = error.exceptions[0] if isinstance(error, ExceptionGroup) else error
                self.alarm.note(Trouble("", TroubleKind.CRASHED, repr(first)[:200]))
            raise

    async def _run(self) -> None:
        # After a crash nobody knows which events were published last. A new epoch makes readers
        # begin from a snapshot, instead of resuming at a number that means something else now.
        upstream = self._upstream = open_upstream(self._clock)
        epoch = secrets.token_hex(4)
        left = await self._take_over(epoch)
        log.info("market runs epoch=%s", epoch)
        engine = self._engine = make_engine(epoch, left, upstream, lambda: self._bus.board)
        realism = RealismWatch(await sync_to_async(with_connection(all_realism_days))())
        bars = BarQueue()
        checkpoints = CheckpointWriter(
            epoch=epoch,
            clock=self._clock,
            state=engine.state,
            board=lambda: self._bus.board,
            drawn=lambda: engine.sequence,
            bars=bars,
            realism=realism,
            kept=self._bus,
        )
        alerts = AlertWatch(epoch=epoch, clock=self._clock)
        await alerts.begin(left.position)
        self._runner = Runner(
            engine=engine,
            bus=self._bus,
            clock=self._clock,
            read_plans=sync_to_async(with_connection(self._load_plans)),
            flush_ms=settings.MARKET_FLUSH_MS,
            reconcile_s=settings.MARKET_RECONCILE_S,
            observers=[bars.observe, realism.observe, alerts.observe],
            settle=alerts.settle,
        )
        recorder = Recorder(
            bus=self._bus,
            clock=self._clock,
            read_recorded=sync_to_async(with_connection(read_recorded)),
            save=record_live,
            look_s=settings.MARKET_RECONCILE_S,
        )
        # The rest may fail and begin again without the market. A failure of the runner ends all.
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._runner.run())
                tasks.create_task(supervise(upstream.run, clock=self._clock))
                tasks.create_task(supervise(recorder.run, clock=self._clock))
                tasks.create_task(supervise(alerts.run, clock=self._clock))
                tasks.create_task(checkpoints.run())
                tasks.create_task(supervise(self._prune, clock=self._clock))
        finally:
            await checkpoints.end()

    async def _take_over(self, epoch: str) -> Checkpoint:
        """Return what the last market left, brought up to what it published last."""
        saved = await sync_to_async(with_connection(read_checkpoint))()
        published = await self._bus.published_after(saved.position)
        now_ms = self._clock.now_ms()
        left = await sync_to_async(with_connection(take_over))(epoch, now_ms, published)
        await asyncio.to_thread(self._begin_to_keep)
        return left

    def _begin_to_keep(self) -> None:
        """Keep what is published from now on; the first checkpoint is stored."""
        self._bus.prepare_part()
        self._bus.forget_before(self._bus.begin_part())

    async def rehearse(self) -> None:
        """Do once what a beginning does, and throw the market away.

        Imports, rows, checkpoint, the code of queries and the history of prices are then at hand:
        a standby begins within a fraction of a second.
        """
        try:
            left = await sync_to_async(with_connection(read_checkpoint))()
            engine = make_engine("rehearsal", left, open_upstream(self._clock))
            plans = await sync_to_async(with_connection(self._load_plans))()
            pack_board(_rehearsed(engine, plans, self._clock.now_ms()))
        except (db.Error, FeedError) as error:
            log.warning("rehearsal failed error=%s", error)

    async def _prune(self) -> None:
        await prune_for_ever(retention())

    def _troubles(self) -> list[Trouble]:
        """Return what is newly wrong with the feeds."""
        runner, engine, upstream = self._runner, self._engine, self._upstream
        if runner is None or engine is None or upstream is None:
            return []
        return self._watch.look(
            runner.plans,
            self._bus.board,
            self._clock.monotonic(),
            stopped=engine.stopped(),
            losses=upstream.losses,
            is_overloaded=runner.load.is_over,
            now_ms=self._clock.now_ms(),
        )

    def poke(self) -> None:
        """Compare the market with the rows at once; nothing before it runs."""
        self._plans.poke()
        if self._runner is not None:
            self._runner.poke()

    def _load_plans(self) -> list[FeedPlan]:
        """Return the plans of the feeds.

        With a replay among them also import what reads recordings: Arrow takes 0.3 s, which this
        thread has and the event loop has not.

        Raises:
            FeedError: a row holds what no feed can run.
        """
        plans = self._plans.read()
        if any(plan.kind is FeedKind.REPLAY for plan in plans):
            import_module("feeds.recordings.folder")
        return plans

    def figures(self) -> FeedFigures:
        """Return what the present market has done so far."""
        runner, upstream = self._runner, self._upstream
        if runner is None or upstream is None:
            # All reasons with 0: Prometheus computes rates only from counters that it saw begin.
            return FeedFigures(upstream_dropped=open_upstream(self._clock).dropped())
        return FeedFigures(
            events=runner.events,
            batches=runner.batches,
            late=runner.late,
            lag_s=runner.lag_s,
            share=runner.load.share,
            upstream_connections=upstream.connections,
            upstream_dropped=upstream.dropped(),
        )


def make_engine(
    epoch: str, left: Checkpoint, upstream: Upstream, board: Callable[[], Board] = Board
) -> Engine:
    """Return an engine that has no feed yet; `left` is what the last market left.

    `board` returns the market as of the last published batch.
    """
    openers = {
        FeedKind.SIMULATED: lambda plan: Simulator(plan.seed),
        FeedKind.REPLAY: open_replay,
        FeedKind.UPSTREAM: lambda _: upstream.open_source(),
    }
    return Engine(epoch=epoch, open_source=lambda _: PlannedSource(openers), left=left, board=board)


def _rehearsed(engine: Engine, plans: list[FeedPlan], now_ms: int) -> Board:
    """Return the board after the first batches of a market that nobody sees."""
    mirror = Mirror()
    for batch in (engine.reconcile(plans, now_ms), engine.step(now_ms + FIRST_STEP_MS)):
        # Packed and unpacked as on the bus, so that this code is loaded as well.
        mirror.receive(unpack_batch(pack_batch(batch)))
    return mirror.board


def retention() -> Retention:
    """Return how long rows are kept."""
    return Retention(
        bars_days=settings.MARKET_BARS_DAYS,
        dispatches_days=settings.MARKET_DISPATCHES_DAYS,
        notifications_days=settings.MARKET_NOTIFICATIONS_DAYS,
        alerts_days=settings.MARKET_ALERTS_DAYS,
        audit_days=settings.MARKET_AUDIT_DAYS,
    )


def open_replay(plan: FeedPlan) -> Source:
    """Return a replay of the recording that the plan names, or a silent source with the reason."""
    # Arrow takes 0.3 s to load; `_load_plans` has done that in its thread.
    from feeds.recordings.folder import replay_of

    try:
        return replay_of(plan, settings.MARKET_RECORDINGS_DIR)
    except InvalidRecording as error:
        log.error("recording cannot be played feed=%s error=%s", plan.feed, error)
        return SilentSource(str(error))


def open_upstream(clock: SystemClock) -> Upstream:
    """Return the connection that all upstream feeds share."""
    return Upstream(
        settings.MARKET_UPSTREAM_URL,
        key=settings.MARKET_UPSTREAM_KEY,
        secret=settings.MARKET_UPSTREAM_SECRET,
        clock=clock,
        stale_s=settings.MARKET_UPSTREAM_STALE_S,
    )


@sync_to_async
@with_connection
def tell_operators(title: str, body: str) -> None:
    """Send a notification to all operators, unless they have the same one already."""
    notify_operators(title=title, body=body)
