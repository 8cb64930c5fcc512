"""The tasks that run feeds: what they begin with, what they save, and which failures count."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError

from dashboard import feed_tasks
from dashboard.alerts.watch import AlertWatch
from dashboard.feed_tasks import FeedTasks
from dashboard.operations.metrics import FeedFigures
from dashboard.operations.retention import Retention
from feeds.bus.journal import Journal
from feeds.bus.memory import MemoryBus
from feeds.clock import SystemClock
from feeds.engine.feed_watch import Trouble, TroubleKind
from feeds.market.board import OPEN, PREVIOUS_CLOSE, VOLUME, Board
from feeds.market.events import Tick
from feeds.models import AuditEntry, MarketCheckpoint
from feeds.plan.plans import FeedKind, FeedPlan
from feeds.recordings.recorder import Recorder
from feeds.selectors.plans import PlanReader
from feeds.services.checkpoints import CheckpointWriter, read_checkpoint
from feeds.services.feeds import seed_exchange
from feeds.simulator.simulator import Simulator
from feeds.upstream.connection import Upstream
from tests.support.waiting import until


@pytest.mark.django_db(transaction=True)
async def test_a_rehearsal_leaves_rows_and_bus_alone(monkeypatch) -> None:
    """A standby begins with what it has loaded, and nobody sees that it has."""
    await sync_to_async(seed_exchange)(5, 50.0)
    opened: list[str] = []

    class Watched(Simulator):
        def draw(self, now_ms: int) -> Sequence[Tick]:
            opened.append("draw")
            return super().draw(now_ms)

    monkeypatch.setattr(feed_tasks, "Simulator", Watched)
    bus = MemoryBus()
    before = await AuditEntry.objects.acount()
    await FeedTasks(bus, SystemClock()).rehearse()
    assert opened
    assert bus.board.sequence == Board().sequence
    assert not await MarketCheckpoint.objects.aexists()
    assert await AuditEntry.objects.acount() == before


@pytest.mark.django_db(transaction=True)
async def test_a_rehearsal_that_fails_keeps_nobody_from_beginning(monkeypatch, caplog) -> None:
    def fail(_: PlanReader) -> list[FeedPlan]:
        raise OperationalError("database is locked")

    monkeypatch.setattr(PlanReader, "read", fail)
    await FeedTasks(MemoryBus(), SystemClock()).rehearse()
    assert "rehearsal failed error=database is locked" in caplog.text


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.django_db(transaction=True)
async def test_a_stop_always_saves_the_last_state(monkeypatch, waits: bool) -> None:
    """Also while a batch waits for its firings to be stored, which the engine is past."""
    await sync_to_async(seed_exchange)(5, 200.0)
    settled = asyncio.Event()

    async def settle(_: AlertWatch) -> None:
        if bus.board.rows and waits:
            settled.set()
            await asyncio.Event().wait()

    monkeypatch.setattr(AlertWatch, "settle", settle)
    bus = MemoryBus()
    running = asyncio.ensure_future(FeedTasks(bus, SystemClock()).run())
    await (settled.wait() if waits else until(lambda: bus.board.newest_ms()))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    left = await sync_to_async(read_checkpoint)()
    assert left.sequence == bus.board.sequence > 0
    assert left.instruments.keys() == bus.board.rows.keys()


def test_a_market_that_has_not_begun_has_figures_of_nothing() -> None:
    """All reasons with 0: a counter has to be seen before it counts."""
    tasks = FeedTasks(MemoryBus(), SystemClock())
    figures = tasks.figures()
    assert figures.events == figures.batches == figures.upstream_connections == 0
    assert figures.upstream_dropped
    assert set(figures.upstream_dropped.values()) == {0}
    assert tasks._troubles() == []


def test_the_figures_are_those_of_the_present_market() -> None:
    tasks = FeedTasks(MemoryBus(), SystemClock())
    load = SimpleNamespace(share=0.5)
    runner = SimpleNamespace(events=7, batches=6, late=5, lag_s=0.25, load=load)
    upstream = SimpleNamespace(connections=4, dropped=lambda: {"late": 3})
    tasks._runner = runner  # type: ignore[assignment]
    waiting = tasks.figures()
    tasks._upstream = upstream  # type: ignore[assignment]
    assert (waiting.events, waiting.lag_s) == (0, 0.0)
    assert tasks.figures() == FeedFigures(
        events=7,
        batches=6,
        late=5,
        lag_s=0.25,
        share=0.5,
        upstream_connections=4,
        upstream_dropped={"late": 3},
    )


def test_what_is_wrong_is_asked_of_the_present_market() -> None:
    tasks, asked = FeedTasks(MemoryBus(), StoppedClock()), list[object]()
    trouble = Trouble("demo", TroubleKind.STALLED, "no ticks")

    def look(*facts: object, **further: object) -> list[Trouble]:
        asked.extend([facts, further])
        return [trouble]

    tasks._watch = SimpleNamespace(look=look)  # type: ignore[assignment]
    parts = {
        "_runner": SimpleNamespace(plans=["plan"], load=SimpleNamespace(is_over=True)),
        "_engine": SimpleNamespace(stopped=lambda: {"demo": "over"}),
        "_upstream": SimpleNamespace(losses=3),
    }
    for name, part in parts.items():
        assert tasks._troubles() == []
        setattr(tasks, name, part)
    assert tasks._troubles() == [trouble]
    assert asked == [
        (["plan"], tasks._bus.board, 12.0),
        {"stopped": {"demo": "over"}, "losses": 3, "is_overloaded": True, "now_ms": 12_000},
    ]


class StoppedClock(SystemClock):
    """A clock that stands."""

    def now_ms(self) -> int:
        return 12_000

    def monotonic(self) -> float:
        return 12.0


def test_rows_are_kept_as_long_as_the_settings_say(settings) -> None:
    settings.MARKET_BARS_DAYS, settings.MARKET_DISPATCHES_DAYS = 1, 2
    settings.MARKET_NOTIFICATIONS_DAYS, settings.MARKET_ALERTS_DAYS = 3, 4
    settings.MARKET_AUDIT_DAYS = 5
    assert feed_tasks.retention() == Retention(
        bars_days=1, dispatches_days=2, notifications_days=3, alerts_days=4, audit_days=5
    )


def test_upstream_feeds_share_what_the_settings_say(monkeypatch, settings) -> None:
    settings.MARKET_UPSTREAM_URL, settings.MARKET_UPSTREAM_KEY = "wss://x", "key"
    settings.MARKET_UPSTREAM_SECRET, settings.MARKET_UPSTREAM_STALE_S = "secret", 7.0
    monkeypatch.setattr(feed_tasks, "Upstream", lambda url, **options: (url, options))
    clock = StoppedClock()
    assert feed_tasks.open_upstream(clock) == (
        "wss://x",
        {"key": "key", "secret": "secret", "clock": clock, "stale_s": 7.0},
    )


async def test_operators_are_notified_with_title_and_text(monkeypatch) -> None:
    said: list[dict[str, str]] = []
    monkeypatch.setattr(feed_tasks, "notify_operators", lambda **words: said.append(words))
    await feed_tasks.tell_operators("Memory is short", "9 MiB left")
    assert said == [{"title": "Memory is short", "body": "9 MiB left"}]


@pytest.mark.django_db(transaction=True)
async def test_a_market_is_made_of_what_the_settings_say(monkeypatch, settings) -> None:
    settings.MARKET_FLUSH_MS, settings.MARKET_RECONCILE_S = 70, 0.7
    made: dict[str, dict[str, object]] = {}

    def made_of(name: str, part: type) -> None:
        def make(**options: object) -> object:
            made[name] = options
            return part(**options)

        monkeypatch.setattr(feed_tasks, name, make)

    for name in ("Runner", "Recorder", "CheckpointWriter", "AlertWatch"):
        made_of(name, getattr(feed_tasks, name))
    await sync_to_async(seed_exchange)(5, 200.0)
    bus, clock = MemoryBus(), SystemClock()
    running = asyncio.ensure_future(FeedTasks(bus, clock).run())
    await until(lambda: bus.board.newest_ms())
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    runner, writer = made["Runner"], made["CheckpointWriter"]
    assert (runner["flush_ms"], runner["reconcile_s"]) == (70, 0.7)
    assert made["Recorder"]["look_s"] == 0.7
    assert made["Recorder"]["save"] is feed_tasks.record_live
    assert {id(options["clock"]) for options in made.values()} == {id(clock)}
    assert runner["bus"] is made["Recorder"]["bus"] is writer["kept"] is bus
    assert writer["board"]() is bus.board
    assert writer["drawn"]() >= bus.board.sequence > 0
    assert writer["epoch"] == made["AlertWatch"]["epoch"]
    observed = [observer.__self__ for observer in runner["observers"]]
    assert observed[:2] == [writer["bars"], writer["realism"]]
    assert observed[2] is runner["settle"].__self__


def test_a_poke_reaches_the_plans_and_a_market_that_runs() -> None:
    tasks, poked = FeedTasks(MemoryBus(), SystemClock()), list[str]()
    tasks._plans = SimpleNamespace(poke=lambda: poked.append("plans"))  # type: ignore[assignment]
    tasks.poke()
    assert poked == ["plans"]
    runner = SimpleNamespace(poke=lambda: poked.append("runner"))
    tasks._runner = runner  # type: ignore[assignment]
    tasks.poke()
    assert poked == ["plans", "plans", "runner"]


PARTS = [
    (Recorder, "run"),
    (Upstream, "run"),
    (AlertWatch, "run"),
    (CheckpointWriter, "run"),
    (feed_tasks, "prune_for_ever"),
]


@pytest.mark.parametrize(("owner", "name"), PARTS)
@pytest.mark.django_db(transaction=True)
async def test_each_part_of_a_feed_begins_with_it(monkeypatch, owner: object, name: str) -> None:
    begun = asyncio.Event()

    async def begin(*_: object) -> None:
        begun.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(owner, name, begin)
    await sync_to_async(seed_exchange)(5, 50.0)
    running = asyncio.ensure_future(FeedTasks(MemoryBus(), SystemClock()).run())
    await until(begun.is_set)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
async def test_a_market_that_fails_goes_on_from_what_it_published(tmp_path, monkeypatch) -> None:
    """Nothing is stored after its first checkpoint: what the journal has is all there is."""
    await sync_to_async(seed_exchange)(5, 2000.0)
    monkeypatch.setattr(feed_tasks, "CheckpointWriter", NothingStored)
    first = MemoryBus(Journal(tmp_path))
    running = asyncio.ensure_future(FeedTasks(first, SystemClock()).run())
    await until(lambda: is_priced(first))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    second = MemoryBus(Journal(tmp_path))
    running = asyncio.ensure_future(FeedTasks(second, SystemClock()).run())
    await until(lambda: second.board.rows)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    for symbol, row in first.board.rows.items():
        after = second.board.rows[symbol].values
        assert after[VOLUME] >= row.values[VOLUME] > 0
        assert (after[OPEN], after[PREVIOUS_CLOSE]) == (
            row.values[OPEN],
            row.values[PREVIOUS_CLOSE],
        )


def is_priced(bus: MemoryBus) -> bool:
    rows = bus.board.rows.values()
    return bool(rows) and all(row.values[VOLUME] for row in rows)


class NothingStored(CheckpointWriter):
    """A writer whose database is away."""

    def __init__(self, **parts: object) -> None:
        super().__init__(**parts, store=lambda *_: False)


@pytest.mark.django_db  # the thread looks at the connection that it has from another test
@pytest.mark.parametrize(
    ("error", "counted"),
    [(OperationalError("no server"), 0), (RuntimeError("x" * 300), 1)],
)
async def test_a_database_that_starts_later_is_no_crash_of_the_market(
    monkeypatch, error: Exception, counted: int
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(feed_tasks, "read_checkpoint", fail)
    feed = FeedTasks(MemoryBus(), SystemClock())
    noted: list[Trouble] = []
    monkeypatch.setattr(feed.alarm, "note", noted.append)
    with pytest.raises(type(error)):
        await feed.run()
    facts = [f"RuntimeError('{'x' * 186}"] if counted else []  # 200 characters
    assert noted == [Trouble("", TroubleKind.CRASHED, fact) for fact in facts]


@pytest.mark.parametrize(
    ("kinds", "imported"),
    [
        ([], []),
        ([FeedKind.SIMULATED, FeedKind.UPSTREAM], []),
        ([FeedKind.SIMULATED, FeedKind.REPLAY], ["feeds.recordings.folder"]),
    ],
)
def test_what_reads_recordings_is_loaded_with_the_plan_of_a_replay(
    monkeypatch, kinds: list[FeedKind], imported: list[str]
) -> None:
    found: list[str] = []
    plans = [SimpleNamespace(kind=kind) for kind in kinds]
    monkeypatch.setattr(PlanReader, "read", lambda _: plans)
    monkeypatch.setattr(feed_tasks, "import_module", found.append)
    assert FeedTasks(MemoryBus(), SystemClock())._load_plans() == plans
    assert found == imported
