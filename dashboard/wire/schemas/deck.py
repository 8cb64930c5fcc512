"""What operators are told of feeds, of this process and of who is connected: one frame, whole.

Pure. Must not know how it is counted. Made by deck.report; the shapes are those of asyncapi too.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from dashboard.wire.registry import Channel, Transport
from dashboard.wire.schemas.frames import Reason, Shape, Time
from feeds.market.events import FeedState, Phase

Rate = Annotated[float, Meta(ge=0, description="per second, over the last five")]
Count = Annotated[int, Meta(ge=0)]


class DeckFeed(Shape):
    """A feed: what it should do, and what it does."""

    feed: Annotated[str, Meta(description="key of the feed")]
    name: str
    state: FeedState
    ph: Annotated[Phase, Meta(description="phase of an instrument that nothing holds back")]
    reason: Reason
    target: Annotated[float, Meta(ge=0, description="ticks per second it should make")]
    rate: Annotated[float, Meta(ge=0, description="ticks per second it made, over the last five")]
    age_ms: Annotated[int | None, Meta(description="its last tick was so long ago; null: no tick")]
    instruments: Count
    halted: Annotated[int, Meta(ge=0, description="instruments that are halted")]


class DeckProcess(Shape):
    """The process that serves this connection; others are not told of."""

    process: Annotated[str, Meta(description="key of the process; another after a restart")]
    readers: Annotated[dict[Transport, int], Meta(description="connections by transport")]
    frames: Annotated[Rate, Meta(description="frames sent")]
    updates: Annotated[Rate, Meta(description="changes of prices and trades sent")]
    conflation: Annotated[
        float | None, Meta(description="ticks that a change of prices stands for; null: no change")
    ]
    bytes: Annotated[Rate, Meta(description="text sent, before any compression")]
    lag_ms: Annotated[int | None, Meta(description="the newest tick took so long to come here")]
    stale: Annotated[int | None, Meta(description="silent by a fault since then; UTC, ms")]
    cuts: Annotated[int, Meta(ge=0, description="lines cut since the start: nothing was taken")]
    refused: Annotated[int, Meta(ge=0, description="connections refused since the start")]
    overruns: Annotated[int, Meta(ge=0, description="times it had to read the market anew")]


class DeckPerson(Shape):
    """One connection of somebody."""

    id: Annotated[str, Meta(description="key of the connection")]
    user: str
    user_id: int
    transport: Transport
    pace: Annotated[float, Meta(ge=0, description="frames of prices; per second")]
    reason: Annotated[str, Meta(description="what limits it; empty: only the wish of the reader")]
    behind: Annotated[int, Meta(ge=0, description="events since it was last told")]
    symbols: Annotated[int | None, Meta(description="symbols it reads; null is all of them")]
    since: Annotated[Time, Meta(description="connected since")]


class DeckSnapshot(Shape):
    """How the market and its delivery are now; only for operators."""

    channel: Literal["deck"]
    type: Literal["snapshot"]
    ts: Time
    feeds: tuple[DeckFeed, ...]
    process: DeckProcess
    people: Annotated[
        tuple[DeckPerson, ...] | None,
        Meta(description="the longest connected first; null: you may not see people"),
    ]
    connections: Annotated[int, Meta(ge=0, description="how many there are, shown or not")]


def encode_deck(
    *,
    ts: int,
    feeds: tuple[DeckFeed, ...],
    process: DeckProcess,
    people: tuple[DeckPerson, ...] | None,
    connections: int,
) -> str:
    """Return the frame."""
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
