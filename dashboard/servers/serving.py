"""Serves the application on a socket, with Daphne or uvicorn, and starts and stops the market.

Must not know the pages and transports of the application.
"""

import socket
from collections.abc import Awaitable, Callable
from typing import Any, Final

from dashboard import runtime
from dashboard.people.upload_rights import IMPORT_PATHS, may_upload
from dashboard.process.garbage import exempt_what_is_loaded
from dashboard.servers.uploads import Uploads

HOST: Final = "127.0.0.1"
SERVERS: Final = ("daphne", "uvicorn")
BACKLOG: Final = 4096
"""Connections that may wait to be accepted: after a restart all browsers reconnect at once."""
ASGIApplication = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 takes a free port.

    Raises:
        OSError: the address cannot be used.
    """
    return socket.create_server((host, port), backlog=BACKLOG)


def uploads_of(market: runtime.Runtime) -> Uploads:
    """Return who may send large bodies, and where."""
    return Uploads(IMPORT_PATHS, lambda scope: may_upload(scope, market.trusted_proxies))


def serve(
    application: ASGIApplication,
    listener: socket.socket,
    *,
    server: str,
    on_ready: Callable[[], None],
) -> None:
    """Serve until SIGINT or SIGTERM; start the market when the server is ready."""
    market = runtime.current()

    def begin() -> None:
        exempt_what_is_loaded()
        market.ensure_started()
        on_ready()

    if server == "daphne":
        from dashboard.servers.daphne import DaphneServer

        # Daphne owns it from here: a second handle would go on listening when the server stops.
        endpoints = [f"fd:fileno={listener.detach()}"]
        DaphneServer(
            application=application,
            endpoints=endpoints,
            ping_s=market.ping_s,
            on_ready=begin,
            on_stop=market.stop,
            uploads=uploads_of(market),
            refusals=market.hub.traffic.refusals,
        ).run()
    else:
        from dashboard.servers.uvicorn import UvicornServer

        UvicornServer(
            application=application,
            ping_s=market.ping_s,
            on_ready=begin,
            on_stop=market.stop,
            uploads=uploads_of(market),
            refusals=market.hub.traffic.refusals,
        ).run(sockets=[listener])
