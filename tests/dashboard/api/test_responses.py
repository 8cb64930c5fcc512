"""What programs hear of errors, and when they are sent the same again."""

import json

import pytest
from django.test import RequestFactory
from ninja.errors import ValidationError

from dashboard.api.responses import (
    bad_parameter,
    cacheable_json,
    fresh_json,
    no_endpoint,
    refused_response,
)
from dashboard.transports.gatekeeper import RequestRefused
from dashboard.wire.registry import Error


def fault(*location: str, text: str = "Input should be a valid integer") -> dict[str, object]:
    return {"type": "int_parsing", "loc": location, "msg": text}


def test_the_first_fault_is_named_with_its_parameter() -> None:
    found = bad_parameter(ValidationError([fault("query", "limit"), fault("query", "from")]))
    assert (found.status_code, found["Cache-Control"]) == (400, "no-store")
    assert json.loads(found.content)["error"] == {
        "code": 404,
        "name": "bad_parameters",
        "message": "limit: Input should be a valid integer",
        "retry": False,
    }


def test_a_long_fault_is_cut() -> None:
    """It may repeat what was sent."""
    found = bad_parameter(ValidationError([fault("query", "to", text="x" * 300)]))
    assert json.loads(found.content)["error"]["message"] == "to: " + 196 * "x"


@pytest.mark.parametrize(
    ("code", "status", "retry_after"),
    [
        (Error.SIGNED_OUT, 401, None),
        (Error.FORBIDDEN, 403, None),
        (Error.TOO_MANY_SYMBOLS, 400, None),
        (Error.TOO_MANY_COMMANDS, 429, "1"),
        (Error.UNAVAILABLE, 503, "1"),
    ],
)
def test_a_refusal_has_its_status_and_says_when_to_come_back(
    code: Error, status: int, retry_after: str | None
) -> None:
    refused = refused_response(RequestRefused(code, "a fact"))
    assert (refused.status_code, refused.get("Retry-After")) == (status, retry_after)
    error = json.loads(refused.content)["error"]
    assert (error["code"], error["message"]) == (code, "a fact")


async def test_a_long_address_is_repeated_in_part() -> None:
    answer = await no_endpoint(RequestFactory().get("/" + 120 * "x"))
    assert answer.status_code == 404
    said = json.loads(answer.content)["error"]["message"]
    assert said == f"there is no endpoint at '/{99 * 'x'}'"


@pytest.mark.parametrize(
    ("known", "status"),
    [("{}", 304), ('"a", {} ,"b"', 304), ('"a","b"', 200), ("", 200), ("W/{}", 200)],
)
def test_who_has_the_same_already_gets_nothing(known: str, status: int) -> None:
    tag = cacheable_json(RequestFactory().get("/"), {"a": 1})["ETag"]
    assert len(tag) == 34
    request = RequestFactory().get("/", headers={"if-none-match": known.replace("{}", tag)})
    answer = cacheable_json(request, {"a": 1})
    assert (answer.status_code, answer["ETag"]) == (status, tag)
    assert answer["Cache-Control"] == "private, no-cache"
    assert answer.content == (b"" if status == 304 else b'{"a":1}')
    assert cacheable_json(request, {"a": 2}).status_code == 200


def test_no_cache_gives_the_answer_of_one_person_to_another() -> None:
    for answer in (fresh_json({}), cacheable_json(RequestFactory().get("/"), {})):
        assert answer["Vary"] == "Authorization, Cookie"
        assert answer["Content-Type"] == "application/json"
