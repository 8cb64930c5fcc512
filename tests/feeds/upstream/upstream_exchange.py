"""An upstream of the tests, and a feed that listens to it."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from feeds.clock import SystemClock
from feeds.market.events import FeedState, FeedStatus, Trade
from feeds.plan.plans import FeedKind, FeedPlan
from feeds.upstream.connection import Upstream
from feeds.upstream.source import UpstreamSource
from tests.support.market_script import definition
from tests.support.waiting import until

SECRET = "secret"
AT = "2026-09-21T14:13:20Z"
Behaviour = Callable[[ServerConnection], Awaitable[None]]


class Exchange:
    """An upstream of the tests: greets like Alpaca's, then does what the test says."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.asked: list[dict] = []
        self.connections = 0
        self.refuses = 0
        self.url = ""
        self.sockets: list[ServerConnection] = []

    async def serve(self, socket: ServerConnection) -> None:
        self.connections += 1
        self.sockets.append(socket)
        with suppress(ConnectionClosed):
            await socket.send('[{"T":"success","msg":"connected"}]')
            said = json.loads(await socket.recv())
            if (said["key"], said["secret"]) != ("key", "secret"):
                await socket.send('[{"T":"error","code":402,"msg":"auth failed"}]')
                return
            await socket.send('[{"T":"success","msg":"authenticated"}]')
            await self.behaviour(socket)

    async def hear(self, socket: ServerConnection) -> dict:
        self.asked.append(json.loads(await socket.recv()))
        return self.asked[-1]

    def answer(self, socket: ServerConnection, request: Request) -> Response | None:
        if self.refuses:
            return socket.respond(HTTPStatus(self.refuses), "no\n")
        return None


def said(symbol: str = "NVX", price: float = 1.01) -> dict:
    return {"T": "t", "S": symbol, "p": price, "s": 1, "t": AT}


def plan(*symbols: str) -> FeedPlan:
    return FeedPlan(
        feed="live", name="Live", state=FeedState.RUNNING, rate=1.0, seed=1,
        definitions=tuple(map(definition, symbols)), kind=FeedKind.UPSTREAM,
    )  # fmt: skip


@asynccontextmanager
async def exchange(behaviour: Behaviour) -> AsyncIterator[Exchange]:
    exchange = Exchange(behaviour)
    server: Server
    async with serve(
        exchange.serve, "127.0.0.1", 0, process_request=exchange.answer, close_timeout=0.1
    ) as server:
        exchange.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/v2/iex"
        yield exchange


class Listener:
    """A feed on a connection, and what it drew so far."""

    def __init__(self, upstream: Upstream, source: UpstreamSource) -> None:
        self.upstream = upstream
        self.source = source
        self.trades: list[Trade] = []
        self.reasons: list[str] = []

    def look(self) -> None:
        for event in self.source.draw(SystemClock().now_ms()):
            if isinstance(event, Trade):
                self.trades.append(event)
            elif isinstance(event, FeedStatus):
                self.reasons.append(event.reason)

    async def until(self, condition: Callable[["Listener"], object]) -> None:
        def is_so() -> object:
            self.look()
            return condition(self)

        await until(is_so)


@asynccontextmanager
async def listening(
    url: str, *symbols: str, secret: str = SECRET, stale_s: float = 30, rest_s: float = 0.001
) -> AsyncIterator[Listener]:
    upstream = Upstream(
        url, key="key", secret=secret, clock=SystemClock(), stale_s=stale_s, rest_s=rest_s
    )
    source = upstream.open_source()
    source.plan(plan(*(symbols or ("NVX",))))
    task = asyncio.create_task(upstream.run())
    yield Listener(upstream, source)
    assert not task.done(), task
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def rest(socket: ServerConnection) -> None:
    await socket.wait_closed()
