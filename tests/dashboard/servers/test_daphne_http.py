"""The deadlines and bounds of requests on Daphne, over a connection in memory."""

from collections import Counter

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from dashboard.process.refusal_reasons import RefusalReason
from dashboard.servers.daphne import DaphneServer
from dashboard.servers.daphne_http import DaphneFactory
from dashboard.servers.limits import LIMITS
from dashboard.servers.uploads import Uploads

HEAD = b"POST / HTTP/1.1\r\nHost: x\r\n"


class Line(StringTransport):
    """Keeps what the server writes and what it does with the line."""

    has_ended = is_aborted = False

    def loseWriteConnection(self) -> None:  # noqa: N802 Twisted's name
        self.has_ended = True

    def abortConnection(self) -> None:  # noqa: N802 Twisted's name
        self.is_aborted = True


class Talk:
    """A connection to Daphne, and a clock that a test moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock, self.line = Clock(), Line()
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
