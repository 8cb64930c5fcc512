"""What crashes begins again, later each time; after a good while its next crash is a first one."""

import asyncio
from typing import Any

import pytest

from dashboard import supervision
from dashboard.supervision import FIRST_BACKOFF_S, LAST_BACKOFF_S, WELL_S, supervise


class Clock:
    """A clock that stands until a test moves it."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def now_ms(self) -> int:
        return int(self.now_s * 1000)

    def monotonic(self) -> float:
        return self.now_s


async def rests_of(runs_s: list[float], monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return how long it rested after crashes that came after these times."""
    clock, rests, left = Clock(), [], list(runs_s)

    async def crash() -> None:
        if not left:
            raise asyncio.CancelledError
        clock.now_s += left.pop(0)
        raise RuntimeError("it broke")

    async def rest(seconds: float, *args: Any) -> None:
        rests.append(seconds)

    monkeypatch.setattr(supervision.asyncio, "sleep", rest)
    with pytest.raises(asyncio.CancelledError):
        await supervise(crash, clock=clock)
    return rests


async def test_it_begins_again_later_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    rests = await rests_of([0.0] * 7, monkeypatch)
    assert rests[:3] == [FIRST_BACKOFF_S, 2 * FIRST_BACKOFF_S, 4 * FIRST_BACKOFF_S]
    assert rests[-1] == LAST_BACKOFF_S


async def test_after_a_good_while_it_begins_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    rests = await rests_of([0.0, 0.0, 0.0, WELL_S, 0.0], monkeypatch)
    assert rests[3:] == [FIRST_BACKOFF_S, 2 * FIRST_BACKOFF_S]
