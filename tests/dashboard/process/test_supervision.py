"""A part that crashes begins again, later each time; after a long run its waits are short again."""

import asyncio
from typing import Any

import pytest
from django.db import OperationalError

from dashboard.process import supervision
from dashboard.process.supervision import (
    ATTEMPT_S,
    FIRST_BACKOFF_S,
    LAST_BACKOFF_S,
    LAST_DATABASE_S,
    WELL_S,
    supervise,
)
from tests.support.log_lines import records_of

AWAY = OperationalError("no server")


class Clock:
    """A clock that stands until a test moves it."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def now_ms(self) -> int:
        return int(self.now_s * 1000)

    def monotonic(self) -> float:
        return self.now_s


async def rests_of(
    runs_s: list[float],
    monkeypatch: pytest.MonkeyPatch,
    errors: dict[int, Exception] | None = None,
) -> list[float]:
    """Return how long it rested after failures that came after these times, by default crashes."""
    clock, rests, left = Clock(), [], list(runs_s)

    async def crash() -> None:
        if not left:
            raise asyncio.CancelledError
        clock.now_s += left.pop(0)
        raise (errors or {}).get(len(rests), RuntimeError("it broke"))

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


async def test_a_database_is_tried_again_soon_however_long_it_is_away(monkeypatch) -> None:
    rests = await rests_of([0.0] * 7, monkeypatch, dict.fromkeys(range(7), AWAY))
    assert rests[:2] == [FIRST_BACKOFF_S, 2 * FIRST_BACKOFF_S]
    assert rests[2:] == [LAST_DATABASE_S] * 5


async def test_a_database_that_is_away_is_one_line_without_a_traceback(monkeypatch, caplog) -> None:
    away = ExceptionGroup("tasks", [AWAY])
    await rests_of([0.0] * 3, monkeypatch, {0: AWAY, 1: away, 2: OperationalError("starts up")})
    said = records_of(caplog, supervision)
    assert [record.getMessage().partition("error=")[2] for record in said] == [
        "no server",
        "starts up",
    ]
    assert not any(record.exc_info for record in said)


async def test_a_database_that_was_there_meanwhile_is_news_again(monkeypatch, caplog) -> None:
    away = dict.fromkeys(range(4), AWAY)
    await rests_of([0.0, ATTEMPT_S, 0.0, 0.0], monkeypatch, away)
    assert len(records_of(caplog, supervision)) == 2


async def test_a_crash_between_two_outages_has_its_traceback(monkeypatch, caplog) -> None:
    await rests_of([0.0] * 3, monkeypatch, {0: AWAY, 2: AWAY})
    said = records_of(caplog, supervision)
    assert [bool(record.exc_info) for record in said] == [False, True, False]
    assert "it broke" in caplog.text


@pytest.mark.parametrize(("ran_s", "rests"), [(59.9, [0.5, 1.0, 2.0]), (60.0, [0.5, 1.0, 0.5])])
def test_who_ran_for_a_minute_was_healthy(ran_s: float, rests: list[float]) -> None:
    rest, found = supervision._Rest("part"), []
    for seconds in (0.0, 0.0, ran_s):
        rest.note(ZeroDivisionError(), ran_s=seconds)
        found.append(rest.next_s())
    assert found == rests
