"""The queue and the event of a socket do what those of asyncio do."""

import asyncio
from typing import Any

import pytest

from dashboard.servers.light_events import LightEvent, LightQueue


@pytest.fixture(params=[asyncio.Queue, LightQueue])
def queue(request: pytest.FixtureRequest) -> Any:
    return request.param()


@pytest.fixture(params=[asyncio.Event, LightEvent])
def event(request: pytest.FixtureRequest) -> Any:
    return request.param()


async def waiting(coroutine: Any) -> asyncio.Task[Any]:
    """Return a task that has begun to wait."""
    task = asyncio.create_task(coroutine)
    await asyncio.sleep(0)
    assert not task.done()
    return task


async def test_what_was_put_first_is_got_first(queue: Any) -> None:
    for item in range(3):
        queue.put_nowait(item)
    assert [await queue.get() for _ in range(3)] == [0, 1, 2]
    assert queue.empty()


async def test_a_getter_waits_for_an_item(queue: Any) -> None:
    getting = await waiting(queue.get())
    queue.put_nowait("a")
    queue.put_nowait("b")
    assert await getting == "a"
    assert not queue.empty()
    assert await queue.get() == "b"


async def test_a_getter_that_is_cancelled_takes_nothing(queue: Any) -> None:
    getting = await waiting(queue.get())
    getting.cancel()
    queue.put_nowait("a")
    with pytest.raises(asyncio.CancelledError):
        await getting
    assert await queue.get() == "a"


async def test_a_getter_that_is_cancelled_as_an_item_comes_leaves_it(queue: Any) -> None:
    getting = await waiting(queue.get())
    queue.put_nowait("a")
    getting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await getting
    assert await queue.get() == "a"


async def test_all_that_wait_go_on(event: Any) -> None:
    tasks = [await waiting(event.wait()) for _ in range(3)]
    tasks[1].cancel()
    event.set()
    assert event.is_set()
    assert await tasks[0]
    assert await tasks[2]
    with pytest.raises(asyncio.CancelledError):
        await tasks[1]


async def test_nobody_waits_while_it_is_set(event: Any) -> None:
    event.set()
    await event.wait()
    event.clear()
    assert not event.is_set()
    task = await waiting(event.wait())
    event.set()
    event.clear()
    await task


async def test_one_that_is_set_at_first() -> None:
    assert LightEvent(is_set=True).is_set()
