"""What a doctor says of a site and a bus, from what they answer."""

import io
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from urllib.error import HTTPError, URLError

import pytest
from websockets.exceptions import InvalidHandshake

from dashboard.operations import live_probes
from dashboard.operations.doctor import Diagnosis, Severity
from dashboard.operations.live_probes import bus_is_fed, site_answers
from feeds.exceptions import BusDown

BASIC = "Basic YWRhOnQ="
"""With base64 of `ada:t`."""


class Site:
    """A site that answers this; what it was asked, with the time that it had for its answer."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.health: Any = b'{"ok": true}'
        self.stream: Any = b"retry: 1000\n"
        self.greeting: Any = '{"version": 1}'
        self.asked: list[tuple[Any, ...]] = []
        monkeypatch.setattr(live_probes, "urlopen", self._open)
        monkeypatch.setattr(live_probes, "connect", self._connect)

    def _open(self, wanted: Any, *, timeout: float) -> io.BytesIO:
        if isinstance(wanted, str):
            self.asked.append((wanted, timeout))
            return io.BytesIO(given(self.health))
        self.asked.append((wanted.full_url, wanted.get_header("Authorization"), timeout))
        return io.BytesIO(given(self.stream))

    def _connect(self, target: str, *, additional_headers: Any, open_timeout: float) -> "Site":
        self.asked.append((target, additional_headers, open_timeout))
        return self

    def __enter__(self) -> "Site":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def recv(self, *, timeout: float) -> Any:
        assert timeout == 5.0
        return given(self.greeting)


def given(answer: Any) -> Any:
    if isinstance(answer, Exception):
        raise answer
    return answer


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Site:
    return Site(monkeypatch)


def findings(
    url: str = "https://x.test/", *, signed_in: bool = True
) -> list[tuple[str, Severity, str]]:
    listed = list(site_answers(url, "ada", "t" if signed_in else ""))
    assert all(bool(each.cure) == (each.level is not Severity.OK) for each in listed)
    return [(each.check, each.level, each.fact) for each in listed]


def test_a_site_that_is_well_answers_three_times(site: Site) -> None:
    assert findings() == [
        ("site", Severity.OK, "https://x.test/ is ready"),
        ("websocket", Severity.OK, "wss://x.test/ws/v1/ greets with version 1"),
        ("stream", Severity.OK, "https://x.test/sse/v1/ streams without a delay"),
    ]
    assert site.asked == [
        ("https://x.test/readyz", 5.0),
        ("wss://x.test/ws/v1/", {"Authorization": BASIC}, 5.0),
        ("https://x.test/sse/v1/", BASIC, 5.0),
    ]


def test_a_plain_address_has_plain_sockets(site: Site) -> None:
    findings("http://x.test:8000")
    assert site.asked[1][0] == "ws://x.test:8000/ws/v1/"


def unready(code: int, text: bytes = b"") -> HTTPError:
    return HTTPError("https://x.test/readyz", code, "", {}, io.BytesIO(text))  # type: ignore[arg-type]


def test_a_proxy_may_keep_the_health_inside(site: Site) -> None:
    site.health = unready(404)
    fact = "https://x.test/ answers; its proxy keeps /readyz inside"
    assert findings()[0] == ("site", Severity.OK, fact)
    assert len(findings()) == 3


def test_a_site_that_is_not_ready_says_what_is_wrong(site: Site) -> None:
    site.health = unready(503, b"the market\xff" + b"x" * 2_000)
    check, level, fact = findings()[0]
    assert (check, level) == ("site", Severity.ERROR)
    assert fact == "https://x.test/ is not ready: 503 the market\ufffd" + 989 * "x"
    site.health = unready(503)
    assert len(findings()) == 3, "its readers may come in all the same"


@pytest.mark.parametrize("answer", [URLError("refused"), TimeoutError("late"), b"<html>"])
def test_what_does_not_answer_as_a_site_is_asked_no_more(site: Site, answer: Any) -> None:
    site.health = answer
    [(check, level, fact)] = findings()
    assert (check, level) == ("site", Severity.ERROR)
    assert fact.startswith("https://x.test/ does not answer: ")


def test_without_a_token_readers_are_not_tried(site: Site) -> None:
    fact = "was not tried without --token"
    assert findings(signed_in=False)[1:] == [
        ("websocket", Severity.WARNING, fact),
        ("stream", Severity.WARNING, fact),
    ]
    assert len(site.asked) == 1


@pytest.mark.parametrize("answer", [InvalidHandshake("401"), TimeoutError("late"), "<html>"])
def test_a_socket_that_fails_is_found(site: Site, answer: Any) -> None:
    site.greeting = answer
    _, (check, level, fact), stream = findings()
    assert (check, level, stream[1]) == ("websocket", Severity.ERROR, Severity.OK)
    assert fact.startswith("wss://x.test/ws/v1/ failed: ")


@pytest.mark.parametrize("line", [b"data: 1\n", b"id: 1\n", b"retry: 1\n", b":\n"])
def test_a_stream_begins_with_an_event(site: Site, line: bytes) -> None:
    site.stream = line
    assert findings()[2][1] is Severity.OK


@pytest.mark.parametrize(
    ("answer", "fact"),
    [
        (b"<html>" + b"x" * 200, f"sent {'<html>' + 74 * 'x'!r}, no event"),
        (b"", "sent '', no event"),
        (URLError("refused"), "failed: <urlopen error refused>"),
    ],
)
def test_a_stream_without_events_is_found(site: Site, answer: Any, fact: str) -> None:
    site.stream = answer
    assert findings()[2] == ("stream", Severity.ERROR, f"https://x.test/sse/v1/ {fact}")


# --- the bus --------------------------------------------------------------------------------
class Bus:
    """A bus with these batches, or with an error instead."""

    def __init__(self, *batches: int, error: Exception | None = None) -> None:
        self._batches, self._error = batches, error
        self.is_closed = False

    async def attach(self) -> "Bus":
        if self._error is not None:
            raise self._error
        return self

    async def batches(self) -> Any:
        for last in self._batches:
            yield SimpleNamespace(last=last)

    async def close(self) -> None:
        self.is_closed = True


@pytest.mark.parametrize(
    ("bus", "said"),
    [
        (Bus(7, 8), {"redis": "answers", "feed": "writes, and is at 7"}),
        (Bus(), {"redis": "answers", "feed": "writes, and is at 0"}),
        (Bus(error=BusDown("no feed has begun")), {"feed": "no feed has begun"}),
        (Bus(error=BusDown("connection refused")), {"redis": "connection refused"}),
        (Bus(error=TimeoutError()), {"feed": "nothing was written for 5 s"}),
    ],
)
def test_a_bus_has_a_feed_that_writes(
    monkeypatch: pytest.MonkeyPatch, bus: Bus, said: dict[str, str]
) -> None:
    monkeypatch.setattr(live_probes, "RedisBus", lambda url, clock: bus)
    found: Iterator[Diagnosis] = bus_is_fed("redis://r")
    listed = list(found)
    assert {each.check: each.fact for each in listed} == said
    assert {each.check for each in listed if each.level is Severity.OK} == (
        {"redis", "feed"} if len(said) == 2 else set()
    )
    if len(said) == 1:
        start = "Start manage.py runfeed" if "feed" in said else "Start Redis"
        assert listed[0].cure.startswith(start)
    assert bus.is_closed


def test_without_redis_the_feed_runs_in_the_web_process() -> None:
    [found] = bus_is_fed("")
    assert (found.check, found.level) == ("redis", Severity.OK)
