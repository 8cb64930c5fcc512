"""The market of the demo goes on after every end of its process, clean or not."""

import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.support.checkpoints import saved_ms
from tests.support.served import Served, serve

pytestmark = [pytest.mark.slow, pytest.mark.shared]
LIVES = 2
Rows = dict[str, dict[str, Any]]


class Killed(Exception):
    """The process was killed on purpose."""


def one_life(folder: Path, eventually: Any, *, is_killed: bool) -> tuple[Rows, Rows]:
    """Return the first board of a life of the market, and the newest that must outlive it."""
    boards: list[Rows] = []
    with suppress(Killed), serve(folder, "--instruments", "5", "--rate", "100") as served:
        eventually(lambda: is_priced(served))
        boards.append(served.board()["rows"])
        seen_ms = time.time_ns() // 1_000_000
        eventually(lambda: saved_ms(folder) > seen_ms)
        if is_killed:
            raise Killed
        boards.append(served.board()["rows"])
    return boards[0], boards[-1]


def is_priced(served: Served) -> bool:
    rows = served.board()["rows"]
    return bool(rows) and all(row["o"] is not None for row in rows.values())


@pytest.mark.parametrize("is_killed", [False, True], ids=["stopped", "killed"])
def test_the_day_goes_on_in_the_next_life(tmp_path: Path, eventually: Any, is_killed: bool) -> None:
    _, before = one_life(tmp_path, eventually, is_killed=is_killed)
    for _ in range(LIVES - 1):
        after, last = one_life(tmp_path, eventually, is_killed=is_killed)
        for symbol, row in after.items():
            then = before[symbol]
            assert (row["o"], row["pc"]) == (then["o"], then["pc"])
            assert row["v"] >= then["v"]
            assert row["h"] >= then["h"]
            assert row["l"] <= then["l"]
            assert abs(row["p"] / then["p"] - 1) < 0.02
        before = last
