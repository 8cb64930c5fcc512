"""Prometheus reads the figures of a running site and of a feed in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support import storage
from tests.support.places import ROOT
from tests.support.redis_server import RedisServer
from tests.support.served import Served, environment, serve
from tests.support.stopping import STOP_S
from tests.support.waiting import PATIENCE_S

pytestmark = [pytest.mark.slow, pytest.mark.shared]


def read(url: str, **headers: str) -> dict[str, float]:
    with urlopen(Request(url, headers=headers), timeout=PATIENCE_S) as answer:
        text = answer.read().decode()
    return {
        sample.name: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_a_site_shows_its_figures_to_its_machine(served: Served, eventually) -> None:
    eventually(lambda: read(f"{served.url}metrics")["market_ticks_total"] > 0)
    figures = read(f"{served.url}metrics")
    # The engine's figures are those of the process that runs it: with Redis that is the feed's.
    assert (figures.get("market_engine_events_total", 0) > 0) is not storage.IS_SHARED
    assert figures["market_bus_age_seconds"] < 5
    assert figures["process_resident_memory_bytes"] > 1_000_000
    with pytest.raises(HTTPError, match="403"):
        read(f"{served.url}metrics", **{"X-Forwarded-For": "192.0.2.1"})


def test_a_site_says_that_it_is_ready(served: Served, eventually) -> None:
    """It also says so to a client that knows no name of it: a load balancer asks by the address."""
    request = Request(f"{served.url}readyz", headers={"Host": "10.0.0.1"})
    with urlopen(request, timeout=PATIENCE_S) as answer:
        assert json.load(answer) == {"ok": True, "wrong": {}}
    with urlopen(f"{served.url}healthz", timeout=PATIENCE_S) as answer:
        assert json.load(answer)["ok"]


def test_uvicorn_shows_them_to_whoever_has_the_token(tmp_path: Path) -> None:
    token = "a-token-of-20-letters"
    with serve(tmp_path, "--server", "uvicorn", MARKET_METRICS_TOKEN=token) as served:
        bearer = {"Authorization": f"Bearer {token}"}
        assert "market_ticks_total" in read(f"{served.url}metrics", **bearer)
        with pytest.raises(HTTPError, match="401"):
            read(f"{served.url}metrics")


def test_a_feed_shows_its_figures_at_a_port_of_its_own(
    tmp_path: Path, redis: RedisServer, eventually
) -> None:
    feed = subprocess.Popen(
        [sys.executable, "manage.py", "runfeed", "--metrics-port", "0"],
        cwd=ROOT, env=environment(tmp_path) | {"REDIS_URL": redis.url}, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert feed.stdout is not None
        url = feed.stdout.readline().decode().removeprefix("Metrics: ").strip()
        eventually(lambda: "market_engine_batches_total" in read(url))
        assert "market_readers" not in read(url)
        feed.terminate()
        assert feed.wait(timeout=STOP_S) == 0
    finally:
        feed.kill()
        feed.wait()
