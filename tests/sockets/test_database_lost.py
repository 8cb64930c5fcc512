"""A PostgreSQL that is restarted, or that ends connections, is used again at once by every part."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.support.postgres_server import PostgresServer
from tests.support.raw import basic, open_reader
from tests.support.served import Served, serve
from tests.support.waiting import PATIENCE_S

pytestmark = [pytest.mark.slow, pytest.mark.shared]

Eventually = Callable[..., None]


NAME = "market_site"


@pytest.fixture
def site(tmp_path: Path, postgres: PostgresServer) -> Iterator[Served]:
    """A whole site in one process, on a PostgreSQL of its own."""
    url = postgres.create(NAME)
    with postgres.connect(NAME) as rows:
        # As everywhere but in tests: what was committed before a crash is there after it.
        rows.execute(f"ALTER DATABASE {NAME} SET synchronous_commit = on")
    with serve(tmp_path, "--instruments", "5", "--rate", "50", DATABASE_URL=url) as served:
        yield served


def poll(served: Served) -> int:
    """Return the status of a poll with the token of a reader, which the database has to check."""
    headers = {"Authorization": basic(served)}
    request = Request(f"{served.url}poll/v1/?ticker=*", headers=headers)
    try:
        with urlopen(request, timeout=PATIENCE_S) as answer:
            json.load(answer)
            return int(answer.status)
    except HTTPError as error:
        return error.code


def admits(served: Served) -> bool:
    """Say whether a new socket gets its first frames."""
    reader = open_reader(served)
    try:
        return bool(reader.recv(65_536))
    finally:
        reader.close()


def test_connections_that_were_ended_come_back(
    site: Served, postgres: PostgresServer, eventually: Eventually
) -> None:
    eventually(lambda: poll(site) == 200)
    for _ in range(3):
        postgres.terminate_all()
        eventually(lambda: poll(site) == 200)
        eventually(lambda: admits(site))


def test_a_database_that_is_restarted_is_used_again(
    site: Served, postgres: PostgresServer, eventually: Eventually
) -> None:
    eventually(lambda: poll(site) == 200)
    postgres.crash()
    eventually(lambda: poll(site) == 503)
    before = int(site.board()["position"].partition(":")[2])
    eventually(lambda: int(site.board()["position"].partition(":")[2]) > before + 20)
    postgres.start()
    eventually(lambda: poll(site) == 200)
    eventually(lambda: admits(site))
    with postgres.connect(NAME) as rows:
        saved = "SELECT saved_ms FROM feeds_marketcheckpoint"
        (then,) = rows.execute(saved).fetchone()
        eventually(lambda: rows.execute(saved).fetchone()[0] > then)
