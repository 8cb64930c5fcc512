"""How soon a page shows a price: uv run python -m tests.benchmarks.first_load --json

From the navigation in Chromium until the first price is painted that came over the connection. Cold
is a browser without a cache, warm the same page once more. The watchlist has as many rows as asked
for. The page comes with the prices of its table, so these are seen with the first paint. The first
snapshot writes texts alone, and what is counted as the first live price is the first cell that is
lit or marked, with the first update after it: so the first text has a figure of its own.
"""

import json
import re
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import psutil
from playwright.sync_api import BrowserContext, sync_playwright

from tests.support.chromium import launch
from tests.support.people import People
from tests.support.served import Served, serve

SERVERS = ("daphne", "uvicorn")
Figures = dict[str, float]

WATCH = """() => {
  const note = (name) => performance.getEntriesByName(name).length || performance.mark(name);
  new MutationObserver((changes) => {
    if (document.body?.dataset.link !== "live") return;
    const isText = ({target}) => target.parentElement?.closest("td[data-field]");
    if (changes.some(isText)) requestAnimationFrame(() => setTimeout(() => note("live text")));
    const isCell = ({target}) => target.nodeType === 1 && target.matches("td[data-field]");
    if (changes.some(isCell)) requestAnimationFrame(() => setTimeout(() => note("live price")));
  }).observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
}"""
"""Notes when the first text and the first cell have changed on a live page, once painted."""
WATCHED = "() => performance.getEntriesByName('live price').length > 0"
READ = """() => {
  const [page] = performance.getEntriesByType("navigation");
  const files = performance.getEntriesByType("resource");
  const isScript = ({name}) => new URL(name).pathname.endsWith(".js");
  const sum = (list, field) => list.reduce((total, each) => total + each[field], 0);
  const scripts = files.filter(isScript);
  return {
    page_ms: page.responseEnd,
    page_bytes: page.encodedBodySize,
    page_bytes_decoded: page.decodedBodySize,
    first_paint_ms: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0,
    live_text_ms: performance.getEntriesByName("live text")[0]?.startTime ?? 0,
    live_price_ms: performance.getEntriesByName("live price")[0].startTime,
    scripts: scripts.length,
    script_bytes: sum(scripts, "encodedBodySize"),
    files_fetched: files.filter(({transferSize}) => transferSize > 0).length,
    foreign: files.filter(({name}) => new URL(name).origin !== location.origin).length,
  };
}"""

FILL = """
import django
django.setup()
from django.contrib.auth.models import User
from dashboard.personal.watchlist_lines import add_to_watchlist, watchlist_of
from feeds.models import Instrument
user = User.objects.get(username="viewer")
has = set(watchlist_of(user).entries.values_list("instrument__symbol", flat=True))
others = Instrument.objects.exclude(symbol__in=has).values_list("symbol", flat=True)
for symbol in others[: max(0, {rows} - len(has))]:
    add_to_watchlist(user, symbol)
"""
"""Makes the list of the viewer as long as asked for."""


def load(context: BrowserContext, served: Served) -> Figures:
    """Return the figures of one load of the dashboard."""
    process = psutil.Process(served.process.pid)
    page = context.new_page()
    page.add_init_script(f"({WATCH})()")
    before = process.cpu_times()
    page.goto(served.url)
    page.wait_for_function(WATCHED)
    after = process.cpu_times()
    figures: Figures = page.evaluate(READ)
    page.close()
    spent_s = after.user + after.system - before.user - before.system
    return figures | {"server_cpu_ms": spent_s * 1000}


def medians(found: list[Figures]) -> Figures:
    """Return the median of each figure."""
    return {name: round(median(each[name] for each in found), 1) for name in found[0]}


def loads(people: People, served: Served, times: int) -> dict[str, Figures]:
    """Return the medians of cold and of warm loads."""
    cold, warm = [], []
    for _ in range(times):
        context = people.context("viewer")
        # It came with those of the sign-in, whose browser had shown the page.
        context.clear_cookies(name=re.compile("^scripts-"))
        cold.append(load(context, served))
        warm.append(load(context, served))
        context.close()
    return {"cold": medians(cold), "warm": medians(warm)}


@contextmanager
def served_rows(server: str, rows: int) -> Iterator[Served]:
    """Serve a demo of which the viewer watches so many rows."""
    with TemporaryDirectory() as folder:
        instruments = ("--instruments", str(max(60, rows)))
        with serve(Path(folder), "--server", server, *instruments) as served:
            served.run(FILL.format(rows=rows))
            yield served


def main() -> None:
    """Load the page from both servers, and print the figures."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--rows", type=int, nargs="+", default=[20, 200])
    parser.add_argument("--json", action="store_true", help="print one line of JSON at the end")
    options = parser.parse_args()
    found: dict[str, Any] = {}
    with sync_playwright() as playwright:
        browser = launch(playwright.chromium)
        for server in SERVERS:
            for rows in options.rows:
                with served_rows(server, rows) as served:
                    name = f"{server}, {rows} rows"
                    found[name] = loads(People(browser, served), served, options.times)
                if not options.json:
                    print(name, json.dumps(found[name], indent=1), flush=True)
        browser.close()
    if options.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
