"""Every answer tells the id of its request, and the lines of the log have the same."""

import json
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from websockets.sync.client import connect

from tests.support.served import serve
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.slow
SENT = {"X-Request-Id": "id-of-the-proxy"}


def id_of(url: str, **headers: str) -> str:
    try:
        with urlopen(Request(url, headers=headers), timeout=PATIENCE_S) as answer:
            return answer.headers["X-Request-Id"]
    except HTTPError as refused:
        return refused.headers["X-Request-Id"]


@pytest.mark.parametrize("server", ["daphne", "uvicorn"])
def test_pages_polls_streams_and_sockets_tell_their_id(tmp_path: Path, server: str) -> None:
    with serve(tmp_path, "--server", server, MARKET_LOG_FORMAT="json") as served:
        for path in ("accounts/login/", "nowhere/", "poll/v1/", "sse/v1/", "metrics"):
            assert id_of(served.url + path, **SENT) == "id-of-the-proxy"
            first, second = id_of(served.url + path), id_of(served.url + path)
            assert first != second
        with connect(served.socket_url, additional_headers=SENT) as socket:
            assert socket.response is not None
            assert socket.response.headers["X-Request-Id"] == "id-of-the-proxy"
        log = [json.loads(line) for line in served.log().splitlines()]
    assert any("/nowhere/" in entry["message"] for entry in log)
    assert {"id-of-the-proxy"} <= {entry.get("request_id") for entry in log}
