"""Bars and books of a real market: the same over every transport and over REST, and never empty."""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from dashboard.loadtest.reader import Reader
from dashboard.wire.registry import LEVELS
from feeds.market.bars import INTERVALS
from tests.support.served import Served
from tests.support.waiting import PATIENCE_S, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.shared]

Names = tuple[str, ...]
Reading = Callable[[Served, Names, str], Iterator[dict[str, Any]]]


def ask(served: Served, address: str, *, signed: bool = True, **query: Any) -> Any:
    basic = base64.b64encode(f"viewer:{served.token}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}"} if signed else {}
    path = f"{served.url}{address}?{urlencode(query)}"
    with urlopen(Request(path, headers=headers), timeout=PATIENCE_S) as answer:
        return json.load(answer)


def over_websocket(served: Served, names: Names, channel: str) -> Iterator[dict[str, Any]]:
    """Read; a socket that the server cut, as it does with who answers no ping, is opened again."""
    while True:
        with connect(served.socket_url) as socket, suppress(ConnectionClosed):
            params = {"channel": channel, "symbols": names, "max_rate": 20}
            socket.send(json.dumps({"method": "subscribe", "params": params, "id": 1}))
            while True:
                yield json.loads(socket.recv(timeout=PATIENCE_S))


def over_sse(served: Served, names: Names, channel: str) -> Iterator[dict[str, Any]]:
    basic = base64.b64encode(f"viewer:{served.token}".encode()).decode()
    query = urlencode({"channels": channel, channel: ",".join(names), "max_rate": 20})
    path = f"{served.url}sse/v1/?{query}"
    with urlopen(
        Request(path, headers={"Authorization": f"Basic {basic}"}), timeout=PATIENCE_S
    ) as lines:
        for line in lines:
            if line.startswith(b"data:"):
                yield json.loads(line[5:])


def over_polls(served: Served, names: Names, channel: str) -> Iterator[dict[str, Any]]:
    query = {"channels": channel, channel: ",".join(names), "wait": 5}
    while True:
        try:
            answer = ask(served, "poll/v1/", **query)
        except HTTPError as error:
            assert error.code == 304  # noqa: PT017
            continue
        yield from answer["frames"]
        query["since"] = answer["position"]


TRANSPORTS = (over_websocket, over_sse, over_polls)


@pytest.fixture(scope="module")
def busy(served: Served) -> Names:
    """Symbols that trade every now and then."""
    symbols: set[str] = set()

    def are_found() -> bool:
        trades = ask(served, "api/v1/trades", symbols="*", limit=200)["data"]
        symbols.update(trade["s"] for trade in trades)
        return len(symbols) >= 5

    wait_until(are_found, poll_s=0.2)
    return tuple(sorted(symbols)[:5])


@pytest.mark.parametrize("read", TRANSPORTS)
def test_every_transport_tells_the_bars_that_rest_tells(
    served: Served, busy: Names, read: Reading
) -> None:
    names = tuple(f"{symbol}@{interval}" for symbol in busy for interval in ("1s", "1m"))
    reader, closed = Reader(), 0
    frames = read(served, names, "bars")
    for frame in frames:
        reader.apply(frame)
        if frame.get("channel") == "bars" and "from" in frame:
            closed += sum("closed" in bar for bar in frame["data"])
        if closed >= 8:
            break
    frames.close()
    compared = 0
    for (symbol, interval), entries in reader.bars.items():
        rest = ask(served, "api/v1/bars", symbol=symbol, interval=interval)["data"]
        known = {bar["t"]: bar for bar in rest}
        for bar in entries.values():
            if bar.get("closed") and bar["t"] in known:
                assert {key: bar[key] for key in "tohlcvn"} == known[bar["t"]]
                compared += 1
    assert compared >= 8


@pytest.mark.parametrize("read", TRANSPORTS)
def test_every_transport_tells_the_books_that_rest_tells(
    served: Served, busy: Names, read: Reading
) -> None:
    """The market moves between two questions, so what REST said is looked for in what follows."""
    symbol, reader = busy[0], Reader()
    frames = read(served, busy, "depth")
    seen: list[Any] = []
    asked: list[Any] = []
    for frame in frames:
        reader.apply(frame)
        if frame.get("channel") != "depth":
            continue
        seen.append(reader.books.get(symbol))
        quote = ask(served, "api/v1/quotes", symbols=symbol)["data"][symbol]
        asked.append({"bids": quote["bids"], "asks": quote["asks"]})
        if sum(book in seen for book in asked) >= 5:
            break
        assert len(asked) < 200
    frames.close()
    assert max(len(book["bids"]) for book in seen) == LEVELS


def test_no_chart_is_empty_and_udf_tells_what_rest_tells(served: Served, busy: Names) -> None:
    symbol = busy[0]
    for interval in list(INTERVALS)[2:]:
        assert len(ask(served, "api/v1/bars", symbol=symbol, interval=interval)["data"]) >= 30
    rest = ask(served, "api/v1/bars", symbol=symbol, interval="1h", limit=50)["data"][:-1]
    to = rest[-1]["t"] // 1000 + 3600
    udf = ask(served, "udf/history", symbol=symbol, resolution="60", to=to, countback=49)
    assert udf["t"] == [bar["t"] // 1000 for bar in rest]
    assert udf["c"] == [bar["c"] for bar in rest]


@pytest.mark.parametrize("address", ["api/v1/bars?symbol=NVX", "udf/time", "api/v1/quotes"])
def test_readers_without_a_sign_in_are_refused(served: Served, address: str) -> None:
    with pytest.raises(HTTPError) as refused:
        ask(served, address.partition("?")[0], signed=False, symbol="NVX")
    assert refused.value.code in (401, 403)
