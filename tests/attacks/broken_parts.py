"""Parts of a site that break: database, bus, feed, web process, proxy."""

import re
import signal
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection
from typing import Final
from urllib.request import urlopen

from tests.attacks.changes import change, seconds_since
from tests.attacks.figures import Stopwatch, as_s
from tests.attacks.registry import Outcome, attack
from tests.attacks.targets import DatabaseSite, database_site, whole_site
from tests.support.distant_visitor import DistantVisitor
from tests.support.raw import basic, open_reader
from tests.support.readers import for_seconds
from tests.support.served import Served
from tests.support.unwritable import STATES
from tests.support.waiting import PATIENCE_S, wait_until
from tests.support.watch import Watch

BACK_S: Final = 5.0
SIGN_IN_S: Final = 2.0
FROZEN_S: Final = 10.0
PATIENT_S: Final = 30.0
UNWRITABLE: Final = "issue: database locked, full or read-only"
UNWRITABLE_GOAL: Final = (
    "a sign-in gets 503 with Retry-After within 2 s, prices go on, admins see why, "
    "and it works again afterwards"
)
LOST: Final = "issue: a lost PostgreSQL connection"
AGREE: Final = "within 5 s all readers and both web processes have the market of the feed"


# --- a database that takes no writes ---


@attack("SQLite locked by another program", expected=UNWRITABLE_GOAL, source=UNWRITABLE)
def locked(served: Served) -> Outcome:
    return _unwritable(served, "locked")


@attack("SQLite full", expected=UNWRITABLE_GOAL, source=UNWRITABLE)
def full(served: Served) -> Outcome:
    return _unwritable(served, "full")


@attack("SQLite read-only", expected=UNWRITABLE_GOAL, source=UNWRITABLE)
def read_only(served: Served) -> Outcome:
    return _unwritable(served, "read-only")


def _unwritable(served: Served, state: str) -> Outcome:
    admin = DistantVisitor(served, "127.0.0.50")
    assert admin.sign_in(served.passwords["admin"], user="admin")[0] == 302
    wait_until(lambda: "The database is" not in admin.ask("GET", "/admin/")[1])
    with STATES[state](served):
        status, retry, seconds = _sign_in(served)
        before, watch = served.board()["position"], Stopwatch()
        wait_until(lambda: served.board()["position"] != before)
        tick_s, watch = watch.s, Stopwatch()
        wait_until(lambda: f"The database is {state}." in admin.ask("GET", "/admin/")[1])
        banner_s = watch.s
    watch = Stopwatch()
    wait_until(lambda: _sign_in(served)[0] == 302)
    again_s = watch.s
    is_met = status == 503 and retry is not None and seconds <= SIGN_IN_S and again_s <= BACK_S
    return Outcome(
        f"{status} after {as_s(seconds)}, Retry-After {retry}; a tick after {as_s(tick_s)}, "
        f"the banner after {as_s(banner_s)}; works again after {as_s(again_s)}",
        is_met and tick_s <= 1,
    )


def _sign_in(served: Served) -> tuple[int, str | None, float]:
    """Return the status, the header Retry-After, and the seconds that a sign-in took."""
    visitor, watch = DistantVisitor(served, "127.0.0.51"), Stopwatch()
    status, _ = visitor.sign_in(served.passwords["viewer"])
    return status, visitor.last["Retry-After"], watch.s


# --- a PostgreSQL that goes and comes ---


@attack(
    "PostgreSQL ends all connections",
    expected="polls and new sockets work within 5 s; ticks go on",
    source=LOST,
    at=database_site,
)
def ended_connections(site: DatabaseSite) -> Outcome:
    wait_until(lambda: _polls(site.served))
    site.postgres.terminate_all()
    return _seconds_to_work(site)


@attack(
    "PostgreSQL crashes and is away for 10 s",
    expected="polls get 503, ticks go on; polls and new sockets work within 5 s of its start",
    source=LOST,
    at=database_site,
)
def crash(site: DatabaseSite) -> Outcome:
    wait_until(lambda: _polls(site.served))
    site.postgres.crash()
    wait_until(lambda: _status_of_poll(site.served) == 503)
    before = _sequence(site.served)
    wait_until(for_seconds(FROZEN_S))
    ticks = _sequence(site.served) - before
    site.postgres.start()
    outcome = _seconds_to_work(site)
    text = f"503, {ticks:,} ticks meanwhile; {outcome.measured}"
    return Outcome(text, outcome.is_met and ticks > FROZEN_S * 100)


def _seconds_to_work(site: DatabaseSite) -> Outcome:
    watch = Stopwatch()
    wait_until(lambda: _polls(site.served) and _admits(site.served))
    return Outcome(f"work after {as_s(watch.s)}", watch.s <= BACK_S)


def _polls(served: Served) -> bool:
    return _status_of_poll(served) == 200


def _status_of_poll(served: Served) -> int:
    with closing(HTTPConnection(served.host, timeout=PATIENCE_S)) as line:
        line.request("GET", "/poll/v1/?symbols=*", headers={"Authorization": basic(served)})
        return line.getresponse().status


def _admits(served: Served) -> bool:
    with open_reader(served) as reader:
        return bool(reader.recv(65_536))


def _sequence(served: Served) -> int:
    return int(served.board()["position"].partition(":")[2])


# --- a whole site ---


@attack(
    "kill -9 of a web process", expected=AGREE, source="fault: web worker killed", at=whole_site
)
def killed_web(watch: Watch) -> Outcome:
    return _break(watch, lambda: watch.site.webs[0].kill())


@attack(
    "start of that web process", expected=AGREE, source="fault: web worker killed", at=whole_site
)
def started_web(watch: Watch) -> Outcome:
    return _break(watch, lambda: watch.site.restart_web(0))


@attack(
    "kill -9 of Redis, and its start, empty",
    expected=AGREE,
    source="fault: Redis killed",
    at=whole_site,
)
def killed_redis(watch: Watch) -> Outcome:
    def restart() -> None:
        watch.site.redis.kill()
        watch.site.redis.start()

    return _break(watch, restart)


@attack("everything in Redis is flushed", expected=AGREE, source="fault: FLUSHALL", at=whole_site)
def flushed_redis(watch: Watch) -> Outcome:
    return _break(watch, lambda: watch.site.redis.client().flushall())


@attack(
    "Redis stands still for 10 s, and goes on",
    expected="a page within 1 s meanwhile; then " + AGREE,
    source="fault: Redis stopped",
    at=whole_site,
)
def frozen_redis(watch: Watch) -> Outcome:
    watch.site.redis.freeze()
    try:
        pages = []
        over = for_seconds(FROZEN_S)
        while not over():
            taken = Stopwatch()
            DistantVisitor(watch.site.nginx, "127.0.0.60").ask("GET", "/accounts/login/")
            pages.append(taken.s)
            wait_until(for_seconds(0.5))
    finally:
        outcome = _break(watch, watch.site.redis.thaw)
    text = f"{len(pages)} pages, {as_s(max(pages))} at most; {outcome.measured}"
    return Outcome(text, outcome.is_met and max(pages) <= 1, outcome.reason)


@attack(
    "Redis ends the connections of all clients",
    expected=AGREE,
    source="fault: Redis kills a subscriber",
    at=whole_site,
)
def cut_redis(watch: Watch) -> Outcome:
    def cut() -> None:
        client = watch.site.redis.client()
        for kind in ("normal", "pubsub"):
            client.execute_command("CLIENT", "KILL", "TYPE", kind)

    return _break(watch, cut)


@attack(
    "crash of PostgreSQL, and its start",
    expected=AGREE,
    source="fault: PostgreSQL restarts",
    at=whole_site,
)
def crashed_database(watch: Watch) -> Outcome:
    def restart() -> None:
        watch.site.postgres.crash()
        watch.site.postgres.start()

    return _break(watch, restart)


@attack("restart of PostgreSQL", expected=AGREE, source="fault: PostgreSQL restarts", at=whole_site)
def restarted_database(watch: Watch) -> Outcome:
    def restart() -> None:
        watch.site.postgres.stop()
        watch.site.postgres.start()

    return _break(watch, restart)


@attack(
    "kill -9 of nginx, and its start",
    expected=AGREE,
    source="issue: kill -9 of each part",
    at=whole_site,
)
def killed_proxy(watch: Watch) -> Outcome:
    def restart() -> None:
        watch.site.nginx.kill()
        watch.site.nginx.start()

    return _break(watch, restart)


@attack(
    "kill -9 of the feed, with a standby",
    expected=AGREE,
    source="fault: engine killed",
    at=whole_site,
)
def killed_feed(watch: Watch) -> Outcome:
    outcome = _break(watch, watch.site.fail_over)
    watch.site.start_standby()
    return outcome


@attack(
    "the feed stands still for 10 s, and goes on when the standby runs the market",
    expected="ticks go on within 5 s; nothing of the old feed is accepted; " + AGREE,
    source="fault: engine stopped",
    at=whole_site,
)
def frozen_feed(watch: Watch) -> Outcome:
    site, witness = watch.site, watch.witness
    epochs, old = len(witness.epochs), site.feed
    old.process.send_signal(signal.SIGSTOP)
    frozen, taken = for_seconds(FROZEN_S), Stopwatch()
    try:
        wait_until(lambda: len(witness.epochs) > epochs, PATIENT_S)
        taken_s = taken.s
        wait_until(frozen)
    finally:
        old.process.send_signal(signal.SIGCONT)
    outcome = _break(watch, lambda: wait_until(for_seconds(2)))
    site.feed, site.standby = site.standby, old
    late = len(witness.epochs) - epochs - 1
    text = f"taken over after {as_s(taken_s)}; {late} batches of the old feed's epoch afterwards; "
    is_met = outcome.is_met and taken_s <= BACK_S and late == 0 and not witness.holes
    return Outcome(text + outcome.measured, is_met, outcome.reason)


@attack(
    "all faults of the whole site together",
    expected="no frame skipped, no trade lost or doubled, for any reader",
    source="issue: kill -9 of each part",
    at=whole_site,
)
def nothing_lost(watch: Watch) -> Outcome:
    """The last attack on the whole site: its readers end here."""
    watch.end_readers()
    trades = sum(len(reader.tape) for reader in watch.readers)
    faults = watch.faults()
    return Outcome(f"{trades:,} trades, {len(faults)} faults", not faults, "; ".join(faults))


def _break(watch: Watch, act: Callable[[], object]) -> Outcome:
    act()
    seconds = watch.seconds_to_agree(PATIENT_S)
    return Outcome(f"all agree after {as_s(seconds)}", seconds <= BACK_S)


# --- a change of the market itself ---


@attack(
    "an admin pauses and starts the feed while people read",
    expected="each is so within 2 s, and the market is the same one",
    source="fault: configuration edited while live",
)
def edited_feed(served: Served) -> Outcome:
    epoch = served.board()["position"].partition(":")[0]
    taken = {name: _operate(served, name) for name in ("pause_feed", "start_feed")}
    is_same = served.board()["position"].partition(":")[0] == epoch
    text = ", ".join(f"{name} after {as_s(seconds)}" for name, seconds in taken.items())
    return Outcome(
        f"{text}; {'same' if is_same else 'another'} epoch", is_same and max(taken.values()) <= 2
    )


def _operate(served: Served, service: str) -> float:
    """Call a service in another process; return how long the process with the feed took."""
    wanted = {"pause_feed": "paused", "start_feed": "running"}[service]
    done_s = change(
        served,
        "from feeds.services import feeds; from feeds.models import Feed; "
        f"feeds.{service}(Feed.objects.get(), actor=None)",
    )
    wait_until(lambda: re.search(rf'state="{wanted}"\}} 1', _metrics(served)))
    return seconds_since(done_s)


def _metrics(served: Served) -> str:
    with urlopen(f"{served.url}metrics", timeout=PATIENCE_S) as answer:
        return str(answer.read().decode())
