"""Pokes reach all listeners, from threads and other processes; without any there is no error."""

import asyncio
import subprocess
import sys
from contextlib import suppress

import pytest
from asgiref.sync import sync_to_async
from channels.layers import channel_layers

from feeds.bus import control
from tests.support.log_lines import records_of
from tests.support.places import ROOT
from tests.support.redis_server import RedisServer
from tests.support.served import environment
from tests.support.waiting import until

POKE = """
import django
django.setup()
from feeds.bus import control
control.poke_people([7])
"""


POKE_AGAIN_S = 0.05


class Heard:
    """What was heard."""

    def __init__(self) -> None:
        self.feeds = 0
        self.people: list[list[int]] = []
        self.ends: list[tuple[int, str]] = []

    def on_feeds(self) -> None:
        self.feeds += 1

    def on_disconnect(self, user_id: int, key: str) -> None:
        self.ends.append((user_id, key))


async def listening(heard: Heard) -> "asyncio.Task[None]":
    task = asyncio.ensure_future(
        control.listen(on_feeds=heard.on_feeds, on_people=heard.people.append)
    )
    await asyncio.sleep(0)
    return task


async def end(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def until_poked(heard: Heard) -> None:
    """Poke until it is heard: a listener that joins, or joins again, misses earlier pokes."""
    count = heard.feeds
    poke = sync_to_async(control.poke_feeds)
    async with asyncio.timeout(15):
        while heard.feeds == count:
            await poke()
            with suppress(TimeoutError):
                await until(lambda: heard.feeds > count, POKE_AGAIN_S)


@pytest.fixture
def over_redis(redis: RedisServer, settings) -> RedisServer:
    """Pokes of this process go over Redis, as the settings make them go."""
    from dashboard.settings import _channel_layer

    settings.CHANNEL_LAYERS = {"default": _channel_layer(redis.url)}
    channel_layers.backends.clear()
    yield redis
    channel_layers.backends.clear()


async def test_pokes_of_a_service_in_its_thread_are_heard() -> None:
    heard = Heard()
    task = await listening(heard)
    await sync_to_async(control.poke_feeds)()
    await sync_to_async(control.poke_people)([3, 4])
    await until(lambda: heard.feeds == 1 and heard.people == [[3, 4]])
    await end(task)


async def test_the_end_of_a_connection_is_heard_by_those_that_have_connections() -> None:
    heard, without = Heard(), Heard()
    tasks = [
        await listening(without),
        asyncio.ensure_future(
            control.listen(
                on_feeds=heard.on_feeds,
                on_people=heard.people.append,
                on_disconnect=heard.on_disconnect,
            )
        ),
    ]
    await asyncio.sleep(0)
    await sync_to_async(control.disconnect)(7, "key")
    await sync_to_async(control.disconnect)(8, "")
    await sync_to_async(control.poke_people)([9])
    await until(lambda: heard.people == without.people == [[9]])
    assert heard.ends == [(7, "key"), (8, "")]
    for task in tasks:
        assert not task.done()
        await end(task)


async def test_a_listener_that_hears_its_echo_stays(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(control, "ECHO_S", 0.05)
    layer, echoes, joins = control.get_channel_layer(), 0, 0
    send, join = layer.group_send, layer.group_add

    async def count(group: str, message: dict[str, object]) -> None:
        nonlocal echoes
        echoes += message == {"type": "control.echo"}
        await send(group, message)

    async def count_join(group: str, channel: str) -> None:
        nonlocal joins
        joins += 1
        await join(group, channel)

    monkeypatch.setattr(layer, "group_send", count)
    monkeypatch.setattr(layer, "group_add", count_join)
    task = await listening(Heard())
    await until(lambda: echoes >= 3)
    assert joins == echoes + 1, "it joins first, and each echo renews that"
    assert records_of(caplog, control) == []
    assert "lost" not in caplog.text
    await end(task)


async def test_nobody_listening_is_no_error() -> None:
    await sync_to_async(control.poke_feeds)()


async def test_it_joins_again_when_it_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "ECHO_S", 0.05)
    heard = Heard()
    task = await listening(heard)
    await until_poked(heard)
    control.get_channel_layer().groups.clear()
    await until_poked(heard)
    await end(task)


async def test_it_begins_again_when_nothing_is_heard_any_more(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(control, "ECHO_S", 0.05)
    heard = Heard()
    task = await listening(heard)
    await until_poked(heard)
    control.get_channel_layer().channels.clear()
    await until(lambda: "control plane lost" in caplog.text)
    await until_poked(heard)
    await end(task)


@pytest.mark.slow
async def test_a_poke_of_another_process_is_heard(over_redis: RedisServer, tmp_path) -> None:
    heard = Heard()
    task = await listening(heard)
    await until_poked(heard)
    await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", POKE],
        cwd=ROOT, env=environment(tmp_path) | {"REDIS_URL": over_redis.url}, check=True, timeout=60,
    )  # fmt: skip
    await until(lambda: heard.people == [[7]])
    await end(task)


@pytest.mark.slow
async def test_it_outlives_a_restart_of_redis(
    over_redis: RedisServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "ECHO_S", 0.2)
    heard = Heard()
    task = await listening(heard)
    await until_poked(heard)
    over_redis.kill()
    await until(lambda: "control plane lost" in caplog.text)
    over_redis.start()
    await until_poked(heard)
    await until(lambda: "control plane is back" in caplog.text)
    await end(task)


async def test_a_poke_without_redis_is_one_line_in_the_log(
    over_redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    over_redis.kill()
    await sync_to_async(control.poke_feeds)()
    ours = records_of(caplog, control)
    assert [record.getMessage().split(" error=")[0] for record in ours] == [
        "poke lost type=control.feeds"
    ]
    assert not ours[0].exc_info


async def test_a_poke_to_a_redis_that_hangs_is_given_up(
    over_redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    over_redis.freeze()
    async with asyncio.timeout(6):
        await sync_to_async(control.poke_feeds)()
    assert "poke lost" in caplog.text
    over_redis.thaw()
