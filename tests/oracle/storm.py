"""People whose connections break off in the middle of everything, on the project's own rows.

From the session's row to the last frame everything is the project's: the identities, the hub,
the applications, the reads. Only the sockets and the market are the test's.
"""

import asyncio
import json
import random
import re
from collections import Counter
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session

from dashboard.delivery.hub import Hub, ReadPersonal
from dashboard.models import Notification, Watchlist, WatchlistEntry
from dashboard.people.identity import find_revoked
from dashboard.process.cpu_meter import CostMeter
from dashboard.runtime import read_personal
from dashboard.transports.gatekeeper import Gatekeeper
from dashboard.transports.poll import PollApplication
from dashboard.transports.sse import EventApplication
from dashboard.transports.websocket import MarketConsumer
from dashboard.wire.registry import Transport
from feeds.bus.memory import MemoryBus
from feeds.clock import SystemClock
from feeds.market.events import Batch, Event, Quote
from feeds.models import Feed, Instrument
from tests.support.market_script import NOW, listing
from tests.support.waiting import PATIENCE_S

OWNER = re.compile(r"CANARY-(\d+)-")
"""Every personal text has `CANARY-<user>-<number>`: so the owner of any text is known."""
(BACKEND,) = settings.AUTHENTICATION_BACKENDS
HEADERS = [(b"host", b"localhost"), (b"x-market-page", b"1")]
CHANNELS = ("notifications", "watchlist", "ticker")
HURRY = 100
"""The clock of the paces runs so much faster: every batch becomes a frame."""
NEVER_S = 1e9


class FastClock(SystemClock):
    """A clock of paces in which every reader may always have its next frame."""

    def monotonic(self) -> float:
        return super().monotonic() * HURRY


class Rows:
    """What changes in the database; every function runs in its thread."""

    def __init__(self, count: int) -> None:
        User.objects.bulk_create(User(username=f"user{n}", password=f"!{n}") for n in range(count))
        self.users = list(User.objects.order_by("pk"))
        self._number = 0
        feed = Feed.objects.create(slug="demo", name="Demo")
        for user in self.users:
            symbol = f"CANARY-{user.pk}-0"
            instrument = Instrument.objects.create(
                feed=feed, symbol=symbol, name="x", sector="x", reference_price=1
            )
            watchlist = Watchlist.objects.create(user=user)
            WatchlistEntry.objects.create(watchlist=watchlist, instrument=instrument, rank=0)

    def sign_in(self, user: User) -> str:
        """Begin a session; return its key."""
        store = SessionStore()
        store[SESSION_KEY], store[BACKEND_SESSION_KEY] = str(user.pk), BACKEND
        store[HASH_SESSION_KEY] = user.get_session_auth_hash()
        store.save()
        return str(store.session_key)

    def sign_out(self, key: str) -> None:
        Session.objects.filter(session_key=key).delete()

    def allow(self, user: User, *, is_active: bool) -> None:
        User.objects.filter(pk=user.pk).update(is_active=is_active)

    def notify(self, users: list[User]) -> None:
        """Write a text for each of them alone."""
        self._number += 1
        Notification.objects.bulk_create(
            Notification(user=user, title=f"CANARY-{user.pk}-{self._number}") for user in users
        )


class Person:
    """A person who reads over one transport after another, and is always cut off."""

    def __init__(self, storm: "Storm", user: User, key: str) -> None:
        self.user = user
        self.key = key
        self.foreign: list[str] = []
        self.personal = 0
        self.last_text = ""
        self._storm = storm
        self._inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._is_open = False
        self._number = 0
        self.connection: asyncio.Task[None] | None = None

    async def read(self) -> None:
        """Come back over and over until the storm ends."""
        while not self._storm.is_over:
            transport = self._storm.chance.choice(list(Transport))
            self.connection = asyncio.ensure_future(self._connect(transport))
            await asyncio.wait([self.connection])
            await asyncio.sleep(0)

    async def _connect(self, transport: Transport) -> None:
        self._inbox, self._is_open = asyncio.Queue(), True
        self._storm.connections[transport] += 1
        cookie = (b"cookie", f"sessionid={self.key}".encode())
        scope: dict[str, Any] = {"headers": [*HEADERS, cookie], "user": self.user.pk}
        if transport is Transport.WEBSOCKET:
            await self._inbox.put({"type": "websocket.connect"})
            scope |= {"type": "websocket", "path": "/ws/v1/"}
        else:
            wait = "&wait=1" if transport is Transport.LONGPOLL else ""
            query = f"channels={','.join(CHANNELS)}&symbols=NVX{wait}".encode()
            scope |= {"type": "http", "method": "GET", "query_string": query}
        application = self._storm.applications[transport]
        try:
            await application(scope, self._inbox.get, self._receive)
        except OSError:
            pass  # our end is closed
        finally:
            self._is_open = False

    async def _receive(self, message: dict[str, Any]) -> None:
        if not self._is_open:
            raise ConnectionResetError
        if message["type"] == "websocket.accept":
            self.say("subscribe", *CHANNELS)
        if message["type"] == "websocket.close":
            self.close()
        body = message.get("text") or message.get("body", b"").decode()
        if body:
            self._read(body)
        if self._storm.chance.random() < 0.05:
            await asyncio.sleep(0)  # a full buffer: others have their turn in the middle of this

    def _read(self, body: str) -> None:
        self._storm.messages += 1
        owners = set(OWNER.findall(body))
        if owners:
            self.personal += 1
            self.last_text = body
        if owners - {str(self.user.pk)}:
            self.foreign.append(body)

    def say(self, method: str, *channels: str) -> None:
        """Send a command for each channel, all before the first is answered."""
        for channel in channels:
            params = {"channel": channel} | ({"symbols": ["NVX"]} if channel == "ticker" else {})
            self._number += 1
            text = json.dumps({"method": method, "params": params, "id": self._number})
            self._inbox.put_nowait({"type": "websocket.receive", "text": text})

    def close(self) -> None:
        """Close our end: the server reads of it at its next turn, and cannot write any more."""
        self._is_open = False
        for kind in ("websocket.disconnect", "http.disconnect"):
            self._inbox.put_nowait({"type": kind, "code": 1006})


class Storm:
    """One hub, its applications, and the people who come and go; `chance` decides all of it."""

    def __init__(self, rows: Rows, seed: int, read_personal: ReadPersonal = read_personal) -> None:
        self.chance = random.Random(seed)
        self.rows = rows
        self.is_over = False
        self.messages = 0
        self.connections: Counter[Transport] = Counter()
        self.done: Counter[str] = Counter()
        self.bus = MemoryBus()
        self._sequence = 0
        self.hub = Hub(
            bus=self.bus, clock=FastClock(), costs=CostMeter(), find_revoked=find_revoked,
            read_personal=read_personal, capacity=1000, max_connections=1000,
            connections_per_user=10, heartbeat_ms=1_000_000, sweep_s=0.05, deadline_s=NEVER_S,
        )  # fmt: skip
        gatekeeper = Gatekeeper(self.hub, requests_per_s=1000)
        self.applications: dict[Transport, Any] = {
            Transport.WEBSOCKET: MarketConsumer.as_asgi(hub=self.hub),
            Transport.SSE: EventApplication(hub=self.hub, gatekeeper=gatekeeper),
        }
        polls = PollApplication(hub=self.hub, gatekeeper=gatekeeper, read_personal=read_personal)
        self.applications |= dict.fromkeys((Transport.POLL, Transport.LONGPOLL), polls)
        self.people = [Person(self, user, rows.sign_in(user)) for user in rows.users]

    async def rage(self, messages: int, rounds: int) -> None:
        """Go on until so many messages have arrived; after so many rounds something is wrong."""
        running = asyncio.ensure_future(self.hub.run())
        await asyncio.sleep(0)
        await self._happen(listing("NVX"))
        reading = [asyncio.ensure_future(person.read()) for person in self.people]
        for number in range(rounds):
            if self.messages >= messages:
                break
            await self._happen(Quote("NVX", number + 1, number + 2, 1, 1, NOW))
            await self._round(number)
        self.is_over = True
        for person in self.people:
            person.close()
        await asyncio.wait(reading, timeout=PATIENCE_S)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        # Who awaited a read is gone, but the database's thread may still be at it.
        await sync_to_async(len)(())

    async def _happen(self, *events: Event) -> None:
        await self.bus.publish(Batch("e1", self._sequence + 1, events))
        self._sequence += len(events)

    async def _round(self, number: int) -> None:
        for _ in range(self.chance.randrange(1, 6)):
            await asyncio.sleep(0)
        for person in self.chance.sample(self.people, max(1, len(self.people) // 16)):
            self._disturb(person)
        if number % 3 == 0:
            users = self.chance.sample(self.rows.users, len(self.people) // 2)
            await sync_to_async(self.rows.notify)(users)
            self.hub.poke_people([user.pk for user in users])
        if number % 2 == 0:
            await self._end_session(self.chance.choice(self.people))

    def _disturb(self, person: Person) -> None:
        action = self.chance.choice(["cancel", "close", "unsubscribe", "subscribe"])
        self.done[action] += 1
        if action == "cancel" and person.connection is not None:
            person.connection.cancel()
        elif action == "close":
            person.close()
        elif action == "unsubscribe":
            person.say("unsubscribe", "notifications", "watchlist")
            person.say("subscribe", "notifications", "watchlist")
            person.say("unsubscribe", "ticker")
        else:
            person.say("subscribe", *CHANNELS)

    async def _end_session(self, person: Person) -> None:
        """Sign out and in again, or lose the right for a moment."""
        if self.chance.random() < 0.5:
            self.done["sign-out"] += 1
            await sync_to_async(self.rows.sign_out)(person.key)
            person.key = await sync_to_async(self.rows.sign_in)(person.user)
            return
        self.done["revocation"] += 1
        await sync_to_async(self.rows.allow)(person.user, is_active=False)
        await asyncio.sleep(0)
        await sync_to_async(self.rows.allow)(person.user, is_active=True)
