"""A PostgreSQL that starts after the site: every part waits for it, says so, and then goes on."""

import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from dashboard.servers.serving import SERVERS
from tests.support.feed_process import running_feed
from tests.support.places import ROOT
from tests.support.postgres_server import PostgresServer
from tests.support.redis_server import RedisServer
from tests.support.served import serve
from tests.support.storage import environment
from tests.support.web_process import running_web

pytestmark = [pytest.mark.slow, pytest.mark.shared]

Eventually = Callable[..., None]
NAME = "market_late"
WAITS = "part waits for the database"


@pytest.fixture
def late(tmp_path: Path, postgres: PostgresServer, redis: RedisServer) -> dict[str, str]:
    """The settings of a site whose database is there, but does not run now."""
    settings = {"DATABASE_URL": postgres.create(NAME), "REDIS_URL": redis.url}
    with serve(tmp_path, "--instruments", "5", **settings):
        pass
    postgres.crash()
    return settings


def test_a_site_that_starts_before_its_database_goes_on_with_it(
    tmp_path: Path,
    late: dict[str, str],
    postgres: PostgresServer,
    redis: RedisServer,
    eventually: Eventually,
) -> None:
    with ExitStack() as stack:
        feed = stack.enter_context(running_feed(tmp_path, redis, **late))
        webs = [stack.enter_context(running_web(tmp_path, server, **late)) for server in SERVERS]
        eventually(lambda: WAITS in feed.log())
        for web in webs:
            assert "serving begins without the database" in web.log()
            assert web.status("healthz") == 200
            status, text = web.ask("readyz")
            assert status == 503
            assert '"database"' in text
        postgres.start()
        for web in webs:
            eventually(lambda web=web: web.status("readyz") == 200)
        assert feed.log().count("market runs") == 1
        assert feed.log().count(WAITS) == 1  # for each reason once, and not for each attempt


def test_a_command_says_in_a_line_that_the_database_is_away(
    tmp_path: Path, late: dict[str, str]
) -> None:
    for command in ("token viewer", "migrate", f"backup {tmp_path / 'new.tar.gz'}"):
        done = subprocess.run(
            [sys.executable, "manage.py", *command.split()],
            cwd=ROOT, env=environment(tmp_path) | late, capture_output=True, text=True, timeout=60,
            check=False,
        )  # fmt: skip
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert re.match("The database cannot be used: .+ doctor|CommandError: pg_dump", done.stderr)
