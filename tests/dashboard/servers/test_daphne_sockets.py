"""Daphne's WebSockets where ours differ from the stock ones, over a connection in memory."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from websockets.frames import Opcode

from dashboard.process.refusal_reasons import RefusalReason
from dashboard.servers.framing import LINGER_S
from dashboard.servers.limits import LIMITS
from dashboard.servers.refusals import text_of
from dashboard.wire.registry import Close
from tests.dashboard.servers.daphne_sockets import DaphneSocket
from tests.dashboard.servers.http_talks import statuses
from tests.support.protocol_violations import VIOLATIONS
from tests.support.raw import frame
from tests.support.security_headers import NEEDED
from tests.support.waiting import until

PING = frame(9, b"")
ACCEPT = {"type": "websocket.accept"}


@pytest_asyncio.fixture
async def asked(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DaphneSocket]:
    """Give a socket that the application has not accepted."""
    talk = DaphneSocket(monkeypatch)
    await talk.ask()
    yield talk
    talk.application.over.set()


@pytest_asyncio.fixture
async def talk(asked: DaphneSocket) -> DaphneSocket:
    """Give an open socket."""
    await asked.send(ACCEPT)
    assert asked.heard() == []
    return asked


def text(content: str) -> dict[str, str]:
    return {"type": "websocket.send", "text": content}


# --- the handshake --------------------------------------------------------------------------
async def test_a_socket_keeps_nothing_of_its_handshake(asked: DaphneSocket) -> None:
    (scope,) = asked.application.scopes
    assert (scope["type"], scope["path"]) == ("websocket", "/")
    assert dict(scope["headers"])[b"host"] == b"x"
    await asked.send(ACCEPT)
    assert scope["headers"] == ()
    assert (asked.socket.clean_headers, dict(asked.socket.request.headers)) == ([], {})


@pytest.mark.parametrize("headers", [[], [(b"x-request-id", b"7"), (b"x-other", b"8")]])
async def test_an_answer_has_the_headers_of_the_application(
    asked: DaphneSocket, headers: list[tuple[bytes, bytes]]
) -> None:
    await asked.send(ACCEPT | {"headers": headers})
    assert statuses(asked) == [101]
    lines = asked.line.sent.lower().split(b"\r\n")
    assert [line for line in lines if line.startswith(b"x-")] == [b": ".join(h) for h in headers]


async def test_a_refusal_of_the_application_is_like_all_others(asked: DaphneSocket) -> None:
    await asked.send({"type": "websocket.close"})
    head, _, body = asked.line.sent.decode().partition("\r\n\r\n")
    assert (statuses(asked), body) == ([403], text_of(403))
    names = {line.partition(":")[0].lower() for line in head.splitlines()[1:]}
    assert {name.lower() for name in NEEDED} <= names
    assert asked.refusals == {}, "the application has counted it"
    asked.leave()  # nothing is to be let go on


@pytest.mark.parametrize("is_answered", [False, True])
async def test_a_handshake_that_is_not_answered_in_time_is_refused(
    asked: DaphneSocket, is_answered: bool
) -> None:
    asked.advance(LIMITS.handshake_s - 1)
    if is_answered:
        await asked.send(ACCEPT)
    assert asked.refusals == {}
    asked.advance(1)
    assert statuses(asked) == ([101] if is_answered else [503])
    assert asked.refusals == ({} if is_answered else {RefusalReason.NO_HANDSHAKE: 1})
    sent = asked.line.sent
    if not is_answered:
        await asked.send(ACCEPT)
        assert asked.line.sent == sent, "nobody hears it"


async def test_what_is_no_handshake_is_refused_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    talk = DaphneSocket(monkeypatch)
    talk.say(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
    assert (statuses(talk), talk.application.scopes) == ([400], [])
    assert talk.refusals == {RefusalReason.BAD_HTTP: 1}


# --- pings ----------------------------------------------------------------------------------
async def test_a_line_that_answers_no_ping_is_ended(talk: DaphneSocket) -> None:
    talk.socket._sendAutoPing()
    talk.advance(talk.server.ping_timeout - 0.01)
    assert not talk.line.is_aborted
    talk.advance(0.01)
    assert talk.line.is_aborted


async def test_a_pong_may_come_late_while_a_full_line_takes_bytes(talk: DaphneSocket) -> None:
    talk.socket._sendAutoPing()
    [ping] = talk.heard()
    for _ in range(3):
        talk.socket.flow.pauseProducing()
        talk.socket.flow.resumeProducing()
        talk.advance(talk.server.ping_timeout)
        # Another ping would replace the one whose answer is on its way.
        talk.socket._sendAutoPing()
    assert (talk.line.is_aborted, talk.heard()) == (False, [])
    talk.say(frame(10, ping.data))
    talk.advance(talk.server.ping_timeout)
    assert not talk.line.is_aborted
    talk.socket._sendAutoPing()
    assert [each.opcode for each in talk.heard()] == [Opcode.PING]


async def test_what_a_line_took_before_a_ping_does_not_count(talk: DaphneSocket) -> None:
    talk.socket.flow.pauseProducing()
    talk.socket.flow.resumeProducing()
    talk.socket._sendAutoPing()
    talk.advance(talk.server.ping_timeout)
    assert talk.line.is_aborted


async def test_a_full_line_that_takes_nothing_more_is_ended(talk: DaphneSocket) -> None:
    talk.socket._sendAutoPing()
    talk.socket.flow.pauseProducing()
    talk.socket.flow.resumeProducing()
    talk.advance(talk.server.ping_timeout)
    talk.socket.flow.pauseProducing()
    talk.advance(talk.server.ping_timeout)
    assert talk.line.is_aborted


# --- the end --------------------------------------------------------------------------------
@pytest.mark.parametrize("violation", VIOLATIONS)
async def test_an_error_is_said_to_both_sides_and_what_follows_is_dropped(
    talk: DaphneSocket, violation: str
) -> None:
    code, violating = VIOLATIONS[violation]
    await talk.send(text("before"))
    talk.line.pauseProducing()
    talk.say(violating)
    event = await talk.application.hear()
    assert (event["type"], event["code"]) == ("websocket.disconnect", code)
    first, last = talk.heard()
    assert (first.data, last.opcode, talk.close_code()) == (b"before", Opcode.CLOSE, code)
    assert (talk.line.has_ended, talk.line.is_read, talk.line.is_closed) == (True, True, False)
    sent = talk.line.sent
    talk.say(PING)
    await talk.send(text("after"))
    assert (talk.line.sent, talk.line.is_aborted) == (sent, False)
    talk.advance(LINGER_S)
    assert talk.line.is_aborted


async def test_a_second_end_after_the_last_word_waits_for_nobody(talk: DaphneSocket) -> None:
    talk.say(VIOLATIONS["no mask"][1])
    assert (talk.line.has_ended, talk.line.is_aborted) == (True, False)
    talk.socket._closeConnection(abort=True)
    assert talk.line.is_aborted


async def test_a_line_that_is_lost_after_the_last_word_has_no_deadline(talk: DaphneSocket) -> None:
    talk.say(VIOLATIONS["no mask"][1])
    talk.leave()
    talk.advance(LINGER_S)
    assert not talk.line.is_aborted
    assert talk.socket not in [
        protocol for protocol, kept in talk.server.connections.items() if "disconnected" not in kept
    ]


async def test_a_line_that_breaks_is_heard_of_once(talk: DaphneSocket) -> None:
    talk.leave()
    event = await talk.application.hear()
    assert event["type"] == "websocket.disconnect"
    await talk.send(text("after"))
    assert talk.heard() == []


async def test_the_close_of_the_application_is_answered_and_ends_the_line(
    talk: DaphneSocket,
) -> None:
    await talk.send({"type": "websocket.close", "code": 4001})
    assert talk.close_code() == 4001
    assert not talk.line.has_ended
    talk.say(b"".join(talk.client.data_to_send()) or frame(8, b"\x0f\xa1"))
    assert talk.line.has_ended
    assert (await talk.application.hear())["type"] == "websocket.disconnect"


# --- floods ---------------------------------------------------------------------------------
async def test_as_many_frames_as_may_come_at_once_are_no_flood(talk: DaphneSocket) -> None:
    talk.say(PING * LIMITS.frame_burst)
    assert [each.opcode for each in talk.heard()] == [Opcode.PONG] * LIMITS.frame_burst
    talk.advance(1)
    talk.say(PING * int(LIMITS.frames_per_s))
    assert len(talk.heard()) == LIMITS.frames_per_s
    assert (talk.refusals, talk.line.has_ended) == ({}, False)


async def test_a_flood_is_ended(talk: DaphneSocket) -> None:
    talk.say(PING * (LIMITS.frame_burst + 1))
    event = await talk.application.hear()
    assert (event["type"], event["code"]) == ("websocket.disconnect", Close.TOO_MANY)
    assert talk.close_code() == Close.TOO_MANY
    assert talk.client.close_rcvd.reason
    assert talk.refusals == {RefusalReason.FLOOD: 1}
    assert (talk.line.has_ended, talk.line.is_aborted) == (True, False)
    sent = talk.line.sent
    talk.say(PING * 10)
    assert (talk.line.sent, talk.refusals) == (sent, {RefusalReason.FLOOD: 1})


async def test_a_flood_after_the_close_of_the_application_has_no_second_close(
    talk: DaphneSocket,
) -> None:
    await talk.send({"type": "websocket.close"})
    sent = talk.line.sent
    talk.say(PING * (LIMITS.frame_burst + 1))
    assert (talk.line.sent, talk.line.has_ended) == (sent, True)
    assert talk.close_code() == 1000
    assert talk.refusals == {RefusalReason.FLOOD: 1}


# --- a reader that does not read ------------------------------------------------------------
@pytest.mark.parametrize("length", [0, 125, 126, 65_535, 65_536])
async def test_a_text_arrives_whole(talk: DaphneSocket, length: int) -> None:
    content = "é" * (length // 2) + "x" * (length % 2)
    await talk.send(text(content))
    assert talk.socket.write_text(content)
    assert [each.data.decode() for each in talk.heard()] == [content, content]


@pytest.mark.parametrize("way", ["reads on", "leaves"])
async def test_who_sends_waits_while_the_line_is_full(talk: DaphneSocket, way: str) -> None:
    producer = talk.line.producer
    producer.pauseProducing()
    assert not talk.socket.write_text("full")
    sending = asyncio.ensure_future(talk.send(text("late")))
    await asyncio.sleep(0)
    assert (talk.heard(), sending.done()) == ([], False)
    if way == "leaves":
        talk.leave()
    else:
        producer.resumeProducing()
    await until(sending.done)
    sending.result()
    assert [each.data for each in talk.heard()] == ([] if way == "leaves" else [b"late"])


async def test_bytes_are_sent_as_well(talk: DaphneSocket) -> None:
    await talk.send({"type": "websocket.send", "bytes": b"\x00\x01"})
    assert [(each.opcode, each.data) for each in talk.heard()] == [(Opcode.BINARY, b"\x00\x01")]
    talk.say(frame(2, b"\x02") + frame(1, b"{}"))
    assert await talk.application.hear() == {"type": "websocket.receive", "bytes": b"\x02"}
    assert await talk.application.hear() == {"type": "websocket.receive", "text": "{}"}
