"""A cheap reader for each transport, so that the load test does not measure itself.

Must not know Django or how the server is built: a reader is a program at the other end of the wire.
It parses frames and headers itself, because a library would cost more than the server.
"""

import asyncio
import base64
import secrets
import struct
import time
from collections.abc import AsyncIterator, Iterable
from typing import Final, Protocol
from urllib.parse import urlencode

import msgspec

from dashboard.loadtest.plan import Plan, Tally
from dashboard.wire.registry import Transport

TEXT: Final = 1
CLOSE: Final = 8
PING: Final = 9
PONG: Final = 0x8A
WAIT_S: Final = 25
READ_BYTES: Final = 2**20


class Client(Protocol):
    """A reader that connects, reads until it is cancelled, and counts what it receives."""

    async def read(self, opened: asyncio.Event) -> None:
        """Connect, set `opened` with the first snapshot, and read on."""
        ...

    def close(self) -> None:
        """End the connection."""
        ...


def client_of(plan: Plan, tally: Tally, symbols: Iterable[str]) -> Client:
    """Return a reader for the transport of a plan."""
    kinds: dict[Transport, type[_WebSocket] | type[_Events] | type[_Poll]] = {
        Transport.WEBSOCKET: _WebSocket,
        Transport.SSE: _Events,
        Transport.LONGPOLL: _Poll,
        Transport.POLL: _Poll,
    }
    return kinds[plan.transport](plan, tally, list(symbols))


async def catalogue(plan: Plan) -> list[str]:
    """Return all symbols of the server, sorted.

    Raises:
        OSError: the server cannot be reached, or refuses the token.
    """
    tally = Tally()
    client = _Poll(plan, tally, [])
    await client.connect()
    await client.ask("channels=status")
    client.close()
    return sorted(tally.reader.instruments)


class _Http:
    """A connection that sends GET requests."""

    def __init__(self, plan: Plan, tally: Tally, symbols: list[str]) -> None:
        self.plan, self.tally, self.symbols = plan, tally, symbols
        credentials = base64.b64encode(f"{plan.user}:{plan.token}".encode()).decode()
        self._head = f"Host: {plan.host}\r\nAuthorization: Basic {credentials}\r\n"

    async def connect(self) -> None:
        """Open the connection."""
        host, _, port = self.plan.host.partition(":")
        self.reader, self.writer = await asyncio.open_connection(
            host, int(port or 80), limit=READ_BYTES
        )

    def close(self) -> None:
        """End the connection."""
        if hasattr(self, "writer"):
            self.writer.close()

    async def get(self, path: str, headers: str = "") -> tuple[int, dict[bytes, bytes]]:
        """Send a GET request; return the status and the headers of the response."""
        request = f"GET {path} HTTP/1.1\r\n{self._head}{headers}\r\n".encode()
        self.writer.write(request)
        head = await self.reader.readuntil(b"\r\n\r\n")
        self.tally.count(bytes_in=len(head), bytes_out=len(request), requests=1)
        first, *lines = head.split(b"\r\n")
        pairs = (line.partition(b":") for line in lines if line)
        return int(first.split()[1]), {name.lower(): value.strip() for name, _, value in pairs}

    def query(self, **more: object) -> str:
        """Return the subscription as a query string."""
        return urlencode(self.tally.question(self.symbols) | more, safe=",:")


class _WebSocket(_Http):
    async def read(self, opened: asyncio.Event) -> None:
        """Subscribe, and count frames as they arrive."""
        await self.connect()
        await self._upgrade()
        wanted = self.tally.subscriptions(self.symbols, self.plan.max_rate)
        for number, params in enumerate(wanted, 1):
            command = {"method": "subscribe", "params": params, "id": number}
            self._send(msgspec.json.encode(command), TEXT)
        async for kind, content in self._frames():
            if kind == TEXT:
                self.tally.take(content, time.time() * 1000)
                if self.tally.sequence:
                    opened.set()
            elif kind == PING:
                self._send(content, PONG)
            elif kind == CLOSE:
                return

    async def _upgrade(self) -> None:
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        status, _ = await self.get(
            "/ws/v1/",
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {key}\r\n",
        )
        if status != 101:
            raise OSError(f"the server answered {status}")

    async def _frames(self) -> AsyncIterator[tuple[int, bytes]]:
        """Yield opcode and content of each frame (RFC 6455 5.2); a server masks none."""
        buffered = b""
        while data := await self.reader.read(READ_BYTES):
            self.tally.count(bytes_in=len(data))
            buffered, start = buffered + data, 0
            while (bounds := _frame_in(buffered, start)) is not None:
                begin, end = bounds
                yield buffered[start] & 0x0F, buffered[begin:end]
                start = end
            buffered = buffered[start:]

    def _send(self, content: bytes, opcode: int) -> None:
        """Send a masked frame (RFC 6455 5.3); a mask of zeros leaves the content as it is."""
        size = len(content)
        length = bytes((0x80 | size,)) if size < 126 else struct.pack("!BH", 0xFE, size)
        frame = bytes((0x80 | opcode,)) + length + b"\0\0\0\0" + content
        self.tally.count(bytes_out=len(frame))
        self.writer.write(frame)


def _frame_in(buffered: bytes, start: int) -> tuple[int, int] | None:
    """Return the bounds of the content of the frame at `start`, None while it is incomplete."""
    if len(buffered) < start + 4:
        # Only a frame of 0 or 1 bytes can be complete, and it has no extended length to read.
        is_short = len(buffered) >= start + 2 and buffered[start + 1] <= 1
        return _short(buffered, start) if is_short else None
    size, begin = buffered[start + 1], start + 2
    if size == 126:
        size, begin = int.from_bytes(buffered[begin : begin + 2]), begin + 2
    elif size == 127:
        size, begin = int.from_bytes(buffered[begin : begin + 8]), begin + 8
    return (begin, begin + size) if begin + size <= len(buffered) else None


def _short(buffered: bytes, start: int) -> tuple[int, int] | None:
    end = start + 2 + buffered[start + 1]
    return (start + 2, end) if end <= len(buffered) else None


class _Events(_Http):
    async def read(self, opened: asyncio.Event) -> None:
        await self.connect()
        status, _ = await self.get(f"/sse/v1/?{self.query(max_rate=self.plan.max_rate)}")
        if status != 200:
            raise OSError(f"the server answered {status}")
        position: bytes | None = None
        async for line in self._lines():
            if line.startswith(b"id:"):
                position = line[3:].strip()
            elif line.startswith(b"data:"):
                self.tally.take(line[5:].strip(), time.time() * 1000)
            elif not line and position is not None:
                self.tally.stand_at(int(position.rpartition(b":")[2]))
                position = None
                opened.set()

    async def _lines(self) -> AsyncIterator[bytes]:
        """Yield the lines of a chunked body (RFC 9112 7.1)."""
        buffered = b""
        # An empty line means that the server has left.
        while size := int(await self.reader.readline() or b"0", 16):
            chunk = await self.reader.readexactly(size + 2)
            self.tally.count(bytes_in=size + 4 + len(f"{size:x}"))
            *lines, buffered = (buffered + chunk[:-2]).split(b"\n")
            for line in lines:
                yield line.rstrip(b"\r")


class _Answer(msgspec.Struct):
    position: str
    frames: list[msgspec.Raw]


_decode_answer = msgspec.json.Decoder(_Answer).decode


class _Poll(_Http):
    async def read(self, opened: asyncio.Event) -> None:
        await self.connect()
        is_long = self.plan.transport is Transport.LONGPOLL
        pause_s = 1 / self.plan.max_rate if is_long else self.plan.interval_s
        more = {"wait": WAIT_S} if is_long else {}
        while True:
            began_s = time.monotonic()
            await self.ask(self.query(**more))
            opened.set()
            await asyncio.sleep(max(0.0, pause_s - (time.monotonic() - began_s)))

    async def ask(self, query: str) -> None:
        """Poll once."""
        status, headers = await self.get(f"/poll/v1/?{query}")
        body = await self.reader.readexactly(int(headers.get(b"content-length", b"0")))
        self.tally.count(bytes_in=len(body))
        if status == 200:
            received_ms = time.time() * 1000
            for frame in _decode_answer(body).frames:
                self.tally.take(bytes(frame), received_ms)
        elif status != 304:
            raise OSError(f"the server answered {status}")
