"""`send()` of frames of the usual size in a loop that does nothing else, in Python.

No server in Python can send more frames than this one: it is the upper bound of the table.
"""

import json
from typing import Final

from tests.benchmarks.peers.peer import Bench, Running, Work, made_up_symbols
from tests.benchmarks.peers.processes import first_line, python, running

SENDER: Final = "tests.benchmarks.peers.programs.bare_sender"


def start(work: Work, bench: Bench) -> Running:
    """Start the sender, which begins when all sockets are open."""
    log = bench.folder / "sender.log"
    server = bench.stack.enter_context(
        running(python(SENDER, json.dumps(work)), bench.cores.server, log)
    )
    ready = json.loads(first_line(server, log))
    return Running(
        ready["port"], server.pid, None, made_up_symbols(work.instruments),
        frame_bytes=ready["bytes"], frame_updates=ready["updates"],
    )  # fmt: skip
