"""A receiver of webhooks and pushes on loopback: it notes what comes, and answers as it is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, NamedTuple

OK: Final = "HTTP/1.1 204 No Content\r\n\r\n"
HANG: Final = ""


class Arrival(NamedTuple):
    """A request as it came; names of headers are in small letters."""

    target: str
    headers: dict[str, str]
    body: bytes


class Receiver:
    """Answers the requests in order with `answers`, and then with 204; HANG never answers."""

    def __init__(self) -> None:
        self.port = 0
        self.answers: list[str] = []
        self.arrivals: list[Arrival] = []
        self.news = asyncio.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?a=1"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.rstrip().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        body = await reader.readexactly(int(headers["content-length"]))
        self.arrivals.append(Arrival(first.split(" ")[1], headers, body))
        self.news.set()
        answer = self.answers.pop(0) if self.answers else OK
        if answer == HANG:
            await reader.read()  # until the other side gives up
        writer.write(answer.encode())
        writer.close()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """Run a receiver; whoever still waits for it is cut off at the end."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
