"""Ports for servers that have to be told one, such as those that come back on the same one."""

import random
import socket
from contextlib import suppress
from typing import Final

PORTS: Final = range(10_000, 32_000)
"""The system gives none of them to whoever asks for any (ip_local_port_range). It could give one of
its own to somebody else before the server takes it, or while the server is away."""


def free_port() -> int:
    """Return a port that nobody listens on."""
    # Not of `random` itself: tests that seed it would choose alike in all workers.
    chance = random.SystemRandom()
    while True:
        port = chance.choice(PORTS)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
