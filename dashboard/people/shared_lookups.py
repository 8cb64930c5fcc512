"""Questions to the database that come together are asked together.

Must not know what is asked. After a restart of a server, all its readers come back within seconds.
One look for each of them would keep the database busy for longer than that.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Final, Generic, TypeVar

from dashboard.process.cpu_meter import billed_context

Key = TypeVar("Key")
Found = TypeVar("Found")

FIRST_PAUSE_S: Final = 0.05
MOST_PAUSE_S: Final = 2.0
GROWTH: Final = 4
"""While crowds come, each pause is so many times the one before, up to MOST_PAUSE_S."""
CROWD: Final = 8
"""Questions in one look that make the next pause longer."""


class SharedLookups(Generic[Key, Found]):
    """Answers each question from a look that began after it was asked, shared with others.

    The first question is looked up at once. The next look follows after a pause.
    """

    def __init__(
        self, look_up: Callable[[Collection[Key]], Awaitable[Mapping[Key, Found]]]
    ) -> None:
        self._look_up = look_up
        self._asked: dict[Key, asyncio.Future[Found | None]] = {}
        self._looking: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._next_s = self._pause_s = 0.0

    async def find(self, key: Key) -> Found | None:
        """Return what is found of a key; None if there is nothing.

        While many are asking, the answer may take MOST_PAUSE_S longer.
        """
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._begin(loop)
        future = self._asked.get(key)
        if future is None:
            future = self._asked[key] = loop.create_future()
            future.add_done_callback(_note_error)
        if self._looking is None:
            # The request that asks may end before the others have their answer.
            self._looking = loop.create_task(self._look(), context=billed_context())
        # The others who ask the same still wait when this one leaves.
        return await asyncio.shield(future)

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop, self._looking = loop, None
        self._asked = {}
        self._next_s = self._pause_s = 0.0

    async def _look(self) -> None:
        try:
            while self._asked:
                await self._pause()
                asked, self._asked = self._asked, {}
                await self._answer(asked)
        finally:
            self._looking = None

    async def _pause(self) -> None:
        await asyncio.sleep(max(0.0, self._next_s - asyncio.get_running_loop().time()))

    async def _answer(self, asked: dict[Key, asyncio.Future[Found | None]]) -> None:
        grown_s = min(MOST_PAUSE_S, GROWTH * self._pause_s)
        self._pause_s = grown_s if len(asked) >= CROWD else FIRST_PAUSE_S
        self._next_s = asyncio.get_running_loop().time() + self._pause_s
        try:
            found = await self._look_up(asked.keys())
        except Exception as error:
            for future in asked.values():
                future.set_exception(error)
            return
        for key, future in asked.items():
            future.set_result(found.get(key))


def _note_error(future: asyncio.Future[Found | None]) -> None:
    """Take an error as seen: all who asked may have left."""
    if not future.cancelled():
        future.exception()
