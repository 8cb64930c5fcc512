"""Polls, REST and UDF are paid from one budget of requests, of which every user has one."""

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.support.served import Served, serve
from tests.support.waiting import PATIENCE_S

POLL, REST, UDF = "poll/v1/?channels=status", "api/v1/instruments?limit=1", "udf/time"


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Served]:
    """A server that takes one request of a user, and the next after 2.5 s."""
    with serve(tmp_path, MARKET_REQUESTS_PER_S="0.4") as served:
        yield served


@pytest.mark.slow
def test_whatever_is_asked_counts_against_the_same_budget(strict: Served) -> None:
    viewer, admin = ("viewer", strict.token), ("admin", strict.manage("token", "admin"))
    assert status_of(strict, POLL, viewer) == 200
    assert [status_of(strict, path, viewer) for path in (REST, UDF, POLL)] == [429] * 3
    assert status_of(strict, REST, admin) == 200, "another user has a budget of his own"
    assert [status_of(strict, path, admin) for path in (POLL, UDF)] == [429] * 2


def status_of(served: Served, path: str, account: tuple[str, str]) -> int:
    """Return the status of the answer to a GET."""
    credentials = b64encode(":".join(account).encode()).decode()
    request = Request(served.url + path, headers={"Authorization": f"Basic {credentials}"})
    try:
        with urlopen(request, timeout=PATIENCE_S) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code
