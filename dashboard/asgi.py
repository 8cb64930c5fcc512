"""The ASGI application: sockets, streams and polls go to the hub, everything else to Django.

It imports the pages at once. Django would import them with the first request, in the loop, while
every frame waits.
"""

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

from dashboard.pages.handler import page_handler

django_application = page_handler()  # what is imported below needs the app registry

from dashboard import (
    runtime,
    urls,  # noqa: F401
)
from dashboard.network.trusted_proxies import TrustedProxies
from dashboard.operations.health import PATHS
from dashboard.process import request_id
from dashboard.static_files.serving import PREFIX
from dashboard.transports.poll import PollApplication
from dashboard.transports.sse import EventApplication
from dashboard.transports.websocket import MarketConsumer
from dashboard.wire.query import is_patient
from dashboard.wire.registry import Transport

_market = runtime.current()
_static = runtime.static_files()
_websocket = MarketConsumer.as_asgi(hub=_market.hub)
_events = EventApplication(hub=_market.hub, gatekeeper=_market.gatekeeper)
_poll = PollApplication(
    hub=_market.hub, gatekeeper=_market.gatekeeper, read_personal=runtime.read_personal
)


async def _route(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Route one connection; the first connection starts the market in this loop."""
    match scope["type"], scope.get("path"):
        case "lifespan", _:
            await _live(receive, send)
            return
        case "websocket", "/ws/v1/":
            serve = _paid(Transport.WEBSOCKET, _websocket)
        case "websocket", _:
            serve = _refuse
        case "http", "/sse/v1/":
            serve = _paid(Transport.SSE, _events)
        case "http", "/poll/v1/":
            transport = Transport.LONGPOLL if is_patient(scope["query_string"]) else Transport.POLL
            serve = _paid(transport, _poll)
        case "http", str(path) if path.startswith(PREFIX) and not runtime.is_redirected(scope):
            serve = _telling(_static)
        case _:
            serve = _telling(django_application)
    _market.ensure_started()
    await serve(scope, receive, send)


def _telling(serve: Any) -> Any:
    """Tell the id of a request. The transports do it themselves: they need the server's `send`."""
    return lambda scope, receive, send: serve(scope, receive, request_id.telling(send))


def _paid(transport: Transport, serve: Any) -> Any:
    """Charge the CPU time of a connection to its transport."""
    return lambda *connection: _market.costs.serve(transport, serve(*connection))


async def _live(receive: Any, send: Any) -> None:
    """Start and stop with servers that have ASGI's lifespan, as uvicorn has."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            _market.ensure_started()
            await send({"type": "lifespan.startup.complete"})
        else:
            await _market.stop()
            await send({"type": "lifespan.shutdown.complete"})
            return


async def _refuse(scope: dict[str, Any], receive: Any, send: Any) -> None:  # noqa: ARG001
    """Refuse a socket on any other address. Nothing is logged: anybody can try."""
    await receive()
    await send({"type": "websocket.close"})


_site = TrustedProxies(_route, _market.trusted_proxies)


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Serve one connection; what is only for this machine sees all headers of proxies."""
    request_id.begin(scope.get("headers", ()))
    path = scope["path"] if scope["type"] == "http" else ""
    serve = _market.metrics if path == "/metrics" else _market.health if path in PATHS else _site
    await serve(scope, receive, send)
