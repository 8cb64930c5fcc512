"""A server whose memory is short refuses new readers as a full one does, and tells operators."""

from http.client import HTTPConnection
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from dashboard.servers.serving import SERVERS
from dashboard.wire.registry import Close
from tests.support.raw import basic
from tests.support.served import Served, serve
from tests.support.waiting import PATIENCE_S, wait_until

pytestmark = pytest.mark.slow


def ask(served: Served, path: str) -> tuple[int, str | None, str]:
    """Return status, Retry-After and body of an answer."""
    line = HTTPConnection(served.host, timeout=PATIENCE_S)
    line.request("GET", path, headers={"Authorization": basic(served)})
    answer = line.getresponse()
    body = answer.read().decode()
    line.close()
    return answer.status, answer.headers["Retry-After"], body


@pytest.mark.parametrize("server", SERVERS)
def test_a_server_without_memory_refuses_new_readers(tmp_path: Path, server: str) -> None:
    """No process of ours fits into 20 MiB."""
    with serve(tmp_path, "--server", server, MARKET_MEMORY_LIMIT_MIB="20") as served:
        wait_until(lambda: "market_memory_saving 2.0" in ask(served, "/metrics")[2])
        with (
            connect(served.socket_url, compression=None) as socket,
            pytest.raises(ConnectionClosed) as closed,
        ):
            socket.recv(timeout=PATIENCE_S)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == Close.TOO_MANY
        for path in ("/poll/v1/?channels=status", "/sse/v1/?symbols=*"):
            status, retry_after, body = ask(served, path)
            assert (status, "memory is short" in body) == (503, True)
            assert int(retry_after or 0) > 0
        assert 'refusals_total{reason="no_memory"} 3.0' in ask(served, "/metrics")[2]
        assert 'troubles_total{kind="memory"} 1.0' in ask(served, "/metrics")[2]
        assert ask(served, "/healthz")[0] == 200
        assert "trouble kind=memory" in served.log()
