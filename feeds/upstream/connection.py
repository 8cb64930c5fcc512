"""The connection to an upstream: sign in, subscribe, receive; reconnect when it fails or is silent.

Must not know rows or the engine. One connection serves every upstream feed of the market, because
an account may have only one. Only a tick proves that the connection works. It clears the reason
that is shown, and after the next loss the rests begin with the shortest again. After a refusal
nothing is tried until a plan changes.
"""

import asyncio
import logging
import random
from contextlib import AsyncExitStack
from math import inf
from typing import Final
from weakref import WeakSet, WeakValueDictionary, finalize

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI, WebSocketException

from feeds.clock import Clock
from feeds.exceptions import UpstreamLost, UpstreamOccupied, UpstreamRefused
from feeds.plan.plans import is_in_hours
from feeds.upstream.protocol import (
    EVERYTHING,
    NO_SUCH_CHANNELS,
    REFUSED,
    REFUSED_REQUESTS,
    TICKS,
    TOO_MANY_CONNECTIONS,
    ConnectionMessage,
    MarketMessage,
    UpstreamError,
    UpstreamSubscription,
    UpstreamSuccess,
    authentication,
    parse_message,
    subscription,
)
from feeds.upstream.source import UpstreamSource

log = logging.getLogger(__name__)
MESSAGE_BYTES: Final = 4 * 1024 * 1024
"""Longest message: some 30,000 entries; a longer one ends the connection."""
SIGN_IN_S: Final = 10.0
"""Time for the handshake, and again for signing in."""
LOOK_S: Final = 1.0
"""A new instrument is subscribed, and silence noticed, this late at most."""
FIRST_REST_S: Final = 0.5
LAST_REST_S: Final = 60.0
OCCUPIED_REST_S: Final = 300.0
"""Rest while another session has the only connection of the account."""
REFUSED_REST_S: Final = inf
"""Rest after a refusal: until a plan changes, or the process starts again."""
FLOOD_MESSAGES: Final = 50
"""Messages in a row after which the loop gets its turn, even if more are there already."""
REPORT_S: Final = 60.0
"""Dropped messages are logged this often at most."""
NO_TICK_YET: Final = "the upstream is connected, and no tick has come yet"
NO_ADDRESS: Final = "MARKET_UPSTREAM_URL is no address of a WebSocket"
"""Without the address itself, which may hold a password: everybody sees this."""
FORBIDDEN: Final = frozenset({401, 402, 403})
"""HTTP answers that a new attempt with the same settings would meet again."""


class Upstream:
    """One connection and its sources; `unknown` and `bad` count the messages that are dropped.

    `connections` counts those that were made, `losses` those that ended or could not be made.

    References to sources are weak: a source that the engine drops is unsubscribed by itself.
    """

    def __init__(
        self, url: str, *, key: str, secret: str, clock: Clock, stale_s: float, rest_s: float = 1.0
    ) -> None:
        """Take address and credentials; `rest_s` scales the rests, so that tests can be short."""
        self.unknown = 0
        self.bad = 0
        self.connections = 0
        self.losses = 0
        self._url, self._key, self._secret = url, key, secret
        self._clock = clock
        self._stale_s = stale_s
        self._rest_scale = rest_s
        self._sources: WeakSet[UpstreamSource] = WeakSet()
        self._by_symbol: WeakValueDictionary[str, UpstreamSource] = WeakValueDictionary()
        self._changed = asyncio.Event()
        self._trouble, self._is_fault = "the upstream is not connected yet", True
        self._failures = 0
        self._subscribed: set[str] = set()
        self._accepted: set[str] = set()
        self._channels: tuple[str, ...] = EVERYTHING
        self._reported, self._reported_s = self.dropped(), clock.monotonic()

    def open_source(self) -> UpstreamSource:
        """Return a source for a feed; its instruments are subscribed once it has a plan."""
        source = UpstreamSource(self._changed.set)
        source.trouble(self._trouble, is_fault=self._is_fault)
        self._sources.add(source)
        # A source that the engine drops must wake the loop, or its symbols stay subscribed.
        finalize(source, self._changed.set)
        return source

    async def run(self) -> None:
        """Connect and receive for ever; without a source or an address only wait."""
        if not self._url:
            self._set_trouble("no upstream is set (MARKET_UPSTREAM_URL)")
            await asyncio.Event().wait()
        while True:
            await self._wait_for_sources()
            rest_s = await self._try(self._failures)
            if rest_s == REFUSED_REST_S:
                await self._wait_for_a_change()
            else:
                await asyncio.sleep(rest_s * self._rest_scale)

    async def _wait_for_a_change(self) -> None:
        """Wait until a plan of a feed changes: an admin may have removed instruments."""
        self._changed.clear()
        await self._changed.wait()

    async def _wait_for_sources(self) -> None:
        while not self._sources:
            self._changed.clear()
            await self._changed.wait()

    async def _try(self, failures: int) -> float:
        """Hold one connection until it ends; return how long to rest after it, in seconds."""
        try:
            await self._connect()
        except UpstreamRefused as error:
            return self._lose(f"the upstream refused: {error}", REFUSED_REST_S)
        except UpstreamOccupied as error:
            return self._lose(f"the upstream is occupied: {error}", OCCUPIED_REST_S)
        except InvalidStatus as error:  # its base class InvalidHandshake comes below
            code = error.response.status_code
            rest_s = REFUSED_REST_S if code in FORBIDDEN else rest_after(failures)
            return self._lose(f"the upstream answered {code}", rest_s)
        except (UpstreamLost, OSError, InvalidHandshake, WebSocketException, TimeoutError) as error:
            said = str(error) or type(error).__name__
            rest_s = rest_after(failures)
            return self._lose(f"the upstream is lost: {said[:100]}", rest_s)
        return 0.0

    def _lose(self, reason: str, rest_s: float) -> float:
        self.losses += 1
        self._failures += 1
        log.warning("upstream trouble reason=%r again_in_s=%.1f", reason, rest_s)
        self._set_trouble(reason)
        return rest_s

    def _set_trouble(self, reason: str, *, is_fault: bool = True) -> None:
        self._trouble, self._is_fault = reason, is_fault
        for source in self._sources:
            source.trouble(reason, is_fault=is_fault)

    async def _connect(self) -> None:
        async with AsyncExitStack() as stack:
            socket = await self._open(stack)
            self.connections += 1
            async with asyncio.timeout(SIGN_IN_S):
                await self._sign_in(socket)
            self._set_trouble(NO_TICK_YET, is_fault=False)
            await self._receive(socket)

    async def _open(self, stack: AsyncExitStack) -> ClientConnection:
        """Make the connection, which ends with the stack.

        Raises:
            UpstreamRefused: the address, or one that it redirects to, is not that of a WebSocket.
        """
        try:
            opening = connect(
                self._url, max_size=MESSAGE_BYTES, open_timeout=SIGN_IN_S, close_timeout=1
            )
            return await stack.enter_async_context(opening)
        except (InvalidURI, ValueError):  # a port or a name of a host is impossible
            raise UpstreamRefused(NO_ADDRESS) from None

    def _note_tick(self) -> None:
        """Note that the connection works: nothing but a tick proves that."""
        self._failures = 0
        if self._trouble:
            self._set_trouble("")

    async def _sign_in(self, socket: ClientConnection) -> None:
        """Sign in.

        Raises:
            UpstreamRefused: the credentials are wrong.
            UpstreamLost: the upstream reported another error.
        """
        await socket.send(authentication(self._key, self._secret))
        while True:
            parsed = parse_message(await socket.recv())
            await asyncio.sleep(0)  # in a flood recv never suspends, and the deadline never comes
            for entry in parsed.entries:
                if isinstance(entry, UpstreamError):
                    _raise(entry)
                if isinstance(entry, UpstreamSuccess) and entry.msg == "authenticated":
                    return

    async def _receive(self, socket: ClientConnection) -> None:
        """Receive messages until there is no source any more.

        Raises:
            UpstreamLost: nothing that can be used came for `stale_s`.
        """
        self._subscribed, self._accepted = set(), set()
        self._channels = EVERYTHING
        self._changed.set()
        received_s = self._clock.monotonic()
        look_s, count = min(LOOK_S, self._stale_s / 2), 0
        while self._sources:
            if self._changed.is_set():
                await self._subscribe(socket)
            try:
                async with asyncio.timeout(look_s):
                    content = await socket.recv()
            except TimeoutError:
                # Outside the hours of their exchanges feeds have nothing to tell.
                if self._is_trading():
                    self._refuse_silence(received_s)
                else:
                    received_s = self._clock.monotonic()
                continue
            count += 1
            if self._take(content):
                received_s = self._clock.monotonic()
            else:
                self._refuse_silence(received_s)
            if count % FLOOD_MESSAGES == 0:
                self._report()
                await asyncio.sleep(0)

    def _refuse_silence(self, since_s: float) -> None:
        if self._clock.monotonic() - since_s >= self._stale_s:
            raise UpstreamLost(f"silent for {self._stale_s:g} s")

    def _is_trading(self) -> bool:
        now_ms = self._clock.now_ms()
        plans = [source.plan_in_force for source in self._sources]
        return any(plan is None or is_in_hours(plan, now_ms) for plan in plans)

    async def _subscribe(self, socket: ClientConnection) -> None:
        """Subscribe to new instruments, and unsubscribe from former ones."""
        self._changed.clear()
        self._by_symbol.clear()
        for source in self._sources:
            self._by_symbol.update(dict.fromkeys(source.symbols, source))
        wanted, subscribed = set(self._by_symbol), self._subscribed
        self._subscribed = wanted
        # Unsubscribe first: new symbols may need the room within the limit.
        if gone := sorted(subscribed - wanted):
            await socket.send(subscription(gone, self._channels, action="unsubscribe"))
        if new := sorted(wanted - subscribed):
            for source in self._sources:
                source.begin(new, self._clock.now_ms())
            await socket.send(subscription(new, self._channels))
        self._forget_refusals()  # what was refused may be wanted no more

    def _accept(self, entry: UpstreamSubscription) -> None:
        self._accepted = set(entry.trades or ())
        self._forget_refusals()

    def _forget_refusals(self) -> None:
        for source in self._sources:
            if source.symbols <= self._accepted:
                source.refuse("")

    def _refuse(self, error: UpstreamError) -> None:
        """Note that a request was refused; what was subscribed before goes on.

        A stream without statuses and bands is asked for ticks alone. Symbols that are refused are
        asked for again when a plan changes, and not before.

        Raises:
            UpstreamRefused: nothing was subscribed before.
        """
        if error.code in NO_SUCH_CHANNELS and self._channels != TICKS:
            log.warning("upstream sends ticks alone code=%d", error.code)
            self._channels = TICKS
            self._subscribed = self._accepted & set(self._by_symbol)
            self._changed.set()
            return
        if not self._accepted:
            _raise(error)
        self._subscribed = self._accepted & set(self._by_symbol)
        for source in self._sources:
            if missing := len(source.symbols - self._accepted):
                source.refuse(f"the upstream refused {missing} symbols: {_fact(error)}")

    def _take(self, content: str | bytes) -> bool:
        """Take a message; say whether it shows that the upstream still speaks to us.

        Garbage and greetings do not.
        """
        parsed, now_ms = parse_message(content), self._clock.now_ms()
        self.bad += parsed.bad
        for entry in parsed.entries:
            self._dispatch(entry, now_ms)
        return any(not isinstance(entry, UpstreamSuccess) for entry in parsed.entries)

    def _dispatch(self, entry: MarketMessage | ConnectionMessage, now_ms: int) -> None:
        match entry:
            case UpstreamError(code=code) if code in REFUSED_REQUESTS:
                self._refuse(entry)
            case UpstreamError():
                _raise(entry)
            case UpstreamSubscription():
                self._accept(entry)
            case UpstreamSuccess():
                return
            case _ if (source := self._by_symbol.get(entry.symbol)) is not None:
                if source.receive(entry, now_ms):
                    self._note_tick()
            case _:
                self.unknown += 1

    def dropped(self) -> dict[str, int]:
        """Return how many messages were dropped so far, by the reason."""
        inboxes = [source.inbox for source in self._sources]
        return {
            "unknown": self.unknown,
            "bad": self.bad + sum(source.bad for source in self._sources),
            "merged": sum(inbox.merged for inbox in inboxes),
            "lost": sum(inbox.lost for inbox in inboxes),
        }

    def _report(self) -> None:
        """Log what was dropped, if there is more of it, at most every REPORT_S."""
        dropped, now_s = self.dropped(), self._clock.monotonic()
        if dropped != self._reported and now_s - self._reported_s >= REPORT_S:
            self._reported, self._reported_s = dropped, now_s
            log.warning("upstream dropped unknown=%d bad=%d merged=%d lost=%d", *dropped.values())


def rest_after(failures: int) -> float:
    """Return how long to rest, in seconds, after `failures` in a row before the present one.

    Full jitter: clients that lost an upstream together do not all return at the same moment.
    """
    # Powers above 2.0 ** 1023 overflow, and an outage may last for days.
    ceiling_s = min(LAST_REST_S, FIRST_REST_S * 2.0 ** min(failures, 16))
    return FIRST_REST_S + random.random() * ceiling_s  # noqa: S311 a wait, not a secret


def _raise(error: UpstreamError) -> None:
    """Raise the exception for an error of the upstream.

    Raises:
        UpstreamRefused: the same settings will be refused again.
        UpstreamOccupied: another session has the connection that the account may have.
        UpstreamLost: a new connection may work.
    """
    fact = _fact(error)
    if error.code in REFUSED:
        raise UpstreamRefused(fact)
    raise UpstreamOccupied(fact) if error.code == TOO_MANY_CONNECTIONS else UpstreamLost(fact)


def _fact(error: UpstreamError) -> str:
    return f"{error.code} {(error.msg or '')[:100]!r}"
