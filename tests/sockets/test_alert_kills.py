"""No firing of an alert is missed or doubled through kill -9 of feed, web process and Redis.

What was published is read from Redis by a witness, and a naive judge recounts the firings from it.
`uv run pytest -n 0 tests/sockets/test_alert_kills.py --kills 30` is the long run.
"""

import random
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from dashboard.alerts.rules import Condition, Frequency, Kind, Rule
from feeds.market.bars import MINUTE_MS
from feeds.market.events import Batch, Event, Trade, symbol_of
from tests.support import storage
from tests.support.alert_oracle import NaiveJudge
from tests.support.feed_process import running_feed
from tests.support.readers import for_seconds
from tests.support.redis_server import RedisServer
from tests.support.served import Served, serve
from tests.support.tape_witness import TapeWitness
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

SEED: Final = 14
LATEST_S: Final = 2.0
"""A kill comes up to this long after news of the market."""
FLAGS: Final = ("--instruments", "8", "--rate", "200")
ALERTS: Final = (
    (Kind.ABOVE, 0.0005, Frequency.EVERY_TIME),
    (Kind.BELOW, -0.0005, Frequency.EVERY_TIME),
    (Kind.CROSSES_UP, 0, Frequency.EVERY_TIME),
    (Kind.CROSSES_DOWN, 0, Frequency.EVERY_TIME),
    (Kind.ABOVE, 0.001, Frequency.ONCE),
    (Kind.CROSSES_DOWN, -0.001, Frequency.ONCE),
    (Kind.BELOW, 0.0005, Frequency.ONCE_PER_BAR),
)
"""What each symbol has: the kind, how far the level is from the price, and how often it fires."""
MAKE: Final = """
import django
django.setup()
from decimal import Decimal
from django.contrib.auth.models import User
from dashboard.alerts.rules import Condition
from dashboard.alerts.services import AlertFacts, make_alert
viewer = User.objects.get(username="viewer")
for symbol, kind, level, frequency in {wanted!r}:
    conditions = (Condition(kind, Decimal(level)),)
    make_alert(viewer, AlertFacts(symbol=symbol, conditions=conditions, frequency=frequency))
"""
Place = tuple[int, str, str, int]
"""Alert, symbol, epoch and sequence of a firing."""


def make_alerts(web: Served) -> list[Rule]:
    """Make alerts near the prices there are; return them as the naive judge knows them."""
    rows = web.board()["rows"]
    wanted = [
        (symbol, str(kind), f"{float(row['p'] or row['pc']) * (1 + far):.2f}", str(frequency))
        for symbol, row in sorted(rows.items())
        for kind, far, frequency in ALERTS
    ]
    web.run(MAKE.format(wanted=wanted))
    ids = [pk for (pk,) in read(web.folder, "SELECT id FROM dashboard_alert ORDER BY id")]
    return [
        Rule(
            id=pk, revision=0, keys=(symbol,), frequency=Frequency(frequency),
            conditions=(Condition(Kind(kind), Decimal(level)),),
        )
        for pk, (symbol, kind, level, frequency) in zip(ids, wanted, strict=True)
    ]  # fmt: skip


def read(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(storage.connect(folder)) as rows:
        return list(rows.execute(query).fetchall())


def recount(
    rules: list[Rule], lives: list[list[Batch]], stored: dict[Place, datetime]
) -> list[Place]:
    """Return what should have fired; the rules are judged from the second life on.

    A firing is stored before its batch is published. So a life may end with firings of events that
    nobody saw. They have been told, and count. `stored` has the time of each firing.
    """
    found: list[Place] = []
    for symbol in {key for rule in rules for key in rule.keys}:
        mine = [rule for rule in rules if symbol in rule.keys]
        judge = NaiveJudge([])
        for number, life in enumerate(lives):
            if number == 1:
                judge.add(mine)
            for batch in life:
                fired = judge.take(only(symbol, batch), 0)
                found += [(rule, key, batch.epoch, at) for rule, key, at in fired]
            for place, fired_at in stored.items():
                if place[1:3] == (symbol, life[0].epoch) and place[3] > life[-1].last:
                    rule = next(rule for rule in mine if rule.id == place[0])
                    judge.note(rule, symbol, place[3], minute_at(fired_at, life))
                    found.append(place)
    return found


def minute_at(fired_at: datetime, life: list[Batch]) -> int:
    """Return the minute of exchange time soon after a life, whose clock runs evenly."""
    trades = [event for batch in life for event in batch.events if isinstance(event, Trade)]
    first, last = trades[0], trades[-1]
    speed = (last.exchange_ms - first.exchange_ms) / (last.ts_event - first.ts_event)
    passed_ms = fired_at.timestamp() * 1000 - last.ts_event
    return int(last.exchange_ms + passed_ms * speed) // MINUTE_MS


def moment(value: datetime | str) -> datetime:
    """Return a time as PostgreSQL or SQLite keeps it."""
    read = datetime.fromisoformat(value) if isinstance(value, str) else value
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def only(symbol: str, batch: Batch) -> Batch:
    """Return a batch in which other symbols have nothing but empty places."""
    events: tuple[Event | None, ...] = tuple(
        event if symbol_of(event) == symbol else None for event in batch.events
    )
    return Batch(batch.epoch, batch.first, events)  # type: ignore[arg-type]


@pytest.mark.shared
def test_no_firing_is_missed_or_doubled_through_kills(
    tmp_path: Path,
    redis: RedisServer,
    pytestconfig: pytest.Config,
    record_property: Callable[[str, Any], None],
) -> None:
    chance = random.Random(SEED)
    storage.make_tables(tmp_path)
    witness = TapeWitness(redis)
    witness.start()
    with ExitStack() as stack:
        more = {"REDIS_URL": redis.url}
        web = stack.enter_context(serve(tmp_path, *FLAGS, **more))
        feed = stack.enter_context(running_feed(tmp_path, redis))
        wait_until(lambda: web.board()["rows"])
        witness.wait_for_events()
        feed.stop()
        rules = make_alerts(web)
        feed.start()
        witness.wait_for_events()
        for number in range(pytestconfig.getoption("kills")):
            wait_until(for_seconds(chance.uniform(0, LATEST_S)))
            if number % 3 == 0:
                feed.kill()
                feed.start()
            elif number % 3 == 1:
                web.kill()
                web = stack.enter_context(serve(tmp_path, *FLAGS, "--port", str(web.port), **more))
            else:
                redis.kill()
                redis.start()
            witness.wait_for_events()
        witness.wait_for_events(2_000)
        feed.stop()
        witness.end()
    firings = "SELECT fired_at, alert_id, symbol, epoch, sequence FROM dashboard_alertfiring"
    rows = read(tmp_path, firings)
    stored = {(pk, symbol, epoch, at): moment(time) for time, pk, symbol, epoch, at in rows}
    notices = read(tmp_path, "SELECT COUNT(*) FROM dashboard_notification WHERE level = 'warning'")
    lives = witness.tape()
    wanted = recount(rules, lives, stored)
    events = sum(len(batch.events) for life in lives for batch in life)
    record_property("figures", f"{len(lives)} lives, {events} events, {len(stored)} firings")
    assert len(stored) == len(rows)
    extra, missing = (
        Counter(list(stored)) - Counter(wanted),
        Counter(wanted) - Counter(list(stored)),
    )
    ends = [(life[0].epoch, life[-1].last) for life in lives]
    assert (sorted(extra), sorted(missing)) == ([], []), ends
    assert notices == [(len(stored),)]
    assert len(stored) > len(rules)
