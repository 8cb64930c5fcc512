"""The deadlines and bounds of requests on Daphne, over a connection in memory."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
import pytest_asyncio
from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import ISSLTransport
from twisted.internet.task import Clock
from zope.interface import alsoProvides

from dashboard.process.refusal_reasons import RefusalReason
from dashboard.servers.daphne import DaphneServer
from dashboard.servers.daphne_http import DaphneFactory, DaphneRequest
from dashboard.servers.limits import LIMITS
from dashboard.servers.refusals import text_of
from dashboard.servers.uploads import Uploads
from tests.dashboard.servers.http_talks import LIMITS as SMALL
from tests.dashboard.servers.http_talks import DaphneLine, DaphneTalk, statuses
from tests.support.waiting import until

HEAD = b"POST / HTTP/1.1\r\nHost: x\r\n"


class Talk:
    """A connection to Daphne, and a clock that a test moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock, self.line = Clock(), DaphneLine()
        self.refusals = Counter[RefusalReason]()
        monkeypatch.setattr("dashboard.servers.daphne_http.reactor", self.clock)
        server = DaphneServer(
            None, endpoints=["tcp:0:interface=127.0.0.1"], ping_s=1, refusals=self.refusals
        )
        server.connections = {}
        factory = DaphneFactory(server, limits=LIMITS, uploads=Uploads())
        self.protocol = factory.buildProtocol(IPv4Address("TCP", "127.0.0.1", 1))
        self.protocol.makeConnection(self.line)

    def say(self, data: bytes) -> None:
        self.protocol.dataReceived(data)

    @property
    def status(self) -> bytes:
        """The status of the answer; nothing before there is one."""
        return self.line.value()[9:12]


@pytest.fixture
def talk(monkeypatch: pytest.MonkeyPatch) -> Talk:
    return Talk(monkeypatch)


def test_a_silent_connection_ends_without_an_answer(talk: Talk) -> None:
    talk.clock.advance(LIMITS.head_s - 1)
    assert not talk.line.disconnecting
    talk.clock.advance(1)
    assert (talk.line.disconnecting, talk.status, talk.refusals) == (True, b"", {})


def test_a_head_has_its_time_however_often_bytes_come(talk: Talk) -> None:
    for _ in range(9):
        talk.say(b"X-Y: z\r\n" if talk.clock.seconds() else HEAD)
        talk.clock.advance(LIMITS.head_s / 10)
    assert talk.status == b""
    talk.clock.advance(LIMITS.head_s / 10)
    assert (talk.status, talk.line.has_ended) == (b"408", True)
    assert talk.refusals == {RefusalReason.TOO_LATE: 1}


@pytest.mark.parametrize("begun", [b"G", b"GET / HTTP/1.1\r\n"])
def test_a_head_that_has_begun_gets_an_answer(talk: Talk, begun: bytes) -> None:
    talk.say(begun)
    talk.clock.advance(LIMITS.head_s)
    assert talk.status == b"408"


def test_a_body_has_a_time_of_its_own_from_the_end_of_the_head(talk: Talk) -> None:
    talk.clock.advance(LIMITS.head_s - 1)
    talk.say(HEAD + b"Content-Length: 5\r\n\r\n")
    for _ in range(4):
        talk.clock.advance((LIMITS.body_s - 1) / 4)
        talk.say(b"x")
    assert talk.status == b""
    talk.clock.advance(1)
    assert talk.status == b"408"


def test_what_is_refused_is_read_on_for_a_moment_and_then_cut(talk: Talk) -> None:
    talk.say(HEAD + b"Content-Length: %d\r\n\r\n" % (LIMITS.body_bytes + 1))
    answer = talk.line.value()
    assert talk.status == b"413"
    talk.say(b"x" * LIMITS.body_bytes)
    talk.clock.advance(LIMITS.linger_s - 0.1)
    assert (talk.line.value(), talk.line.is_aborted) == (answer, False)
    talk.clock.advance(0.1)
    assert talk.line.is_aborted
    assert talk.refusals == {RefusalReason.BODY_TOO_LARGE: 1}


@pytest.mark.parametrize(
    ("text", "status", "reason"),
    [
        (HEAD + b"X: " + b"x" * LIMITS.head_bytes, b"431", RefusalReason.HEAD_TOO_LARGE),
        (HEAD + b"X: 1\r\n" * (LIMITS.headers + 1), b"431", RefusalReason.HEAD_TOO_LARGE),
        (b"NOT HTTP AT ALL\r\n", b"400", RefusalReason.BAD_HTTP),
        (HEAD + b"no colon\r\n\r\n", b"400", RefusalReason.BAD_HTTP),
    ],
    ids=["a long line", "many headers", "no request", "no header"],
)
def test_what_is_no_request_is_refused_and_counted_once(
    talk: Talk, text: bytes, status: bytes, reason: RefusalReason
) -> None:
    talk.say(text)
    talk.say(text)
    assert (talk.status, talk.line.has_ended) == (status, True)
    assert talk.refusals == {reason: 1}


def test_a_connection_that_ended_has_no_deadline(talk: Talk) -> None:
    talk.say(HEAD)
    talk.protocol.connectionLost(None)
    talk.clock.advance(LIMITS.body_s)
    assert (talk.status, talk.clock.getDelayedCalls()) == (b"", [])


# --- the application's side -----------------------------------------------------------------
@pytest_asyncio.fixture
async def served(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DaphneTalk]:
    talk = DaphneTalk(monkeypatch, SMALL, Uploads([b"/up"], admit_all))
    yield talk
    talk.application.over.set()


async def admit_all(scope: object) -> bool:
    return True


def upload(size: int) -> bytes:
    return b"POST /up HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size


async def test_nothing_is_read_while_somebody_asks_who_sends_it(served: DaphneTalk) -> None:
    assert served.line.is_read
    served.say(upload(200_000))
    assert not served.line.is_read
    await until(lambda: served.line.is_read)


async def test_a_large_body_stays_in_its_file_until_it_is_read(served: DaphneTalk) -> None:
    served.say(upload(200_000))
    await until(lambda: served.line.is_read)
    served.say(bytes(200_000))
    await served.application.asked()
    (request,) = served.server.connections
    assert [message["body"] for message in request.application_queue._items] == [b""]
    assert len((await served.application.hear())["body"]) == 65_536


async def test_a_form_is_left_to_the_application(served: DaphneTalk) -> None:
    """The loop of the server must not read it, however large it is."""
    kind = b"Content-Type: application/x-www-form-urlencoded\r\n"
    served.say(b"POST / HTTP/1.1\r\nHost: x\r\n" + kind + b"Content-Length: 3\r\n\r\na=1")
    await served.application.asked()
    (request,) = served.server.connections
    assert request.args == {}
    assert await served.application.hear_body() == b"a=1"


async def test_the_question_about_a_sender_says_if_the_line_is_encrypted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    schemes: list[str] = []

    async def admits(scope: dict[str, Any]) -> bool:
        schemes.append(scope["scheme"])
        return False

    talk = DaphneTalk(monkeypatch, SMALL, Uploads([b"/up"], admits))
    alsoProvides(talk.line, ISSLTransport)
    talk.say(upload(21))
    await until(lambda: schemes)
    assert schemes == ["https"]


@pytest.mark.parametrize(
    ("is_begun", "status", "is_aborted"), [(False, [500], False), (True, [200], True)]
)
async def test_an_application_that_fails_is_an_answer_or_the_end_of_one(
    served: DaphneTalk, is_begun: bool, status: list[int], is_aborted: bool
) -> None:
    served.say(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    await served.application.asked()
    if is_begun:
        await served.application.begin()
        await served.application.write(b"o", more=True)
    (request,) = served.server.connections
    request.handle_exception(RuntimeError("broken"))
    assert (statuses(served), served.line.is_aborted) == (status, is_aborted)
    assert served.line.has_ended is not is_begun
    assert served.line.sent.endswith(b"o" if is_begun else text_of(500).encode())


async def test_an_application_that_fails_after_its_reader_left_says_nothing(
    served: DaphneTalk,
) -> None:
    served.say(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    await served.application.asked()
    (request,) = served.server.connections
    served.leave()
    request.handle_exception(RuntimeError("broken"))
    assert (statuses(served), served.line.is_aborted) == ([], False)


async def test_a_connection_carries_one_stream_after_another(
    served: DaphneTalk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last part need not say that it is the last, and Twisted finds nothing to complain of."""
    failures: list[object] = []
    logger = SimpleNamespace(failure=lambda _, failure: failures.append(failure))
    monkeypatch.setattr(DaphneRequest, "_log", logger)
    for number in (1, 2):
        served.say(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await served.application.asked(number)
        await served.application.begin(length=4)
        await served.application.write(b"ab", more=True)
        await served.application.calls[-1][1]({"type": "http.response.body", "body": b"cd"})
        assert served.line.sent.count(b"abcd") == number
    assert (statuses(served), failures) == ([200, 200], [])


# --- a reader that does not read ------------------------------------------------------------
@pytest.mark.parametrize("way", ["reads on", "leaves"])
async def test_a_stream_waits_after_each_part_while_the_line_is_full(
    served: DaphneTalk, way: str
) -> None:
    served.say(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    await served.application.asked()
    await served.application.begin(length=6)
    await served.application.write(b"ab", more=True)
    served.line.producer.pauseProducing()
    writing = asyncio.ensure_future(served.application.write(b"cd", more=True))
    await asyncio.sleep(0)
    assert (served.line.sent[-4:], writing.done()) == (b"abcd", False)
    if way == "leaves":
        served.leave()
    else:
        (request,) = served.server.connections
        request.producer.resumeProducing()
    await until(writing.done)
    writing.result()
    await served.application.write(b"ef", more=False)
    assert served.line.sent.endswith(b"cd" if way == "leaves" else b"abcdef")
    if way == "reads on":
        served.say(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await served.application.asked(2)
