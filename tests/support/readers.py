"""Readers of the real servers over every transport, that change between them: one position.

They are slow and plain on purpose: a library for each transport, and the Reader of the project.
Distinct entries are kept in the order in which they came: a test sees what was lost or came twice.
"""

import base64
import http.client
import json
import ssl
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

from websockets.sync.client import connect

from dashboard.loadtest.reader import Gap, Reader
from dashboard.wire.registry import Transport
from feeds.market.events import Position
from tests.support.waiting import PATIENCE_S, wait_until

AWAY = (502, 503, 504)
"""What a proxy or a server says when it cannot answer now."""
MARKET = ("status", "ticker", "trades")


class Traveller:
    """A reader of ticker, trades and status of some symbols, on any transport of any server.

    With `tls` it speaks TLS. It rests for `pause_s` between polls that do not wait.
    """

    def __init__(
        self,
        symbols: list[str],
        token: str,
        *,
        tls: ssl.SSLContext | None = None,
        pause_s: float = 0.0,
    ) -> None:
        self.symbols = symbols
        self.token = token
        self._tls = tls
        self._pause_s = pause_s
        self.reader = Reader()
        self.statuses: list[dict[str, Any]] = []
        self.trades: list[int] = []
        self.resumed: list[bool] = []
        self.gaps = 0
        self.patience_s = PATIENCE_S

    def read(self, transport: Transport, host: str, until: Callable[[], bool]) -> None:
        """Read over a transport until something is so; the position stays."""
        frames = {
            Transport.WEBSOCKET: self._over_websocket,
            Transport.SSE: self._over_sse,
            Transport.LONGPOLL: lambda host: self._over_polls(host, wait=5),
            Transport.POLL: lambda host: self._over_polls(host),
        }[transport](host)
        for frame in frames:
            self._take(frame)
            if until():
                break
        frames.close()

    def stands_at(self, position: str) -> bool:
        """Say whether every channel has reached a position."""
        return stands_at(self.reader, position)

    def _take(self, frame: dict[str, Any]) -> None:
        try:
            self.reader.apply(frame)
        except Gap:
            self.gaps += 1
            return
        if frame.get("channel") == "trades":
            self.trades += [trade["i"] for trade in frame["data"]]
        if frame.get("channel") == "status" and "from" in frame:
            self.statuses += frame["data"]
        if "resumed" in frame.get("result", {}):
            self.resumed.append(frame["result"]["resumed"])

    def _over_websocket(self, host: str) -> Iterator[dict[str, Any]]:
        scheme = "ws" if self._tls is None else "wss"
        url = f"{scheme}://viewer:{self.token}@{host}/ws/v1/"
        patience = {"open_timeout": self.patience_s, "close_timeout": 1}
        with connect(url, ssl=self._tls, compression=None, max_size=None, **patience) as socket:
            for channel in MARKET:
                params: dict[str, Any] = {"channel": channel, "since": self.reader.since(channel)}
                params |= {} if channel == "status" else {"symbols": self.symbols}
                socket.send(json.dumps({"method": "subscribe", "params": params, "id": channel}))
            while True:
                yield json.loads(socket.recv(timeout=self.patience_s))

    def _over_sse(self, host: str) -> Iterator[dict[str, Any]]:
        answer = self._get(host, f"/sse/v1/?{self._query()}")
        place = None
        while line := answer.readline().decode():
            name, _, value = line.strip().partition(": ")
            if name == "id":
                place = Position.parse(value).sequence
            elif name == "data":
                yield json.loads(value)
            elif not name and place is not None:
                yield {"channel": "heartbeat", "seq": place}
                place = None

    def _over_polls(self, host: str, **more: int) -> Iterator[dict[str, Any]]:
        while True:
            answer = self._get(host, f"/poll/v1/?{self._query(**more)}")
            body = answer.read()
            yield from json.loads(body)["frames"] if body else ()
            yield {}
            if "wait" not in more:
                wait_until(for_seconds(self._pause_s))

    def _query(self, **more: int) -> str:
        known = {f"{name}_since": self.reader.since(name) for name in MARKET}
        asked: dict[str, Any] = {"channels": ",".join(MARKET), "symbols": ",".join(self.symbols)}
        return urlencode(asked | {k: v for k, v in known.items() if v} | more)

    def _get(self, host: str, path: str) -> http.client.HTTPResponse:
        credentials = base64.b64encode(f"viewer:{self.token}".encode()).decode()
        if self._tls is None:
            connection = http.client.HTTPConnection(host, timeout=self.patience_s)
        else:
            connection = http.client.HTTPSConnection(host, timeout=PATIENCE_S, context=self._tls)
        connection.request("GET", path, headers={"Authorization": f"Basic {credentials}"})
        answer = connection.getresponse()
        if answer.status in AWAY:
            raise ConnectionError(f"{host} answered {answer.status}")
        assert answer.status in (200, 304), answer.read()
        return answer


def stands_at(reader: Reader, position: str) -> bool:
    """Say whether every channel of a reader has reached a position."""
    target = Position.parse(position)
    mine = [reader.positions.get(channel) for channel in MARKET]
    return all(at is not None and at.epoch == target.epoch and at >= target for at in mine)


def for_seconds(seconds: float) -> Callable[[], bool]:
    """Return a question that is answered yes after a while."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


def for_ticks(traveller: Traveller, count: int) -> Callable[[], bool]:
    """Return a question that is answered yes once so many more ticks have come."""
    end = sum(traveller.reader.ticks.values()) + count
    return lambda: sum(traveller.reader.ticks.values()) >= end
