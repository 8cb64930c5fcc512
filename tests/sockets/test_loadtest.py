"""The load test reports the traffic of its sockets, over every transport and from both servers."""

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
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

CLIENTS = 5
LOOK_S = 0.002


@pytest.fixture
def line(served: Served) -> Iterator[Proxy]:
    """A line to the server that counts bytes, and can be cut."""
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
    """Bytes that had gone to the readers and to the server when measuring began and ended.

    The readers send nothing meanwhile, as this holds their loop. They do not read either, and what
    comes meanwhile is counted only here, so this must be short.
    """
    marks: list[tuple[int, int]] = []
    measure = loadtest._measure

    def marked(tallies: Any, *, is_measuring: bool) -> int:
        wait_until(line.has_counted_all, poll_s=LOOK_S)
        marks.append((line.received.total(), line.sent.total()))
        return measure(tallies, is_measuring=is_measuring)

    monkeypatch.setattr(loadtest, "_measure", marked)
    return marks


@pytest.mark.parametrize("transport", Transport)
async def test_the_report_has_what_passed_the_line(
    served: Served, line: Proxy, passed: list[tuple[int, int]], transport: Transport
) -> None:
    # A frame of each reader may be on its way at either end. So many must come between.
    report = await loadtest.run(plan(served, line, transport, seconds=4.0))
    begun, ended = passed
    assert report.bytes_in == pytest.approx(ended[0] - begun[0], rel=0.1)
    assert report.bytes_out == pytest.approx(ended[1] - begun[1], rel=0.1)
    assert report.updates > CLIENTS
    assert 0 <= report.ticks - report.merged <= report.updates
    assert (report.gaps, report.reconnects, report.snapshots) == (0, 0, 0)
    assert 0 < report.age_ms["p50"] <= report.age_ms["p99"] <= report.age_ms["max"]
    assert report.cpu_us_per_update


@pytest.mark.parametrize("transport", Transport)
async def test_readers_that_are_cut_off_resume_from_their_position(
    served: Served, line: Proxy, passed: list[tuple[int, int]], transport: Transport, eventually
) -> None:
    running = asyncio.create_task(loadtest.run(plan(served, line, transport, seconds=2.5)))
    await asyncio.to_thread(eventually, lambda: passed and line.received.total() > passed[0][0])
    line.cut()
    line.mend()
    report: Report = await running
    assert report.reconnects == CLIENTS
    assert (report.gaps, report.snapshots) == (0, 0)
    assert report.updates > CLIENTS


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--token", "junk"), "401"),
        ((), "--url needs --token"),
        (("--token", "x", "--clients", "0"), "--clients"),
        (("--token", "x", "--seconds", "-1"), "--seconds"),
    ],
)
def test_a_measurement_that_cannot_run_says_why_in_one_line(
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
