"""A cheap reader understands what servers send, however the network cuts it."""

import asyncio
import base64
import struct
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from dashboard.loadtest import clients
from dashboard.loadtest.clients import CLOSE, PING, PONG, TEXT, client_of
from dashboard.loadtest.plan import Plan, Tally
from dashboard.wire.registry import Transport

SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
SNAPSHOT = msgspec.json.encode(
    {"channel": "ticker", "type": "snapshot", "epoch": "e", "seq": 7, "ts": 1, "data": {}}
)
LENGTHS = (0, 1, 2, 3, 125, 126, 127, 65_535, 65_536)


def plan_of(transport: Transport) -> Plan:
    return Plan(
        url="http://127.0.0.1:1", user="ada", token="t", transport=transport, clients=1,
        symbols=1, seconds=1, warmup_s=0,
    )  # fmt: skip


def frame(opcode: int, content: bytes) -> bytes:
    """Return a frame as servers send it: without a mask (RFC 6455 5.2)."""
    size = len(content)
    if size < 126:
        return bytes((0x80 | opcode, size)) + content
    form = (126, "!H") if size < 2**16 else (127, "!Q")
    return bytes((0x80 | opcode, form[0])) + struct.pack(form[1], size) + content


def contents(sent: bytes) -> list[tuple[int, bytes]]:
    """Return the frames that a client sent, all with a mask of zeros."""
    found, at = [], 0
    while at < len(sent):
        size, begin = sent[at + 1] & 0x7F, at + 2
        if size == 126:
            size, begin = int.from_bytes(sent[begin : begin + 2]), begin + 2
        assert sent[begin : begin + 4] == b"\0\0\0\0"
        found.append((sent[at], sent[begin + 4 : begin + 4 + size]))
        at = begin + 4 + size
    return found


class Wire:
    """Both ends of a connection: pieces that arrive one by one, and what was sent."""

    def __init__(self, head: bytes, pieces: list[bytes]) -> None:
        self._head = head
        self._pieces = iter(pieces)
        self.sent = b""

    async def readuntil(self, separator: bytes) -> bytes:
        return self._head

    async def read(self, count: int) -> bytes:
        return next(self._pieces, b"")

    async def readexactly(self, count: int) -> bytes:
        return bytes(count)

    def write(self, data: bytes) -> None:
        self.sent += data


async def read_over(
    monkeypatch: pytest.MonkeyPatch, wire: Wire, *, is_measuring: bool = False
) -> tuple[Tally, asyncio.Event]:
    async def connect(*place: Any, **options: Any) -> tuple[Wire, Wire]:
        return wire, wire

    monkeypatch.setattr(asyncio, "open_connection", connect)
    plan = plan_of(Transport.WEBSOCKET)
    tally, opened = Tally(), asyncio.Event()
    tally.is_measuring = is_measuring
    await client_of(plan, tally, ["NVX"]).read(opened)
    return tally, opened


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


@pytest.mark.slow
@pytest.mark.parametrize("length", [n for n in LENGTHS if n < 2**16])
@pytest.mark.parametrize("size", [1, 2, 3, 5, 2**20])
async def test_a_ping_is_answered_with_its_content_though_nothing_follows(
    monkeypatch: pytest.MonkeyPatch, length: int, size: int
) -> None:
    content = bytes(range(256)) * 256
    wire = Wire(SWITCHED, cut(frame(PING, content[:length]), size))
    await read_over(monkeypatch, wire)
    *_, pong = contents(wire.sent.partition(b"\r\n\r\n")[2])
    assert pong == (PONG, content[:length])


async def test_a_short_ping_is_answered_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for length in (0, 1, 2, 3, 125, 126, 127):
        content = bytes(range(length))
        wire = Wire(SWITCHED, [frame(PING, content)])
        tally, _ = await read_over(monkeypatch, wire, is_measuring=True)
        sent = wire.sent.partition(b"\r\n\r\n")[2]
        assert contents(sent)[-1] == (PONG, content)
        assert tally.bytes_in == len(SWITCHED + frame(PING, content))
        assert (tally.bytes_out, tally.requests) == (len(wire.sent), 1)


async def test_only_a_close_ends_the_reading_and_only_a_snapshot_opens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    status = msgspec.json.encode({"channel": "status", "subscribed": []})
    wire = Wire(SWITCHED, [frame(PONG & 0x0F, b"") + frame(TEXT, status)])
    tally, opened = await read_over(monkeypatch, wire)
    assert (tally.position, opened.is_set()) == (None, False)
    wire = Wire(SWITCHED, [frame(PONG & 0x0F, b"") + frame(TEXT, SNAPSHOT)])
    tally, opened = await read_over(monkeypatch, wire)
    assert (tally.position, opened.is_set()) == ("e:7", True)


@pytest.mark.parametrize(("length", "head"), [(125, 6), (126, 8), (127, 8)])
async def test_a_long_frame_has_a_longer_head(
    monkeypatch: pytest.MonkeyPatch, length: int, head: int
) -> None:
    """RFC 6455 5.2: the least number of bytes must be used for the length."""
    wire = Wire(SWITCHED, [frame(PING, b"x" * length)])
    await read_over(monkeypatch, wire)
    assert wire.sent[-length - head] == PONG
    assert wire.sent[-length - head + 1] == 0x80 | min(length, 126)


@pytest.mark.parametrize("size", [1, 7, 1000, 2**20])
async def test_frames_of_every_length_are_read_one_after_another(
    monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    pings = b"".join(frame(PING, b"x" * length) for length in LENGTHS[:6])
    long = frame(TEXT, SNAPSHOT + b" " * 2**16)
    wire = Wire(SWITCHED, cut(pings + long + frame(CLOSE, b"") + frame(PING, b"late"), size))
    tally, opened = await read_over(monkeypatch, wire)
    asked, *pongs = contents(wire.sent.partition(b"\r\n\r\n")[2])
    assert asked[0] == 0x80 | TEXT
    command = msgspec.json.decode(asked[1])
    assert (command["method"], command["id"]) == ("subscribe", 1)
    assert command["params"]["symbols"] == ["NVX"]
    assert pongs == [(PONG, b"x" * length) for length in LENGTHS[:6]]
    assert (tally.position, opened.is_set()) == ("e:7", True)


async def test_the_key_of_a_handshake_has_sixteen_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 6455 4.1."""
    wire = Wire(SWITCHED, [])
    await read_over(monkeypatch, wire)
    head, *lines = wire.sent.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    fields = dict(line.split(": ", 1) for line in lines)
    assert head == "GET /ws/v1/ HTTP/1.1"
    assert len(base64.b64decode(fields["Sec-WebSocket-Key"])) == 16
    assert (fields["Upgrade"], fields["Connection"]) == ("websocket", "Upgrade")
    assert (fields["Sec-WebSocket-Version"], fields["Authorization"]) == ("13", "Basic YWRhOnQ=")


async def test_a_server_that_does_not_switch_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OSError, match="answered 401"):
        await read_over(monkeypatch, Wire(b"HTTP/1.1 401 Unauthorized\r\n\r\n", []))


async def test_a_poll_begins_an_interval_after_the_last_or_at_once_if_that_took_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wire, rests = Wire(b"HTTP/1.1 304 Not Modified\r\n\r\n", []), list[float]()
    moments_s = [10.0, 10.25, 20.0, 27.0]

    async def connect(*place: Any, **options: Any) -> tuple[Wire, Wire]:
        return wire, wire

    async def note(rest_s: float) -> None:
        rests.append(rest_s)

    monkeypatch.setattr(clients, "time", SimpleNamespace(monotonic=lambda: moments_s.pop(0)))
    monkeypatch.setattr(clients, "asyncio", SimpleNamespace(open_connection=connect, sleep=note))
    plan = msgspec.structs.replace(plan_of(Transport.POLL), interval_s=2.0)
    with pytest.raises(IndexError):
        await client_of(plan, Tally(), ["NVX"]).read(asyncio.Event())
    assert rests == [1.75, 0.0]
    assert wire.sent.count(b"GET /poll/v1/?") == 2
