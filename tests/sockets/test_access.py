"""A feed that is taken from somebody is gone for him on every transport, also where one is open."""

import asyncio
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from dashboard.servers.listening import SERVERS
from dashboard.wire.registry import Close
from feeds.market.delayed_keys import delayed, shown
from tests.support.raw import basic, get, open_tcp, read_to_the_end
from tests.support.served import Served, serve

pytestmark = [pytest.mark.slow, pytest.mark.shared]

RESTRICT = "from feeds.models import Feed; Feed.objects.update(is_restricted={})"
GRANT = """
from django.contrib.auth.models import Group, User
from feeds.models import Entitlement, Feed
group = Group.objects.create(name="desk")
group.user_set.add(User.objects.get(username="viewer"))
Entitlement.objects.create(feed=Feed.objects.get(), group=group, delay_minutes=15)
"""
ASK = {"method": "subscribe", "params": {"channel": "ticker", "symbols": ["*"]}, "id": 1}
CHANNELS = "ticker,trades,status"


@pytest.fixture(params=SERVERS)
def taken(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
    """A server of its own: its feed is taken from everybody."""
    with serve(tmp_path, "--server", request.param) as served:
        yield served


async def test_a_feed_is_taken_from_open_readers_and_stays_away(
    taken: Served, eventually: Callable[..., None]
) -> None:
    symbol = next(iter(taken.board()["rows"]))
    stream = ask(taken, "/sse/v1/?channels=status")
    async with connect(taken.socket_url, compression=None) as websocket:
        ending = asyncio.create_task(close_code(websocket))
        await asyncio.to_thread(taken.manage, "shell", "-v0", "-c", RESTRICT.format(True))
        assert await ending == Close.ACCESS_CHANGED
    ended = (await asyncio.to_thread(read_to_the_end, stream)).decode()
    assert '"code":4409' in ended.rpartition("event: close")[2]

    assert await rows_sent_by(taken) == {}
    assert symbol not in polled(taken, f"channels={CHANNELS}&symbols=*")
    assert f'"{symbol}":"unknown symbol"' in polled(taken, f"channels=ticker&symbols={symbol}")

    await asyncio.to_thread(taken.manage, "shell", "-v0", "-c", GRANT)
    await asyncio.to_thread(eventually, lambda: delayed(symbol, 15) in taken.board()["rows"])
    late = await rows_sent_by(taken)
    assert set(late) == {shown(key) for key in taken.board()["rows"]}
    assert {row["p"] for row in late.values()} == {None}, "nothing is 15 minutes old yet"


def ask(served: Served, path: str) -> socket.socket:
    """Ask for what is not told at once; the answer's end is that of the connection."""
    tcp = open_tcp(served)
    tcp.sendall(get(served, path, Connection="close"))
    return tcp


async def rows_sent_by(served: Served) -> dict[str, Any]:
    """Return what a fresh socket is told of everything."""
    async with connect(served.socket_url, compression=None) as websocket:
        await websocket.send(json.dumps(ASK))
        async for text in websocket:
            frame = json.loads(text)
            if frame.get("type") == "snapshot":
                return frame["data"]
    raise AssertionError("the socket ended")


def polled(served: Served, query: str) -> str:
    """Return the answer to a poll."""
    url = f"http://{served.host}/poll/v1/?{query}"
    request = Request(url, headers={"Authorization": basic(served)})
    with urlopen(request, timeout=10) as answer:
        return answer.read().decode()


async def close_code(websocket: ClientConnection) -> int | None:
    """Read to the end; return why it ended."""
    with suppress(ConnectionClosed):
        async with asyncio.timeout(60):
            while True:
                await websocket.recv()
    return websocket.close_code
