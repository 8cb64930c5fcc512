"""When somebody loses a feed it is gone on every transport, also on open connections.

How soon is printed (`-s`); what is asserted is the order: nothing comes after the end.
"""

import asyncio
import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from dashboard.servers.serving import SERVERS
from dashboard.wire.registry import Close
from feeds.market.delayed_keys import delayed, shown
from tests.support.raw import basic, get, open_tcp, read_to_the_end
from tests.support.served import Served, serve
from tests.support.waiting import PATIENCE_S, until

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
    """Send a long-poll that is not answered at once; it ends with the connection."""
    tcp = open_tcp(served)
    tcp.sendall(get(served, path, Connection="close"))
    return tcp


ALERT = """
from decimal import Decimal
from django.contrib.auth.models import User
from dashboard.alerts.rules import Condition, Kind
from dashboard.alerts.services import AlertFacts, make_alert
waits = (Condition(Kind.ABOVE, Decimal(10**9)),)
make_alert(User.objects.get(username="viewer"), AlertFacts(symbol="{}", conditions=waits))
"""
TAKE = """
import time
from feeds.models import Feed
from dashboard.models import Alert, Notification
from tests.support.waiting import wait_until
Feed.objects.update(is_restricted=True)
taken_s = time.time()
wait_until(lambda: Alert.objects.get().state != "active")
last = Notification.objects.filter(user__username="viewer").order_by("-id").first()
print(taken_s, time.time() - taken_s, Alert.objects.get().state, last and last.title, sep="|")
"""
MARKET = frozenset({"ticker", "depth", "trades", "bars"})
EVERY = ("websocket", "sse", "longpoll", "poll")
AGAIN = (304, 503)
"""No news, and a server that is too busy at the moment."""


class Journal:
    """The channels that came of each transport, and when it ended (epoch s)."""

    def __init__(self) -> None:
        self.heard: dict[str, set[str]] = {name: set() for name in EVERY}
        self.ended_s: dict[str, float] = {}

    def hear(self, transport: str, text: str) -> None:
        self.heard[transport].update(re.findall(r'"channel":"(\w+)"', text))

    def has_all(self, *transports: str) -> bool:
        return all(self.heard[name] >= MARKET for name in transports)

    def end(self, transport: str) -> None:
        self.ended_s[transport] = time.time()


async def test_a_right_that_ends_ends_book_bars_prices_and_alerts(tmp_path: Path) -> None:
    with serve(tmp_path, MARKET_REQUESTS_PER_S="1000") as site:
        symbol = next(iter(site.board()["rows"]))
        await asyncio.to_thread(site.manage, "shell", "-v0", "-c", ALERT.format(symbol))
        journal, query = Journal(), f"channels={','.join(sorted(MARKET))}&symbols={symbol}"
        readers = [
            asyncio.create_task(over_websocket(site, symbol, journal)),
            *(
                asyncio.create_task(asyncio.to_thread(read, site, query, journal))
                for read in (over_stream, over_long_polls, over_short_polls)
            ),
        ]
        await until(lambda: journal.has_all(*EVERY), 60)
        said = await asyncio.to_thread(site.manage, "shell", "-v0", "-c", TAKE)
        await asyncio.gather(*readers)
        taken_s, stopped_s, state, title = said.split("|")
        assert (state, title) == ("stopped", f"The alert on {symbol} has stopped")
        print(f"alert ended after {float(stopped_s):.2f} s")
        for name in EVERY:
            print(f"{name} ended after {journal.ended_s[name] - float(taken_s):.2f} s")
        again = await asyncio.to_thread(polled, site, query)
    assert not market_frames(json.loads(again))
    assert f'"{symbol}":"unknown symbol"' in again


async def over_websocket(site: Served, symbol: str, journal: Journal) -> None:
    async with connect(site.socket_url, compression=None) as websocket:
        for number, channel in enumerate(sorted(MARKET)):
            params = {"channel": channel, "symbols": [symbol]}
            command = {"method": "subscribe", "params": params, "id": number}
            await websocket.send(json.dumps(command))
        while not journal.has_all("websocket"):
            journal.hear("websocket", str(await websocket.recv()))
        code = await close_code(websocket)
    journal.end("websocket")
    assert code == Close.ACCESS_CHANGED


def over_stream(site: Served, query: str, journal: Journal) -> None:
    stream = ask(site, f"/sse/v1/?{query}")
    while not journal.has_all("sse"):
        journal.hear("sse", stream.recv(65_536).decode(errors="replace"))
    rest = read_to_the_end(stream).decode(errors="replace").rpartition("event: close")[2]
    journal.end("sse")
    assert '"code":4409' in rest
    assert '"channel"' not in rest, "nothing comes after the close"


def over_long_polls(site: Served, query: str, journal: Journal) -> None:
    over_polls(site, f"{query}&wait=5", "longpoll", journal)


def over_short_polls(site: Served, query: str, journal: Journal) -> None:
    over_polls(site, query, "poll", journal)


def over_polls(site: Served, query: str, transport: str, journal: Journal) -> None:
    """Poll until the positions are those of another access; then nothing comes any more."""
    position, ours = "", ""
    while True:
        try:
            text = polled(site, query + position)
        except HTTPError as error:
            assert error.code in AGAIN  # noqa: PT017
            continue
        answer = json.loads(text)
        epoch = answer["position"].partition(":")[0]
        ours = ours or epoch
        if epoch != ours:
            journal.end(transport)
            assert not market_frames(answer)
            return
        journal.hear(transport, text)
        position = f"&since={answer['position']}"


def market_frames(answer: dict[str, Any]) -> list[Any]:
    """Return the frames with something of an instrument in them."""
    return [
        frame for frame in answer["frames"] if frame.get("channel") in MARKET and frame.get("data")
    ]


async def rows_sent_by(served: Served) -> dict[str, Any]:
    """Return the rows that a fresh socket gets of everything."""
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
    with urlopen(request, timeout=PATIENCE_S) as answer:
        return answer.read().decode()


async def close_code(websocket: ClientConnection) -> int | None:
    """Read to the end; return why it ended."""
    with suppress(ConnectionClosed):
        async with asyncio.timeout(60):
            while True:
                await websocket.recv()
    return websocket.close_code
