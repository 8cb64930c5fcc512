"""Several processes, one market: every web process shows what the feed runs, whatever happens."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.feed_process import running_feed
from tests.support.places import ROOT
from tests.support.redis_server import RedisServer
from tests.support.served import Served, environment, operate_feed
from tests.support.shared_market import SharedMarket, shared_market
from tests.support.stopping import wait_for_end

pytestmark = [pytest.mark.slow, pytest.mark.shared]

Eventually = Callable[..., None]


@pytest.fixture
def market(tmp_path: Path, redis: RedisServer) -> Iterator[SharedMarket]:
    """Two web processes and a feed at 400 ticks/s, in batches of 5 ms."""
    settings = {"MARKET_FLUSH_MS": "5"}
    with shared_market(tmp_path, redis, "--rate", "400", **settings) as market:
        yield market


def epoch_of(web: Served) -> str:
    return str(web.board()["position"]).partition(":")[0]


def sequence_of(web: Served) -> int:
    return int(web.board()["position"].partition(":")[2])


def agree(market: SharedMarket) -> bool:
    """Say whether the web processes show the same rows at the same position."""
    first, *others = [web.board() for web in market.webs]
    return first["position"] != ":0" and all(other == first for other in others)


def test_web_processes_show_one_market_through_every_fault(
    market: SharedMarket, eventually: Eventually
) -> None:
    first, second = market.webs
    eventually(lambda: sequence_of(first) > 500 and epoch_of(first) == epoch_of(second))
    epoch = epoch_of(first)

    second.process.send_signal(signal.SIGSTOP)  # longer than the stream remembers
    stream_s = time.monotonic() + 10
    eventually(lambda: time.monotonic() > stream_s)
    second.process.send_signal(signal.SIGCONT)
    eventually(lambda: abs(sequence_of(first) - sequence_of(second)) < 200, 5)

    market.redis.kill()
    before = sequence_of(first)
    market.redis.start()
    eventually(lambda: min(sequence_of(first), sequence_of(second)) > before + 200, 10)
    assert epoch_of(first) == epoch_of(second) == epoch

    operate_feed(first, "pause_feed")
    eventually(lambda: agree(market))

    market.feed.kill()
    operate_feed(first, "start_feed")
    market.feed.start()
    eventually(lambda: epoch_of(first) == epoch_of(second) != epoch and sequence_of(first) > 200)


def test_the_feed_refuses_to_run_alone(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "runfeed"],
        cwd=ROOT, env=environment(tmp_path), capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "REDIS_URL" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_feed_ends_well(
    tmp_path: Path, redis: RedisServer, number: signal.Signals, eventually: Eventually
) -> None:
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=ROOT, env=environment(tmp_path), check=True, timeout=60,
    )  # fmt: skip
    with running_feed(tmp_path, redis) as feed:
        eventually(lambda: redis.client().xlen("market:batches"))
        feed.process.send_signal(number)
        wait_for_end(feed.process, feed.log)


def test_the_feed_ends_well_without_redis(tmp_path: Path, redis: RedisServer, eventually) -> None:
    redis.kill()
    with running_feed(tmp_path, redis) as feed:
        eventually(lambda: "lost" in feed.log())
