"""How large and how fast a month of bars is: uv run python -m tests.benchmarks.storage

It fills a database of its own with bars of minutes, in plain SQL, and measures what people and the
feed wait for. TEST_MARKET=shared takes PostgreSQL and Redis instead of SQLite. The database goes
away afterwards; 23 million bars need some 3 GB and some minutes.
"""

import os
import re
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

import django

from tests.support import storage
from tests.support.served import serve

DAY_MS, MINUTE_MS = 86_400_000, 60_000
ASKED = 50
PAGES = (500, 1_500)
"""Bars that a chart asks for at once: a page of history, and the most of an answer."""
RATE = 2_000.0


@cache
def newest_ms() -> int:
    """Return the begin of the day after tomorrow: a market that runs meanwhile adds no bars."""
    return (time.time_ns() // 1_000_000 // DAY_MS + 2) * DAY_MS


def seconds(work: Callable[[], Any]) -> tuple[float, float]:
    """Return how long it took, and the CPU time of this process."""
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began_s, time.process_time() - began_cpu_s


def middle(work: Callable[[], Any], times: int = ASKED) -> str:
    """Return the median and the longest of several times, in ms."""
    taken = sorted(seconds(work)[0] * 1000 for _ in range(times))
    return f"{taken[times // 2]:.1f} ms (longest of {times}: {taken[-1]:.1f} ms)"


def say(name: str, text: str) -> None:
    """Print a figure."""
    print(f"{name:36} {text}", flush=True)


def fill(days: int, minutes: int) -> None:
    """Give each instrument its bars of minutes, the same prices in each."""
    from django.db import connection

    numbers = {
        "sqlite": "WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < {0})"
        " SELECT n FROM n",
        "postgresql": "SELECT generate_series(0::bigint, {0}) AS n",
    }[connection.vendor].format(days * minutes - 1)
    start = f"{newest_ms()} - (n / {minutes}) * {DAY_MS} + (n % {minutes}) * {MINUTE_MS}"
    with connection.cursor() as cursor, indexed_afterwards(cursor, connection.vendor):
        cursor.execute("SELECT id FROM feeds_instrument ORDER BY id")
        for (instrument,) in cursor.fetchall():
            cursor.execute(  # numbers of our own, which SQLite takes only a few of as parameters
                "INSERT INTO feeds_storedbar (instrument_id, interval, start_ms, open, high, low,"
                f" close, volume, trades, recorded_ms) SELECT {instrument}, '1m', {start}, 10000,"
                f" 10010, 9990, 10005, 12000, 40, 1 FROM ({numbers}) AS numbers ORDER BY n DESC"
            )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


@contextmanager
def indexed_afterwards(cursor: Any, vendor: str) -> Iterator[None]:
    """Let PostgreSQL build the indexes of bars once, at the end: row by row it takes far longer."""
    found: list[tuple[str, str]] = []
    if vendor == "postgresql":
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conrelid = 'feeds_storedbar'::regclass AND contype IN ('p', 'u', 'f')"
        )
        found = cursor.fetchall()
    for name, _ in found:
        cursor.execute(f'ALTER TABLE feeds_storedbar DROP CONSTRAINT "{name}"')
    yield
    for name, definition in found:
        cursor.execute(f'ALTER TABLE feeds_storedbar ADD CONSTRAINT "{name}" {definition}')


def size_of(folder: Path) -> int:
    """Return the bytes that the database has on disk."""
    from django.db import connection

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_database_size(current_database())")
            return int(cursor.fetchone()[0])
    return sum(file.stat().st_size for file in folder.glob("market.sqlite3*"))


def measure_reads(symbols: list[str]) -> None:
    """Print how long a chart waits for its bars."""
    from feeds.selectors.bars import read_history, stored_bars

    draw = Random(1)

    def newest(limit: int) -> None:
        span = {"from_ms": 0, "to_ms": 2**62, "until_ms": 2**62}
        assert len(stored_bars(draw.choice(symbols), "1m", limit=limit, **span)) == limit

    for limit in PAGES:
        say(f"history, the newest {limit:,} minutes", middle(partial(newest, limit)))
    say(
        "begin of a history", middle(lambda: read_history(draw.choice(symbols), now_ms=newest_ms()))
    )


def measure_writes(symbols: list[str]) -> None:
    """Print how long it takes to store a minute of all instruments."""
    from feeds.market.bars import Bar
    from feeds.services.bars import ClosedBar, store_bars

    for minute in range(3):
        start_ms = newest_ms() + DAY_MS + minute * MINUTE_MS
        bar = Bar(start_ms, 10_000, 10_010, 9_990, 10_005, 12_000, 40)
        closed = [ClosedBar(symbol, False, bar, 1) for symbol in symbols]
        took_s, cpu_s = seconds(lambda closed=closed: store_bars(closed))
        say(f"store {len(symbols):,} closed bars", f"{took_s:.2f} s, {cpu_s:.2f} s of CPU")


def measure_prune(days: int) -> None:
    """Print how long a day of all instruments takes to go, and the longest that others wait."""
    from feeds.services.bars import count_old_bars, prune_bars

    say("prune, nothing is old", middle(lambda: list(prune_bars(days + 5)), 5))
    say("count what is old", middle(lambda: count_old_bars(days), 3))
    batches, gone, began_s = prune_bars(days), 0, time.perf_counter()
    longest_s = 0.0
    while True:
        batch_s = time.perf_counter()
        rows = next(batches, None)
        if rows is None:
            break
        gone += rows
        longest_s = max(longest_s, time.perf_counter() - batch_s)
    took_s = time.perf_counter() - began_s
    say("prune a day", f"{gone:,} bars in {took_s:.1f} s, longest batch {longest_s * 1000:.0f} ms")


def measure_site(folder: Path) -> None:
    """Print how long the first page of the board takes on a running site."""
    with serve(folder, "--server", "uvicorn", MARKET_REQUESTS_PER_S="1000") as served:
        people = build_opener(HTTPCookieProcessor())
        people.addheaders = [("Sec-Fetch-Site", "same-origin")]
        login = f"{served.url}accounts/login/"
        token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', _read(people, login))
        assert token is not None
        form = {"login": "viewer", "password": served.passwords["viewer"]}
        sent = urlencode(form | {"csrfmiddlewaretoken": token[1]}).encode()
        people.open(Request(login, sent, {"Origin": served.url.rstrip("/")})).read()
        page = _read(people, served.url)
        assert "<tbody" in page
        say("board, the page", f"{middle(lambda: _read(people, served.url))}, {len(page):,} bytes")
        poll = f"{served.url}poll/v1/?symbols=*"
        size = len(_read(people, poll))
        say("board, all rows by a poll", f"{middle(lambda: _read(people, poll))}, {size:,} bytes")


def _read(people: OpenerDirector, url: str) -> str:
    with people.open(url, timeout=60) as answer:
        return str(answer.read().decode())


def run(options: Namespace, folder: Path) -> None:
    """Fill and measure."""
    os.environ.update(storage.environment(folder))
    django.setup()
    from django.core.management import call_command

    from feeds.models import Instrument, StoredBar
    from feeds.services.feeds import seed_exchange

    call_command("migrate", verbosity=0)
    seed_exchange(options.instruments, RATE)
    symbols = list(Instrument.objects.values_list("symbol", flat=True))
    took_s, _ = seconds(lambda: fill(options.days, options.minutes))
    bars = options.instruments * options.days * options.minutes
    assert options.instruments > 100 or StoredBar.objects.count() == bars
    say("bars", f"{bars:,} ({options.days} days of {options.minutes} minutes), {took_s:.0f} s")
    size = size_of(folder)
    say("size on disk", f"{size / 2**30:.2f} GiB, {size / bars:.0f} bytes a bar")
    measure_reads(symbols)
    measure_writes(symbols)
    measure_prune(options.days - 1)
    measure_site(folder)


def main() -> None:
    """Read the command line."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--instruments", type=int, default=2_000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--minutes", type=int, default=390, help="of a trading day (390)")
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        run(options, Path(folder))


if __name__ == "__main__":
    sys.exit(main())
