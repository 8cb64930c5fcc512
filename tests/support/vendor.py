"""A vendor of the tests: greets like Alpaca's, and says what the test says, in its own thread."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from threading import Thread
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from tests.support.waiting import wait_until


class Vendor:
    """A WebSocket that takes any key, and those who listen to it."""

    def __init__(self) -> None:
        self.url = ""
        self._sockets: list[ServerConnection] = []

    def greet(self, socket: ServerConnection) -> None:
        """Let somebody in, and listen until they leave."""
        with suppress(ConnectionClosed):
            socket.send('[{"T":"success","msg":"connected"}]')
            socket.recv()
            socket.send('[{"T":"success","msg":"authenticated"}]')
            socket.recv()
            self._sockets.append(socket)
            for _ in socket:
                pass

    def wait_for_reader(self) -> None:
        """Wait until somebody has subscribed."""
        wait_until(lambda: self._sockets)

    def say(self, *messages: dict[str, Any]) -> None:
        """Say messages to all who listen, with the time of now where they name none."""
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        text = json.dumps([{"t": now} | message for message in messages])
        for socket in self._sockets:
            with suppress(ConnectionClosed):
                socket.send(text)


@contextmanager
def running_vendor() -> Iterator[Vendor]:
    """Run a vendor on a free port."""
    vendor = Vendor()
    with serve(vendor.greet, "127.0.0.1", 0, close_timeout=0.1) as server:
        vendor.url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield vendor
        server.shutdown()
        thread.join()
