"""Parts of a connection to an upstream that need no upstream: sources, refusals, reports."""

import asyncio
import gc
from contextlib import suppress

import pytest

from feeds.clock import SystemClock
from feeds.upstream import connection
from feeds.upstream.connection import REPORT_S, Upstream
from feeds.upstream.protocol import UpstreamError, UpstreamSubscription
from tests.feeds.upstream.upstream_exchange import exchange, plan, rest
from tests.support.log_lines import lines_of
from tests.support.waiting import until


class StandingClock(SystemClock):
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.s = 100.0

    def monotonic(self) -> float:
        return self.s


def upstream_of(url: str = "ws://127.0.0.1:1/", clock: SystemClock | None = None) -> Upstream:
    clock = clock or SystemClock()
    return Upstream(url, key="key", secret="secret", clock=clock, stale_s=30, rest_s=0.001)


class Socket:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[object] = []

    async def send(self, content: object) -> None:
        self.sent.append(content)


async def test_a_refusal_ends_when_nobody_wants_what_was_refused() -> None:
    upstream = upstream_of()
    first, second = upstream.open_source(), upstream.open_source()
    upstream._set_trouble("")
    first.plan(plan("NVX"))
    second.plan(plan("ORB", "QAL"))
    await upstream._subscribe(Socket())  # type: ignore[arg-type]
    upstream._accept(UpstreamSubscription(trades=["NVX"]))
    upstream._refuse(UpstreamError(code=405, msg="symbol limit exceeded"))
    assert first.stopped == ""
    assert second.stopped == "the upstream refused 2 symbols: 405 'symbol limit exceeded'"
    second.plan(plan())
    await upstream._subscribe(Socket())  # type: ignore[arg-type]
    assert second.stopped == ""


def test_a_source_that_is_dropped_wakes_the_connection() -> None:
    """Else its symbols would stay subscribed."""
    upstream = upstream_of()
    source = upstream.open_source()
    assert not upstream._changed.is_set()
    del source
    gc.collect()
    assert upstream._changed.is_set()


async def test_without_a_feed_nobody_is_bothered() -> None:
    async with exchange(rest) as there:
        upstream = upstream_of(there.url)
        dropped = upstream.open_source()
        del dropped
        gc.collect()
        task = asyncio.create_task(upstream.run())
        for _ in range(3):
            await asyncio.sleep(0)
        assert there.connections == 0
        source = upstream.open_source()
        source.plan(plan("NVX"))
        await until(lambda: there.connections == 1)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_a_connection_that_nobody_needs_any_more_is_no_loss() -> None:
    async with exchange(rest) as there:
        upstream = upstream_of(there.url)
        source = upstream.open_source()
        source.plan(plan("NVX"))
        trying = asyncio.create_task(upstream._try(0))
        await until(lambda: upstream._subscribed)
        del source
        gc.collect()
        await there.sockets[0].send("[]")
        assert (await trying, upstream.losses, upstream.connections) == (0.0, 0, 1)


def test_what_was_dropped_is_reported_with_its_reasons(caplog: pytest.LogCaptureFixture) -> None:
    clock = StandingClock()
    upstream = upstream_of(clock=clock)
    sources = [upstream.open_source(), upstream.open_source()]
    assert upstream.dropped() == {"unknown": 0, "bad": 0, "merged": 0, "lost": 0}
    upstream.unknown, upstream.bad = 1, 2
    for source in sources:
        source.bad, source.inbox.merged, source.inbox.lost = 10, 20, 30
    assert upstream.dropped() == {"unknown": 1, "bad": 22, "merged": 40, "lost": 60}
    said = ["upstream dropped unknown=1 bad=22 merged=40 lost=60"]
    for after_s, lines in ((REPORT_S - 0.1, []), (REPORT_S, said), (3 * REPORT_S, said)):
        clock.s = 100.0 + after_s
        upstream._report()
        assert lines_of(caplog, connection) == lines
    upstream.unknown = 2
    upstream._report()
    upstream.unknown = 3
    upstream._report()
    assert len(lines_of(caplog, connection)) == 2
