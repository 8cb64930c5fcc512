"""Headers of requests, the same on both servers, over a line in memory."""

import pytest

from dashboard.servers import daphne_headers, uvicorn_headers
from tests.dashboard.servers.http_talks import Connect, DaphneTalk, statuses
from tests.support.log_lines import lines_of


def get(*headers: bytes) -> bytes:
    return b"GET /a?b=c HTTP/1.1\r\nHost: x\r\n" + b"".join(h + b"\r\n" for h in headers) + b"\r\n"


@pytest.mark.parametrize(
    "value",
    [b"\xc3\x85 b", b"\xc2\xa0b", b"\x85", b"a\x85\xa0b", b"\xff\x80", b"a\tb"],
    ids=repr,
)
async def test_any_byte_that_http_allows_arrives(connect: Connect, value: bytes) -> None:
    talk = connect()
    talk.say(get(b"Name: " + value, b"Other: plain"))
    await talk.application.asked()
    (scope,) = talk.application.scopes
    assert dict(scope["headers"]) == {b"host": b"x", b"name": value, b"other": b"plain"}
    assert (scope["path"], scope["query_string"], scope["root_path"]) == ("/a", b"b=c", "")


@pytest.mark.parametrize("value", [b"a\x00b", b"a\x01b", b"\x02", b"a\x7fb"], ids=repr)
async def test_a_control_character_is_refused_and_its_header_logged(
    connect: Connect, value: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    talk = connect()
    talk.say(get(b"Fine: x", b"Name: " + value))
    assert (statuses(talk), talk.application.scopes) == ([400], [])
    assert _lines(caplog) == ["request refused: control character in header Name"]


async def test_another_fault_is_not_laid_to_a_header(
    connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    talk = connect()
    talk.say(b"SOME THING\r\n\r\n")
    assert (statuses(talk), _lines(caplog)) == ([400], [])


def _lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return lines_of(caplog, daphne_headers) + lines_of(caplog, uvicorn_headers)


async def test_no_header_moves_the_links_of_pages(connect: Connect) -> None:
    talk = connect()
    talk.say(get(b"Daphne-Root-Path: /evil"))
    await talk.application.asked()
    assert talk.application.scopes[0]["root_path"] == ""


async def test_an_upgrade_to_something_unknown_is_a_plain_request(connect: Connect) -> None:
    talk = connect()
    talk.say(get(b"Connection: Upgrade", b"Upgrade: something"))
    await talk.application.asked()
    assert talk.application.scopes[0]["type"] == "http"
    await talk.application.answer()
    assert statuses(talk) == [200]


@pytest.mark.parametrize(("value", "arrives"), [(b"plain", True), (b"pl\xe4in", False)])
async def test_a_subprotocol_that_daphne_could_not_read_does_not_arrive(
    monkeypatch: pytest.MonkeyPatch, value: bytes, arrives: bool
) -> None:
    talk = DaphneTalk(monkeypatch)
    talk.say(get(b"Sec-WebSocket-Protocol: " + value))
    await talk.application.asked()
    headers = dict(talk.application.scopes[0]["headers"])
    assert headers.get(b"sec-websocket-protocol") == (value if arrives else None)
    talk.application.over.set()
