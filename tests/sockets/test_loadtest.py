"""The load test tells what went over its sockets, over every transport and from both servers."""

import asyncio
from collections.abc import Iterator
from subprocess import CalledProcessError
from typing import Any

import msgspec
import pytest

from dashboard.loadtest import run as loadtest
from dashboard.loadtest.plan import Plan, Report
from dashboard.wire.registry import Transport
from tests.support.proxy import Proxy
from tests.support.served import Served

pytestmark = pytest.mark.slow

CLIENTS = 5


@pytest.fixture
def line(served: Served) -> Iterator[Proxy]:
    """A line to the server that counts, and can be cut."""
    proxy = Proxy(served.port)
    yield proxy
    proxy.close()


def plan(served: Served, line: Proxy, transport: Transport, seconds: float) -> Plan:
    return Plan(
        url=line.url,
        user="viewer",
        token=served.token,
        transport=transport,
        clients=CLIENTS,
        symbols=10,
        seconds=seconds,
        warmup_s=0.2,
        interval_s=0.25,
        server_pid=served.process.pid,
    )


@pytest.fixture
def passed(line: Proxy, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """What the line had passed to the readers and to the server when measuring began and ended."""
    marks: list[tuple[int, int]] = []
    measure = loadtest._measure

    def marked(tallies: Any, *, is_measuring: bool) -> None:
        marks.append((line.received.total(), line.sent.total()))
        measure(tallies, is_measuring=is_measuring)

    monkeypatch.setattr(loadtest, "_measure", marked)
    return marks


@pytest.mark.parametrize("transport", Transport)
async def test_what_is_told_is_what_passed_the_line(
    served: Served, line: Proxy, passed: list[tuple[int, int]], transport: Transport
) -> None:
    told = await loadtest.run(plan(served, line, transport, seconds=1.5))
    begun, ended = passed
    assert told.bytes_in == pytest.approx(ended[0] - begun[0], rel=0.1)
    assert told.bytes_out == pytest.approx(ended[1] - begun[1], rel=0.1)
    assert told.updates > CLIENTS
    assert 0 <= told.ticks - told.merged <= told.updates
    assert (told.gaps, told.reconnects, told.snapshots) == (0, 0, 0)
    assert 0 < told.age_ms["p50"] <= told.age_ms["p99"] <= told.age_ms["max"]
    assert told.cpu_us_per_update


@pytest.mark.parametrize("transport", Transport)
async def test_readers_that_are_cut_come_back_to_their_position(
    served: Served, line: Proxy, passed: list[tuple[int, int]], transport: Transport, eventually
) -> None:
    running = asyncio.create_task(loadtest.run(plan(served, line, transport, seconds=2.5)))
    await asyncio.to_thread(eventually, lambda: passed and line.received.total() > passed[0][0])
    line.cut()
    line.mend()
    told: Report = await running
    assert told.reconnects == CLIENTS
    assert (told.gaps, told.snapshots) == (0, 0)
    assert told.updates > CLIENTS


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--token", "junk"), "401"),
        ((), "--url needs --token"),
        (("--token", "x", "--clients", "0"), "--clients"),
        (("--token", "x", "--seconds", "-1"), "--seconds"),
    ],
)
def test_what_cannot_be_measured_is_said_in_a_line(
    served: Served, flags: tuple[str, ...], words: str
) -> None:
    with pytest.raises(CalledProcessError) as refused:
        served.manage("loadtest", "--url", served.url, *flags)
    text = refused.value.stderr.decode()
    assert words in text
    assert "Traceback" not in text


def test_the_command_prints_the_report(served: Served) -> None:
    flags = ("--clients", "2", "--symbols", "3", "--seconds", "1", "--warmup", "0")
    out = served.manage("loadtest", "--url", served.url, "--token", served.token, *flags, "--json")
    assert msgspec.json.decode(out, type=Report).clients == 2
