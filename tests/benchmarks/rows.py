"""What a long list costs the page: uv run python -m tests.benchmarks.rows --json

The real dashboard in Chromium, with its own connection, board, table and painter. Only the frames
are synthetic: a worker in the browser writes them in the stead of a socket, because a list of a
person holds fewer instruments. The figures are of the page's main thread, while nobody touches the
page: how long it was busy (the sum of its tasks), the tasks over 50 ms, and how its nodes and its
memory grow. With --scroll somebody turns the wheel all the time. Each line in view has its day so
far as a picture. With --cpu the shares are of CPU time, and --trace asks for each task what it
cost: where others load the machine, the clock counts their work too.
"""

import json
import os
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from tests.support.chromium import launch
from tests.support.people import People
from tests.support.served import serve
from tests.support.synthetic_market import give_market, wait_for_prices
from tests.support.waiting import PATIENCE_S, wait_until

SHARES: Final = {
    "busy": "TaskDuration",
    "script": "ScriptDuration",
    "style": "RecalcStyleDuration",
    "layout": "LayoutDuration",
}
STATE = """() => {
  const lines = document.querySelectorAll("tbody tr[data-symbol]").length;
  const tasks = globalThis.longTasks.splice(0).map(([, duration]) => duration);
  return {lines, tasks};
}"""


def metrics(session: CDPSession) -> dict[str, float]:
    """Return what Chromium counts of the page: seconds, nodes and bytes."""
    found = session.send("Performance.getMetrics")["metrics"]
    return {each["name"]: each["value"] for each in found}


def sizes(session: CDPSession) -> dict[str, float]:
    """Return nodes and memory in use, once garbage is collected."""
    session.send("HeapProfiler.collectGarbage")
    found = metrics(session)
    return {"nodes": found["Nodes"], "heap_mb": round(found["JSHeapUsedSize"] / 1e6, 2)}


def measure(page: Page, options: Namespace) -> dict[str, Any]:
    """Return the figures of a page that shows its prices."""
    session = page.context.new_cdp_session(page)

    def turn_wheel() -> None:
        page.mouse.wheel(0, 240)

    session.send("Performance.enable", {"timeDomain": "threadTicks"} if options.cpu else {})
    pass_time(options.settle)
    first = sizes(session)
    page.evaluate(STATE)
    before = metrics(session)
    pass_time(options.seconds, turn_wheel if options.scroll else None)
    after = metrics(session)
    state = page.evaluate(STATE)
    span_s = after["Timestamp"] - before["Timestamp"]
    shares = {
        name: round(100 * (after[key] - before[key]) / span_s, 1) for name, key in SHARES.items()
    }
    return {
        "seconds": round(span_s, 1),
        **{f"{name}_percent": share for name, share in shares.items()},
        "tasks_over_50_ms": len(state["tasks"]),
        "longest_ms": max(state["tasks"], default=None),
        "lines": state["lines"],
        "first": first,
        "last": sizes(session),
        "load": round(os.getloadavg()[0], 1),
    }


def traced_tasks(browser: Browser, page: Page, seconds: float) -> dict[str, float | int]:
    """Return the longest task of the page's main thread by the clock and by its CPU time, in ms.

    Where others load the machine, a task that waits for a core takes long and costs little.
    """
    browser.start_tracing(page=page, categories=["toplevel"])
    pass_time(seconds)
    events = json.loads(browser.stop_tracing())["traceEvents"]
    mains = {
        (each["pid"], each["tid"])
        for each in events
        if each["name"] == "thread_name" and each["args"]["name"] == "CrRendererMain"
    }
    tasks = [
        (each["dur"] / 1000, each.get("tdur", 0) / 1000)
        for each in events
        if each.get("ph") == "X"
        and each["name"] == "ThreadControllerImpl::RunTask"
        and (each["pid"], each["tid"]) in mains
    ]
    return {
        "traced": len(tasks),
        "longest_ms_of_clock": round(max(wall for wall, _ in tasks), 1),
        "longest_ms_of_cpu": round(max(cpu for _, cpu in tasks), 1),
    }


def pass_time(seconds: float, act: Callable[[], object] | None = None) -> None:
    """Let the page run, and do something ten times a second meanwhile."""
    end = time.monotonic() + seconds
    wait_until(lambda: (act and act()) or time.monotonic() >= end, seconds + PATIENCE_S, poll_s=0.1)


def run(options: Namespace) -> dict[str, Any]:
    """Serve the site, open its page with the synthetic market, and measure."""
    facts = {"rows": options.rows, "updates": options.updates, "frames": options.frames}
    with (
        TemporaryDirectory() as folder,
        serve(Path(folder), "--rate", "1") as served,
        sync_playwright() as playwright,
    ):
        browser = launch(playwright.chromium)
        people = People(browser, served)
        context = people.context("viewer", bypass_csp=True)
        page = context.new_page()
        give_market(page, **facts)
        page.goto(served.url)
        wait_for_prices(page, options.rows)
        if options.sort:
            page.locator(f"th[data-sort={options.sort}] button").click()
        page.mouse.move(640, 500 if options.scroll else 5)
        figures = measure(page, options)
        if options.trace:
            figures["tasks"] = traced_tasks(browser, page, options.seconds)
        browser.close()
    return facts | figures


def main() -> None:
    """Measure once, and print the figures."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000)
    parser.add_argument("--updates", type=int, default=5_000, help="per second, of all rows")
    parser.add_argument("--frames", type=int, default=10, help="per second; 10 is the page's pace")
    parser.add_argument("--seconds", type=int, default=60, help="300 for the long run")
    parser.add_argument("--settle", type=int, default=5, help="seconds before the first figure")
    parser.add_argument("--sort", help="sort by a column, as change_percent")
    parser.add_argument(
        "--cpu", action="store_true", help="CPU time, where others load the machine"
    )
    parser.add_argument("--trace", action="store_true", help="the same time again, task by task")
    parser.add_argument("--scroll", action="store_true", help="turn the wheel all the time")
    parser.add_argument("--json", action="store_true", help="print one line of JSON")
    options = parser.parse_args()
    figures = run(options)
    print(json.dumps(figures, indent=None if options.json else 1))


if __name__ == "__main__":
    main()
