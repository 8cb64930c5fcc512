"""What the benchmarks of pages calculate from what Chromium counts."""

import pytest

from tests.benchmarks.paint import extra, spread, summary
from tests.support.main_thread import Task, longest, shares, span_s, tasks_of


def looked(at_s: float, busy_s: float) -> dict[str, float]:
    """Return what Chromium counts at a time: half of what is busy is script, the rest nothing."""
    return {
        "Timestamp": at_s,
        "TaskDuration": busy_s,
        "ScriptDuration": busy_s / 2,
        "RecalcStyleDuration": 0.0,
        "LayoutDuration": 0.0,
    }


def test_shares_are_of_the_time_between_two_looks() -> None:
    before, after = looked(100, 7), looked(110, 9)
    assert span_s(before, after) == 10
    assert shares(before, after) == {
        "busy_percent": 20.0,
        "script_percent": 10.0,
        "style_percent": 0.0,
        "layout_percent": 0.0,
    }


def test_the_spread_of_a_hundred_samples_is_the_samples_in_order() -> None:
    found = spread([float(sample) for sample in range(101)])
    assert found == {"p50": 50.0, "p95": 95.0, "p99": 99.0, "max": 100.0}


def test_a_chart_costs_the_median_of_the_differences_within_each_round() -> None:
    """A round in which others loaded the machine changes both of its figures, and no difference."""
    without = [{"busy_percent": busy} for busy in (10.0, 40.0, 8.0)]
    with_chart = [{"busy_percent": busy} for busy in (12.0, 42.0, 10.0)]
    assert extra(without, with_chart, "busy_percent") == {"points": 2.0, "share_percent": 20.0}


def test_a_round_without_its_pair_is_an_error() -> None:
    with pytest.raises(ValueError, match="shorter"):
        extra([{"busy_percent": 1.0}] * 2, [{"busy_percent": 1.0}], "busy_percent")


def test_a_summary_has_the_median_share_and_counts_every_long_task() -> None:
    rounds = [
        {"busy_percent": busy, "tasks_over_50_ms": count, "longest_ms_over_50": longest_ms}
        for busy, count, longest_ms in ((9.0, 0, 0.0), (30.0, 2, 80.0), (8.0, 1, 51.0))
    ]
    assert summary(rounds) == {
        "busy_percent": 9.0,
        "tasks_over_50_ms": 3,
        "longest_ms_over_50": 80.0,
    }


def task(pid: int, tid: int, clock_us: int, **more: object) -> dict[str, object]:
    """Return the event of a task as a trace has it."""
    name = "ThreadControllerImpl::RunTask"
    return {"ph": "X", "name": name, "pid": pid, "tid": tid, "dur": clock_us, **more}


def thread(pid: int, tid: int, name: str) -> dict[str, object]:
    """Return the event that names a thread."""
    return {"ph": "M", "name": "thread_name", "pid": pid, "tid": tid, "args": {"name": name}}


def test_only_tasks_of_main_threads_count() -> None:
    events = [
        thread(1, 1, "CrRendererMain"),
        thread(1, 2, "Compositor"),
        task(1, 1, 9_000, tdur=2_000),
        task(1, 1, 4_000, tdur=3_500),
        task(1, 2, 70_000, tdur=60_000),
        task(2, 1, 80_000, tdur=60_000),
        {"ph": "X", "name": "other", "pid": 1, "tid": 1, "dur": 90_000},
    ]
    found = tasks_of(iter(events))
    assert found == [Task(9, 2), Task(4, 3.5)]
    assert longest(found) == {
        "traced": 2,
        "longest_ms_of_clock": 9,
        "longest_ms_of_cpu": 3.5,
    }


def test_a_trace_without_tasks_has_no_longest() -> None:
    assert longest([]) == {"traced": 0, "longest_ms_of_clock": 0, "longest_ms_of_cpu": 0}
