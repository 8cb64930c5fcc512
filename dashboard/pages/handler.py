"""Django's handler of pages, with a bound on the requests that are answered at once.

Must not know the pages. Django begins a thread for each request, so thousands of visitors would
be thousands of threads on one core, even after they have left.
"""

import asyncio
from contextlib import suppress
from contextvars import ContextVar
from typing import Any, Final

import django
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase

PAGES_AT_ONCE: Final = 8
"""More threads answer no sooner: they share one core with the loop, which has to wait for each."""


class Turn:
    """The turn of one request: from the end of its body until its answer is made."""

    def __init__(self, room: asyncio.Semaphore) -> None:
        self._room = room
        self._is_taken = False

    @property
    def is_free(self) -> bool:
        """Say whether nobody has to wait."""
        return not self._room.locked()

    async def take(self) -> None:
        """Wait for the turn."""
        await self._room.acquire()
        self._is_taken = True

    def give_back(self) -> None:
        """Let the next request have its turn; only the first call counts."""
        if self._is_taken:
            self._is_taken = False
            self._room.release()


# Django hands nothing of ours from one hook to the next, so the turn goes with the context.
_turn: ContextVar[Turn] = ContextVar("turn")


class PageHandler(ASGIHandler):
    """Serves pages, at most PAGES_AT_ONCE at the same time."""

    def __init__(self) -> None:
        super().__init__()
        self._room = asyncio.Semaphore(PAGES_AT_ONCE)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""
        turn = Turn(self._room)
        _turn.set(turn)
        try:
            await super().__call__(scope, receive, send)
        finally:
            # A request that was aborted never came to `run_get_response`.
            turn.give_back()

    async def read_body(self, receive: Any) -> Any:
        """Return the body when it is this request's turn: a slow body keeps nobody waiting.

        Raises:
            RequestAborted: the client has left.
        """
        body = await super().read_body(receive)
        try:
            await _wait_for_turn(receive)
        except BaseException:
            # Django closes the body only once it has it.
            body.close()
            raise
        return body

    async def run_get_response(self, request: HttpRequest) -> HttpResponseBase:
        """Make the answer; sending it takes as long as its reader likes."""
        try:
            return await super().run_get_response(request)
        finally:
            _turn.get().give_back()

    async def listen_for_disconnect(self, receive: Any) -> None:
        """Wait until the client has left.

        Django raises here and ignores it, unless the request was cancelled: then asyncio logs it.
        """
        with suppress(RequestAborted):
            await super().listen_for_disconnect(receive)


async def _wait_for_turn(receive: Any) -> None:
    """Take the turn of this request, unless the client leaves before."""
    turn = _turn.get()
    if turn.is_free:
        await turn.take()
        return
    taking = asyncio.ensure_future(turn.take())
    # After the body the only message that can follow says that the client has left.
    leaving = asyncio.ensure_future(receive())
    try:
        await asyncio.wait({taking, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if leaving.done():
            raise RequestAborted
    finally:
        for task in (taking, leaving):
            task.cancel()


def page_handler() -> PageHandler:
    """Return the handler, with Django set up."""
    django.setup(set_prefix=False)
    return PageHandler()
