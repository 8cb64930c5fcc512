"""Rooms of python-socketio on uvicorn, one for each symbol. The server makes its ticks itself."""

import json

from tests.benchmarks.peers.peer import Bench, Running, Work, made_up_symbols
from tests.benchmarks.peers.processes import HOST, python, running, wait_for_port
from tests.benchmarks.readers.wires import SocketIOWire
from tests.support.ports import free_port

APPLICATION = "tests.benchmarks.peers.programs.socketio_site:application"


def start(work: Work, bench: Bench) -> Running:
    """Start the server."""
    port, log = free_port(), bench.folder / "uvicorn.log"
    command = python(
        "uvicorn", "--host", HOST, "--port", port, "--no-access-log", "--log-level", "warning",
        "--loop", "uvloop", APPLICATION,
    )  # fmt: skip
    server = bench.stack.enter_context(
        running(command, bench.cores.server, log, {"PEER_WORK": json.dumps(work)})
    )
    wait_for_port(server, port, log)
    return Running(port, server.pid, SocketIOWire(), made_up_symbols(work.instruments))
