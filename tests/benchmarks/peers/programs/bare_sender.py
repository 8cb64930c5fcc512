"""Sends one frame over and over, to one socket after the other, as fast as it can."""

import json
import socket
import sys
from itertools import cycle
from typing import Final

import msgspec

from tests.benchmarks.peers.peer import Work, made_up_symbols
from tests.benchmarks.peers.processes import HOST
from tests.benchmarks.peers.programs.market import Market
from tests.benchmarks.peers.programs.work import work_in

HEAD: Final = b"\x81\x7e"
"""A WebSocket's frame of text with an extended length."""


def usual_frame(work: Work) -> tuple[bytes, int]:
    """Return the frame of a reader at its pace, and how many updates it has."""
    updates = max(1, round(work.symbols * work.rate / work.instruments / work.pace))
    updates = min(updates, work.symbols)
    symbols = made_up_symbols(work.instruments)[:updates]
    text = msgspec.json.encode(Market(work.instruments).frame(symbols))
    return HEAD + len(text).to_bytes(2, "big") + text, updates


def main() -> None:
    """Wait for all sockets, then send until the end."""
    work = work_in(sys.argv[1])
    frame, updates = usual_frame(work)
    with socket.create_server((HOST, 0), backlog=4096) as listener:
        ready = {"port": listener.getsockname()[1], "bytes": len(frame), "updates": updates}
        print(json.dumps(ready), flush=True)
        sockets = [listener.accept()[0] for _ in range(work.clients)]
    for each in cycle(sockets):
        each.send(frame)


if __name__ == "__main__":
    main()
