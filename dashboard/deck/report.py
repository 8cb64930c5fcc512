"""The figures of the deck: counts of the hub and its replica, and rates over the last seconds.

Must not know who reads them or when.
"""

from collections import Counter, deque
from typing import Final, NamedTuple

from dashboard.delivery.connection import Connection
from dashboard.delivery.hub import Hub
from dashboard.wire.registry import Transport
from dashboard.wire.schemas.deck import DeckFeed, DeckPerson, DeckProcess, encode_deck
from feeds.market.board import TS_EVENT, Row
from feeds.market.delayed_keys import delay_of
from feeds.market.events import FeedStatus, Phase

WINDOW_S: Final = 5.0
"""Rates are means over this time. With less they jump, with more they hide what operators just
did."""
PEOPLE_SHOWN: Final = 200
"""Most connections in a frame, about 40 KB; the others are counted."""


class _Sample(NamedTuple):
    """The sums at one moment (seconds, monotonic)."""

    at_s: float
    epoch: str
    ticks: Counter[str]
    frames: int
    characters: int
    updates: int
    changes: int
    merged: int


class Reporter:
    """Keeps samples of the last WINDOW_S, and makes frames of them."""

    def __init__(self, hub: Hub, *, process: str) -> None:
        self._hub = hub
        self._process = process
        self._samples: deque[_Sample] = deque()

    def encode(self, *, with_people: bool) -> str:
        """Return the frame as JSON text; its rates need a sample that was just taken."""
        hub = self._hub
        return encode_deck(
            ts=hub.clock.now_ms(),
            feeds=tuple(self._feeds()),
            process=self._process_now(),
            people=self._people() if with_people else None,
            connections=len(hub.connections),
        )

    def sample(self) -> None:
        """Take a sample now; drop samples that are too old or of another tape."""
        hub, traffic = self._hub, self._hub.traffic
        changes, merged = hub.conflation
        new = _Sample(
            at_s=hub.clock.monotonic(),
            epoch=hub.replica.epoch,
            ticks=hub.replica.ticks,
            frames=traffic.frames,
            characters=traffic.characters,
            updates=hub.delivered.total(),
            changes=changes,
            merged=merged,
        )
        samples = self._samples
        if samples and samples[0].epoch != new.epoch:
            samples.clear()
        samples.append(new)
        while samples[0].at_s < new.at_s - WINDOW_S:
            samples.popleft()

    def forget(self) -> None:
        """Drop all samples: nobody read for a while, and a rate must not span that time."""
        self._samples.clear()

    def _per_s(self, sum_of: str, feed: str = "") -> float:
        first, last = self._samples[0], self._samples[-1]
        sums = [getattr(sample, sum_of) for sample in (first, last)]
        before, after = [float(total[feed] if feed else total) for total in sums]
        # Sums fall when a connection or an instrument goes with its counts; a rate never does.
        return round(max(0.0, after - before) / max(0.001, last.at_s - first.at_s), 1)

    def _feeds(self) -> list[DeckFeed]:
        board = self._hub.replica.board
        rows: dict[str, list[Row]] = {}
        for row in board.rows.values():
            rows.setdefault(row.feed, []).append(row)
        return [
            self._feed(status, rows.get(key, []))
            for key, status in sorted(board.feeds.items())
            if not delay_of(key)
        ]

    def _feed(self, status: FeedStatus, rows: list[Row]) -> DeckFeed:
        times = [int(ms) for row in rows if (ms := row.values[TS_EVENT]) is not None]
        return DeckFeed(
            feed=status.feed,
            name=status.name,
            state=status.state,
            ph=status.phase,
            reason=status.reason,
            target=status.rate,
            rate=self._per_s("ticks", status.feed),
            age_ms=self._hub.clock.now_ms() - max(times) if times else None,
            instruments=len(rows),
            halted=sum(row.phase == Phase.HALTED for row in rows),
        )

    def _process_now(self) -> DeckProcess:
        replica, traffic = self._hub.replica, self._hub.traffic
        readers = self._hub.readers
        newest_ms = replica.newest_ms
        return DeckProcess(
            process=self._process,
            readers={transport: readers[transport] for transport in Transport},
            frames=self._per_s("frames"),
            updates=self._per_s("updates"),
            conflation=self._conflation(),
            bytes=self._per_s("characters"),
            lag_ms=None if newest_ms is None else max(0, replica.ts - newest_ms),
            stale=replica.stale_ms,
            cuts=traffic.cuts,
            refused=traffic.refused,
            overruns=traffic.overruns,
        )

    def _conflation(self) -> float | None:
        first, last = self._samples[0], self._samples[-1]
        changes = last.changes - first.changes
        return round((last.merged - first.merged) / changes, 2) if changes > 0 else None

    def _people(self) -> tuple[DeckPerson, ...]:
        connections = sorted(
            self._hub.connections, key=lambda connection: (connection.since_ms, connection.key)
        )
        return tuple(self._person(connection) for connection in connections[:PEOPLE_SHOWN])

    def _person(self, connection: Connection) -> DeckPerson:
        identity = connection.identity
        return DeckPerson(
            id=connection.key,
            user=identity.username,
            user_id=identity.user_id,
            transport=connection.transport,
            pace=round(connection.rate, 1),
            reason=connection.limited_by,
            behind=connection.behind,
            symbols=connection.symbol_count,
            since=connection.since_ms,
        )
