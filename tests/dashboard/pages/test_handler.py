"""Requests for pages take turns: so many at once, and none for visitors who have left."""

import asyncio
import gc
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.urls import path

from dashboard.pages import handler
from dashboard.pages.handler import PageHandler, Turn
from tests.support.waiting import until

AT_ONCE = 2


class Visitor:
    """Somebody who asks for a page; what they are answered, and whether they have left."""

    def __init__(self, *, has_body: bool = True, takes: bool = True, query: bytes = b"") -> None:
        self._takes = takes
        self._incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.statuses: list[int] = []
        if has_body:
            self.send_body()
        scope = {
            "type": "http", "method": "GET", "path": "/", "query_string": query, "headers": [],
            "http_version": "1.1",
        }  # fmt: skip
        self.serving = asyncio.ensure_future(
            PAGES["handler"](scope, self._incoming.get, self._take)
        )

    def send_body(self) -> None:
        self._incoming.put_nowait({"type": "http.request", "body": b"", "more_body": False})

    def leave(self) -> None:
        self._incoming.put_nowait({"type": "http.disconnect"})

    async def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.statuses.append(message["status"])
        if not self._takes:
            await asyncio.Event().wait()


PAGES: dict[str, PageHandler] = {}
"""The handler of the test that runs."""


class Site:
    """A page whose answers the test lets go; `asked` are the requests that reached it."""

    def __init__(self) -> None:
        self.asked = 0
        self._answer = asyncio.Event()

    def answer(self) -> None:
        self._answer.set()

    async def page(self, request: HttpRequest) -> HttpResponse:
        self.asked += 1
        await self._answer.wait()
        return HttpResponse()


SITES: dict[str, Site] = {}


async def page(request: HttpRequest) -> HttpResponse:
    return await SITES["site"].page(request)


urlpatterns = [path("", page)]


@pytest.fixture
async def site(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Site:
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = []
    monkeypatch.setattr(handler, "PAGES_AT_ONCE", AT_ONCE)
    PAGES["handler"] = PageHandler()
    SITES["site"] = Site()
    return SITES["site"]


async def test_only_so_many_pages_are_made_at_once(site: Site) -> None:
    visitors = [Visitor() for _ in range(AT_ONCE + 3)]
    await until(lambda: site.asked == AT_ONCE)
    site.answer()
    await asyncio.gather(*(visitor.serving for visitor in visitors))
    assert [visitor.statuses for visitor in visitors] == [[200]] * len(visitors)
    assert site.asked == len(visitors)


async def test_a_visitor_who_leaves_while_waiting_is_not_served(site: Site) -> None:
    served = [Visitor() for _ in range(AT_ONCE)]
    await until(lambda: site.asked == AT_ONCE)
    gone = Visitor()
    gone.leave()
    await gone.serving
    site.answer()
    await asyncio.gather(*(visitor.serving for visitor in served))
    after = Visitor()
    await after.serving
    assert site.asked == AT_ONCE + 1
    assert gone.statuses == []
    assert after.statuses == [200]


async def test_a_slow_body_keeps_nobody_waiting(site: Site) -> None:
    slow = [Visitor(has_body=False) for _ in range(AT_ONCE)]
    site.answer()
    quick = Visitor()
    await quick.serving
    assert quick.statuses == [200]
    for visitor in slow:
        visitor.send_body()
        await visitor.serving
        assert visitor.statuses == [200]


@pytest.mark.slow
async def test_a_request_that_is_cancelled_leaves_no_task_with_an_error(site: Site) -> None:
    """A server cancels what does not end; asyncio would log the error that nobody looks at."""
    errors: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context))
    await cancel_one(site)
    site.answer()
    after = Visitor()
    await after.serving
    gc.collect()  # asyncio complains when such a task goes away
    assert after.statuses == [200]
    assert errors == []


async def cancel_one(site: Site) -> None:
    visitor = Visitor()
    await until(lambda: site.asked == 1)
    visitor.serving.cancel()
    await asyncio.wait({visitor.serving})
    visitor.leave()


async def test_an_answer_on_its_way_keeps_nobody_waiting(site: Site) -> None:
    """A reader takes an answer as slowly as it likes."""
    site.answer()
    slow = [Visitor(takes=False) for _ in range(AT_ONCE)]
    await until(lambda: site.asked == AT_ONCE)
    quick = Visitor()
    await quick.serving
    assert quick.statuses == [200]
    for visitor in slow:
        assert not visitor.serving.done()
        visitor.serving.cancel()
        visitor.leave()
    await asyncio.wait([visitor.serving for visitor in slow])


async def test_an_aborted_request_gives_its_turn_back_once(site: Site) -> None:
    for _ in range(AT_ONCE + 1):
        gone = Visitor()
        await until(lambda: site.asked > 0)
        gone.leave()
        await gone.serving
        site.asked = 0
    waiting = [Visitor() for _ in range(AT_ONCE + 2)]
    await until(lambda: site.asked == AT_ONCE)
    site.answer()
    await asyncio.gather(*(visitor.serving for visitor in waiting))
    assert [visitor.statuses for visitor in waiting] == [[200]] * len(waiting)


async def test_a_request_that_is_none_gives_its_turn_back(site: Site) -> None:
    wrong = [Visitor(query=b"\xff") for _ in range(AT_ONCE + 1)]
    await asyncio.gather(*(visitor.serving for visitor in wrong))
    assert [visitor.statuses for visitor in wrong] == [[400]] * len(wrong)
    waiting = Visitor()
    site.answer()
    await waiting.serving
    assert waiting.statuses == [200]


async def test_a_turn_is_free_until_all_are_taken() -> None:
    room = asyncio.Semaphore(2)
    first, second, third = (Turn(room) for _ in range(3))
    third.give_back()
    await first.take()
    assert third.is_free is True
    await second.take()
    assert third.is_free is False
    first.give_back()
    first.give_back()
    assert third.is_free is True
    await third.take()
    assert third.is_free is False
