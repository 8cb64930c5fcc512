"""The bounds and deadlines of requests, the same on both servers, over a line in memory."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from dashboard.process.refusal_reasons import RefusalReason
from dashboard.servers.uploads import Uploads
from tests.dashboard.servers.http_talks import LIMITS, Connect, statuses
from tests.support.waiting import until

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


def post(length: int, path: bytes = b"/") -> bytes:
    """Return the head of a request with a body of a declared length."""
    return b"POST %b HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (path, length)


def chunk(size: int) -> bytes:
    return b"%x\r\n%b\r\n" % (size, b"y" * size)


# --- bodies ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "request_bytes",
    [post(20) + b"y" * 20, CHUNKED + chunk(15) + chunk(5) + b"0\r\n\r\n"],
    ids=["a declared body", "a chunked body"],
)
async def test_a_body_of_the_most_bytes_arrives_whole(
    connect: Connect, request_bytes: bytes
) -> None:
    talk = connect()
    talk.say(request_bytes)
    await talk.application.asked()
    assert await talk.application.hear_body() == b"y" * 20
    await talk.application.answer()
    assert (statuses(talk), talk.line.sent[-2:], talk.refusals) == ([200], b"ok", {})


@pytest.mark.parametrize(
    "request_bytes",
    [post(21), CHUNKED + chunk(15) + chunk(6) + b"0\r\n\r\n", post(21, b"/up")],
    ids=["a declared body", "a chunked body", "an import by nobody"],
)
async def test_a_body_of_more_is_refused_and_counted(
    connect: Connect, request_bytes: bytes
) -> None:
    talk = connect(uploads=Uploads([b"/up"]))
    talk.say(request_bytes)
    await until(lambda: talk.line.has_ended)
    assert statuses(talk) == [413]
    assert talk.refusals == {RefusalReason.BODY_TOO_LARGE: 1}
    assert talk.line.is_read
    talk.advance(LIMITS.linger_s)
    assert talk.line.is_aborted


class Door:
    """Asks whether somebody may send a large body; a test answers."""

    def __init__(self) -> None:
        self.scopes: list[dict[str, Any]] = []
        self._answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.uploads = Uploads([b"/up"], self.admits)

    async def admits(self, scope: dict[str, Any]) -> bool:
        self.scopes.append(scope)
        return await self._answer

    def say(self, answer: bool) -> None:
        self._answer.set_result(answer)


@pytest.mark.parametrize("size", [21, 65_535, 65_536, 65_537, 131_072, 200_000])
async def test_an_import_by_somebody_who_may_arrives_whole(connect: Connect, size: int) -> None:
    door = Door()
    talk = connect(uploads=door.uploads)
    body = (bytes(range(251)) * 800)[:size]
    talk.say(post(size, b"/up?a=b"))
    await until(lambda: door.scopes)
    (scope,) = door.scopes
    asked = scope["type"], scope["path"], scope["scheme"], scope["client"][0]
    assert asked == ("http", "/up", "http", talk.address)
    assert (b"content-length", b"%d" % size) in scope["headers"]
    assert (b"host", b"x") in scope["headers"]
    assert statuses(talk) == []
    door.say(True)
    await until(lambda: talk.line.is_read)
    for start in range(0, size, 50_000):
        talk.say(body[start : start + 50_000])
    await talk.application.asked()
    assert await talk.application.hear_body() == body
    await talk.application.answer()
    assert (statuses(talk), talk.refusals) == ([200], {})
    assert await talk.application.hear() == {"type": "http.disconnect"}


@pytest.mark.parametrize("is_heard", [False, True])
async def test_an_import_whose_sender_leaves_ends_for_who_reads_it(
    connect: Connect, is_heard: bool
) -> None:
    door = Door()
    door.say(True)
    talk = connect(uploads=door.uploads)
    talk.say(post(70_000, b"/up"))
    await until(lambda: door.scopes and talk.line.is_read)
    talk.say(bytes(70_000))
    await talk.application.asked()
    if is_heard:
        assert await talk.application.hear_body() == bytes(70_000)
    hearing = asyncio.ensure_future(talk.application.hear()) if is_heard else None
    await asyncio.sleep(0)
    talk.leave()
    assert await (hearing or talk.application.hear()) == {"type": "http.disconnect"}


@pytest.mark.parametrize("answer", [True, False])
async def test_who_is_asked_too_late_changes_nothing(connect: Connect, answer: bool) -> None:
    door = Door()
    talk = connect(uploads=door.uploads)
    talk.say(post(21, b"/up"))
    await until(lambda: door.scopes)
    talk.advance(LIMITS.upload_s)
    assert (statuses(talk), talk.line.has_ended) == ([408], True)
    door.say(answer)
    other = Door()
    gone = connect(uploads=other.uploads)
    gone.say(post(21, b"/up"))
    await until(lambda: other.scopes)
    gone.leave()
    other.say(answer)
    await asyncio.sleep(0)
    assert (statuses(talk), talk.refusals) == ([408], {RefusalReason.TOO_LATE: 1})
    assert (statuses(gone), gone.refusals) == ([], {})


EXPECTING = b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"


async def test_who_asks_before_a_body_hears_to_go_on_or_why_not(connect: Connect) -> None:
    talk = connect()

    async def hear_body() -> bytes:
        await talk.application.asked()
        return await talk.application.hear_body()

    talk.say(EXPECTING % 20)
    hearing = asyncio.ensure_future(hear_body())
    await until(lambda: statuses(talk) == [100])
    talk.say(b"y" * 20)
    assert await hearing == b"y" * 20
    refused = connect()
    refused.say(EXPECTING % 21)
    assert statuses(refused) == [413]


async def test_an_import_by_somebody_who_may_not_is_refused_unread(connect: Connect) -> None:
    door = Door()
    talk = connect(uploads=door.uploads)
    talk.say(post(21, b"/up"))
    await until(lambda: door.scopes)
    door.say(False)
    await until(lambda: talk.line.has_ended)
    assert (statuses(talk), talk.application.scopes) == ([413], [])
    assert talk.refusals == {RefusalReason.BODY_TOO_LARGE: 1}


@pytest.mark.parametrize(
    "request_bytes",
    [post(200_001, b"/up"), post(21, b"/other"), post(21, b"/up/more")],
    ids=["over the bound of imports", "another path", "a path below"],
)
async def test_what_is_no_import_is_refused_and_nobody_asks_who_sends_it(
    connect: Connect, request_bytes: bytes
) -> None:
    door = Door()
    talk = connect(uploads=door.uploads)
    talk.say(request_bytes)
    assert (statuses(talk), door.scopes, talk.application.scopes) == ([413], [], [])


@pytest.mark.parametrize(("size", "seconds"), [(20, LIMITS.body_s), (21, LIMITS.upload_s)])
async def test_a_large_body_has_more_time(connect: Connect, size: int, seconds: float) -> None:
    door = Door()
    door.say(True)
    talk = connect(uploads=door.uploads)
    talk.advance(LIMITS.head_s - 1)
    talk.say(post(size, b"/up"))
    talk.advance(seconds - 1)
    assert statuses(talk) == []
    talk.advance(1)
    assert statuses(talk) == [408]
    assert talk.refusals == {RefusalReason.TOO_LATE: 1}


# --- heads ----------------------------------------------------------------------------------
def with_headers(count: int) -> bytes:
    return b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * (count - 1) + b"\r\n"


async def test_as_many_headers_as_are_allowed_are_served(connect: Connect) -> None:
    talk = connect()
    talk.say(with_headers(5))
    await talk.application.asked()
    assert len(talk.application.scopes[0]["headers"]) == 5


@pytest.mark.parametrize(
    ("request_bytes", "status", "reason"),
    [
        (with_headers(6), 431, RefusalReason.HEAD_TOO_LARGE),
        (b"GET /" + b"x" * 401 + b" HTTP/1.1\r\n\r\n", 431, RefusalReason.HEAD_TOO_LARGE),
        (b"GET / HTTP/1.1\r\nA: " + b"x" * 401 + b"\r\n\r\n", 431, RefusalReason.HEAD_TOO_LARGE),
        (b"GET / HTTP/1.1\r\nA: " + b"x" * 1_200, 431, RefusalReason.HEAD_TOO_LARGE),
        (b"SOME THING\r\n\r\n", 400, RefusalReason.BAD_HTTP),
        (b"GET / HTTP/1.1\r\nA: b\x00c\r\n\r\n", 400, RefusalReason.BAD_HTTP),
    ],
    ids=["headers", "a line", "a header", "no end", "no HTTP", "a control character"],
)
async def test_a_head_over_a_bound_is_refused_and_counted_once(
    connect: Connect, request_bytes: bytes, status: int, reason: RefusalReason
) -> None:
    talk = connect()
    talk.say(request_bytes)
    assert (statuses(talk), talk.line.has_ended) == ([status], True)
    talk.say(GET)
    assert statuses(talk) == [status]
    assert (talk.refusals, talk.application.scopes) == ({reason: 1}, [])


async def test_every_request_of_a_connection_has_the_whole_bounds(connect: Connect) -> None:
    talk = connect()
    for number in range(3):
        talk.say(post(20, b"/" + b"x" * 250) + b"y" * 20)
        await talk.application.asked(number + 1)
        assert await talk.application.hear_body() == b"y" * 20
        await talk.application.answer()
    assert statuses(talk) == [200, 200, 200]


# --- the time between requests --------------------------------------------------------------
async def test_a_silent_connection_ends_without_an_answer(connect: Connect) -> None:
    talk = connect()
    talk.advance(LIMITS.head_s - 1)
    assert not talk.line.is_closed
    talk.advance(1)
    assert (talk.line.is_closed, talk.line.sent, talk.refusals) == (True, b"", {})


async def test_a_head_has_its_time_however_often_bytes_come(connect: Connect) -> None:
    talk = connect()
    for part in (b"GET / HTTP/1.1\r\n", *[b"A: b\r\n"] * 4):
        talk.advance(LIMITS.head_s / 5 - 0.1)
        talk.say(part)
    assert statuses(talk) == []
    talk.advance(0.5)
    assert (statuses(talk), talk.refusals) == ([408], {RefusalReason.TOO_LATE: 1})


async def test_a_connection_between_requests_ends_without_an_answer(connect: Connect) -> None:
    talk = connect()
    talk.say(GET)
    await talk.application.asked()
    talk.advance(1_000)  # an answer may take any time
    await talk.application.answer()
    answer = talk.line.sent
    talk.advance(LIMITS.idle_s - 1)
    assert not talk.line.is_closed
    talk.advance(1)
    assert (talk.line.is_closed, talk.line.sent, talk.refusals) == (True, answer, {})


async def test_the_next_request_has_its_time_from_its_first_byte_on(connect: Connect) -> None:
    talk = connect()
    talk.say(GET)
    await talk.application.asked()
    await talk.application.answer()
    talk.advance(LIMITS.idle_s - 1)
    talk.say(GET[:5])
    talk.advance(LIMITS.head_s - 1)
    assert (talk.line.is_closed, statuses(talk)) == (False, [200])
    talk.advance(1)
    assert (statuses(talk), talk.refusals) == ([200, 408], {RefusalReason.TOO_LATE: 1})


async def test_a_request_that_came_early_is_served_after_the_one_before(connect: Connect) -> None:
    talk = connect()
    talk.say(GET + post(2) + b"yy" + GET)
    for number in range(3):
        await talk.application.asked(number + 1)
        assert len(talk.application.scopes) == number + 1
        await talk.application.answer(b"%d" % number)
    assert [scope["method"] for scope in talk.application.scopes] == ["GET", "POST", "GET"]
    assert [part[-1:] for part in talk.line.sent.split(b"HTTP/1.1 ")[1:]] == [b"0", b"1", b"2"]
    talk.advance(LIMITS.idle_s)
    assert talk.line.is_closed


@pytest.mark.parametrize(
    ("begun", "seconds"), [(GET[:5], LIMITS.head_s), (post(5) + b"yy", LIMITS.body_s)]
)
async def test_a_request_of_which_a_part_came_early_has_its_whole_time(
    connect: Connect, begun: bytes, seconds: float
) -> None:
    talk = connect(replace(LIMITS, idle_s=1))
    talk.say(GET + begun)
    await talk.application.asked()
    await talk.application.answer()
    talk.advance(seconds - 0.1)
    assert (statuses(talk), talk.line.is_closed) == ([200], False)
    talk.advance(0.1)
    assert (statuses(talk), talk.refusals) == ([200, 408], {RefusalReason.TOO_LATE: 1})


@pytest.mark.parametrize(
    "head", [b"GET / HTTP/1.1\r\nConnection: close\r\n", b"GET / HTTP/1.0\r\n"]
)
async def test_a_connection_for_one_request_ends_with_its_answer(
    connect: Connect, head: bytes
) -> None:
    talk = connect()
    talk.say(head + b"\r\n")
    await talk.application.asked()
    await talk.application.answer()
    assert (statuses(talk), talk.line.is_closed) == ([200], True)
    assert talk.timers == 0


@pytest.mark.parametrize("is_answered", [False, True])
async def test_a_connection_that_is_lost_has_no_deadline_and_its_readers_know(
    connect: Connect, is_answered: bool
) -> None:
    talk = connect()
    talk.say(GET)
    await talk.application.asked()
    assert (await talk.application.hear())["type"] == "http.request"
    if is_answered:
        await talk.application.answer()
    talk.leave()
    assert await talk.application.hear() == {"type": "http.disconnect"}
    assert talk.timers == 0
