"""A response has the id of its request, and is otherwise what it was."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from dashboard.process import request_id

START = {"type": "http.response.start", "status": 200, "headers": [(b"vary", b"cookie")]}
BODY = {"type": "http.response.body", "body": b"text"}
ID = (b"x-request-id", b"id-of-a-request")


@pytest.fixture
def sent() -> Iterator[list[dict[str, Any]]]:
    """The messages of a response, outside of any request until the test begins one."""
    context = request_id._current.set("")
    yield []
    request_id._current.reset(context)


async def answer(sent: list[dict[str, Any]], *messages: dict[str, Any]) -> None:
    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    for message in messages:
        await request_id.telling(send)(message)


async def test_a_response_has_the_id_of_its_request(sent: list[dict[str, Any]]) -> None:
    request_id.begin([ID])
    await answer(sent, START, BODY)
    assert sent == [START | {"headers": [(b"vary", b"cookie"), ID]}, BODY]


async def test_a_response_without_headers_has_the_id_too(sent: list[dict[str, Any]]) -> None:
    request_id.begin([ID])
    await answer(sent, {"type": "http.response.start", "status": 204})
    assert sent == [{"type": "http.response.start", "status": 204, "headers": [ID]}]


async def test_without_a_request_there_is_no_id(sent: list[dict[str, Any]]) -> None:
    await answer(sent, START, BODY)
    assert (sent, request_id.current()) == ([START, BODY], "")


@pytest.mark.parametrize(
    ("headers", "is_taken"),
    [
        ([(b"x-request-id", b"a.b_c-D1")], True),
        ([(b"x-request-id", b"x" * 64)], True),
        ([(b"x-request-id", b"x" * 65)], False),
        ([(b"x-request-id", b"x" * 7)], False),
        ([(b"x-request-id", b"abcdefg h")], False),
        ([(b"x-request-id", b"abcdefgh\n")], False),
        ([(b"x-request-ids", b"abcdefgh")], False),
        (
            [(b"host", b"market.example"), (b"x-request-id", b"abcdefgh"), (b"x-request-id", b"-")],
            True,
        ),
        ([], False),
    ],
)
def test_a_usable_id_is_taken_over_and_else_there_is_a_new_one(
    sent: list[dict[str, Any]], headers: list[tuple[bytes, bytes]], *, is_taken: bool
) -> None:
    request_id.begin(headers)
    taken = request_id.current()
    assert (taken.encode() in [value for _, value in headers]) is is_taken
    assert is_taken or re.fullmatch("[0-9a-f]{16}", taken)
    request_id.begin(headers)
    assert (request_id.current() == taken) is is_taken
    assert request_id.header() == [(b"x-request-id", request_id.current().encode())]
