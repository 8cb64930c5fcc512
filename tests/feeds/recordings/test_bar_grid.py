"""Where bars may begin, and what their distances say about their length."""

import pytest

from feeds.recordings import bar_grid
from feeds.recordings.bar_grid import BarGrid, length_text
from feeds.recordings.faults import Fault

SECOND, MINUTE, DAY = 1000, 60_000, 86_400_000
AT = 1_767_225_600_000
"""2026-01-01T00:00:00Z, on every grid."""


def grid_of(*starts: int, interval_ms: int = MINUTE, symbol: str = "NVX") -> BarGrid:
    """Return a grid with bars of a symbol at these times after AT."""
    grid = BarGrid(interval_ms)
    for start in starts:
        grid.add(symbol, AT + start)
    return grid


def distance(grid: BarGrid) -> str:
    """Return the length that the grid says its bars have, "" if it has no doubt."""
    said = grid.too_far_apart()
    return said.removeprefix("the bars are ").split(" apart")[0]


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (MINUTE, "1 minute"), (90 * SECOND, "90 s"), (300 * SECOND, "5 minutes"), (1500, "1.5 s"),
        (3600 * SECOND, "1 hour"), (DAY, "1 day"), (1400 * DAY, "1,400 days"), (0, "0 s"),
        (59_999, "59.999 s"), (36 * 3600 * SECOND, "36 hours"),
    ],
)  # fmt: skip
def test_a_length_is_said_in_the_greatest_unit_that_fits(ms: int, text: str) -> None:
    assert length_text(ms) == text


def test_a_bar_may_begin_as_the_one_above_ends_and_not_before() -> None:
    grid_of(0, MINUTE)
    with pytest.raises(Fault, match=r"bars of NVX overlap at 60 s each, they are 59\.999 s apart"):
        grid_of(0, MINUTE - 1)
    grid = grid_of(0)
    grid.add("ORB", AT)
    with pytest.raises(Fault, match="they are 0 s apart") as caught:
        grid.add("NVX", AT)
    assert (caught.value.cause, caught.value.value) == ("overlap", "NVX")


@pytest.mark.parametrize("off_ms", [1, 7000, MINUTE - 1])
def test_a_bar_off_the_grid_is_refused_and_not_taken(off_ms: int) -> None:
    grid = BarGrid(MINUTE)
    assert grid.rounded(AT + off_ms) == AT
    with pytest.raises(Fault) as caught:
        grid.add("NVX", AT + off_ms)
    said = f"the bar begins {off_ms / 1000:g} s after the grid of 1 minute"
    assert (caught.value.cause, str(caught.value)) == ("grid", said)
    grid.add("NVX", AT)


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        ((0, 5), "5 minutes"),
        ((0, 7), ""),
        ((0, 7, 14), ""),
        ((0, 7, 14, 21), "7 minutes"),
        ((0, 7, 14, 28, 42, 56), "14 minutes"),
        ((0, 2, 5), ""),
        ((0, 1, 2), ""),
    ],
)
def test_bars_are_too_far_apart_if_that_is_a_usual_length_or_seen_three_times(
    minutes: tuple[int, ...], said: str
) -> None:
    assert distance(grid_of(*(n * MINUTE for n in minutes))) == said


def test_distances_are_those_of_one_symbol() -> None:
    grid = grid_of(0, 300_000, 600_000, 900_000)
    grid.add("ORB", AT + MINUTE)
    assert distance(grid) == "5 minutes"
    grid.add("ORB", AT + 2 * MINUTE)
    assert distance(grid) == ""


def test_the_message_has_both_lengths() -> None:
    assert grid_of(0, 7_200_000).too_far_apart() == (
        "the bars are 2 hours apart (7,200 s), not 1 minute (60 s): the length of a bar is wrong"
    )


@pytest.mark.parametrize(
    ("days", "said"),
    [((0, 28, 59), "28 days"), ((0, 31, 59), "28 days"), ((0, 28), ""), ((0, 27, 58), "")],
)
def test_days_that_are_months_apart_are_refused(days: tuple[int, ...], said: str) -> None:
    """Their lengths have no common step: 28, 30 and 31 days."""
    assert distance(grid_of(*(n * DAY for n in days), interval_ms=DAY)) == said


@pytest.mark.parametrize(
    ("starts", "interval_ms", "said"),
    [((0,), MINUTE, "1 day"), ((0,), DAY, ""), ((0, MINUTE), MINUTE, "")],
)
def test_a_bar_with_a_date_alone_is_one_of_a_day(
    starts: tuple[int, ...], interval_ms: int, said: str
) -> None:
    grid = grid_of(*starts, interval_ms=interval_ms)
    assert distance(grid) == ""
    grid.note_date()
    assert distance(grid) == said


def test_a_bar_that_is_left_out_keeps_its_place() -> None:
    grid = grid_of(0)
    grid.pass_over("NVX", AT + MINUTE)
    grid.pass_over("NVX", AT + MINUTE)
    grid.pass_over("NVX", AT - 7)
    grid.add("NVX", AT + 2 * MINUTE)
    assert distance(grid) == ""
    first = BarGrid(MINUTE)
    first.pass_over("NVX", AT)
    first.add("NVX", AT + 300_000)
    assert distance(first) == "5 minutes"


def test_not_more_than_so_many_distances_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bars at irregular times may have as many distances as there are rows."""
    monkeypatch.setattr(bar_grid, "MOST_DISTANCES", 2)
    assert distance(grid_of(*(n * MINUTE for n in (0, 6, 16, 22, 34, 46, 58)))) == "6 minutes"
    assert distance(grid_of(*(n * MINUTE for n in (0, 6, 16, 26, 36)))) == "10 minutes"
