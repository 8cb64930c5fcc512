"""The market goes on after every end of its processes, clean or not, and takes nothing back.

`uv run pytest -n 0 tests/sockets/test_restart.py --restarts 20` is the long run: 20 restarts by
Ctrl-C and by kill -9, on the bus in memory and on Redis.
"""

import random
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from math import log
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support import storage
from tests.support.checkpoints import saved_ms
from tests.support.feed_process import FeedProcess, running_feed
from tests.support.readers import for_seconds
from tests.support.redis_server import RedisServer
from tests.support.remembering_reader import RememberingReader
from tests.support.served import Served, serve
from tests.support.stopping import wait_for_end
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

SEED = 23
LATEST_S: Final = 3.0
"""An end comes up to this long after the reader is told news again."""
HOWS = [signal.SIGINT, signal.SIGKILL]
IDS = ["by Ctrl-C", "by kill -9"]
FLAGS = ("--instruments", "8", "--rate", "200")
SHOCK_S, SHOCK = 600, 0.4
NEAR: Final = 0.03
"""Prices move by themselves, too: some 0.8 % in two minutes of this clock."""
BEGIN = f"""
import django
django.setup()
from feeds.models import Feed, Instrument, Intervention
from feeds.services.instruments import halt_instruments
from feeds.services.interventions import intervene
feed = Feed.objects.get()
shocked, halted = Instrument.objects.order_by("symbol")[:2]
row = Intervention(feed=feed, kind="shock", symbol=shocked.symbol, size={SHOCK * 100},
                   duration_s={SHOCK_S}, reason="news")
intervene(row, actor=None)
halt_instruments([halted], actor=None, reason="news")
"""


class Lives:
    """A market whose processes end and begin again; `shocked` and `halted` are two symbols."""

    def __init__(self, folder: Path, stack: ExitStack, redis: RedisServer | None) -> None:
        self.folder, self._stack, self._redis = folder, stack, redis
        self._settings = {} if redis is None else {"REDIS_URL": redis.url}
        self.web = self._serve()
        self.feed = None if redis is None else self._begin_feed()
        wait_until(lambda: self.web.board()["rows"])
        self.symbols = sorted(self.web.board()["rows"])
        self.shocked, self.halted = self.symbols[:2]
        self.web.run(BEGIN)
        self.began_at = self.price()

    def price(self) -> float:
        price = self.web.board()["rows"][self.shocked]["p"]
        return float(price or self.web.board()["rows"][self.shocked]["pc"])

    def restart(self, number: int, how: signal.Signals) -> None:
        """End a process and begin it again: with Redis a feed with a standby, the web, the feed."""
        if self.feed is None or number % 3 == 1:
            end(self.web, how)
            self.web = self._serve("--port", str(self.web.port))
        elif number % 3 == 0:
            standby = self._begin_feed()
            wait_until(lambda: "this one waits" in standby.log())
            end(self.feed, how)
            self.feed = standby
        else:
            end(self.feed, how)
            self.feed = self._begin_feed()

    def effect(self) -> tuple[float, bool]:
        """Return how much of the shock is done, and whether it still runs."""
        with closing(storage.connect(self.folder)) as rows:
            found = rows.execute("SELECT ends_at, cancelled_at FROM feeds_intervention").fetchone()
        ends_at = found[0] if isinstance(found[0], datetime) else datetime.fromisoformat(found[0])
        left_s = ends_at.replace(tzinfo=UTC).timestamp() - time.time()
        return 1 - left_s / SHOCK_S, found[1] is None and left_s > 0

    def _serve(self, *more: str) -> Served:
        return self._stack.enter_context(serve(self.folder, *FLAGS, *more, **self._settings))

    def _begin_feed(self) -> FeedProcess:
        assert self._redis is not None
        return self._stack.enter_context(running_feed(self.folder, self._redis))


def end(victim: Served | FeedProcess, how: signal.Signals) -> None:
    """End a process; after Ctrl-C it must end well."""
    if how is signal.SIGKILL:
        victim.kill()
        return
    victim.process.send_signal(how)
    wait_for_end(victim.process, victim.log)
    if isinstance(victim, Served):
        victim.has_ended = True
    else:
        victim.is_killed = True  # it has ended already


def go_through(lives: Lives, how: signal.Signals, restarts: int) -> RememberingReader:
    """Let a reader read through so many restarts; return it with all it was told."""
    chance = random.Random(SEED)
    host, token = lives.web.host, lives.web.token
    reader = RememberingReader(host, token, lives.symbols)
    reader.start()
    try:
        for number in range(restarts):
            reader.wait_for_news()
            wait_until(for_seconds(chance.uniform(0, LATEST_S)))
            lives.restart(number, how)
            assert lives.effect()[1]
        reader.wait_for_news(20)
    finally:
        reader.end()
    return reader


def compare(lives: Lives, reader: RememberingReader, record: Callable[[str, object], None]) -> None:
    """Compare all that the reader was told with what is true in the end."""
    # A web process that has just begun knows closed bars from the rows, which are stored soon.
    now_ms = time.time_ns() // 1_000_000
    wait_until(lambda: saved_ms(lives.folder) > now_ms)
    compared = reader.compare_bars()
    done, is_running = lives.effect()
    moved = log(lives.price() / lives.began_at)
    record(
        "figures",
        f"{len(reader.epochs)} lives of the market, {reader.returns} returns, "
        f"{len(reader.trades)} trades, {compared} bars compared, "
        f"shock {done:.0%} done: {moved:+.1%} of {log(1 + SHOCK) * done:+.1%}, "
        f"{len(reader.contradictions)} contradictions",
    )
    assert not reader.contradictions, "\n".join(reader.contradictions)
    assert compared >= len(lives.symbols) - 1  # one is halted from the beginning
    assert is_running
    assert moved == pytest.approx(log(1 + SHOCK) * done, abs=NEAR)
    assert reader.rows[lives.halted]["ph"] == "HALTED"


@pytest.mark.embedded("the bus in memory; with Redis the other test ends its processes")
@pytest.mark.parametrize("how", HOWS, ids=IDS)
def test_one_process_goes_on_after_every_end(
    tmp_path: Path,
    how: signal.Signals,
    pytestconfig: pytest.Config,
    record_property: Callable[[str, Any], None],
) -> None:
    restarts = pytestconfig.getoption("restarts")
    with ExitStack() as stack:
        lives = Lives(tmp_path, stack, None)
        reader = go_through(lives, how, restarts)
        compare(lives, reader, record_property)
        assert len(reader.epochs) == restarts + 1


@pytest.mark.shared
@pytest.mark.parametrize("how", HOWS, ids=IDS)
def test_processes_on_redis_go_on_after_every_end(
    tmp_path: Path,
    redis: RedisServer,
    how: signal.Signals,
    pytestconfig: pytest.Config,
    record_property: Callable[[str, Any], None],
) -> None:
    """The feed, the feed with a standby that takes over, and the web process, in turns."""
    restarts = pytestconfig.getoption("restarts")
    storage.make_tables(tmp_path)
    with ExitStack() as stack:
        lives = Lives(tmp_path, stack, redis)
        reader = go_through(lives, how, restarts)
        compare(lives, reader, record_property)
        assert len(reader.epochs) == 1 + restarts - (restarts + 1) // 3
