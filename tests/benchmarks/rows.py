"""What a long list costs the page: uv run python -m tests.benchmarks.rows --json

The real dashboard in Chromium, with its own connection, board, table and painter. Only the frames
are synthetic: a worker in the browser writes them instead of a server, because a list of a
person holds fewer instruments. The figures are of the page's main thread, while nobody touches the
page: how long it was busy (the sum of its tasks), the tasks over 50 ms, and how its nodes and its
memory grow. With --scroll somebody turns the wheel all the time. Each line in view has its day so
far as a picture. With --cpu the shares are of CPU time, and --trace asks for each task what it
cost: where others load the machine, the clock counts their work too.
"""

import json
import os
from argparse import ArgumentParser, Namespace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from playwright.sync_api import Page, sync_playwright

from tests.support.chromium import launch
from tests.support.main_thread import (
    long_tasks,
    longest,
    metrics,
    open_counts,
    pass_time,
    shares,
    sizes,
    span_s,
    traced,
    watch_tasks,
)
from tests.support.people import People
from tests.support.served import serve
from tests.support.synthetic_market import give_market, wait_for_prices

LINES: Final = "() => document.querySelectorAll('tbody tr[data-symbol]').length"


def measure(page: Page, options: Namespace) -> dict[str, Any]:
    """Return the figures of a page that shows its prices."""
    session = open_counts(page, of_cpu=options.cpu)

    def turn_wheel() -> None:
        page.mouse.wheel(0, 240)

    pass_time(options.settle)
    first = sizes(session)
    long_tasks(page)
    before = metrics(session)
    pass_time(options.seconds, turn_wheel if options.scroll else None)
    after = metrics(session)
    tasks = long_tasks(page)
    return {
        "seconds": round(span_s(before, after), 1),
        **shares(before, after),
        "tasks_over_50_ms": len(tasks),
        "longest_ms": max(tasks, default=None),
        "lines": page.evaluate(LINES),
        "first": first,
        "last": sizes(session),
        "load": round(os.getloadavg()[0], 1),
    }


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
        watch_tasks(page)
        page.goto(served.url)
        wait_for_prices(page, options.rows)
        if options.sort:
            page.locator(f"th[data-sort={options.sort}] button").click()
        page.mouse.move(640, 500 if options.scroll else 5)
        figures = measure(page, options)
        if options.trace:
            with traced(browser, page) as tasks:
                pass_time(options.seconds)
            figures["tasks"] = longest(tasks)
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
