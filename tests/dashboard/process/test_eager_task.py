"""A coroutine that need not wait costs no task; one that must wait goes on in a task."""

import asyncio
import inspect

import pytest

from dashboard.process.eager_task import start


async def test_what_does_not_wait_is_over_at_once() -> None:
    done: list[int] = []

    async def work() -> None:
        done.append(1)

    assert start(work()) is None
    assert done == [1]


async def test_what_waits_goes_on_when_it_may() -> None:
    is_open, done = asyncio.Event(), []

    async def work() -> None:
        for number in range(3):
            done.append(number)
            await is_open.wait()
            await asyncio.sleep(0)

    task = start(work())
    assert task is not None
    assert done == [0]
    is_open.set()
    await asyncio.wait_for(task, 5)
    assert done == [0, 1, 2]


async def test_errors_before_and_after_waiting_reach_their_owner() -> None:
    async def fail(*, late: bool) -> None:
        if late:
            await asyncio.sleep(0)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        start(fail(late=False))
    task = start(fail(late=True))
    assert task is not None
    with pytest.raises(ZeroDivisionError):
        await task


async def test_cancelling_reaches_what_waits() -> None:
    ended: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cleaned up")

    task = start(work())
    assert task is not None
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == ["cleaned up"]


async def test_closing_the_task_s_coroutine_closes_what_it_runs() -> None:
    async def work() -> None:
        await asyncio.Event().wait()

    coroutine = work()
    task = start(coroutine)
    assert task is not None
    await asyncio.sleep(0)
    assert inspect.getcoroutinestate(coroutine) == inspect.CORO_SUSPENDED
    task.get_coro().close()
    assert inspect.getcoroutinestate(coroutine) == inspect.CORO_CLOSED
    task.cancel()
