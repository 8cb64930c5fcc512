"""Tests of the suite that this command runs again: whether they pass, and how many there are."""

import re
import subprocess
import sys
from functools import cache
from typing import Final

from tests.attacks.registry import Outcome, attack
from tests.attacks.targets import ServerToStart, nothing_yet
from tests.support.places import ROOT

LONGEST_S: Final = 900
COUNTS: Final = re.compile(r"^=*\s*(\d+ (?:passed|failed|error|skipped|deselected).*?)\s*=*$")


def suite(name: str, path: str, *, expected: str, source: str, words: str = "") -> None:
    """Add the tests of a path to the attacks; `words` chooses some, `{server}` is the server's."""

    def run(to_start: ServerToStart) -> Outcome:
        return _run(path, words.format(server=to_start.server))

    attack(name, expected=expected, source=source, at=nothing_yet, test=path)(run)


@cache
def _run(path: str, words: str) -> Outcome:
    """Run tests; those that need no server run once for both."""
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", path]
    if words:
        command += ["-k", words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LONGEST_S)
    lines = [found[1] for line in done.stdout.splitlines() if (found := COUNTS.match(line))]
    count = re.sub(r", \d+ deselected", "", lines[-1]) if lines else "nothing ran"
    is_met = done.returncode == 0 and "skipped" not in count
    failed = [line for line in done.stdout.splitlines() if line.startswith("FAILED")]
    return Outcome(f"`{path}`: {count}", is_met, "; ".join(failed)[:300])


suite(
    "batches, feeds, buses and lines that break in any order, in virtual time",
    "tests/oracle/test_machine.py",
    expected="every reader has what the engine's tape says",
    source="faults: the oracle, tier 1",
)
suite(
    "the same with real servers behind bad lines",
    "tests/oracle/test_processes.py",
    expected="every reader has what the feed said",
    source="faults: the oracle, tier 2",
)
suite(
    "requests of 200 people that are cancelled at any moment",
    "tests/oracle/test_canary.py",
    expected="nobody reads a text of anybody else's",
    source="fault: cancel storm",
)
suite(
    "SIGTERM at random moments behind nginx, with readers on all transports",
    "tests/sockets/test_stops.py",
    words="{server}",
    expected="exit 0 within 15 s, 4503, nothing lost or doubled",
    source="fault: rolling deploy, SIGTERM",
)
suite(
    "forged addresses and origins behind nginx with TLS",
    "tests/sockets/test_nginx.py",
    words="{server}",
    expected="people sign in, the true address is locked, foreign origins are refused by name",
    source="attack goals: spoofed client address",
)
suite(
    "import of a table: large, too large, of unknown length",
    "tests/sockets/test_bodies.py",
    words="{server} and import",
    expected="to disk for those who may; 413 for the rest",
    source="attack goals: body bomb",
)
suite(
    "a thousand rude connections, ten kinds of rudeness",
    "tests/sockets/test_rude.py",
    words="{server}",
    expected="everything they held is given back",
    source="fault: flapping readers",
)
suite(
    "sockets ended with 1000, and changes of transport",
    "tests/sockets/test_moving.py",
    words="{server}",
    expected="nothing lost or doubled",
    source="fault: clock jumps end sockets with 1000",
)
suite(
    "clocks that jump or are set back",
    "tests/feeds/simulator/test_simulator.py",
    words="clock",
    expected="no tick twice; the market goes on",
    source="faults: clock forward and back",
)
suite(
    "wall clock that jumps under open connections",
    "tests/dashboard/delivery/test_subscriber.py",
    words="wall_clock",
    expected="pace and heartbeats stay",
    source="faults: clock forward and back",
)
suite(
    "forged records in Redis",
    "tests/feeds/bus/test_redis_bus.py",
    words="others",
    expected="refused",
    source="attack goals: Redis write to code",
)
suite(
    "disk too slow or failing while a recording runs",
    "tests/feeds/recordings/test_recorder.py",
    expected="the market goes on, the failure is reported",
    source="fault: disk full",
)
suite(
    "feeds that stall, stop or reconnect too often",
    "tests/feeds/engine/test_feed_watch.py",
    expected="operators hear of it once",
    source="fault: feed silent or garbage",
)
suite(
    "garbage of an upstream",
    "tests/feeds/upstream/test_source.py",
    expected="refused at the edge, the rest goes on",
    source="fault: feed silent or garbage",
)
suite(
    "admin routes without the permission, and from another site",
    "tests/feeds/admin/test_permissions.py",
    expected="refused by every route",
    source="attack goals: admin",
)
suite(
    "ids and rows of somebody else",
    "tests/dashboard/personal/test_watchlist_lines.py",
    expected="nothing of theirs is read or changed",
    source="attack goals: privilege, IDOR",
)
suite(
    "headers of every route",
    "tests/dashboard/pages/test_headers.py",
    expected="all security headers, private pages are not stored",
    source="attack goals: cache poisoning",
)
suite(
    "text of users that looks like markup",
    "tests/dashboard/test_admin.py",
    words="shown_as_text",
    expected="shown as text",
    source="attack goals: XSS",
)
suite(
    "secrets in log lines, forged log lines",
    "tests/dashboard/operations/test_logs.py",
    expected="no secret, no forged line",
    source="attack goals: secrets",
)
suite(
    "tabs of one person: leader dies, several sign-ins",
    "tests/e2e/test_tabs.py",
    expected="one connection, another tab takes over",
    source="fault: duplicate tabs",
)
suite(
    "proxies that block or hang a transport, in a browser",
    "tests/e2e/test_transports.py",
    expected="the next transport, and back; prices are right",
    source="faults: proxy blocks Upgrade, buffers",
)
