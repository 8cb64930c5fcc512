"""Runs a coroutine at once, and makes a task only for one that has to wait.

Must not know what the coroutine does. Nearly every send finds room at once, and waking a task for
it would cost more than the send. From Python 3.12 on asyncio.eager_task_factory does the same.
"""

import asyncio
import types
from collections.abc import Coroutine, Generator
from typing import Any


def start(coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None] | None:
    """Run a coroutine until it ends or waits; return the task that runs the rest, if it waits.

    An error before it waits is raised here. Until then there is no current task, so a coroutine
    must not begin with something that needs one (asyncio.timeout, a TaskGroup).
    """
    try:
        waits_for = coroutine.send(None)
    except StopIteration:
        return None
    return asyncio.create_task(_finish(coroutine, waits_for))


async def _finish(coroutine: Coroutine[Any, Any, None], waits_for: object) -> None:
    await _go_on(coroutine, waits_for)


@types.coroutine
def _go_on(coroutine: Coroutine[Any, Any, None], waits_for: object) -> Generator[object, Any, None]:
    """Pass what a started coroutine waits for to the loop, and the loop's results back to it."""
    try:
        while True:
            try:
                result = yield waits_for
            except GeneratorExit:
                # A generator that is being closed must not yield again, as `throw` could make it.
                coroutine.close()
                raise
            except BaseException as error:
                waits_for = coroutine.throw(error)
            else:
                waits_for = coroutine.send(result)
    except StopIteration:
        return
