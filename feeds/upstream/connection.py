"""The connection to an upstream: greet, subscribe, listen; begin again when it breaks or is silent.

Must not know rows or the engine. Opened by runtime, which runs it beside the runner. One connection
serves every upstream feed of the market, as upstreams allow no more.
"""

import asyncio
import logging
import random
from typing import Final
from weakref import WeakSet, WeakValueDictionary, finalize

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI, WebSocketException

from feeds.clock import Clock
from feeds.exceptions import UpstreamLost, UpstreamRefused
from feeds.upstream.protocol import (
    UNAUTHORISED,
    Greeting,
    Market,
    Refusal,
    Subscribed,
    Success,
    authentication,
    read,
    subscription,
)
from feeds.upstream.source import UpstreamSource

log = logging.getLogger(__name__)
MESSAGE_BYTES: Final = 4 * 1024 * 1024
"""Largest message: some 30,000 entries; a longer one ends the connection."""
GREETING_S: Final = 10.0
"""For the handshake, and again for signing in."""
LOOK_S: Final = 1.0
"""How late a new instrument may be subscribed, and a silence noticed."""
FIRST_REST_S: Final = 0.5
LAST_REST_S: Final = 60.0
REFUSED_REST_S: Final = 300.0
"""Who is refused asks again after this: an upstream may lock out who asks every second."""
WELL_S: Final = 10.0
"""A connection that lasted so long was well: the next rest is a first one."""
FLOOD_MESSAGES: Final = 50
"""After so many without a pause the rest of the process gets its turn."""
REPORT_S: Final = 60.0
FORBIDDEN: Final = frozenset({401, 403})
"""HTTP answers that another try with the same settings cannot mend."""


class Upstream:
    """One connection, and the feeds that listen to it; `unknown` and `bad` count what is dropped.

    A feed that the engine forgets is forgotten here, too: the engine's reference keeps it.
    """

    def __init__(
        self, url: str, *, key: str, secret: str, clock: Clock, stale_s: float, rest_s: float = 1.0
    ) -> None:
        """Take where to connect and as whom; `rest_s` scales the rests, which tests make short."""
        self.unknown = 0
        self.bad = 0
        self.connections = 0
        self._url, self._key, self._secret = url, key, secret
        self._clock = clock
        self._stale_s = stale_s
        self._rest_scale = rest_s
        self._sources: WeakSet[UpstreamSource] = WeakSet()
        self._by_symbol: WeakValueDictionary[str, UpstreamSource] = WeakValueDictionary()
        self._changed = asyncio.Event()
        self._trouble = "the upstream is not connected yet"
        self._reported, self._reported_s = self._dropped(), clock.monotonic()

    def open_source(self) -> UpstreamSource:
        """Return a feed that hears of its instruments, once it has a plan."""
        source = UpstreamSource(self._changed.set)
        source.trouble(self._trouble)
        self._sources.add(source)
        finalize(source, self._changed.set)
        return source

    async def run(self) -> None:
        """Listen for ever; without a feed or an address there is nothing to do."""
        if not self._url:
            self._tell("no upstream is set (MARKET_UPSTREAM_URL)")
            await asyncio.Event().wait()
        failures = 0
        while True:
            await self._wait_for_feeds()
            began_s = self._clock.monotonic()
            rest_s = await self._try(failures)
            is_well = self._clock.monotonic() - began_s >= WELL_S
            failures = 0 if is_well else failures + 1
            await asyncio.sleep(rest_s * self._rest_scale)

    async def _wait_for_feeds(self) -> None:
        while not self._sources:
            self._changed.clear()
            await self._changed.wait()

    async def _try(self, failures: int) -> float:
        """Hold one connection; return how long to rest after it."""
        try:
            await self._converse()
        except (UpstreamRefused, InvalidURI) as error:
            return self._lose(f"the upstream refused: {error}", REFUSED_REST_S)
        except InvalidStatus as error:
            code = error.response.status_code
            rest_s = REFUSED_REST_S if code in FORBIDDEN else rest_after(failures)
            return self._lose(f"the upstream answered {code}", rest_s)
        except (UpstreamLost, OSError, InvalidHandshake, WebSocketException, TimeoutError) as error:
            said = str(error) or type(error).__name__
            return self._lose(f"the upstream is lost: {said[:100]}", rest_after(failures))
        return 0.0

    def _lose(self, reason: str, rest_s: float) -> float:
        log.warning("upstream trouble reason=%r again_in_s=%.1f", reason, rest_s)
        self._tell(reason)
        return rest_s

    def _tell(self, reason: str) -> None:
        self._trouble = reason
        for source in self._sources:
            source.trouble(reason)

    async def _converse(self) -> None:
        async with connect(
            self._url, max_size=MESSAGE_BYTES, open_timeout=GREETING_S, close_timeout=1
        ) as socket:
            self.connections += 1
            async with asyncio.timeout(GREETING_S):
                await self._greet(socket)
            self._tell("")
            await self._listen(socket)

    async def _greet(self, socket: ClientConnection) -> None:
        """Sign in.

        Raises:
            UpstreamRefused: the credentials are wrong.
            UpstreamLost: something else was said than a greeting.
        """
        await socket.send(authentication(self._key, self._secret))
        while True:
            heard = read(await socket.recv())
            await asyncio.sleep(0)  # or a flood would keep the deadline from coming
            for one in heard.entries:
                if isinstance(one, Refusal):
                    _refuse(one)
                if isinstance(one, Success) and one.msg == "authenticated":
                    return

    async def _listen(self, socket: ClientConnection) -> None:
        """Hear until nobody listens any more.

        Raises:
            UpstreamLost: nothing was heard for too long.
        """
        subscribed: set[str] = set()
        self._changed.set()
        heard_s = self._clock.monotonic()
        look_s, count = min(LOOK_S, self._stale_s / 2), 0
        while self._sources:
            if self._changed.is_set():
                subscribed = await self._subscribe(socket, subscribed)
            try:
                async with asyncio.timeout(look_s):
                    content = await socket.recv()
            except TimeoutError:
                if self._clock.monotonic() - heard_s >= self._stale_s:
                    raise UpstreamLost(f"silent for {self._stale_s:g} s") from None
                continue
            heard_s, count = self._clock.monotonic(), count + 1
            self._hear(content)
            if count % FLOOD_MESSAGES == 0:
                self._report()
                await asyncio.sleep(0)

    async def _subscribe(self, socket: ClientConnection, subscribed: set[str]) -> set[str]:
        """Ask for what is new among the instruments, and for no more of what is gone."""
        self._changed.clear()
        self._by_symbol.clear()
        for source in self._sources:
            self._by_symbol.update(dict.fromkeys(source.symbols, source))
        wanted = set(self._by_symbol)
        if new := sorted(wanted - subscribed):
            await socket.send(subscription(new))
        if gone := sorted(subscribed - wanted):
            await socket.send(subscription(gone, action="unsubscribe"))
        return wanted

    def _hear(self, content: str | bytes) -> None:
        heard, now_ms = read(content), self._clock.now_ms()
        self.bad += heard.bad
        for one in heard.entries:
            self._hear_one(one, now_ms)

    def _hear_one(self, one: Market | Greeting, now_ms: int) -> None:
        match one:
            case Refusal():
                _refuse(one)
            case Success() | Subscribed():
                return
            case _ if (source := self._by_symbol.get(one.symbol)) is not None:
                source.hear(one, now_ms)
            case _:
                self.unknown += 1

    def _dropped(self) -> tuple[int, ...]:
        """Return how much could not be used: of no instrument here, unreadable, merged, lost."""
        intakes = [source.intake for source in self._sources]
        return (
            self.unknown,
            self.bad + sum(source.bad for source in self._sources),
            sum(one.merged for one in intakes),
            sum(one.lost for one in intakes),
        )

    def _report(self) -> None:
        """Tell the log what was dropped, now and then and only when there is news."""
        dropped, now_s = self._dropped(), self._clock.monotonic()
        if dropped != self._reported and now_s - self._reported_s >= REPORT_S:
            self._reported, self._reported_s = dropped, now_s
            log.warning("upstream dropped unknown=%d bad=%d merged=%d lost=%d", *dropped)


def rest_after(failures: int) -> float:
    """Return how long to rest after so many failures in a row before this one: full jitter, so
    that those who lost one upstream together do not return together; seconds."""
    ceiling_s = min(LAST_REST_S, FIRST_REST_S * 2.0 ** min(failures, 16))
    return FIRST_REST_S + random.random() * ceiling_s  # noqa: S311 a wait, not a secret


def _refuse(one: Refusal) -> None:
    """Raise what a refusal means.

    Raises:
        UpstreamRefused: the same settings will be refused again.
        UpstreamLost: another connection may be taken.
    """
    said = f"{one.code} {one.msg[:100]!r}"
    raise UpstreamRefused(said) if one.code in UNAUTHORISED else UpstreamLost(said)
