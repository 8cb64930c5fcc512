"""The shape of answers: to commands on a socket, and to requests over HTTP.

Pure. Must not know how answers are made. With shapes it is all the server says.
"""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from dashboard.wire.registry import Channel
from dashboard.wire.schemas.deck import DeckSnapshot
from dashboard.wire.schemas.frames import (
    SCHEMAS,
    Falsehood,
    Heartbeat,
    Id,
    NotificationsSnapshot,
    NotificationsUpdate,
    Pace,
    Shape,
    Shutdown,
    StatusSnapshot,
    StatusUpdate,
    TickerSnapshot,
    TickerUpdate,
    Time,
    Truth,
    WatchlistSnapshot,
    Welcome,
)
from dashboard.wire.schemas.tape import BarsSnapshot, BarsUpdate, TradesSnapshot, TradesUpdate


class SubscribeResult(Shape):
    """What is subscribed now, and whether the reader goes on from its position."""

    channel: Channel
    symbols: Annotated[tuple[str, ...] | UnsetType, Meta(description="those that are known")] = (
        UNSET
    )
    rejected: Annotated[
        dict[str, str] | UnsetType, Meta(description="why, by symbol; the others are subscribed")
    ] = UNSET
    resumed: Annotated[
        bool | UnsetType, Meta(description="false: a snapshot follows; true: what was missed does")
    ] = UNSET


class UnsubscribeResult(Shape):
    """What is not subscribed any more."""

    channel: Channel


class SetResult(Shape):
    """The pace as it is now."""

    max_rate: Annotated[float, Meta(description="frames per second")]
    paused: bool


class PongResult(Shape):
    """The server's clock."""

    ts: Time


class Nothing(Shape):
    """Nothing to say but that it was done."""


class SubscribeAnswer(Shape):
    """Subscribed; snapshots or what was missed follow at once."""

    method: Literal["subscribe"]
    success: Truth
    result: SubscribeResult
    id: Id


class UnsubscribeAnswer(Shape):
    """Unsubscribed."""

    method: Literal["unsubscribe"]
    success: Truth
    result: UnsubscribeResult
    id: Id


class SetAnswer(Shape):
    """The pace was set."""

    method: Literal["set"]
    success: Truth
    result: SetResult
    id: Id


class AckAnswer(Shape):
    """Noted; an ack without an id is not answered."""

    method: Literal["ack"]
    success: Truth
    result: Nothing
    id: Id


class Pong(Shape):
    """The answer to a ping."""

    method: Literal["pong"]
    success: Truth
    result: PongResult
    id: Id


class ErrorObject(Shape):
    """Why something was not done."""

    code: Annotated[int, Meta(description="see errors")]
    name: str
    message: Annotated[str, Meta(description="the fact, in words")]
    retry: Annotated[bool, Meta(description="the same may work later")]


class Refusal(Shape):
    """The command was not done."""

    method: Annotated[str, Meta(description="as sent; empty when it could not be read")]
    success: Falsehood
    error: ErrorObject
    id: Id


FRAMES: Final[tuple[type[Shape], ...]] = (
    *(Welcome, Shutdown, Pace, StatusSnapshot, StatusUpdate, TickerSnapshot, TickerUpdate),
    *(TradesSnapshot, TradesUpdate, BarsSnapshot, BarsUpdate),
    *(NotificationsSnapshot, NotificationsUpdate),
    *(WatchlistSnapshot, DeckSnapshot, Heartbeat),
)
"""What the server says by itself."""
ANSWERS: Final[tuple[type[Shape], ...]] = (
    *(SubscribeAnswer, UnsubscribeAnswer, SetAnswer, AckAnswer, Pong, Refusal),
)
"""What it says to a command."""
POLLED: Final = (
    *(one for one in FRAMES if one not in (Welcome, Shutdown)),
    SubscribeAnswer,
)
"""What the answer to a poll can hold: no greetings, but what was rejected."""

Polled = Annotated[
    msgspec.Raw,
    Meta(extra_json_schema={"oneOf": [{"$ref": f"{SCHEMAS}{one.__name__}"} for one in POLLED]}),
]


class PollAnswer(Shape):
    """The news since the reader's position, over HTTP."""

    position: Annotated[str, Meta(description="`epoch:seq`: what to send as `since` next")]
    frames: Annotated[tuple[Polled, ...], Meta(description="a heartbeat comes last")]


class ErrorAnswer(Shape):
    """The body of an HTTP answer of 400 and above."""

    error: ErrorObject


class StreamEnd(Shape):
    """The data of the event `close`: the server ends a stream."""

    code: Annotated[int, Meta(description="see close codes")]
    reason: str


BODIES: Final[tuple[type[Shape], ...]] = (PollAnswer, ErrorAnswer, StreamEnd)
"""What is said over HTTP only."""
