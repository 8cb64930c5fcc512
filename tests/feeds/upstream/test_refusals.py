"""What an upstream refuses is shown and asked for no more, and costs nothing else."""

import asyncio
import json

import pytest
from websockets.asyncio.server import ServerConnection

from feeds.clock import SystemClock
from feeds.upstream.connection import (
    NO_ADDRESS,
    NO_TICK_YET,
    REFUSED_REST_S,
    Upstream,
)
from tests.feeds.upstream.upstream_exchange import exchange, listening, plan, rest, said

TICKS = {"trades", "quotes"}


def subscribed(asked: dict) -> str:
    """Return the answer to a request."""
    return json.dumps([{"T": "subscription", **asked}])


def refused(code: int) -> str:
    return json.dumps([{"T": "error", "code": code, "msg": "no"}])


@pytest.mark.parametrize("code", [409, 410])
async def test_a_stream_without_statuses_is_asked_for_ticks_alone(code: int) -> None:
    """The stream of coins has no statuses and bands, and refuses a request for them as a whole."""

    async def behave(socket: ServerConnection) -> None:
        while True:
            asked = await there.hear(socket)
            if not asked.keys() <= TICKS | {"action"}:
                await socket.send(refused(code))
                continue
            await socket.send(subscribed(asked))
            await socket.send(json.dumps([said()]))

    async with exchange(behave) as there, listening(there.url, "NVX") as here:
        await here.until(lambda listener: listener.trades)
        assert [set(asked) - {"action"} for asked in there.asked][-1] == TICKS
        assert there.connections == 1
        here.source.plan(plan("ORB"))
        await here.until(lambda _: len(there.asked) == 4)
        assert [asked["action"] for asked in there.asked[2:]] == ["unsubscribe", "subscribe"]
        assert all(set(asked) - {"action"} == TICKS for asked in there.asked[1:])


@pytest.mark.parametrize("code", [400, 405, 409, 410])
async def test_a_refused_symbol_leaves_the_others_alone_until_it_is_gone(code: int) -> None:
    async def behave(socket: ServerConnection) -> None:
        while True:
            asked = await there.hear(socket)
            if "ORB" in asked["trades"]:
                await socket.send(refused(code))
            else:
                await socket.send(subscribed(asked))
            await socket.send(json.dumps([said()]))

    async with exchange(behave) as there, listening(there.url, "NVX") as here:
        await here.until(lambda listener: listener.trades)
        here.source.plan(plan("NVX", "ORB"))
        await here.until(lambda _: f"refused 1 symbols: {code}" in here.source.stopped)
        await here.until(lambda listener: len(listener.trades) > 1)
        here.source.plan(plan("NVX"))
        await here.until(lambda _: here.source.stopped == "")
        assert there.connections == 1


async def test_messages_of_a_symbol_that_is_unsubscribed_are_passed_over() -> None:
    """The vendor sends what its buffer has."""
    goes = asyncio.Event()

    async def behave(socket: ServerConnection) -> None:
        await there.hear(socket)
        await goes.wait()
        await socket.send(json.dumps([said("NVX"), said("ORB")]))
        await rest(socket)

    async with exchange(behave) as there, listening(there.url, "NVX", "ORB") as here:
        await here.until(lambda _: there.asked)
        here.source.plan(plan("ORB"))
        goes.set()
        await here.until(lambda listener: listener.trades)
        assert [trade.symbol for trade in here.trades] == ["ORB"]
        assert (there.connections, here.upstream.losses, here.source.bad) == (1, 0, 0)


async def test_a_feed_that_comes_later_waits_for_a_tick_without_a_fault() -> None:
    async with exchange(rest) as there, listening(there.url) as here:
        await here.until(lambda listener: listener.reasons[-1:] == [NO_TICK_YET])
        other = here.upstream.open_source()
        assert (here.source.stopped, other.stopped) == ("", "")


@pytest.mark.parametrize(
    "content", ["{", "[]", '[{"T":"?"}]', '[{"T":"success","msg":"connected"}]']
)
async def test_garbage_is_no_sign_of_life(content: str) -> None:
    async def behave(socket: ServerConnection) -> None:
        while True:
            await socket.send(content)
            await asyncio.sleep(0)  # it lives in the same loop

    async with exchange(behave) as there, listening(there.url, stale_s=0.1) as here:
        silent = "the upstream is lost: silent for 0.1 s"
        await here.until(lambda listener: silent in listener.reasons)


@pytest.mark.parametrize(
    "url",
    [
        "ws://127.0.0.1:70000/",
        "ws://127.0.0.1:-1/",
        "ws://[::1",
        "ws://..",
        f"ws://{'a' * 70}.example/",
        "ws://ü\ud800/",
        "http://me:secret@127.0.0.1/",
        "ws://me:sec/ret@127.0.0.1/",
        "x",
    ],
)
async def test_an_address_that_cannot_be_is_refused_and_not_shown(url: str) -> None:
    upstream = Upstream(url, key="", secret="", clock=SystemClock(), stale_s=30)
    source = upstream.open_source()
    source.plan(plan("NVX"))
    assert await upstream._try(0) == REFUSED_REST_S
    assert source.draw(0)[0].reason == f"the upstream refused: {NO_ADDRESS}"
