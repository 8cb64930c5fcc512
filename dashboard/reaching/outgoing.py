"""Sends one request to an address that a person gave, and never into a private network.

Must not know notifications or rows. A name is looked up here, all its addresses are checked, and
the connection goes to a checked address itself: a name that changes in between changes nothing.
No redirect is followed and no proxy is used. Each request ends within TOTAL_S, and the body of an
answer is not read.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from threading import Thread
from typing import Any, Final, NamedTuple

import h11

from dashboard.exceptions import SendFailed
from dashboard.network.hops import Address
from dashboard.reaching.endpoints import Endpoint, ReachRules, literal_address, read_endpoint
from dashboard.reaching.public_addresses import is_reachable
from feeds.clock import Clock

TOTAL_S: Final = 10.0
"""Longest time for a request: name, connection, TLS and the head of the answer."""
CONNECT_S: Final = 4.0
"""Longest time for each address of a name."""
HEAD_BYTES: Final = 16_384
"""Longest head of an answer."""
READ_BYTES: Final = 4_096
LOOKUPS: Final = 16
"""Names that are looked up at once. A lookup may hang in the system longer than we wait for it."""
AGENT: Final = "market-dashboard"
Resolve = Callable[[str, int], list[str]]


class Reply(NamedTuple):
    """What a receiver answered; `retry_after_s` is 0 if it asked for no wait."""

    status: int
    retry_after_s: float = 0.0


class Outgoing:
    """Posts to the addresses of people, as far as the rules allow."""

    def __init__(self, rules: ReachRules, *, clock: Clock, resolve: Resolve | None = None) -> None:
        self._rules = rules
        self._clock = clock
        self._resolve = resolve or look_up
        self._lookups = 0
        self._tls: ssl.SSLContext | None = None

    async def post(self, address: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Post a body and return the answer, whatever its status.

        Raises:
            SendFailed: there is no answer; the text says why, for the person.
        """
        endpoint = self._endpoint(address)
        try:
            async with asyncio.timeout(TOTAL_S):
                return await self._post(endpoint, body, headers)
        except TimeoutError:
            raise SendFailed(f"No answer within {TOTAL_S:.0f} s.") from None
        except ssl.SSLError as error:
            raise SendFailed(f"TLS failed: {_tls_fault(error)}.") from None
        except h11.RemoteProtocolError:
            raise SendFailed("The answer was no HTTP/1.1, or the line ended before it.") from None
        except (OSError, UnicodeError):
            raise SendFailed("The connection failed.") from None

    def _endpoint(self, address: str) -> Endpoint:
        try:
            return read_endpoint(address, self._rules)
        except ValueError as error:
            raise SendFailed(str(error)) from None

    async def _post(self, endpoint: Endpoint, body: bytes, headers: Mapping[str, str]) -> Reply:
        reader, writer = await self._connect(endpoint, await self._checked(endpoint))
        try:
            link = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_BYTES)
            writer.write(_request(link, endpoint, body, headers))
            await writer.drain()
            return self._reply(await _answer(link, reader))
        finally:
            writer.transport.abort()

    async def _checked(self, endpoint: Endpoint) -> list[Address]:
        """Return the addresses of a host; one that is not public refuses them all."""
        literal = literal_address(endpoint.host)
        found = [literal] if literal is not None else await self._look_up(endpoint)
        if not found:
            raise SendFailed("The name of the host has no address.")
        if not all(is_reachable(address, self._rules.networks) for address in found):
            raise SendFailed("The name of the host leads to a private or reserved network.")
        return found

    async def _look_up(self, endpoint: Endpoint) -> list[Address]:
        """Look a name up in a thread of its own: a pool could be full of lookups that hang."""
        if self._lookups >= LOOKUPS:
            raise SendFailed("Too many names are being looked up.")
        loop = asyncio.get_running_loop()
        found: asyncio.Future[list[str]] = loop.create_future()

        def end(addresses: list[str]) -> None:
            self._lookups -= 1
            if not found.done():
                found.set_result(addresses)

        def work() -> None:
            addresses = _resolved(self._resolve, endpoint)
            with suppress(RuntimeError):  # the loop is closed, and nobody waits
                loop.call_soon_threadsafe(end, addresses)

        self._lookups += 1
        Thread(target=work, daemon=True, name="lookup").start()
        return [ip_address(text) for text in dict.fromkeys(await found)]

    async def _connect(
        self, endpoint: Endpoint, addresses: list[Address]
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to the first address that answers; the certificate must be for the host."""
        failure: OSError = OSError()
        tls: dict[str, Any] = {"ssl": self._context(), "server_hostname": endpoint.host}
        for address in addresses:
            try:
                async with asyncio.timeout(CONNECT_S):
                    return await asyncio.open_connection(
                        str(address),
                        endpoint.port,
                        limit=HEAD_BYTES,
                        **(tls if endpoint.is_secure else {}),
                    )
            except TimeoutError:
                failure = OSError("it took too long")
            except OSError as error:
                failure = error
        raise failure

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls

    def _reply(self, answer: h11.Response) -> Reply:
        said = next((value for name, value in answer.headers if name == b"retry-after"), b"")
        return Reply(answer.status_code, self._wait_of(said.decode("latin-1")))

    def _wait_of(self, said: str) -> float:
        """Return the seconds of a header Retry-After, which has a number or a date."""
        if said.isascii() and said.isdecimal():
            return float(said[:9])
        try:
            return max(0.0, parsedate_to_datetime(said).timestamp() - self._clock.now_ms() / 1000)
        except (ValueError, OverflowError):
            return 0.0


def look_up(host: str, port: int) -> list[str]:
    """Return the addresses that the system knows of a name.

    Raises:
        OSError: there is none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


def _resolved(resolve: Resolve, endpoint: Endpoint) -> list[str]:
    try:
        return resolve(endpoint.host, endpoint.port)
    except (OSError, UnicodeError):
        return []


def _request(
    link: h11.Connection, endpoint: Endpoint, body: bytes, headers: Mapping[str, str]
) -> bytes:
    usual = {
        "Host": endpoint.authority,
        "User-Agent": AGENT,
        "Content-Length": str(len(body)),
        "Connection": "close",
    }
    head = h11.Request(
        method="POST", target=endpoint.target, headers=list((usual | dict(headers)).items())
    )
    events: list[Any] = [head, h11.Data(data=body), h11.EndOfMessage()]
    return b"".join(link.send(event) or b"" for event in events)


async def _answer(link: h11.Connection, reader: asyncio.StreamReader) -> h11.Response:
    """Return the head of the answer; what only announces it (1xx) is read over."""
    while True:
        event = link.next_event()
        if event is h11.NEED_DATA:
            link.receive_data(await reader.read(READ_BYTES))
        elif isinstance(event, h11.Response):
            return event


def _tls_fault(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate is not good ({error.verify_message.rstrip('.')})"
    return "there is no common protocol"
