"""uvicorn's WebSockets where ours differ from the stock ones, over a connection in memory."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from uvicorn.config import Config
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.server import ServerState
from websockets.client import ClientProtocol
from websockets.frames import CloseCode, Frame, Opcode
from websockets.uri import parse_uri

from dashboard.process.refusal_reasons import RefusalReason
from dashboard.servers.framing import LINGER_S
from dashboard.servers.limits import LIMITS
from dashboard.servers.refusals import text_of
from dashboard.servers.uvicorn import UvicornWebSocket
from dashboard.wire.registry import MESSAGE_BYTES, Close
from tests.support.log_lines import lines_of
from tests.support.protocol_violations import MUCH, VIOLATIONS
from tests.support.raw import frame
from tests.support.security_headers import NEEDED
from tests.support.waiting import PATIENCE_S, until

PING_S, PONG_S = 10, 8
PING = frame(9, b"")
TEXT = frame(1, b"{}")
RECEIVED = {"type": "websocket.receive", "text": "{}"}
ACCEPT = {"type": "websocket.accept"}


class Line(asyncio.Transport):
    """Keeps what the server writes and what it does with the line."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = bytearray()
        self.is_read = True
        self.has_ended = self.is_closed = self.is_aborted = False

    def write(self, data: Any) -> None:
        self.sent += data

    def write_eof(self) -> None:
        self.has_ended = True

    def is_closing(self) -> bool:
        return self.is_closed or self.is_aborted

    def close(self) -> None:
        self.is_closed = True

    def abort(self) -> None:
        self.is_aborted = True

    def pause_reading(self) -> None:
        self.is_read = False

    def resume_reading(self) -> None:
        self.is_read = True


class Timer:
    """A call that waits until a test lets the time pass."""

    def __init__(self, delay_s: float, call: Callable[[], object]) -> None:
        self.delay_s, self.call = delay_s, call
        self._is_cancelled = False

    def cancel(self) -> None:
        self._is_cancelled = True

    def cancelled(self) -> bool:
        return self._is_cancelled


class Loop:
    """The loop that runs, with timers of its own and a time that stands still."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._timers: list[Timer] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)

    def time(self) -> float:
        return 0.0

    def call_later(self, delay_s: float, call: Callable[..., object], *args: object) -> Timer:
        self._timers.append(Timer(delay_s, partial(call, *args)))
        return self._timers[-1]

    def pass_time(self, seconds: float) -> None:
        """Run what is due after so many seconds."""
        for timer in [each for each in self._timers if each.delay_s <= seconds]:
            self._timers.remove(timer)
            if not timer.cancelled():
                timer.call()


class Talk:
    """A WebSocket between an application that a test plays and a client."""

    def __init__(self) -> None:
        self.line, self.refusals = Line(), Counter[RefusalReason]()
        self.client = ClientProtocol(parse_uri("ws://x/"), max_size=None)
        self.over = asyncio.Event()
        self.scope: Any = None
        kind = type("CountedWebSocket", (UvicornWebSocket,), {"refusals": self.refusals})
        config = Config(
            self._application, interface="asgi3", lifespan="off", log_config=None,
            ws_per_message_deflate=False, ws_max_size=MESSAGE_BYTES, ws_ping_interval=None,
        )  # fmt: skip
        config.load()
        self.loop = Loop()
        self.server = kind(config, ServerState(), {}, self.loop)
        self.server.connection_made(self.line)

    async def _application(self, scope: Any, receive: Any, send: Any) -> None:
        self.scope, self.receive, self.send = scope, receive, send
        await self.over.wait()

    async def ask(self) -> None:
        """Ask for a WebSocket; return when the application knows of it."""
        self.client.send_request(self.client.connect())
        self.server.data_received(b"".join(self.client.data_to_send()))
        await until(lambda: self.scope)
        assert await self.next_event() == {"type": "websocket.connect"}

    async def next_event(self) -> Any:
        """Return the next event of the application."""
        async with asyncio.timeout(PATIENCE_S):
            return await self.receive()

    def heard(self) -> list[Frame]:
        """Return the frames that came to the client since the last look."""
        self.client.receive_data(bytes(self.line.sent))
        self.line.sent.clear()
        return [event for event in self.client.events_received() if isinstance(event, Frame)]

    def close_code(self) -> int | None:
        """Return the code of the close frame that came to the client."""
        self.heard()
        return self.client.close_rcvd and self.client.close_rcvd.code


@asynccontextmanager
async def asked() -> AsyncIterator[Talk]:
    """Give a socket that the application has not accepted."""
    talk = Talk()
    await talk.ask()
    try:
        yield talk
    finally:
        talk.over.set()
        if not talk.server.disconnected:
            talk.server.connection_lost(None)


@asynccontextmanager
async def accepted() -> AsyncIterator[Talk]:
    """Give an open socket."""
    async with asked() as talk:
        await talk.send(ACCEPT)
        assert talk.heard() == []
        yield talk


def text(content: str) -> dict[str, str]:
    return {"type": "websocket.send", "text": content}


# --- the handshake --------------------------------------------------------------------------


async def test_a_socket_keeps_nothing_of_its_handshake() -> None:
    async with asked() as talk:
        assert talk.scope["headers"]
        await talk.send(ACCEPT)
        assert talk.scope["headers"] == ()
        assert not talk.server.request.headers
        assert not talk.server.response.headers


async def test_an_application_has_the_headers_of_its_request_until_it_has_answered() -> None:
    async with asked() as talk:
        before = talk.scope["headers"]
        headers = [(b"x-reason", b"closed")]
        await talk.send(
            {"type": "websocket.http.response.start", "status": 410, "headers": headers}
        )
        assert talk.scope["headers"] is before
        await talk.send({"type": "websocket.http.response.body", "body": b"gone"})
        head, _, body = bytes(talk.line.sent).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 410 ")
        assert (b"x-reason: closed" in head.splitlines(), body) == (True, b"gone")


async def test_what_the_parser_says_goes_where_uvicorns_lines_go() -> None:
    async with accepted() as talk:
        assert talk.server.conn.logger is talk.server.logger


@pytest.mark.parametrize(
    ("header", "status", "reason"),
    [
        (b"Content-Length: 5\r\n", 400, RefusalReason.BAD_HTTP),
        (b"X: " + bytes([0x61]) * LIMITS.head_bytes + b"\r\n", 431, RefusalReason.HEAD_TOO_LARGE),
        (b"X: 1\r\n" * 500, 431, RefusalReason.HEAD_TOO_LARGE),
        (b"Upgrade: websocket\r\nConnection: Upgrade\r\n", 400, RefusalReason.BAD_HTTP),
        (b"Upgrade: something\r\n", 426, RefusalReason.BAD_HTTP),
    ],
    ids=["a body", "a long header", "many headers", "no key", "no WebSocket"],
)
async def test_what_is_no_handshake_is_refused_and_counted_once(
    header: bytes, status: int, reason: RefusalReason
) -> None:
    talk = Talk()
    talk.server.data_received(b"GET / HTTP/1.1\r\nHost: x\r\n" + header + b"\r\n")
    head, _, body = bytes(talk.line.sent).decode().partition("\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ")
    assert body == text_of(status)
    names = {line.partition(":")[0].lower() for line in head.splitlines()[1:]}
    assert {name.lower() for name in NEEDED} <= names
    assert talk.line.is_closed
    assert talk.refusals == {reason: 1}
    assert talk.scope is None


async def test_a_handshake_that_is_not_answered_is_refused_and_the_application_knows() -> None:
    async with asked() as talk:
        talk.loop.pass_time(LIMITS.handshake_s - 1)
        assert not talk.line.is_closed
        talk.loop.pass_time(LIMITS.handshake_s)
        assert talk.line.is_closed
        assert bytes(talk.line.sent).startswith(b"HTTP/1.1 503 ")
        assert talk.refusals == {RefusalReason.NO_HANDSHAKE: 1}
        assert await talk.next_event() == {"type": "websocket.disconnect", "code": 1006}
        with pytest.raises(ClientDisconnected):
            await talk.send(ACCEPT)


@pytest.mark.parametrize("is_lost", [False, True], ids=["answered", "lost"])
async def test_a_handshake_has_no_deadline_once_it_is_over(is_lost: bool) -> None:
    async with asked() as talk:
        if is_lost:
            talk.server.connection_lost(ConnectionResetError())
        else:
            await talk.send(ACCEPT)
        sent = bytes(talk.line.sent)
        talk.loop.pass_time(LIMITS.handshake_s)
        assert (bytes(talk.line.sent), talk.line.is_closed, talk.refusals) == (sent, False, {})


async def test_at_shutdown_the_application_answers_a_handshake_that_is_under_way() -> None:
    async with asked() as talk:
        talk.server.shutdown()
        assert (bytes(talk.line.sent), talk.line.is_closed) == (b"", False)
        await talk.send(ACCEPT)
        talk.server.shutdown()
        assert (talk.close_code(), talk.line.is_closed) == (1012, True)


# --- the end --------------------------------------------------------------------------------


@pytest.mark.parametrize("violation", VIOLATIONS)
@pytest.mark.parametrize("rest", [b"", MUCH], ids=["alone", "with much behind it"])
async def test_an_error_is_said_to_both_sides_and_what_follows_is_dropped(
    caplog: pytest.LogCaptureFixture, violation: str, rest: bytes
) -> None:
    code, violating = VIOLATIONS[violation]
    async with accepted() as talk:
        await talk.send(text("before"))
        talk.server.data_received(violating + rest)
        event = await talk.next_event()
        assert (event["type"], event["code"]) == ("websocket.disconnect", code)
        first, last = talk.heard()
        assert (first.data, last.opcode) == (b"before", Opcode.CLOSE)
        assert talk.close_code() == code
        assert (talk.line.has_ended, talk.line.is_read) == (True, True)
        assert not talk.line.is_closed
        talk.server.data_received(PING)
        with pytest.raises(ClientDisconnected):
            await talk.send(text("after"))
        assert talk.line.sent == b""
        assert not talk.line.is_aborted
        talk.loop.pass_time(LINGER_S)
        assert talk.line.is_aborted
        assert lines_of(caplog, "uvicorn.error") == []


async def test_what_is_no_text_behind_a_text_is_said_as_well() -> None:
    async with accepted() as talk:
        code, violating = VIOLATIONS["a text that is not UTF-8"]
        talk.server.data_received(TEXT + violating)
        assert await talk.next_event() == RECEIVED
        event = await talk.next_event()
        assert (event["type"], event["code"]) == ("websocket.disconnect", code)
        assert (talk.close_code(), talk.line.is_read) == (code, True)


async def test_what_is_no_text_after_the_close_of_the_application_is_dropped() -> None:
    async with accepted() as talk:
        await talk.send({"type": "websocket.close"})
        assert talk.close_code() == 1000
        talk.server.data_received(VIOLATIONS["a text that is not UTF-8"][1])
        assert (bytes(talk.line.sent), talk.line.has_ended) == (b"", False)


async def test_an_error_before_the_answer_ends_the_line() -> None:
    async with asked() as talk:
        talk.server.data_received(VIOLATIONS["no mask"][1])
        assert (bytes(talk.line.sent), talk.line.is_closed) == (b"", True)
        with pytest.raises(ClientDisconnected):
            await talk.send(ACCEPT)


# --- small turns and floods -----------------------------------------------------------------


async def test_messages_wait_for_the_application_and_come_in_order() -> None:
    async with accepted() as talk:
        sizes = [1, LIMITS.turn_bytes - 1, LIMITS.turn_bytes, 3 * LIMITS.turn_bytes, 5]
        for size in sizes:
            talk.client.send_text(b"x" * size)
        talk.server.data_received(b"".join(talk.client.data_to_send()))
        assert not talk.line.is_read
        received = [await talk.next_event() for _ in sizes]
        assert [len(event["text"]) for event in received] == sizes
        await until(lambda: talk.line.is_read)


async def test_as_many_frames_as_may_come_at_once_are_no_flood() -> None:
    async with accepted() as talk:
        talk.server.data_received(PING * LIMITS.frame_burst)
        heard = talk.heard()
        assert len(heard) < LIMITS.frame_burst
        await until(lambda: talk.line.is_read)
        heard += talk.heard()
        assert [each.opcode for each in heard] == [Opcode.PONG] * LIMITS.frame_burst
        assert talk.refusals == {}


@pytest.mark.parametrize("texts", [0, 1], ids=["pings", "pings behind a text"])
async def test_a_flood_is_ended(texts: int) -> None:
    async with accepted() as talk:
        talk.server.data_received(TEXT * texts + 10 * LIMITS.frame_burst * PING)
        assert [await talk.next_event() for _ in range(texts)] == [RECEIVED] * texts
        event = await talk.next_event()
        assert (event["type"], event["code"]) == ("websocket.disconnect", Close.TOO_MANY)
        assert talk.close_code() == Close.TOO_MANY
        assert (talk.line.has_ended, talk.line.is_read) == (True, True)
        assert talk.refusals == {RefusalReason.FLOOD: 1}


@asynccontextmanager
async def pinged(*, full_before: int = 0) -> AsyncIterator[Talk]:
    """Give an open socket that was just sent a ping; its line was full so often before."""
    async with accepted() as talk:
        talk.server.ping_interval, talk.server.ping_timeout = PING_S, PONG_S
        for _ in range(full_before):
            fill_and_empty(talk)
        talk.server.send_keepalive_ping()
        yield talk


def fill_and_empty(talk: Talk) -> None:
    """Let the line be full, and then take bytes again."""
    talk.server.pause_writing()
    talk.server.resume_writing()


async def test_a_line_that_answers_no_ping_is_ended() -> None:
    async with pinged() as talk:
        talk.loop.pass_time(PONG_S - 1)
        assert talk.close_code() is None
        talk.loop.pass_time(PONG_S)
        assert talk.close_code() == CloseCode.INTERNAL_ERROR
        assert talk.line.is_closed


async def test_a_pong_may_come_late_while_a_full_line_takes_bytes() -> None:
    async with pinged() as talk:
        [ping] = talk.heard()
        for _ in range(3):
            fill_and_empty(talk)
            talk.loop.pass_time(PONG_S)
        assert (talk.heard(), talk.line.is_closed) == ([], False)
        talk.server.data_received(frame(10, ping.data))
        talk.loop.pass_time(PONG_S)
        assert not talk.line.is_closed
        talk.loop.pass_time(PING_S)
        assert [each.opcode for each in talk.heard()] == [Opcode.PING]


async def test_what_a_line_took_before_a_ping_does_not_count() -> None:
    async with pinged(full_before=1) as talk:
        talk.loop.pass_time(PONG_S)
        assert talk.line.is_closed


async def test_a_full_line_that_takes_nothing_more_is_ended() -> None:
    async with pinged() as talk:
        fill_and_empty(talk)
        talk.loop.pass_time(PONG_S)
        talk.server.pause_writing()
        talk.loop.pass_time(PONG_S)
        assert talk.line.is_closed


async def test_a_flood_after_the_close_of_the_application_ends_its_patience() -> None:
    async with accepted() as talk:
        await talk.send({"type": "websocket.close"})
        patience = talk.server.close_timer
        talk.server.data_received(10 * LIMITS.frame_burst * PING)
        await until(lambda: talk.line.has_ended)
        assert patience.cancelled()
        assert talk.close_code() == 1000
        assert talk.refusals == {RefusalReason.FLOOD: 1}


async def test_a_flood_before_the_answer_ends_at_once() -> None:
    async with asked() as talk:
        talk.server.data_received(10 * LIMITS.frame_burst * PING)
        await until(lambda: talk.line.is_aborted)
        assert talk.refusals == {RefusalReason.FLOOD: 1}


# --- texts ----------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [0, 125, 126, 65_535, 65_536])
async def test_a_text_arrives_whole_on_either_way(length: int) -> None:
    content = "é" * (length // 2) + "x" * (length % 2)
    async with accepted() as talk:
        assert talk.server.write_text(content)
        await talk.send(text(content))
        assert [each.data.decode() for each in talk.heard()] == [content, content]


async def test_the_short_way_is_for_open_sockets_that_take_bytes() -> None:
    async with asked() as talk:
        assert not talk.server.write_text("early")
        await talk.send(ACCEPT)
        talk.heard()
        talk.server.pause_writing()
        assert not talk.server.write_text("full")
        talk.server.resume_writing()
        assert talk.server.write_text("now")
        assert [each.data for each in talk.heard()] == [b"now"]


@pytest.mark.parametrize("is_lost", [False, True], ids=["closed", "lost"])
async def test_nothing_is_written_after_the_end(is_lost: bool) -> None:
    async with accepted() as talk:
        if is_lost:
            talk.server.connection_lost(ConnectionResetError())
        else:
            await talk.send({"type": "websocket.close"})
        sent = bytes(talk.line.sent)
        assert not talk.server.write_text("late")
        assert bytes(talk.line.sent) == sent
