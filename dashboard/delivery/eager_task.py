"""Run a coroutine at once, and give it a task only if it has to wait.

Must not know what it does. Nearly every send finds room at once, and to wake a task for it would
cost more than the send. From Python 3.12 on asyncio.eager_task_factory does the same.
"""

import asyncio
import types
from collections.abc import Coroutine, Generator
from typing import Any


def start(coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None] | None:
    """Run until the coroutine ends or waits; return the task that waits for the rest, if any.

    What it raises before it waits is raised here. Until then there is no current task, so it must
    not begin with what needs one (asyncio.timeout, a TaskGroup).
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
    """Hand to the loop what a started coroutine waits for, and to it what the loop says."""
    try:
        while True:
            try:
                heard = yield waits_for
            except GeneratorExit:
                coroutine.close()
                raise
            except BaseException as error:
                waits_for = coroutine.throw(error)
            else:
                waits_for = coroutine.send(heard)
    except StopIteration:
        return
