"""How soon ticks are on the screen, and what a chart costs: uv run python -m tests.benchmarks.paint

The site and its default market as `manage.py demo` makes them, read by others over all transports
meanwhile, and the default page in Chromium. Nobody touches the page.

First, how old a tick is when the page has painted it, counted from when the market made it; see
tests/support/tick_watch.js. Then how busy the page's main thread is: with the list alone, with the
chart of an instrument beside it, with the page of that instrument, and there with as many bars as a
chart can have, its newest or its oldest ones in view. These are opened in turn, so that one round
compares what was measured under the same load. What a chart costs is the median of the differences
of the rounds. Busy is counted by the clock and, where others load the machine, by CPU time.
"""

import asyncio
import json
import os
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any, Final

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.support.chromium import launch
from tests.support.main_thread import (
    long_tasks,
    longest,
    metrics,
    open_counts,
    pass_time,
    shares,
    traced,
    watch_tasks,
)
from tests.support.mixed_readers import ROOM, Habits, MixedReaders
from tests.support.people import People
from tests.support.places import ROOT
from tests.support.served import Served, serve
from tests.support.waiting import wait_until

SERVERS: Final = ("daphne", "uvicorn")
PARTS: Final = ("ticks", "chart")
PAGE_RATE: Final = 10.0
"""Frames per second that a page asks for; the other readers ask for as many."""
OPEN_S: Final = 120
WATCH: Final = ROOT / "tests" / "support" / "tick_watch.js"
SHOWN: Final = "() => globalThis.ticksShown"
FORGET: Final = """() => {
  for (const list of Object.values(ticksShown)) if (Array.isArray(list)) list.length = 0;
  ticksShown.unseen = 0;
}"""
IS_LIVE: Final = """() => document.body.dataset.link === "live"
  && [...document.querySelectorAll("#watchlist tbody [data-field=bid]")].every((cell) =>
    cell.textContent.trim() !== "\\u2013")"""
HAS_CHART: Final = """() => document.querySelector("#instrument canvas")
  && document.querySelector("#instrument [data-part=chart-note]").hidden"""
PRESS_OLDER: Final = """() => {
  document.querySelector("#instrument [data-part=older]").click();
  return document.querySelector("#instrument [data-part=chart-note]").textContent
    .includes("holds no more bars");
}"""
"""Presses the button once; says whether the chart is full."""

Figures = dict[str, float]
Rounds = dict[str, list[Figures]]


# --- pure ---


def spread(samples: Sequence[float]) -> Figures:
    """Return the median and the tail of samples; at least two are needed."""
    cuts = quantiles(samples, n=100, method="inclusive")
    return {
        "p50": round(cuts[49], 1),
        "p95": round(cuts[94], 1),
        "p99": round(cuts[98], 1),
        "max": round(max(samples), 1),
    }


def summary(rounds: Sequence[Figures]) -> Figures:
    """Return the figures of all rounds: the medians of shares, and all of the long tasks."""
    found = {name: round(median(each[name] for each in rounds), 1) for name in rounds[0]}
    return found | {
        "tasks_over_50_ms": sum(each["tasks_over_50_ms"] for each in rounds),
        "longest_ms_over_50": max(each["longest_ms_over_50"] for each in rounds),
    }


def extra(without: Sequence[Figures], with_chart: Sequence[Figures], name: str) -> Figures:
    """Return how much more a figure is, in points and as a share of what it was (%).

    Both are medians over the rounds, of the differences within each round.
    """
    pairs = [(a[name], b[name]) for a, b in zip(without, with_chart, strict=True)]
    return {
        "points": round(median(b - a for a, b in pairs), 1),
        "share_percent": round(median(100 * (b - a) / a for a, b in pairs), 1),
    }


# --- readers ---


async def read_until(readers: MixedReaders, end: Event) -> None:
    """Let readers read until they are ended."""
    reading = asyncio.create_task(readers.read())
    await asyncio.to_thread(end.wait)
    reading.cancel()
    with suppress(asyncio.CancelledError):
        await reading


@contextmanager
def others(served: Served, count: int) -> Iterator[MixedReaders]:
    """Let so many others read meanwhile, in a thread of their own."""
    readers = MixedReaders(served, count, Habits(stream_rate=PAGE_RATE))
    end = Event()
    thread = Thread(target=lambda: asyncio.run(read_until(readers, end)))
    thread.start()
    try:
        wait_until(lambda: readers.are_all_fed, OPEN_S)
        yield readers
    finally:
        end.set()
        thread.join()


# --- from tick to paint ---


def measure_ticks(context: BrowserContext, served: Served, options: Namespace) -> dict[str, Any]:
    """Return how old ticks were when they arrived and when they were on the screen (ms)."""
    page = context.new_page()
    page.add_init_script(f"({WATCH.read_text().strip().rstrip(';')})()")
    page.goto(served.url)
    page.wait_for_function(IS_LIVE)
    pass_time(options.settle)
    page.evaluate(FORGET)
    pass_time(options.seconds)
    found = page.evaluate(SHOWN)
    page.close()
    ages = {name: spread(found[name]) for name in ("arrived_ms", "painted_ms", "left_ms")}
    return {"ticks": len(found["painted_ms"]), "not_shown": found["unseen"], **ages}


# --- what a chart costs ---


def fill_chart(page: Page) -> None:
    """Press "Older" until the chart has as many bars as it can have."""
    page.wait_for_function(PRESS_OLDER, polling=50)


def show_newest(page: Page) -> None:
    page.get_by_role("button", name="Newest").click()
    page.mouse.move(5, 5)


def open_list(page: Page, url: str) -> None:
    page.goto(url)
    page.wait_for_function(IS_LIVE)


def open_chart(page: Page, url: str) -> None:
    open_list(page, url)
    page.wait_for_function(HAS_CHART)


def look(page: Page, options: Namespace) -> Figures:
    """Return the shares of one slice of time."""
    pass_time(options.settle)
    clock, cpu = open_counts(page), open_counts(page, of_cpu=True)
    long_tasks(page)
    before = metrics(clock), metrics(cpu)
    pass_time(options.slice)
    after = metrics(clock), metrics(cpu)
    tasks = long_tasks(page)
    found = shares(before[0], after[0])
    for session in (clock, cpu):
        session.detach()
    return {
        **found,
        "cpu_percent": shares(before[1], after[1])["busy_percent"],
        "tasks_over_50_ms": len(tasks),
        "longest_ms_over_50": max(tasks, default=0),
    }


class Costs:
    """What each state of the page costs, looked at in turn."""

    def __init__(self, browser: Browser, page: Page, served: Served, options: Namespace) -> None:
        self._browser = browser
        self._page = page
        self._options = options
        self._urls = {
            "list": served.url,
            "chart beside it": f"{served.url}?i={options.symbol}",
            "instrument": f"{served.url}i/{options.symbol}/",
        }
        self.rounds: Rounds = {}
        self.tasks: dict[str, Figures] = {}

    def take_round(self) -> None:
        """Open each state once, and look."""
        for name, url in self._urls.items():
            (open_list if name == "list" else open_chart)(self._page, url)
            self._note(name)
        fill_chart(self._page)
        self._note("10,000 bars, the oldest in view")
        show_newest(self._page)
        self._note("10,000 bars, the newest in view")

    def trace(self) -> None:
        """Find the longest task of each state, and that of filling the chart."""
        wait = partial(pass_time, self._options.slice)
        for name, url in self._urls.items():
            (open_list if name == "list" else open_chart)(self._page, url)
            pass_time(self._options.settle)
            self._trace(name, wait)
        self._trace("filling the chart", partial(fill_chart, self._page))
        self._trace("10,000 bars, the oldest in view", wait)
        show_newest(self._page)
        self._trace("10,000 bars, the newest in view", wait)

    def report(self) -> dict[str, Any]:
        """Return the medians of all states, and how much more a chart is."""
        alone = self.rounds["list"]
        more = {
            name: {of: extra(alone, found, of) for of in ("busy_percent", "cpu_percent")}
            for name, found in self.rounds.items()
            if name != "list"
        }
        states = {name: summary(found) for name, found in self.rounds.items()}
        return {"states": states, "more_than_the_list": more, "longest_task": self.tasks}

    def _note(self, name: str) -> None:
        self.rounds.setdefault(name, []).append(look(self._page, self._options))

    def _trace(self, name: str, act: Callable[[], None]) -> None:
        with traced(self._browser, self._page) as tasks:
            act()
        self.tasks[name] = longest(tasks)


def measure_costs(
    browser: Browser, context: BrowserContext, served: Served, options: Namespace
) -> dict[str, Any]:
    """Return what the page costs with and without a chart."""
    page = context.new_page()
    watch_tasks(page)
    costs = Costs(browser, page, served, options)
    for _ in range(options.rounds):
        costs.take_round()
    costs.trace()
    page.close()
    return costs.report()


# --- all of it ---


def run(options: Namespace) -> dict[str, Any]:
    """Serve the site, let others read, and measure."""
    found: dict[str, Any] = {
        "server": options.server,
        "readers": options.readers,
        "symbol": options.symbol,
    }
    with (
        TemporaryDirectory() as folder,
        serve(Path(folder), "--server", options.server, **ROOM) as served,
        sync_playwright() as playwright,
        others(served, options.readers) as readers,
    ):
        browser = launch(playwright.chromium)
        context = People(browser, served).context("viewer")
        if "ticks" in options.parts:
            found["ticks"] = measure_ticks(context, served, options)
        if "chart" in options.parts:
            found["chart"] = measure_costs(browser, context, served, options)
        found["load"] = round(os.getloadavg()[0], 1)
        found["readers_lost"], found["gaps"] = readers.lost, readers.gaps
        browser.close()
    return found


def main() -> None:
    """Measure once, and print the figures."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--server", choices=SERVERS, default=SERVERS[0])
    parser.add_argument("--parts", choices=PARTS, nargs="+", default=PARTS)
    parser.add_argument("--readers", type=int, default=50, help="others that read meanwhile")
    parser.add_argument("--symbol", default="NVX", help="whose chart is opened")
    parser.add_argument("--seconds", type=int, default=60, help="of ticks")
    parser.add_argument("--rounds", type=int, default=3, help="of the states of the page")
    parser.add_argument("--slice", type=int, default=10, help="seconds of a state in each round")
    parser.add_argument("--settle", type=int, default=3, help="seconds before each figure")
    parser.add_argument("--json", action="store_true", help="print one line of JSON")
    options = parser.parse_args()
    figures = run(options)
    print(json.dumps(figures, indent=None if options.json else 1))


if __name__ == "__main__":
    main()
