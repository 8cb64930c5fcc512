"""One way to serve the application on a socket, whichever server does it.

Owns the choice of server and its start and stop.
"""

import gc
import os
import socket
from collections.abc import Awaitable, Callable
from typing import Any, Final

from dashboard import runtime

HOST: Final = "127.0.0.1"
SERVERS: Final = ("daphne", "uvicorn")
BACKLOG: Final = 4096
"""Connections that may wait to be accepted: every browser comes back at once after a restart."""
COLLECT_AFTER: Final = (50_000, 20, 50)
"""Objects before the youngest are looked at, and how often the older ones are left out."""
ASGIApplication = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 takes a free one.

    Raises:
        OSError: the address cannot be used.
    """
    return socket.create_server((host, port), backlog=BACKLOG)


def _calm_collector() -> None:
    """Collect garbage in circles seldom: a look at every object holds all frames up meanwhile."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


def serve(
    application: ASGIApplication,
    listener: socket.socket,
    *,
    server: str,
    on_ready: Callable[[], None],
) -> None:
    """Serve until a signal says stop; the market begins when the server is ready."""
    market = runtime.current()

    def begin() -> None:
        _calm_collector()
        market.ensure_started()
        on_ready()

    if server == "daphne":
        from dashboard.servers.daphne import DaphneServer

        endpoints = [f"fd:fileno={os.dup(listener.fileno())}"]
        DaphneServer(
            application=application,
            endpoints=endpoints,
            ping_s=market.ping_s,
            on_ready=begin,
            on_stop=market.stop,
        ).run()
    else:
        from dashboard.servers.uvicorn import UvicornServer

        UvicornServer(
            application=application, ping_s=market.ping_s, on_ready=begin, on_stop=market.stop
        ).run(sockets=[listener])
