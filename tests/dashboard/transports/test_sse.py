"""A stream tells what a socket tells, says where its reader stands, and ends with a reason."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from dashboard.delivery.connection import Connection
from dashboard.loadtest.reader import Reader
from dashboard.people.admission import NotAdmitted
from dashboard.people.identity import Identity
from dashboard.transports import gatekeeper
from dashboard.transports.gatekeeper import Gatekeeper
from dashboard.transports.sse import EventApplication
from dashboard.wire.personal import Personal
from dashboard.wire.registry import Close
from feeds.market.events import Phase, Position, Status
from tests.support.exchange import Exchange, person, quote
from tests.support.market_script import NOW


class Stream:
    """A reader of one stream: unlike a browser it comes back only when the test says so."""

    def __init__(self, exchange: Exchange) -> None:
        gatekeeper = Gatekeeper(exchange.hub, requests_per_s=1000)
        self.application = EventApplication(hub=exchange.hub, gatekeeper=gatekeeper)
        self.reader = Reader()
        self.last_id = ""
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.ended: dict[str, Any] | None = None
        self.body = b""
        self.parts: list[tuple[str, bool]] = []
        self._inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    def open(self, query: str, *headers: tuple[bytes, bytes]) -> "asyncio.Task[None]":
        scope = {"method": "GET", "query_string": query.encode(), "headers": list(headers)}
        return asyncio.create_task(self.application(scope, self._inbox.get, self._hear))

    def leave(self) -> None:
        self._inbox.put_nowait({"type": "http.disconnect"})

    async def _hear(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], dict(message["headers"])
            return
        self.body += message["body"]
        self.parts.append((message["body"].decode(), message.get("more_body", False)))
        if self.headers[b"content-type"] == b"text/event-stream":
            for event in message["body"].decode().split("\n\n")[:-1]:
                self._read(dict(line.split(": ", 1) for line in event.split("\n")))

    def _read(self, event: dict[str, str]) -> None:
        data = json.loads(event["data"])
        if event.get("event") == "close":
            self.ended = data
            return
        self.reader.apply(data)
        if "id" in event:
            self.last_id = event["id"]
            self.reader.raise_to(Position.parse(event["id"]).sequence)


@pytest.fixture
def visitor(monkeypatch: pytest.MonkeyPatch) -> dict[str, Identity | NotAdmitted]:
    """The identity of every newcomer: replaces the query of the database."""
    who: dict[str, Identity | NotAdmitted] = {"is": person()}

    async def identify(scope: dict[str, Any]) -> Identity | NotAdmitted:
        return who["is"]

    monkeypatch.setattr(gatekeeper, "identify", identify)
    return who


@pytest.fixture
def stream(exchange: Exchange, visitor: object) -> Stream:
    exchange.rows.personal[1] = Personal(watchlist=("NVX",), unread=0, notices=())
    return Stream(exchange)


async def until(is_so: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not is_so():
            await asyncio.sleep(0)


async def test_a_stream_brings_the_board_and_the_reader_s_place(
    exchange: Exchange, stream: Stream
) -> None:
    await exchange.settle()
    serving = stream.open("symbols=NVX")
    for bid in range(1, 20):
        await exchange.happen(quote(bid))
    await exchange.happen(Status("NVX", Phase.HALTED, "news", NOW))
    await until(lambda: stream.last_id == f"e1:{exchange.sequence}")
    assert (stream.reader.rows["NVX"]["b"], stream.reader.rows["NVX"]["ph"]) == (0.19, "HALTED")
    assert stream.reader.instruments["NVX"]["ph"] == "HALTED"
    await until(lambda: stream.reader.watchlist == ["NVX"])
    assert stream.status == 200
    assert stream.headers == {
        b"cache-control": b"no-store",
        b"x-content-type-options": b"nosniff",
        b"cross-origin-resource-policy": b"same-origin",
        b"content-type": b"text/event-stream",
        b"x-accel-buffering": b"no",
    }
    stream.leave()
    await serving
    assert not exchange.hub.connections


async def test_a_stream_goes_on_from_the_last_id(exchange: Exchange, stream: Stream) -> None:
    await exchange.settle()
    serving = stream.open("symbols=NVX&channels=ticker,status")
    await until(lambda: stream.reader.rows)
    await exchange.happen(quote(1))
    await until(lambda: stream.last_id == "e1:3")
    stream.leave()
    await serving
    await exchange.happen(quote(2), quote(3), Status("NVX", Phase.OPEN, "", NOW))
    await exchange.settle()
    again = stream.open("symbols=NVX&channels=ticker,status", (b"last-event-id", b"e1:3"))
    await until(lambda: stream.last_id == "e1:6")
    assert stream.reader.ticks["NVX"] == 3
    assert b'"snapshot"' not in stream.body.split(b'"welcome"')[2]
    stream.leave()
    await again


@pytest.mark.parametrize("last_id", ["", ":5", "E:-1", "E:5 ", "5", "[1]", "e9:1"])
async def test_a_stream_from_a_junk_id_names_the_gap_of_every_channel(
    exchange: Exchange, stream: Stream, last_id: str
) -> None:
    await exchange.settle()
    channels = "ticker,trades,bars,depth,status"
    serving = stream.open(
        f"symbols=NVX&channels={channels}&since=e1:2", (b"last-event-id", last_id.encode())
    )
    await until(lambda: stream.last_id == f"e1:{exchange.sequence}")
    stream.leave()
    await serving
    said = [json.loads(line[6:]) for line in stream.body.decode().splitlines() if "data: " in line]
    gaps = {f["channel"]: f["gap"] for f in said if f.get("type") == "snapshot"}
    assert gaps == dict.fromkeys(channels.split(","), True)


async def test_a_stream_goes_on_until_its_end(exchange: Exchange, stream: Stream) -> None:
    await exchange.settle()
    serving = stream.open("symbols=NVX&channels=ticker")
    await until(lambda: stream.reader.rows)
    await exchange.hub.close_all(Close.RESTART, within_s=5)
    await asyncio.wait_for(serving, 5)
    *updates, (last, is_more) = stream.parts
    assert (all(more for _, more in updates), is_more) == (True, False)
    shutdown, close = last.split("\n\n")[:2]
    assert json.loads(shutdown.removeprefix("data: "))["type"] == "shutdown"
    assert close == 'event: close\ndata: {"code":4503,"reason":"the server restarts"}'


async def test_a_stream_that_ends_for_its_reader_alone_speaks_of_no_restart(
    exchange: Exchange, stream: Stream
) -> None:
    await exchange.settle()
    serving = stream.open("symbols=NVX&channels=ticker")
    await until(lambda: stream.reader.rows)
    exchange.hub.disconnect(1, "")
    await asyncio.wait_for(serving, 5)
    assert stream.parts[-1] == (
        'event: close\ndata: {"code":4410,"reason":"disconnected by an operator"}\n\n',
        False,
    )


async def test_a_writer_that_waits_ends_with_its_reader_and_each_frame_counts_as_taken(
    exchange: Exchange, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    await exchange.settle()
    taken, ended, room = list[int](), list[str](), asyncio.Event()
    hear = stream._hear

    async def wait_for_room(message: dict[str, Any]) -> None:
        await hear(message)
        if message["type"] == "http.response.body":
            try:
                await room.wait()
            finally:
                ended.append("room" if room.is_set() else "cancelled")

    monkeypatch.setattr(Connection, "note_accepted", lambda connection: taken.append(1))
    monkeypatch.setattr(stream, "_hear", wait_for_room)
    serving = stream.open("symbols=NVX&channels=ticker")
    await until(lambda: stream.body)
    room.set()
    await until(lambda: ended and len(taken) == len(ended))
    assert set(ended) == {"room"}
    room.clear()
    await exchange.happen(quote(7))
    await until(lambda: stream.reader.rows["NVX"]["b"] == 0.07)
    stream.leave()
    await asyncio.wait_for(serving, 5)
    await until(lambda: ended[-1] == "cancelled")


async def test_the_end_says_why(exchange: Exchange, stream: Stream) -> None:
    await exchange.settle()
    serving = stream.open("symbols=NVX&channels=ticker")
    await until(lambda: stream.reader.rows)
    exchange.rows.revoked[person()] = Close.SIGNED_OUT
    await asyncio.wait_for(serving, 5)
    assert stream.ended == {"code": 4401, "reason": "signed out, expired or deactivated"}
    assert not exchange.hub.connections


@pytest.mark.parametrize(
    ("query", "who", "status", "name"),
    [
        ("symbols=NVX", NotAdmitted("origin was …"), 403, "forbidden"),
        ("symbols=NVX", NotAdmitted(None), 401, "signed_out"),
        ("symbols=NVX&channels=gossip", person(), 400, "unknown_channel"),
        ("symbols=NVX&fields=p,zz", person(), 400, "bad_parameters"),
        ("symbols=NVX&max_rate=1000", person(), 400, "bad_parameters"),
    ],
)
async def test_what_cannot_be_is_an_error_and_no_stream(
    exchange: Exchange, stream: Stream, visitor, query: str, who, status: int, name: str
) -> None:
    await exchange.settle()
    visitor["is"] = who
    await asyncio.wait_for(stream.open(query), 5)
    assert (stream.status, json.loads(stream.body)["error"]["name"]) == (status, name)
    assert not exchange.hub.connections


async def test_a_full_hub_says_when_to_come_back(exchange: Exchange, stream: Stream) -> None:
    await exchange.settle()
    for _ in range(10):
        exchange.join()
    await asyncio.wait_for(stream.open("symbols=NVX"), 5)
    assert (stream.status, stream.headers[b"retry-after"]) == (503, b"1")


async def test_too_many_requests_are_refused(exchange: Exchange, stream: Stream) -> None:
    stream.application = EventApplication(
        hub=exchange.hub, gatekeeper=Gatekeeper(exchange.hub, requests_per_s=1)
    )
    statuses = []
    for _ in range(5):
        await asyncio.wait_for(stream.open("channels=gossip"), 5)
        statuses.append(stream.status)
    assert statuses == [400, 400, 400, 429, 429]


async def test_a_server_that_stops_says_when_to_come_back(
    exchange: Exchange, stream: Stream
) -> None:
    await exchange.settle()
    await exchange.hub.close_all(Close.RESTART, within_s=0)
    await asyncio.wait_for(stream.open("symbols=NVX"), 5)
    assert (stream.status, stream.headers[b"retry-after"]) == (503, b"1")
    assert json.loads(stream.body)["error"]["message"] == "the server restarts"
