"""What uvicorn answers by itself, and what it does when answers and bodies overlap."""

import asyncio
from collections.abc import AsyncIterator
from email.parser import BytesParser
from typing import Any

import pytest
import pytest_asyncio
from uvicorn.config import Config
from uvicorn.server import ServerState

from dashboard.process.refusal_reasons import RefusalReason
from dashboard.servers.refusals import text_of
from dashboard.servers.uvicorn_http import UvicornHttp
from tests.dashboard.servers.http_talks import LIMITS, UvicornTalk, statuses
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


CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNK = b"f\r\n" + b"y" * 15 + b"\r\n"


@pytest_asyncio.fixture
async def talk() -> AsyncIterator[UvicornTalk]:
    talk = UvicornTalk()
    yield talk
    talk.application.over.set()


async def test_who_waits_for_more_of_a_body_that_is_refused_hears_of_the_end(
    talk: UvicornTalk,
) -> None:
    talk.say(CHUNKED + CHUNK)
    await talk.application.asked()
    event = await talk.application.hear()
    assert (len(event["body"]), event["more_body"]) == (15, True)
    hearing = asyncio.ensure_future(talk.application.hear())
    await asyncio.sleep(0)
    talk.say(CHUNK)
    assert await hearing == {"type": "http.disconnect"}
    await talk.application.answer()
    assert (statuses(talk), talk.line.has_ended) == ([413], True)


async def test_a_body_that_is_refused_within_its_answer_cuts_the_line(talk: UvicornTalk) -> None:
    talk.say(CHUNKED + CHUNK)
    await talk.application.asked()
    await talk.application.begin()
    talk.say(CHUNK)
    sent = talk.line.sent
    assert (statuses(talk), talk.line.is_aborted, talk.line.has_ended) == ([200], True, False)
    await talk.application.write(b"ok", more=False)
    talk.say(CHUNK)
    assert (talk.line.sent, talk.timers) == (sent, 0)
    assert talk.refusals == {RefusalReason.BODY_TOO_LARGE: 1}


async def test_a_body_that_is_refused_after_its_answer_has_no_second_one(talk: UvicornTalk) -> None:
    talk.say(CHUNKED + CHUNK)
    await talk.application.asked()
    await talk.application.answer()
    talk.say(CHUNK)
    assert (statuses(talk), talk.line.has_ended) == ([200], True)
    assert talk.refusals == {RefusalReason.BODY_TOO_LARGE: 1}


async def test_an_idle_connection_whose_last_answer_is_not_read_is_cut(talk: UvicornTalk) -> None:
    talk.say(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    await talk.application.asked()
    await talk.application.answer()
    talk.advance(LIMITS.idle_s)
    assert (talk.line.is_closed, talk.line.is_aborted) == (True, False)
    talk.advance(LIMITS.body_s)
    assert talk.line.is_aborted


async def test_a_handshake_goes_to_a_websocket_with_a_deadline_of_its_own(
    talk: UvicornTalk,
) -> None:
    key = b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n"
    head = b"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    talk.say(head + key + b"\r\n")
    await talk.application.asked()
    (scope,) = talk.application.scopes
    assert (scope["type"], scope["path"], talk.timers) == ("websocket", "/ws", 0)
    assert talk.line.protocol is not talk.protocol
    talk.leave()
