"""Sends operators the figures of the market: once a second, and at once when a state changed.

Must not know how frames travel. It costs nothing while nobody reads the deck.
"""

import asyncio
from math import inf
from typing import Final

from dashboard.deck.report import Reporter
from dashboard.delivery.connection import Connection
from dashboard.delivery.hub import Hub

LOOK_S: Final = 0.1
"""How often it looks for changed states, so that operators soon see what they did."""
SEND_S: Final = 1.0


class Deck:
    """Gives each operator who reads the deck the newest frame."""

    def __init__(self, hub: Hub, *, process: str) -> None:
        self._hub = hub
        self._reporter = Reporter(hub, process=process)
        self._seen_status = hub.replica.status_position
        self._readers: set[Connection] = set()
        self._due_s = -inf

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            self.look()
            await self._hub.wait_for_deck_readers()

    def look(self) -> None:
        """Send a frame to all readers if it is time, a state changed, or a reader is new."""
        readers = set(self._hub.deck_readers)
        if not readers:
            self._readers = readers
            self._reporter.forget()
            return
        now_s, status = self._hub.clock.monotonic(), self._hub.replica.status_position
        # A reader who has just come gets figures at once.
        is_news = status != self._seen_status or not readers <= self._readers
        if now_s < self._due_s and not is_news:
            return
        self._seen_status, self._readers, self._due_s = status, readers, now_s + SEND_S
        self._send(readers)

    def _send(self, readers: set[Connection]) -> None:
        self._reporter.sample()
        frames: dict[bool, str] = {}
        for connection in readers:
            with_people = connection.sees_people
            if with_people not in frames:
                frames[with_people] = self._reporter.encode(with_people=with_people)
            connection.offer_deck(frames[with_people])
            connection.wake()
