"""Closed bars wait for the database, and reach it each once, whatever it does meanwhile."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Sequence

import psycopg
import pytest
from django import db
from django.db import connection
from msgspec.structs import astuple

from feeds.bus.memory import MemoryBus
from feeds.clock import SystemClock
from feeds.exceptions import ChangeRefused
from feeds.market.bars import DAY, DAY_MS, INTERVALS, MINUTE, SPANS, Bar, Bars, merged
from feeds.market.board import Board
from feeds.market.delayed_keys import delayed
from feeds.market.events import (
    Batch,
    Carryover,
    Delisting,
    Event,
    Phase,
    ReportedTrade,
    Side,
    Trade,
)
from feeds.models import AuditEntry, Feed, Instrument, StoredBar
from feeds.realism.watch import RealismWatch
from feeds.selectors.bars import stored_bars
from feeds.services import instruments as instrument_services
from feeds.services.bar_queue import BarQueue
from feeds.services.bars import ClosedBar, close_thread, count_old_bars, prune_bars, store_bars
from feeds.services.checkpoints import CheckpointWriter
from tests.support.waiting import until

MIDNIGHT = 1_789_948_800_000
MINUTE_MS = INTERVALS["1m"]
EVER = 2**62


def trade(at_s: float, price: int = 100, symbol: str = "NVX", *, now_ms: int = 7) -> Trade:
    return Trade(symbol, price, 5, Side.BUY, now_ms, MIDNIGHT + int(at_s * 1000))


@pytest.fixture
def instruments(transactional_db: None) -> list[Instrument]:
    feed = Feed.objects.create(slug="demo", name="Demo")
    return [
        Instrument.objects.create(
            feed=feed, symbol=symbol, name=symbol, sector="Lab", reference_price=1
        )
        for symbol in ("NVX", "ORB")
    ]


class Kept:
    """A queue of bars with the writer that empties it, and what that was given to store."""

    def __init__(self, store=None, **options) -> None:
        self.stored: list[ClosedBar] = []
        self.queue = BarQueue(**options)
        self._keep = store or self.stored.extend
        self.writer = CheckpointWriter(
            epoch="e1", clock=SystemClock(), state=dict, board=Board, bars=self.queue,
            drawn=lambda: 0, realism=RealismWatch(), kept=MemoryBus(), store=self._store,
            every_s=0.01,
        )  # fmt: skip
        self.sequence = 0

    def happen(self, *events: Event) -> None:
        self.queue.observe(Batch("e1", self.sequence + 1, events))
        self.sequence += len(events)

    async def run(self, condition: Callable[[], object]) -> None:
        running = asyncio.ensure_future(self.writer.run())
        await until(lambda: running.done() or (condition() and not self.queue))
        assert not running.done()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await self.writer.end()

    def _store(self, _: str, checkpoint: object, bars: Sequence[ClosedBar], _days: object) -> bool:
        self._keep(bars)
        return True

    def bars(self) -> list[tuple[str, int, bool]]:
        return [
            (entry.symbol, (entry.bar.start_ms - MIDNIGHT) // MINUTE_MS, entry.is_day)
            for entry in self.stored
            if isinstance(entry, ClosedBar)
        ]


async def test_minutes_and_days_are_stored_as_they_close_and_nothing_else() -> None:
    kept = Kept()
    kept.happen(trade(0), trade(61), trade(62), trade(3700), trade(86_400), trade(86_401))
    kept.happen(trade(0, symbol=delayed("NVX", 15)), trade(90, symbol=delayed("NVX", 15)))
    await kept.run(lambda: len(kept.bars()) == 4)
    assert kept.bars() == [
        ("NVX", 0, False),
        ("NVX", 1, False),
        ("NVX", 61, False),
        ("NVX", 0, True),
    ]


async def test_a_bar_writer_that_ends_writes_what_waits() -> None:
    kept = Kept(capacity=10)
    running = asyncio.ensure_future(kept.writer.run())
    await asyncio.sleep(0)
    kept.happen(trade(0), trade(61))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await kept.writer.end()
    assert kept.bars() == [("NVX", 0, False)]


async def test_what_cannot_be_written_now_is_written_later_in_order() -> None:
    failures = iter([db.OperationalError("database is locked"), db.OperationalError("again")])
    stored: list[ClosedBar] = []

    def store(news: Iterable[ClosedBar]) -> None:
        for failure in failures:
            raise failure
        stored.extend(news)

    kept = Kept(store)
    kept.happen(trade(0), trade(61), trade(121))
    await kept.run(lambda: len(stored) == 2)
    assert [entry.bar.start_ms for entry in stored] == [
        MIDNIGHT,
        MIDNIGHT + MINUTE_MS,
    ]


async def test_the_oldest_bars_are_given_up_when_too_many_wait() -> None:
    kept = Kept(capacity=3)
    kept.happen(*(trade(60 * n) for n in range(10)))
    await kept.run(lambda: kept.stored)
    assert kept.bars() == [("NVX", n, False) for n in (6, 7, 8)]
    assert kept.queue.lost == 6


async def test_a_growing_bar_goes_on_in_the_next_life_of_the_market() -> None:
    first, second = Kept(), Kept()
    first.happen(trade(0), trade(20, 90))
    growing = first.queue._bars.symbols["NVX"].growing
    left = Carryover(
        "NVX", 7, 0, Phase.OPEN, growing=tuple(part and tuple(part) for part in growing)
    )
    second.happen(left, trade(40, 130), trade(61))
    await second.run(lambda: second.stored)
    (minute,) = second.stored
    assert (minute.bar.open, minute.bar.low, minute.bar.high) == (100, 90, 130)
    assert minute.bar.trades == 3


def closed(trades: Iterable[Trade]) -> list[ClosedBar]:
    news: list[ClosedBar] = []

    def tell(symbol: str, level: int, bar: Bar) -> None:
        if level in (MINUTE, DAY):
            news.append(ClosedBar(symbol, level == DAY, bar, now))

    bars = Bars(on_closed=tell)
    for sequence, event in enumerate(trades, 1):
        now = event.ts_event
        bars.fold(sequence, event)
    return news


def read(interval: str = "1m", symbol: str = "NVX", **bounds: int) -> list[Bar]:
    wide = {"from_ms": 0, "to_ms": EVER, "limit": 2000, "until_ms": EVER}
    return stored_bars(symbol, interval, **(wide | bounds))


DAY_LONG = [trade(n * 7, 100 + n * n % 31, now_ms=n) for n in range(12_400)]
"""A day of trades, and one of the next, which closes it."""


@pytest.mark.slow
def test_what_was_stored_is_read_and_a_day_is_its_minutes(instruments) -> None:
    news = closed(DAY_LONG)
    for _ in range(2):
        store_bars(news)
    minutes, days = read(), read("1d")
    assert minutes == [entry.bar for entry in news if not entry.is_day]
    assert days == list(merged(minutes, SPANS[DAY]))[:1]
    assert read("1d", "ORB") == []


@pytest.mark.slow
def test_a_day_is_whole_also_where_the_feed_was_started_within_it(instruments) -> None:
    half = len(DAY_LONG) // 2 // 60 * 60
    store_bars(closed(DAY_LONG[: half + 1]))
    assert read("1d") == []
    store_bars(closed(DAY_LONG[half:]))
    (day,) = read("1d")
    assert day == next(merged(read(), SPANS[DAY]))
    assert day.open == DAY_LONG[0].price_ticks


def test_a_day_that_nobody_saw_end_gets_its_bar_when_another_day_begins(instruments) -> None:
    """The market was down at the end of the day, and left nothing to go on from."""
    store_bars(closed([trade(0), trade(60), trade(120)]))
    store_bars(closed([trade(3 * 86_400), trade(3 * 86_400 + 60), trade(3 * 86_400 + 120)]))
    assert read("1d") == list(merged(read()[:2], SPANS[DAY]))
    store_bars(closed([trade(4 * 86_400), trade(4 * 86_400 + 60, symbol="ORB")]))
    assert len(read("1d")) == 1


REPLAYS = [
    [trade(-86_400 + 60 * n, 500) for n in range(5)],
    [trade(60 * n, 500) for n in range(5)],
    [trade(60, 500), trade(120, 500), trade(90_000, 500), trade(180_000, 500)],
    [trade(30 * n, 500) for n in range(20)],
]


@pytest.mark.parametrize("replayed", REPLAYS, ids=["day before", "same", "day after", "longer"])
def test_nothing_that_was_stored_is_deleted_or_changed(instruments, replayed: list[Trade]) -> None:
    """A replay of the past, a clock that was set back, a market that begins again."""
    store_bars(closed([trade(0), trade(60), trade(120), trade(180), trade(240)]))
    before = read()
    store_bars(closed(replayed))
    after = read()
    assert after[: len(before)] == before
    assert all(bar.start_ms > before[-1].start_ms for bar in after[len(before) :])


def test_unknown_symbols_are_left_out(instruments) -> None:
    store_bars(closed([trade(0, symbol="GONE"), trade(61, symbol="GONE"), trade(0), trade(61)]))
    assert StoredBar.objects.count() == 1


def test_bars_are_read_by_time_newest_first_and_as_of_a_time_of_our_clock(instruments) -> None:
    store_bars(closed([trade(60 * n, now_ms=1000 + n) for n in range(10)]))
    starts = lambda bars: [(bar.start_ms - MIDNIGHT) // MINUTE_MS for bar in bars]
    assert starts(read(limit=2)) == [7, 8]
    assert starts(read(from_ms=MIDNIGHT + MINUTE_MS, to_ms=MIDNIGHT + 3 * MINUTE_MS)) == [1, 2]
    assert starts(read(until_ms=1003)) == [0, 1, 2]


def test_old_minutes_go_and_days_stay(instruments) -> None:
    store_bars(closed([trade(n * 86_400) for n in range(6)]))
    assert count_old_bars(days=2) == 3
    assert sum(prune_bars(days=2)) == 3
    assert count_old_bars(days=2) == 0
    assert [(bar.start_ms - MIDNIGHT) // SPANS[DAY] for bar in read()] == [3, 4]
    assert len(read("1d")) == 5


def reported_day(*trades: int) -> ClosedBar:
    """Return the bar of the first day as an upstream reported it."""
    bar = Bar(MIDNIGHT, 7, 9, 5, 8, 1000, *trades)
    return ClosedBar("NVX", True, bar, 9, is_whole=True)


@pytest.mark.parametrize(("trades", "is_whole"), [(2, True), (3, True), (1, False)])
def test_a_reported_day_is_stored_as_it_is_if_it_has_all_of_its_trades(
    instruments, trades: int, is_whole: bool
) -> None:
    """Else it is the sum of its minutes. Neither the evening before nor the next day counts: the
    day of an upstream is one of New York, where the clocks are four hours behind."""
    hour = 3600
    minutes = [trade(at * hour) for at in (3.9, 4, 27.9, 28, 29)]
    store_bars([each for each in closed(minutes) if not each.is_day])
    StoredBar.objects.filter(interval="1d").delete()
    store_bars([reported_day(trades)])
    [stored] = [bar for bar in read("1d") if bar.start_ms == MIDNIGHT]
    assert (stored.high == 9) is is_whole


def test_a_queue_that_lost_nothing_says_so_and_forgets_a_delisted_instrument() -> None:
    queue = BarQueue()
    queue.observe(Batch("e1", 1, (trade(0), Delisting("NVX", 7), trade(61), trade(122))))
    found = [(each.bar.start_ms - MIDNIGHT) // MINUTE_MS for each in queue.oldest(9)]
    assert (found, queue.lost) == ([1], 0)


@pytest.mark.parametrize("is_reported", [False, True])
def test_only_the_day_of_reported_trades_is_whole(is_reported: bool) -> None:
    queue = BarQueue()
    for sequence, at_s in enumerate((0, 61, 86_400), 1):
        event = trade(at_s)
        if is_reported:
            day_ms = MIDNIGHT + at_s // 86_400 * DAY_MS
            event = ReportedTrade(*astuple(event), day_ms=day_ms)
        queue.observe(Batch("e1", sequence, (event,)))
    found = [(each.is_day, each.is_whole) for each in queue.oldest(9)]
    assert found == [(False, False), (False, False), (True, is_reported)]


def test_no_delayed_copy_of_an_instrument_has_bars() -> None:
    queue, copy = BarQueue(), delayed("NVX", 15)
    carried = Carryover(copy, 7, 1, Phase.OPEN, growing=((MIDNIGHT, 1, 1, 1, 1, 1, 1),))
    queue.observe(Batch("e1", 1, (carried, trade(0, symbol=copy), trade(200, symbol=copy))))
    assert not queue


def test_a_minute_of_the_first_moment_there_is_can_be_stored(instruments) -> None:
    store_bars([ClosedBar("NVX", False, Bar(0, 1, 1, 1, 1, 1, 1), 1)])
    assert [bar.start_ms for bar in read()] == [0]


def test_a_reported_day_is_compared_with_its_minutes_and_keeps_none_away(instruments) -> None:
    """Neither the bar of another day counts, nor is a day newer than the minutes before it."""
    next_day = ClosedBar("NVX", True, Bar(MIDNIGHT + DAY_MS, 1, 1, 1, 1, 99, 99), 9, is_whole=True)
    store_bars([next_day])
    store_bars([each for each in closed([trade(5 * 3600), trade(6 * 3600)]) if not each.is_day])
    store_bars([reported_day(2)])
    assert [bar.start_ms for bar in read()] == [MIDNIGHT + 5 * 3_600_000]
    assert [(bar.high, bar.trades) for bar in read("1d")] == [(9, 2), (1, 99)]


def test_a_day_is_the_sum_of_its_own_minutes(instruments) -> None:
    first, second = closed([trade(0)]), [trade(86_399.5), trade(86_400, 90), trade(86_460, 80)]
    store_bars([*first, *closed([*second, trade(2 * 86_400)])])
    assert [(bar.high, bar.trades) for bar in read("1d")] == [(100, 1), (90, 2)]


def test_bars_go_with_their_grid(instruments) -> None:
    store_bars(closed([trade(0), trade(61)]))
    nvx = instruments[0]
    nvx.name = "Other"
    instrument_services.save_instrument(nvx, actor=None)
    assert len(read()) == 1
    nvx.tick_size *= 10
    with pytest.raises(ChangeRefused, match="has 1 bars"):
        instrument_services.save_instrument(nvx, actor=None)
    assert len(read()) == 1
    instrument_services.save_instrument(nvx, actor=None, deletes_bars=True)
    assert read() == []
    assert AuditEntry.objects.filter(action="delete bars").get().before == {"bars": 1}


def test_a_day_stays_whole_when_its_old_minutes_are_gone(instruments) -> None:
    """A replay closes an old day again, of which retention left only some minutes."""
    store_bars(closed([trade(3600 * n) for n in range(26)]))
    (whole,) = read("1d")
    for part in prune_bars(days=0):
        assert part
    day = [trade(3600 * n, 500) for n in range(25)]
    store_bars([entry for entry in closed(day) if entry.is_day])
    assert read("1d") == [whole]


async def test_a_locked_database_delays_bars_and_loses_none(instruments) -> None:
    """The lock is real: another connection writes to the same database."""
    let_go = _lock_bars()
    attempts: list[str] = []

    def store(news: list[ClosedBar]) -> None:
        _be_impatient()
        try:
            store_bars(news)
        except db.Error as error:
            attempts.append(str(error))
            raise

    kept = Kept(store)
    kept.happen(trade(0), trade(61))
    running = asyncio.ensure_future(kept.writer.run())
    await until(lambda: running.done() or len(attempts) >= 2)
    assert not running.done()
    let_go()
    await until(lambda: not kept.queue)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert "lock" in attempts[0]
    assert await asyncio.to_thread(_count) == 1


def _lock_bars() -> Callable[[], None]:
    """Lock the bars by a connection of another program; return what ends that."""
    if connection.vendor == "postgresql":
        place = {key: connection.settings_dict[key.upper()] for key in ("user", "host", "port")}
        rows = psycopg.connect(dbname=connection.settings_dict["NAME"], **place)
        rows.execute("LOCK TABLE feeds_storedbar")
        return rows.close
    path = connection.settings_dict["NAME"]
    file = sqlite3.connect(path, uri=True, isolation_level=None, check_same_thread=False)
    file.execute("BEGIN IMMEDIATE")
    return file.close


def _be_impatient() -> None:
    """Let this thread wait 20 ms for a lock."""
    connection.ensure_connection()
    is_postgresql = connection.vendor == "postgresql"
    wait = "SET lock_timeout = 20" if is_postgresql else "PRAGMA busy_timeout = 20"
    connection.connection.execute(wait)


def _count() -> int:
    try:
        return StoredBar.objects.count()
    finally:
        close_thread()


# --- amended bars -----------------------------------------------------------------------------


def amended(
    start_ms: int, price: int, trades: int, revision: int, *, is_day: bool = False
) -> ClosedBar:
    bar = Bar(start_ms, price, price, price, price, 5 * trades, trades)
    return ClosedBar("NVX", is_day, bar, 9, revision)


def test_an_amended_bar_replaces_the_stored_one_and_says_so(instruments) -> None:
    store_bars(closed([trade(1), trade(61), trade(121), trade(86_401)]))
    minute, day = MIDNIGHT + MINUTE_MS, MIDNIGHT
    store_bars([amended(minute, 70, 2, 1), amended(minute, 80, 3, 2)])
    store_bars([amended(day, 90, 4, 1, is_day=True)])
    assert [(bar.start_ms, bar.close) for bar in read()] == [
        (MIDNIGHT, 100), (minute, 80), (MIDNIGHT + 2 * MINUTE_MS, 100),
    ]  # fmt: skip
    assert [bar.close for bar in read("1d")] == [90]
    rows = StoredBar.objects.filter(revision__gt=0).order_by("interval")
    assert [(row.interval, row.revision, row.recorded_ms) for row in rows] == [
        ("1d", 1, 7), ("1m", 2, 7),
    ]  # fmt: skip


def test_every_value_of_a_bar_has_its_own_column_also_when_it_is_written_again(instruments) -> None:
    first, again = Bar(MIDNIGHT, 3, 9, 1, 5, 70, 8), Bar(MIDNIGHT, 4, 10, 2, 6, 80, 11)
    columns = ("instrument_id", "interval", "start_ms", "open", "high", "low", "close", "volume")
    rows = StoredBar.objects.values_list(*columns, "trades", "recorded_ms", "revision")
    store_bars([ClosedBar("NVX", False, first, 12)])
    nvx = instruments[0].pk
    assert rows.get() == (nvx, "1m", MIDNIGHT, 3, 9, 1, 5, 70, 8, 12, 0)
    store_bars([ClosedBar("NVX", False, again, 13, revision=1)])
    assert rows.get() == (nvx, "1m", MIDNIGHT, 4, 10, 2, 6, 80, 11, 12, 1)


def test_a_bar_whose_trades_were_all_cancelled_is_none_and_its_row_stays(instruments) -> None:
    store_bars(closed([trade(1), trade(61), trade(121)]))
    store_bars([amended(MIDNIGHT, 0, 0, 1)])
    assert [bar.start_ms for bar in read()] == [MIDNIGHT + MINUTE_MS]
    assert StoredBar.objects.count() == 2


def test_a_day_of_reported_trades_is_stored_as_it_is_if_it_is_whole(instruments) -> None:
    """Conditions let trades move a day and not a minute, so it is no sum of minutes."""
    store_bars(closed([trade(18_000), trade(18_061), trade(18_121)]))
    bar = Bar(MIDNIGHT, 50, 60, 40, 55, 500, 9)
    store_bars([ClosedBar("NVX", True, bar, 9, is_whole=True)])
    assert read("1d") == [bar]
    late = Bar(MIDNIGHT, 1, 1, 1, 1, 5, 1)
    store_bars([ClosedBar("NVX", True, late, 9, is_whole=True)])
    assert read("1d") == [bar]
