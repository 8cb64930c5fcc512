"""What uvicorn answers by itself when the application fails."""

import asyncio
from email.parser import BytesParser
from typing import Any

import pytest
from uvicorn.config import Config
from uvicorn.server import ServerState

from dashboard.servers.refusals import text_of
from dashboard.servers.uvicorn_http import UvicornHttp
from tests.support.security_headers import NEEDED


class Transport(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = b""
        self.is_closed = False

    def write(self, data: Any) -> None:
        self.sent += data

    def is_closing(self) -> bool:
        return self.is_closed

    def close(self) -> None:
        self.is_closed = True


async def fail(scope: Any, receive: Any, send: Any) -> None:
    raise RuntimeError("broken")


async def answer_nothing(scope: Any, receive: Any, send: Any) -> None:
    """Return without an answer."""


@pytest.mark.parametrize("application", [fail, answer_nothing])
async def test_an_error_has_the_headers_of_all_refusals(application: Any) -> None:
    config = Config(application, interface="asgi3", lifespan="off", log_config=None)
    config.load()
    state, transport = ServerState(), Transport()
    protocol = UvicornHttp(config, state, {})
    protocol.connection_made(transport)
    protocol.data_received(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    await asyncio.gather(*state.tasks)
    start, _, rest = transport.sent.partition(b"\r\n")
    head, _, body = rest.partition(b"\r\n\r\n")
    headers = BytesParser().parsebytes(head)
    assert start.startswith(b"HTTP/1.1 500 ")
    assert {name: headers[name] for name in NEEDED} == NEEDED
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Length"] == str(len(body))
    assert body.decode() == text_of(500)
    assert transport.is_closed
    protocol.connection_lost(None)
