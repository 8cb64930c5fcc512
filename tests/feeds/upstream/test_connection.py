"""A connection to an upstream outlives whatever the upstream does, and says what is wrong."""

import asyncio
import gc
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import date

import msgspec
import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from feeds.clock import SystemClock
from feeds.market.parsing import parse_rfc3339
from feeds.plan.calendars import EXCHANGES, Calendar
from feeds.plan.schedules import PlainSchedule
from feeds.upstream import connection
from feeds.upstream.connection import (
    FIRST_REST_S,
    LAST_REST_S,
    MESSAGE_BYTES,
    NO_TICK_YET,
    OCCUPIED_REST_S,
    REFUSED_REST_S,
    Upstream,
    rest_after,
)
from tests.feeds.upstream.upstream_exchange import Exchange, exchange, listening, plan, rest, said
from tests.support.ports import free_port
from tests.support.waiting import until


async def test_it_signs_in_subscribes_and_hears() -> None:
    async def behave(socket: ServerConnection) -> None:
        asked = await there.hear(socket)
        await socket.send(json.dumps([{"T": "subscription", **asked}, said(), said("ORB")]))
        await rest(socket)

    async with exchange(behave) as there, listening(there.url, "NVX", "ORB") as here:
        await here.until(lambda listener: len(listener.trades) == 2)
        names = ["NVX", "ORB"]
        channels = ("trades", "quotes", "statuses", "lulds")
        subscription = {"action": "subscribe", **dict.fromkeys(channels, names)}
        assert there.asked == [subscription]
        assert here.reasons[-1:] in ([], [""])


async def test_instruments_that_come_and_go_are_asked_for() -> None:
    async def behave(socket: ServerConnection) -> None:
        while True:
            await there.hear(socket)
            await socket.send(json.dumps([said("ORB")]))

    async with exchange(behave) as there, listening(there.url, "NVX") as here:
        await here.until(lambda _: len(there.asked) == 1)
        here.source.plan(plan("ORB"))
        await here.until(lambda _: len(there.asked) == 3)
        asked = [(command["action"], command["trades"]) for command in there.asked]
        assert asked == [("subscribe", ["NVX"]), ("unsubscribe", ["NVX"]), ("subscribe", ["ORB"])]
        await here.until(lambda listener: listener.trades)
        assert here.upstream.unknown >= 1


async def test_a_cut_connection_is_made_again_and_every_cut_is_reported() -> None:
    async def behave(socket: ServerConnection) -> None:
        await there.hear(socket)
        await socket.send(json.dumps([said(price=there.connections)]))
        if there.connections < 4:
            socket.transport.abort()
        await rest(socket)

    async with exchange(behave) as there, listening(there.url, rest_s=0.05) as here:
        await here.until(
            lambda listener: listener.trades and listener.trades[-1].price_ticks == 400
        )
        await here.until(lambda listener: listener.reasons[-1:] == [""])
        assert any("the upstream is lost" in reason for reason in here.reasons)
        assert there.connections == 4


async def test_a_server_that_is_away_is_tried_until_it_is_there() -> None:
    async def behave(socket: ServerConnection) -> None:
        await socket.send(json.dumps([said()]))
        await rest(socket)

    port = free_port()
    async with listening(f"ws://127.0.0.1:{port}/") as here:
        await here.until(lambda listener: any("lost" in reason for reason in listener.reasons))
        there = Exchange(behave)
        async with serve(there.serve, "127.0.0.1", port):
            await here.until(lambda listener: listener.trades)


async def test_silence_is_reported_and_ends_the_connection() -> None:
    async with exchange(rest) as there, listening(there.url, stale_s=0.1) as here:
        silent = "the upstream is lost: silent for 0.1 s"
        await here.until(lambda listener: silent in listener.reasons and there.connections >= 3)


async def test_a_server_that_answers_pings_and_nothing_else_is_silent() -> None:
    async def behave(socket: ServerConnection) -> None:
        while True:
            await asyncio.wait_for(await socket.ping(), 5)

    async with exchange(behave) as there, listening(there.url, stale_s=0.2) as here:
        await here.until(
            lambda listener: "the upstream is lost: silent for 0.2 s" in listener.reasons
        )


async def test_a_server_that_never_greets_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "SIGN_IN_S", 0.1)

    async def be_mute(socket: ServerConnection) -> None:
        visits.append(socket)
        await rest(socket)

    visits: list[ServerConnection] = []
    async with serve(be_mute, "127.0.0.1", 0, close_timeout=0.1) as server:
        port = server.sockets[0].getsockname()[1]
        async with listening(f"ws://127.0.0.1:{port}/") as here:
            await here.until(lambda listener: len(visits) >= 2)
            assert any("TimeoutError" in reason for reason in here.reasons)


async def test_a_server_that_babbles_instead_of_greeting_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "SIGN_IN_S", 0.1)

    async def babble(socket: ServerConnection) -> None:
        visits.append(socket)
        with suppress(ConnectionClosed):
            while True:
                await socket.send('[{"T":"success","msg":"connected"}]')
                await asyncio.sleep(0)  # it lives in the same loop

    visits: list[ServerConnection] = []
    async with serve(babble, "127.0.0.1", 0, close_timeout=0.1) as server:
        port = server.sockets[0].getsockname()[1]
        async with listening(f"ws://127.0.0.1:{port}/") as here:
            await here.until(lambda listener: len(visits) >= 2)


async def test_wrong_credentials_are_reported_and_not_tried_every_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rests: list[float] = []
    async with exchange(rest) as there:
        upstream = Upstream(there.url, key="key", secret="wrong", clock=SystemClock(), stale_s=30)
        source = upstream.open_source()
        source.plan(plan("NVX"))
        rests.append(await upstream._try(0))
    assert rests == [REFUSED_REST_S]
    [status] = source.draw(0)
    assert status.reason == "the upstream refused: 402 'auth failed'"


async def test_no_secret_is_ever_shown(caplog: pytest.LogCaptureFixture) -> None:
    async with exchange(rest) as there, listening(there.url, secret="hush-hush") as here:
        await here.until(lambda listener: any("refused" in reason for reason in listener.reasons))
        assert "hush-hush" not in " ".join([*here.reasons, caplog.text])


@pytest.mark.parametrize(("status", "rests_s"), [(401, True), (403, True), (500, False)])
async def test_an_answer_without_a_socket_is_reported(status: int, rests_s: bool) -> None:
    async with exchange(rest) as there:
        there.refuses = status
        upstream = Upstream(there.url, key="k", secret="s", clock=SystemClock(), stale_s=30)
        source = upstream.open_source()
        source.plan(plan("NVX"))
        assert (await upstream._try(0) == REFUSED_REST_S) is rests_s
    assert source.draw(0)[0].reason == f"the upstream answered {status}"


@pytest.mark.parametrize(
    ("code", "rest_s"),
    [
        (400, REFUSED_REST_S),
        (402, REFUSED_REST_S),
        (405, REFUSED_REST_S),
        (409, REFUSED_REST_S),
        (410, REFUSED_REST_S),
        (406, OCCUPIED_REST_S),
        (407, None),
        (500, None),
    ],
)
async def test_an_error_in_the_middle_ends_the_connection(code: int, rest_s: float | None) -> None:
    async def behave(socket: ServerConnection) -> None:
        while True:  # a stream without statuses is asked for ticks alone, and refuses these as well
            await socket.send(json.dumps([{"T": "error", "code": code, "msg": "no\nno"}]))
            await there.hear(socket)

    async with exchange(behave) as there:
        upstream = Upstream(there.url, key="key", secret="secret", clock=SystemClock(), stale_s=30)
        source = upstream.open_source()
        source.plan(plan("NVX"))
        rested_s = await upstream._try(0)
        assert rested_s == rest_s if rest_s else rested_s <= FIRST_REST_S + LAST_REST_S
    assert f"{code} 'no\\nno'" in source.draw(0)[0].reason


GARBAGE: list[str | bytes] = [
    "", "{", "null", "[[]]", b"\xff\xfe\x00", "[" * 10_000, '[{"T":"t"}]', '[{"T":5}]',
    '[{"T":"t","S":"NVX","p":1e999,"s":1,"t":"x"}]', '[{"T":"t","S":"\\u0000","p":1,"s":1,"t":""}]',
]  # fmt: skip


async def test_garbage_is_counted_and_the_rest_is_heard() -> None:
    async def behave(socket: ServerConnection) -> None:
        for content in GARBAGE:
            await socket.send(content)
        await socket.send(json.dumps([said()]))
        await rest(socket)

    async with exchange(behave) as there, listening(there.url) as here:
        await here.until(lambda listener: listener.trades)
        assert there.connections == 1
        assert here.upstream.bad + here.source.bad + here.upstream.unknown == len(GARBAGE)


async def test_a_message_that_is_too_long_ends_the_connection(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def behave(socket: ServerConnection) -> None:
        if there.connections == 1:
            await socket.send("[" + " " * MESSAGE_BYTES + "]")
        await socket.send(json.dumps([said()]))
        await rest(socket)

    async with exchange(behave) as there, listening(there.url) as here:
        await here.until(lambda listener: listener.trades)
        assert there.connections == 2
        assert "1009 (message too big)" in caplog.text


@pytest.mark.slow
async def test_a_flood_leaves_the_rest_of_the_process_its_turn() -> None:
    """The engine draws while it pours; no more waits than fits, and every loss is counted."""
    flood = json.dumps([said() for _ in range(2000)])

    async def behave(socket: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            while True:
                await socket.send(flood)
                await asyncio.sleep(0)  # it lives in the same loop

    async with exchange(behave) as there, listening(there.url) as here:
        await here.until(lambda listener: len(listener.trades) > 50_000)
        assert here.source.inbox.lost == 0


async def test_slow_drops_of_a_message_are_waited_for() -> None:
    async def behave(socket: ServerConnection) -> None:
        text = json.dumps([said()])

        async def parts() -> AsyncIterator[str]:
            for letter in text:
                yield letter
                await asyncio.sleep(0)

        await socket.send(parts())
        await rest(socket)

    async with exchange(behave) as there, listening(there.url) as here:
        await here.until(lambda listener: listener.trades)


async def test_without_an_address_it_says_so_and_rests() -> None:
    async with listening("") as here:
        reason = "no upstream is set (MARKET_UPSTREAM_URL)"
        await here.until(lambda listener: listener.reasons[-1:] == [reason])


async def test_an_address_that_is_none_is_refused() -> None:
    upstream = Upstream("http://x", key="", secret="", clock=SystemClock(), stale_s=30)
    upstream.open_source().plan(plan("NVX"))
    source = upstream.open_source()
    source.plan(plan("ORB"))
    assert await upstream._try(0) == REFUSED_REST_S
    assert "refused" in source.draw(0)[0].reason


@pytest.mark.slow
async def test_without_a_feed_nobody_is_bothered_and_the_last_feed_ends_it() -> None:
    left = asyncio.Event()

    async def behave(socket: ServerConnection) -> None:
        await socket.wait_closed()
        left.set()

    async with exchange(behave) as there:
        upstream = Upstream(there.url, key="key", secret="secret", clock=SystemClock(), stale_s=30)
        task = asyncio.create_task(upstream.run())
        await asyncio.sleep(0)
        assert there.connections == 0
        source = upstream.open_source()
        source.plan(plan("NVX"))
        await until(lambda: there.connections)
        del source
        gc.collect()
        async with asyncio.timeout(15):
            await left.wait()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        assert there.connections == 1


def test_rests_grow_to_a_limit_and_none_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection.random, "random", lambda: 1.0)
    rests = [rest_after(failures) for failures in range(12)]
    assert rests[:3] == [2 * FIRST_REST_S, 3 * FIRST_REST_S, 5 * FIRST_REST_S]
    assert rests[-1] == rest_after(10**6) == FIRST_REST_S + LAST_REST_S
    monkeypatch.setattr(connection.random, "random", lambda: 0.0)
    assert {rest_after(failures) for failures in range(12)} == {FIRST_REST_S}


# --- refusals, and what proves that a connection works ------------------------------------------


async def test_a_refusal_ends_the_retrying_until_a_plan_changes() -> None:
    async def behave(socket: ServerConnection) -> None:
        asked = await there.hear(socket)
        if len(asked["trades"]) > 1:
            await socket.send('[{"T":"error","code":405,"msg":"symbol limit exceeded"}]')
        else:
            await socket.send(json.dumps([{"T": "subscription", **asked}, said()]))
        await rest(socket)

    async with exchange(behave) as there, listening(there.url, "NVX", "ORB") as here:
        reason = "the upstream refused: 405 'symbol limit exceeded'"
        await here.until(lambda listener: listener.reasons[-1:] == [reason])
        assert here.source.stopped == reason
        for _ in range(50):
            await asyncio.sleep(0)
        assert there.connections == 1
        here.source.plan(plan("NVX"))
        await here.until(lambda listener: listener.trades)
        assert there.connections == 2
        await here.until(lambda listener: listener.reasons[-1:] == [""])


@pytest.mark.slow
async def test_symbols_that_are_too_many_leave_the_others_alone() -> None:
    async def behave(socket: ServerConnection) -> None:
        first = await there.hear(socket)
        await socket.send(json.dumps([{"T": "subscription", **first}]))
        await there.hear(socket)
        await socket.send('[{"T":"error","code":405,"msg":"symbol limit exceeded"}]')
        await socket.send(json.dumps([said()]))
        while True:
            asked = await there.hear(socket)
            await socket.send(json.dumps([{"T": "subscription", **asked}]))

    async with exchange(behave) as there, listening(there.url, "NVX") as here:
        await here.until(lambda _: len(there.asked) == 1)
        other = here.upstream.open_source()
        other.plan(plan("ORB", "QAL"))
        await here.until(lambda listener: listener.trades)
        assert there.connections == 1
        assert "refused 2 symbols: 405" in other.stopped
        assert here.source.stopped == ""
        other.plan(plan())
        await here.until(lambda _: other.stopped == "")


async def test_only_a_tick_clears_the_reason_and_resets_the_rests() -> None:
    ticks = asyncio.Event()

    async def behave(socket: ServerConnection) -> None:
        await there.hear(socket)
        if there.connections < 3:
            return
        await ticks.wait()
        await socket.send(json.dumps([said()]))
        await rest(socket)

    async with exchange(behave) as there, listening(there.url) as here:
        await here.until(lambda _: there.connections == 3)
        await here.until(lambda listener: listener.reasons[-1:] == [NO_TICK_YET])
        assert here.upstream._failures == 2
        ticks.set()
        await here.until(lambda listener: listener.reasons[-1:] == [""])
        assert here.upstream._failures == 0


async def test_a_handshake_that_takes_long_and_fails_is_no_success(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It lasted as long as many a connection that worked."""
    monkeypatch.setattr(connection, "SIGN_IN_S", 0.05)
    async with serve(rest, "127.0.0.1", 0, close_timeout=0.1) as server:
        port = server.sockets[0].getsockname()[1]
        async with listening(f"ws://127.0.0.1:{port}/") as here:
            await here.until(lambda _: here.upstream._failures >= 3)
            assert "" not in here.reasons


class Timer(SystemClock):
    """A clock that stands at a wall time; every look at its monotonic time takes a minute."""

    def __init__(self, at: str) -> None:
        self._now_ms = parse_rfc3339(at)
        self.looks = 0

    def now_ms(self) -> int:
        return self._now_ms

    def monotonic(self) -> float:
        self.looks += 1
        return self.looks * 60.0


@pytest.mark.parametrize(
    ("at", "is_lost"), [("2026-09-21T14:13:20Z", True), ("2026-09-20T14:13:20Z", False)]
)
async def test_silence_is_a_fault_in_the_hours_of_the_exchange(at: str, is_lost: bool) -> None:
    clock = Timer(at)
    async with exchange(rest) as there:
        upstream = Upstream(there.url, key="key", secret="secret", clock=clock, stale_s=0.02)
        source = upstream.open_source()
        schedule = PlainSchedule(Calendar(EXCHANGES["XNYS"], date(2026, 1, 1)))
        source.plan(msgspec.structs.replace(plan("NVX"), schedule=schedule))
        task = asyncio.create_task(upstream.run())
        await until(lambda: upstream.losses or clock.looks > 10)
        assert bool(upstream.losses) is is_lost
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
