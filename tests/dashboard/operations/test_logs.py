"""Log lines are whole, can be parsed, name their request, and hold no secret."""

import io
import json
import logging
import os
import re
from collections.abc import Callable

import pytest

from dashboard.operations.logs import JsonFormatter, LineFormatter, Masking
from dashboard.process import request_id
from dashboard.settings import LOGGING, SECRET_KEY

SECRET = "s3cr3t-of-the-upstream"
Log = Callable[..., str]


def logged(formatter: logging.Formatter, message: str, *args: object, **more: object) -> str:
    """Return the line that a logger writes."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(formatter)
    log = logging.Logger("feeds.upstream")
    log.addHandler(handler)
    log.warning(message, *args, **more)
    return out.getvalue()


def in_json(message: str, *args: object, **more: object) -> dict:
    line = logged(JsonFormatter(secrets=[SECRET]), message, *args, **more)
    assert line.count("\n") == 1
    return json.loads(line)


def test_a_line_of_json_says_what_when_and_where() -> None:
    entry = in_json("feed is late lag_s=%.2f feed=%s", 1.234, "demo")
    assert entry["message"] == "feed is late lag_s=1.23 feed=demo"
    assert entry["level"] == "warning"
    assert entry["logger"] == "feeds.upstream"
    assert entry["at"].endswith("+00:00")
    assert entry["fields"] == {"lag_s": 1.234, "feed": "demo"}
    assert "request_id" not in entry


def test_only_named_values_are_fields() -> None:
    assert in_json("%s lost, 100%% of it, error=%r", "redis", OSError("away"))["fields"] == {
        "error": "away"
    }
    assert "fields" not in in_json("nothing named %s", 1)
    assert "fields" not in in_json("no values at all")
    assert "fields" not in in_json("a mapping %(a)s", {"a": 1})


def test_a_value_that_json_has_not_is_text() -> None:
    assert in_json("lag=%s", float("nan"))["fields"] == {"lag": "nan"}
    assert in_json("who=%s", None)["fields"] == {"who": "None"}


def test_a_traceback_stays_on_the_line() -> None:
    try:
        raise ValueError(f"bad\nkey {SECRET}")
    except ValueError:
        entry = in_json("it failed", exc_info=True)
    assert "ValueError: bad\nkey ***" in entry["traceback"]


def test_a_message_cannot_forge_another_line() -> None:
    assert in_json("user=%s", 'eve\n{"level": "error"}')["level"] == "warning"


@pytest.fixture
def request_of_a_proxy():
    context = request_id._current.set("")
    request_id.begin([(b"host", b"x"), (b"x-request-id", b"id-of-the-proxy")])
    yield
    request_id._current.reset(context)


def test_a_line_names_its_request(request_of_a_proxy) -> None:
    assert in_json("hello")["request_id"] == "id-of-the-proxy"
    assert request_id.header() == [(b"x-request-id", b"id-of-the-proxy")]


def test_a_line_of_a_connection_names_that_and_not_whoever_woke_it(request_of_a_proxy) -> None:
    assert in_json("hello", extra={"request_id": "other"})["request_id"] == "other"


@pytest.mark.parametrize(
    "sent", [b"", b"short", b"x" * 65, b"with blank in it", b"new\nline-in-it", b"{json:injected}"]
)
def test_an_id_that_is_no_good_is_replaced(sent: bytes) -> None:
    token = request_id._current.set("")
    request_id.begin([(b"x-request-id", sent)])
    assert len(request_id.current()) == 16
    assert request_id.current() != sent.decode()
    request_id._current.reset(token)


@pytest.mark.parametrize("formatter", [JsonFormatter, LineFormatter])
@pytest.mark.parametrize(
    "message",
    [
        f"key={SECRET}",
        "redis://:hunter22@db/0 lost",
        "postgres://market:hunter22@db/market is away",
        "Cookie: sessionid=hunter22; csrftoken=hunter22",
        "{'Authorization': 'Basic hunter22'}",
        "password=hunter22 user=eve",
        'body {"password": "hunter22"}',
        "GET /?token=hunter22&x=1",
        "sessionid=hunter22",
    ],
)
def test_no_line_holds_a_secret(formatter: type, message: str) -> None:
    for line in (
        logged(formatter(secrets=[SECRET]), message),
        logged(formatter(secrets=[SECRET]), "it said text=%s", message),
    ):
        assert "hunter22" not in line
        assert SECRET not in line
        assert "***" in line


@pytest.mark.parametrize(
    "harmless", ["tokens were counted", "user=7 error=OSError(9, 'closed')", "https://a.example/b"]
)
def test_what_is_no_secret_stays(harmless: str) -> None:
    assert in_json(harmless)["message"] == harmless


def test_a_short_value_is_no_secret_and_the_shortest_is_masked() -> None:
    mask = Masking(["12345", "abcdef", ""])
    assert mask("12345 abcdef 12345abcdef") == "12345 *** 12345***"


def test_a_line_in_json_keeps_signs_of_other_scripts_and_its_process() -> None:
    line = logged(JsonFormatter(), "grün")
    assert "grün" in line
    entry = json.loads(line)
    assert entry["process"] == os.getpid()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", entry["at"])


def test_a_line_of_text_looks_as_ever() -> None:
    line = logged(LineFormatter(), "feed is late lag_s=%.2f", 1.5)
    assert line.endswith(" WARNING feeds.upstream feed is late lag_s=1.50\n")


def test_the_settings_hand_their_secrets_to_the_formatters() -> None:
    for formatter in LOGGING["formatters"].values():
        assert SECRET_KEY in formatter["secrets"]
