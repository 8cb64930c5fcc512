"""A cheap reader asks as programs do, reads streams however they are cut, and counts every byte."""

import asyncio
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from dashboard.loadtest import clients
from dashboard.loadtest.clients import catalogue, client_of
from dashboard.loadtest.plan import Plan, Tally
from dashboard.wire.registry import Transport

AUTHORIZED = b"\r\nHost: market.test\r\nAuthorization: Basic YWRhOnQ=\r\n"
"""What each request has, with base64 of `ada:t`."""
SNAPSHOT = b'{"channel":"ticker","type":"snapshot","epoch":"e","seq":7,"ts":1,"data":{}}'
UPDATE = b'{"channel":"ticker","from":7,"seq":8,"ts":4990,"data":{"NVX":{"ms":3}}}'
STATUS = {
    "channel": "status", "type": "snapshot", "epoch": "e", "seq": 7, "ts": 1,
    "data": [{"s": "ORB"}, {"feed": "demo"}, {"s": "NVX"}],
}  # fmt: skip
STREAM = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
NOW_S = 5.0


class Line:
    """A connection over which a server sends this, and then nothing more."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: bytes) -> None:
        self._incoming = b"".join(answers)
        self.places: list[tuple[Any, ...]] = []
        self.sent = b""
        self.is_closed = False
        monkeypatch.setattr(asyncio, "open_connection", self._connect)
        monkeypatch.setattr(
            clients, "time", SimpleNamespace(time=lambda: NOW_S, monotonic=lambda: 0.0)
        )

    async def _connect(self, *place: Any, limit: int) -> tuple[asyncio.StreamReader, "Line"]:
        self.places.append(place)
        reader = asyncio.StreamReader(limit=limit)
        reader.feed_data(self._incoming)
        reader.feed_eof()
        return reader, self

    def write(self, data: bytes) -> None:
        self.sent += data

    def close(self) -> None:
        self.is_closed = True


def plan_of(transport: Transport, url: str = "http://market.test/") -> Plan:
    return Plan(
        url=url, user="ada", token="t", transport=transport, clients=1, symbols=1, seconds=1,
        warmup_s=0,
    )  # fmt: skip


def polled(*frames: bytes, status: bytes = b"200 OK") -> bytes:
    body = b'{"position":"e:7","frames":[' + b",".join(frames) + b"]}"
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n" % (status, len(body)) + body


def chunked(*chunks: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)


def measuring() -> Tally:
    tally = Tally()
    tally.is_measuring = True
    return tally


async def read(transport: Transport, tally: Tally) -> asyncio.Event:
    """Read until the server has left."""
    opened = asyncio.Event()
    await client_of(plan_of(transport), tally, ["NVX", "ORB"]).read(opened)
    return opened


# --- the catalogue --------------------------------------------------------------------------
async def test_the_catalogue_has_all_symbols_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line(monkeypatch, polled(msgspec.json.encode(STATUS)))
    assert await catalogue(plan_of(Transport.WEBSOCKET)) == ["NVX", "ORB"]
    assert line.sent == b"GET /poll/v1/?channels=status HTTP/1.1" + AUTHORIZED + b"\r\n"
    assert line.is_closed


@pytest.mark.parametrize(
    ("url", "place"),
    [("http://market.test", ("market.test", 80)), ("http://127.0.0.1:8001/", ("127.0.0.1", 8001))],
)
async def test_the_address_has_a_port_or_the_usual_one(
    monkeypatch: pytest.MonkeyPatch, url: str, place: tuple[str, int]
) -> None:
    line = Line(monkeypatch, polled(msgspec.json.encode(STATUS)))
    await catalogue(plan_of(Transport.POLL, url))
    assert line.places == [place]


@pytest.mark.parametrize("status", [b"401 Unauthorized", b"201 Created", b"503 Unavailable"])
async def test_an_answer_without_frames_is_refused(
    monkeypatch: pytest.MonkeyPatch, status: bytes
) -> None:
    Line(monkeypatch, polled(status=status))
    with pytest.raises(OSError, match=f"^the server answered {status[:3].decode()}$"):
        await catalogue(plan_of(Transport.POLL))


def test_a_reader_that_never_connected_can_be_closed() -> None:
    for transport in Transport:
        client_of(plan_of(transport), Tally(), []).close()


# --- polls ----------------------------------------------------------------------------------
async def test_a_poll_takes_all_frames_at_the_moment_it_came(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = polled(SNAPSHOT, UPDATE), b"HTTP/1.1 304 Not Modified\r\n\r\n"
    line, tally, opened = Line(monkeypatch, *answers), measuring(), asyncio.Event()
    plan = msgspec.structs.replace(plan_of(Transport.POLL), interval_s=0.0)
    with pytest.raises(asyncio.IncompleteReadError):
        await client_of(plan, tally, ["NVX"]).read(opened)
    assert opened.is_set()
    assert (tally.position, tally.gaps, dict(tally.ages_ms)) == ("e:8", 0, {13: 1})
    assert tally.bytes_in == sum(map(len, answers))
    first, second, third, end = line.sent.split(b"\r\n\r\n")
    assert b"since" not in first
    assert b"&since=e:8 HTTP/1.1\r\n" in second
    assert (third, end) == (second, b"")
    assert tally.bytes_out == len(first) + len(second) + 8, "the third was not answered"
    assert tally.requests == 2


@pytest.mark.parametrize(
    ("transport", "rest_s"), [(Transport.LONGPOLL, 0.125), (Transport.POLL, 3.0)]
)
async def test_a_long_poll_waits_there_and_a_poll_here(
    monkeypatch: pytest.MonkeyPatch, transport: Transport, rest_s: float
) -> None:
    line, rests = Line(monkeypatch, polled(SNAPSHOT)), list[float]()

    async def rest(seconds: float) -> None:
        rests.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", rest)
    plan = msgspec.structs.replace(plan_of(transport), interval_s=3.0, max_rate=8.0)
    with pytest.raises(asyncio.IncompleteReadError):
        await client_of(plan, Tally(), ["NVX"]).read(asyncio.Event())
    assert rests == [rest_s]
    assert (b"&wait=25 " in line.sent) is (transport is Transport.LONGPOLL)


# --- streams --------------------------------------------------------------------------------
EVENTS = b"id: x:7\r\ndata: " + SNAPSHOT + b"\n\n:\n\ndata:" + UPDATE + b"\nid: e:9\n\n"


@pytest.mark.parametrize("size", [1, 3, 16, 17, 100, 1_000])
async def test_a_stream_is_read_in_chunks_of_any_size(
    monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    body = chunked(*(EVENTS[at : at + size] for at in range(0, len(EVENTS), size)))
    line, tally = Line(monkeypatch, STREAM, body), measuring()
    opened = await read(Transport.SSE, tally)
    assert opened.is_set()
    assert (tally.position, tally.gaps, dict(tally.ages_ms)) == ("e:9", 0, {13: 1})
    assert tally.bytes_in == len(STREAM + body)
    assert (tally.bytes_out, tally.requests) == (len(line.sent), 1)
    address, _, head = line.sent.partition(b" HTTP/1.1")
    assert address.startswith(b"GET /sse/v1/?channels=ticker&symbols=NVX,ORB&fields=")
    assert address.endswith(b"&max_rate=10.0")
    assert head == AUTHORIZED + b"\r\n"


async def test_a_stream_opens_with_its_first_whole_event(monkeypatch: pytest.MonkeyPatch) -> None:
    for body, is_open in (
        (b"\n\n", False),
        (b"data: " + SNAPSHOT + b"\n\n", False),
        (b"id: e:7\n", False),
        (b"id: e:7\n\n", True),
    ):
        Line(monkeypatch, STREAM, chunked(body))
        assert (await read(Transport.SSE, Tally())).is_set() is is_open


@pytest.mark.parametrize("end", [b"0\r\n\r\n", b""])
async def test_a_stream_ends_with_its_last_chunk_or_when_the_server_leaves(
    monkeypatch: pytest.MonkeyPatch, end: bytes
) -> None:
    tally = measuring()
    Line(monkeypatch, STREAM, chunked(b"id: e:7\n\n"), end)
    await read(Transport.SSE, tally)
    assert tally.sequence == 7


@pytest.mark.parametrize("status", [b"204", b"401", b"503"])
async def test_a_stream_that_is_refused_says_so(
    monkeypatch: pytest.MonkeyPatch, status: bytes
) -> None:
    Line(monkeypatch, STREAM.replace(b"200", status), chunked(b"id: e:7\n\n"))
    with pytest.raises(OSError, match=f"^the server answered {status.decode()}$"):
        await read(Transport.SSE, Tally())
