"""Pokes reach whoever listens, from threads too; nobody listening is no error."""

import asyncio

import pytest
from asgiref.sync import sync_to_async

from feeds import control


class Heard:
    """What was heard."""

    def __init__(self) -> None:
        self.feeds = 0
        self.people: list[list[int]] = []

    def on_feeds(self) -> None:
        self.feeds += 1


async def listening(heard: Heard) -> "asyncio.Task[None]":
    task = asyncio.ensure_future(
        control.listen(on_feeds=heard.on_feeds, on_people=heard.people.append)
    )
    await asyncio.sleep(0)
    return task


async def until(question) -> None:
    async with asyncio.timeout(5):
        while not question():
            await asyncio.sleep(0)


async def test_pokes_of_a_service_in_its_thread_are_heard() -> None:
    heard = Heard()
    task = await listening(heard)
    await sync_to_async(control.poke_feeds)()
    await sync_to_async(control.poke_people)([3, 4])
    await until(lambda: heard.feeds == 1 and heard.people == [[3, 4]])
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_nobody_listening_is_no_error() -> None:
    await sync_to_async(control.poke_feeds)()


async def test_it_joins_again_before_it_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "REJOIN_S", 0.01)
    heard = Heard()
    task = await listening(heard)
    layer = control.get_channel_layer()
    layer.groups.clear()
    await until(lambda: layer.groups.get(control.GROUP))
    await sync_to_async(control.poke_feeds)()
    await until(lambda: heard.feeds == 1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
