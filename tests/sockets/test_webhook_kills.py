"""A webhook through kill -9 of the web process that has its message in hand."""

import asyncio
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from tests.support import storage
from tests.support.receiver import HANG, Arrival, receiving
from tests.support.served import Served, serve
from tests.support.signatures import is_signed
from tests.support.waiting import until

pytestmark = pytest.mark.slow

FLAGS: Final = ("--instruments", "4", "--rate", "20")
SETTINGS: Final = {"MARKET_REACH_HTTP": "1", "MARKET_REACHABLE_NETWORKS": "127.0.0.0/8"}
MAKE: Final = """
import django
django.setup()
from django.contrib.auth.models import User
from tests.support.destinations import hook
from tests.support.personal_rows import notify
viewer = User.objects.filter(username="viewer")
hook(viewer.get(), {url!r})
for title in ("first", "second", "third"):
    notify(viewer, title=title)
"""
LET_THE_CLAIM_END: Final = """
import django
django.setup()
from tests.support.destinations import make_due
make_due()
"""
"""What a minute does to the rows, so that the test does not wait for it."""
DISPATCHES: Final = "SELECT state, attempts, next_at FROM dashboard_dispatch ORDER BY id"


def read(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(storage.connect(folder)) as rows:
        return list(rows.execute(query).fetchall())


def without_repeats(arrivals: list[Arrival]) -> list[str]:
    """Return the titles as a receiver has them that leaves out ids it knows."""
    bodies = {arrival.headers["webhook-id"]: arrival.body for arrival in arrivals}
    return sorted(msgspec.json.decode(body)["data"]["title"] for body in bodies.values())


def states(folder: Path) -> list[str]:
    return [state for state, *_ in read(folder, DISPATCHES)]


async def test_what_a_killed_process_had_in_hand_is_sent_by_the_next_one(tmp_path: Path) -> None:
    """The receiver takes the message and never answers; so the process dies with it in hand."""
    with ExitStack() as stack:

        async def start() -> Served:
            return await asyncio.to_thread(stack.enter_context, serve(tmp_path, *FLAGS, **SETTINGS))

        async with receiving() as receiver:
            receiver.answers = [HANG]
            web = await start()
            making = asyncio.create_task(asyncio.to_thread(web.run, MAKE.format(url=receiver.url)))
            # At once: the process soon gives up to wait for the answer, and then sends again.
            await until(lambda: receiver.arrivals)
            web.kill()
            await making
            # The row says that it is in hand, so that nobody else sends it for a minute.
            (state, attempts, next_at), *others = read(tmp_path, DISPATCHES)
            ahead = datetime.fromisoformat(str(next_at)).replace(tzinfo=UTC) - datetime.now(UTC)
            assert (state, attempts) == ("waiting", 1)
            assert ahead.total_seconds() > 20
            assert [other[:2] for other in others] == [("waiting", 0)] * 2
            await asyncio.to_thread(web.run, LET_THE_CLAIM_END)
            web = await start()
            await until(lambda: states(tmp_path) == ["delivered"] * 3)
            await asyncio.to_thread(web.stop)
        first, *later = receiver.arrivals
        (secret,) = read(tmp_path, "SELECT secret FROM dashboard_destination")[0]
        assert all(is_signed(arrival, secret) for arrival in receiver.arrivals)
        again = [a for a in later if a.headers["webhook-id"] == first.headers["webhook-id"]]
        assert [arrival.body for arrival in again] == [first.body]
        assert without_repeats(receiver.arrivals) == ["first", "second", "third"]
