"""The schemas of the channel `deck`: what operators see of feeds, this process and its readers.

Pure. Must not know how anything is counted. The frame is whole every time, so it is encoded from
these types.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from dashboard.wire.registry import Channel, Transport
from dashboard.wire.schemas.fields import Reason, Time, WireSchema
from feeds.market.events import FeedState, Phase

Rate = Annotated[float, Meta(ge=0, description="per second, averaged over 5 s")]
Count = Annotated[int, Meta(ge=0)]


class DeckFeed(WireSchema):
    """A feed: its target, and what it did."""

    feed: Annotated[str, Meta(description="key of the feed")]
    name: str
    state: FeedState
    ph: Annotated[Phase, Meta(description="phase of its instruments, unless one is halted")]
    reason: Reason
    target: Annotated[float, Meta(ge=0, description="ticks per second that it should make")]
    rate: Annotated[
        float, Meta(ge=0, description="ticks per second that it made, averaged over 5 s")
    ]
    age_ms: Annotated[
        int | None, Meta(description="how long ago its last tick was; null without a tick")
    ]
    instruments: Count
    halted: Annotated[int, Meta(ge=0, description="how many instruments are halted")]


class DeckProcess(WireSchema):
    """The process that serves this connection; other processes are not included."""

    process: Annotated[str, Meta(description="key of the process; a restart changes it")]
    readers: Annotated[dict[Transport, int], Meta(description="connections by transport")]
    frames: Annotated[Rate, Meta(description="frames sent")]
    updates: Annotated[Rate, Meta(description="changes of prices and trades sent")]
    conflation: Annotated[
        float | None, Meta(description="ticks per change of prices; null when nothing changed")
    ]
    bytes: Annotated[Rate, Meta(description="text sent, before any compression")]
    lag_ms: Annotated[int | None, Meta(description="how long the newest tick took to this process")]
    stale: Annotated[
        int | None, Meta(description="since when a fault silences the market, or null; UTC, ms")
    ]
    cuts: Annotated[
        int,
        Meta(ge=0, description="connections cut since the start: the reader accepted nothing"),
    ]
    refused: Annotated[int, Meta(ge=0, description="connections refused since the start")]
    overruns: Annotated[
        int, Meta(ge=0, description="how often it fell behind the bus and began again")
    ]


class DeckPerson(WireSchema):
    """One connection of a user."""

    id: Annotated[str, Meta(description="key of the connection")]
    user: str
    user_id: int
    transport: Transport
    pace: Annotated[float, Meta(ge=0, description="frames of merged changes per second")]
    reason: Annotated[
        str, Meta(description="what limits the pace; empty when only the reader's choice does")
    ]
    behind: Annotated[
        int, Meta(ge=0, description="how many events of its own symbols it does not have yet")
    ]
    symbols: Annotated[
        int | None, Meta(description="how many symbols it reads; null is all of them")
    ]
    since: Annotated[Time, Meta(description="when it connected; UTC, ms")]


class DeckSnapshot(WireSchema):
    """The present state of the market and its delivery; only for operators."""

    channel: Literal["deck"]
    type: Literal["snapshot"]
    ts: Time
    feeds: tuple[DeckFeed, ...]
    process: DeckProcess
    people: Annotated[
        tuple[DeckPerson, ...] | None,
        Meta(description="the longest connected first; null when you may not see people"),
    ]
    connections: Annotated[
        int, Meta(ge=0, description="how many connections there are, listed here or not")
    ]


def encode_deck(
    *,
    ts: int,
    feeds: tuple[DeckFeed, ...],
    process: DeckProcess,
    people: tuple[DeckPerson, ...] | None,
    connections: int,
) -> str:
    """Return the frame of the channel as text."""
    snapshot = DeckSnapshot(
        channel=Channel.DECK.value,
        type="snapshot",
        ts=ts,
        feeds=feeds,
        process=process,
        people=people,
        connections=connections,
    )
    return msgspec.json.encode(snapshot).decode()
