"""What the main thread of a page does, as Chromium counts it: how busy it is, and its tasks."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from playwright.sync_api import Browser, CDPSession, Page

from tests.support.waiting import PATIENCE_S, wait_until

SHARES: Final = {
    "busy": "TaskDuration",
    "script": "ScriptDuration",
    "style": "RecalcStyleDuration",
    "layout": "LayoutDuration",
}
WATCH_TASKS: Final = """() => {
  globalThis.longTasks = [];
  const note = (list) => longTasks.push(...list.getEntries().map(({duration}) => duration));
  new PerformanceObserver(note).observe({type: "longtask", buffered: true});
}"""
Metrics = Mapping[str, float]


class Task(NamedTuple):
    """How long a task took by the clock, and how much CPU time of its thread (ms)."""

    clock_ms: float
    cpu_ms: float


def open_counts(page: Page, *, of_cpu: bool = False) -> CDPSession:
    """Let Chromium count what the page does, by the clock or by the CPU time of its thread.

    Where others load the machine, the clock counts their work too.
    """
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks" if of_cpu else "timeTicks"})
    return session


def metrics(session: CDPSession) -> dict[str, float]:
    """Return what Chromium counts of the page: seconds, nodes and bytes."""
    found = session.send("Performance.getMetrics")["metrics"]
    return {each["name"]: each["value"] for each in found}


def sizes(session: CDPSession) -> dict[str, float]:
    """Return nodes and memory in use, once garbage is collected."""
    session.send("HeapProfiler.collectGarbage")
    found = metrics(session)
    return {"nodes": found["Nodes"], "heap_mb": round(found["JSHeapUsedSize"] / 1e6, 2)}


def span_s(before: Metrics, after: Metrics) -> float:
    """Return the time from one look to another."""
    return after["Timestamp"] - before["Timestamp"]


def shares(before: Metrics, after: Metrics) -> dict[str, float]:
    """Return what shares of the time the main thread was busy, and with what (%)."""
    whole_s = span_s(before, after)
    return {
        f"{name}_percent": round(100 * (after[key] - before[key]) / whole_s, 1)
        for name, key in SHARES.items()
    }


def watch_tasks(page: Page) -> None:
    """Let the page, once it is opened, note its tasks over 50 ms."""
    page.add_init_script(f"({WATCH_TASKS})()")


def long_tasks(page: Page) -> list[float]:
    """Return how long each task over 50 ms took since the last look (ms)."""
    found: list[float] = page.evaluate("() => globalThis.longTasks.splice(0)")
    return found


@contextmanager
def traced(browser: Browser, page: Page) -> Iterator[list[Task]]:
    """Trace the page meanwhile. The list has the tasks of its main thread afterwards."""
    found: list[Task] = []
    browser.start_tracing(page=page, categories=["toplevel"])
    try:
        yield found
    finally:
        events = json.loads(browser.stop_tracing())["traceEvents"]
        found.extend(tasks_of(events))


def tasks_of(events: Iterable[dict[str, Any]]) -> list[Task]:
    """Return the tasks of main threads in a trace."""
    kept = list(events)
    mains = {
        (each["pid"], each["tid"])
        for each in kept
        if each["name"] == "thread_name" and each["args"]["name"] == "CrRendererMain"
    }
    return [
        Task(each["dur"] / 1000, each.get("tdur", 0) / 1000)
        for each in kept
        if each.get("ph") == "X"
        and each["name"] == "ThreadControllerImpl::RunTask"
        and (each["pid"], each["tid"]) in mains
    ]


def longest(tasks: Iterable[Task]) -> dict[str, float | int]:
    """Return the longest task by the clock and by its CPU time.

    Where others load the machine, a task that waits for a core takes long and costs little.
    """
    kept = list(tasks)
    return {
        "traced": len(kept),
        "longest_ms_of_clock": round(max((task.clock_ms for task in kept), default=0), 1),
        "longest_ms_of_cpu": round(max((task.cpu_ms for task in kept), default=0), 1),
    }


def pass_time(seconds: float, act: Callable[[], object] | None = None) -> None:
    """Let the page run, and do something ten times a second meanwhile."""
    end = time.monotonic() + seconds
    wait_until(lambda: (act and act()) or time.monotonic() >= end, seconds + PATIENCE_S, poll_s=0.1)
