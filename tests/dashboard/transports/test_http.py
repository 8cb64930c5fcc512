"""Whatever ends a request over HTTP is answered with its own status, or with nothing."""

import asyncio
import gc
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from django.db import OperationalError

from dashboard.exceptions import (
    CommandRefused,
    ConnectionClosed,
    HubClosing,
    HubFull,
    TooManyConnections,
)
from dashboard.transports.gatekeeper import RequestRefused
from dashboard.transports.http import answer, respond
from dashboard.wire.registry import Close, Error

Message = dict[str, Any]


class Caller:
    """Asks once, and leaves when the test says so."""

    def __init__(self, *, method: str = "GET") -> None:
        self.scope = {"type": "http", "method": method}
        self.sent: list[Message] = []
        self.leaves = asyncio.Event()
        self._is_read = False

    async def receive(self) -> Message:
        if not self._is_read:
            self._is_read = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.leaves.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    async def ask(self, serve: Callable[[], Awaitable[None]]) -> None:
        await asyncio.wait_for(answer(self.scope, self.receive, self.send, serve), 5)

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.sent[0]["headers"])


def failing(error: Exception) -> Callable[[], Awaitable[None]]:
    async def serve() -> None:
        raise error

    return serve


@pytest.mark.parametrize(
    ("error", "status", "name", "message"),
    [
        (RequestRefused(Error.FORBIDDEN, "elsewhere"), 403, "forbidden", "elsewhere"),
        (RequestRefused(Error.SIGNED_OUT, "nobody"), 401, "signed_out", "nobody"),
        (CommandRefused(Error.BAD_PARAMETERS, "x"), 400, "bad_parameters", "x"),
        (CommandRefused(Error.UNAVAILABLE, "later"), 503, "unavailable", "later"),
        (TooManyConnections("limit is 3"), 429, "too_many_commands", "limit is 3"),
        (HubClosing("it stops"), 503, "unavailable", "it stops"),
        (HubFull("limit is 9"), 503, "unavailable", "limit is 9"),
        (
            *(ConnectionClosed(Close.SIGNED_OUT), 401),
            *("signed_out", "signed out, expired or deactivated"),
        ),
        (
            *(ConnectionClosed(Close.ACCESS_CHANGED), 503),
            *("unavailable", "your access has changed"),
        ),
        (OperationalError("locked"), 503, "unavailable", "accounts cannot be read now"),
    ],
)
async def test_an_end_has_its_own_answer(
    error: Exception, status: int, name: str, message: str
) -> None:
    caller = Caller()
    await caller.ask(failing(error))
    start, body = caller.sent
    error_there = json.loads(body["body"])["error"]
    assert (start["status"], error_there["name"], error_there["message"]) == (status, name, message)
    assert caller.headers[b"content-type"] == b"application/json"
    assert caller.headers.get(b"retry-after") == (b"1" if status in (429, 503) else None)


async def test_a_line_that_broke_is_answered_with_nothing() -> None:
    caller = Caller()
    await caller.ask(failing(ConnectionResetError()))
    assert caller.sent == []


async def test_an_unknown_error_is_the_server_s_to_report() -> None:
    with pytest.raises(ZeroDivisionError):
        await Caller().ask(failing(ZeroDivisionError()))


async def test_who_leaves_ends_its_request_whatever_that_waits_for() -> None:
    caller, steps = Caller(), []

    async def serve() -> None:
        try:
            steps.append("begun")
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            steps.append("left the hub")

    asking = asyncio.ensure_future(caller.ask(serve))
    while not steps:
        await asyncio.sleep(0)
    caller.leaves.set()
    await asking
    assert (steps, caller.sent) == (["begun", "left the hub"], [])


async def test_an_error_after_the_reader_left_is_not_reported_as_lost() -> None:
    caller, steps, lost = Caller(), [], []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: lost.append(context))

    async def serve() -> None:
        try:
            steps.append("begun")
            await asyncio.Event().wait()
        finally:
            raise ZeroDivisionError

    asking = asyncio.ensure_future(caller.ask(serve))
    while not steps:
        await asyncio.sleep(0)
    caller.leaves.set()
    await asking
    gc.collect()
    assert (lost, caller.sent) == ([], [])


async def test_only_get_is_served() -> None:
    caller = Caller(method="POST")
    await caller.ask(failing(ZeroDivisionError()))
    assert (caller.sent[0]["status"], caller.headers[b"allow"]) == (405, b"GET")


async def test_an_answer_says_how_long_it_is_and_is_kept_by_nobody() -> None:
    caller = Caller()
    await respond(caller.send, 200, b"four", [(b"x-more", b"1")])
    assert caller.sent[1] == {"type": "http.response.body", "body": b"four"}
    assert caller.headers == {
        b"cache-control": b"no-store",
        b"x-content-type-options": b"nosniff",
        b"cross-origin-resource-policy": b"same-origin",
        b"x-more": b"1",
        b"content-length": b"4",
    }
