"""Probes of what runs: the bus with its feed, and a site as its readers meet it.

Must not know how findings are shown. Each is asked once and waits a few seconds at most.
"""

import asyncio
import base64
import json
from collections.abc import Iterator
from typing import Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from dashboard.operations.doctor import Diagnosis, Severity
from feeds.bus.redis_bus import RedisBus
from feeds.clock import SystemClock
from feeds.exceptions import BusDown

WAIT_S: Final = 5.0
START_FEED: Final = "Start manage.py runfeed with the same REDIS_URL."
START_SITE: Final = (
    "Start the site, and check the address and the proxy before it. If an authority of your own "
    "made its certificate, name it in SSL_CERT_FILE."
)
SIGN_IN: Final = "Give --user and a --token from manage.py token USER of the same site."


def bus_is_fed(url: str) -> Iterator[Diagnosis]:
    """Look whether Redis answers, and whether a feed writes into it."""
    if not url:
        yield Diagnosis("redis", Severity.OK, "is not used: the feed runs inside the web process")
        return
    try:
        sequence = asyncio.run(_hear(url))
    except BusDown as error:
        is_up = "feed" in str(error) or "board" in str(error)
        cure = START_FEED if is_up else "Start Redis, and check REDIS_URL."
        yield Diagnosis("feed" if is_up else "redis", Severity.ERROR, str(error), cure)
    except TimeoutError:
        fact = f"nothing was written for {WAIT_S:g} s"
        yield Diagnosis("feed", Severity.ERROR, fact, START_FEED)
    else:
        yield Diagnosis("redis", Severity.OK, "answers")
        yield Diagnosis("feed", Severity.OK, f"writes, and is at {sequence}")


async def _hear(url: str) -> int:
    """Return the sequence of the next batch, empty or not.

    Raises:
        BusDown: Redis is away, or holds no board.
        TimeoutError: no batch came.
    """
    bus = RedisBus(url, clock=SystemClock())
    try:
        async with asyncio.timeout(WAIT_S):
            attachment = await bus.attach()
            async for batch in attachment.batches():
                return batch.last
            return 0
    finally:
        await bus.close()


def site_answers(url: str, user: str, token: str) -> Iterator[Diagnosis]:
    """Ask a running site for its health, and read from a WebSocket and a stream of it."""
    health = url.rstrip("/") + "/readyz"
    try:
        with urlopen(health, timeout=WAIT_S) as answer:  # noqa: S310 the address is the operator's
            json.load(answer)
        yield Diagnosis("site", Severity.OK, f"{url} is ready")
    except HTTPError as error:
        yield _unready(url, error)
    except (URLError, OSError, ValueError) as error:
        yield Diagnosis("site", Severity.ERROR, f"{url} does not answer: {error}", START_SITE)
        return
    if not token:
        fact = "was not tried without --token"
        yield Diagnosis("websocket", Severity.WARNING, fact, SIGN_IN)
        yield Diagnosis("stream", Severity.WARNING, fact, SIGN_IN)
        return
    yield _websocket(url, user, token)
    yield _stream(url, user, token)


def _unready(url: str, error: HTTPError) -> Diagnosis:
    if error.code == 404:  # the proxy keeps it inside
        return Diagnosis("site", Severity.OK, f"{url} answers; its proxy keeps /readyz inside")
    said = error.read(1000).decode(errors="replace")
    cure = "Cure what it says is wrong; the log of the site has more."
    return Diagnosis("site", Severity.ERROR, f"{url} is not ready: {error.code} {said}", cure)


def _websocket(url: str, user: str, token: str) -> Diagnosis:
    address = urlsplit(url)
    scheme = "wss" if address.scheme == "https" else "ws"
    target = f"{scheme}://{address.netloc}/ws/v1/"
    headers = {"Authorization": _basic(user, token)}
    cure = "Let the proxy pass Upgrade, Connection and Host on, and check user and token."
    try:
        with connect(target, additional_headers=headers, open_timeout=WAIT_S) as socket:
            frame = json.loads(socket.recv(timeout=WAIT_S))
    except (WebSocketException, OSError, TimeoutError, ValueError) as error:
        return Diagnosis("websocket", Severity.ERROR, f"{target} failed: {error}", cure)
    return Diagnosis(
        "websocket", Severity.OK, f"{target} greets with version {frame.get('version')}"
    )


def _stream(url: str, user: str, token: str) -> Diagnosis:
    target = url.rstrip("/") + "/sse/v1/"
    request = Request(target, headers={"Authorization": _basic(user, token)})  # noqa: S310
    cure = "Switch buffering off in the proxy, and check user and token."
    try:
        with urlopen(request, timeout=WAIT_S) as answer:  # noqa: S310
            line = answer.readline().decode()
    except (URLError, OSError, ValueError) as error:
        return Diagnosis("stream", Severity.ERROR, f"{target} failed: {error}", cure)
    if not line.startswith(("data:", "id:", "retry:", ":")):
        return Diagnosis("stream", Severity.ERROR, f"{target} sent {line[:80]!r}, no event", cure)
    return Diagnosis("stream", Severity.OK, f"{target} streams without a delay")


def _basic(user: str, token: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{token}".encode()).decode()
