"""The schemas of answers to commands and of HTTP bodies; FRAMES, ANSWERS and BODIES list them all.

Pure.
"""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from dashboard.wire.registry import Channel
from dashboard.wire.schemas.bars import BarsSnapshot, BarsUpdate
from dashboard.wire.schemas.connection import Heartbeat, Pace, Shutdown, Welcome
from dashboard.wire.schemas.deck import DeckSnapshot
from dashboard.wire.schemas.depth import DepthSnapshot, DepthUpdate
from dashboard.wire.schemas.fields import AlwaysFalse, AlwaysTrue, Id, Time, WireSchema, one_of
from dashboard.wire.schemas.personal import (
    NotificationsSnapshot,
    NotificationsUpdate,
    WatchlistSnapshot,
)
from dashboard.wire.schemas.status import StatusSnapshot, StatusUpdate
from dashboard.wire.schemas.ticker import TickerSnapshot, TickerUpdate
from dashboard.wire.schemas.trades import TradesSnapshot, TradesUpdate


class SubscribeResult(WireSchema):
    """What is subscribed now, and whether it continues from your position."""

    channel: Channel
    symbols: Annotated[
        tuple[str, ...] | UnsetType, Meta(description="the symbols that are subscribed")
    ] = UNSET
    rejected: Annotated[
        dict[str, str] | UnsetType,
        Meta(description="why, by symbol, some are not subscribed"),
    ] = UNSET
    resumed: Annotated[
        bool | UnsetType,
        Meta(description="true: what you missed follows; false: a snapshot does"),
    ] = UNSET


class UnsubscribeResult(WireSchema):
    """The channel that was unsubscribed."""

    channel: Channel


class SetResult(WireSchema):
    """The settings of the pace after the command."""

    max_rate: Annotated[float, Meta(description="the highest pace you allow; frames per second")]
    paused: bool


class PongResult(WireSchema):
    """The server's clock."""

    ts: Time


class Nothing(WireSchema):
    """An empty result."""


class SubscribeAnswer(WireSchema):
    """Subscribed; snapshots, or what you missed, follow at once."""

    method: Literal["subscribe"]
    success: AlwaysTrue
    result: SubscribeResult
    id: Id


class UnsubscribeAnswer(WireSchema):
    """What you named is no longer subscribed."""

    method: Literal["unsubscribe"]
    success: AlwaysTrue
    result: UnsubscribeResult
    id: Id


class SetAnswer(WireSchema):
    """The pace was set."""

    method: Literal["set"]
    success: AlwaysTrue
    result: SetResult
    id: Id


class AckAnswer(WireSchema):
    """The position was noted; an ack without an id gets no answer."""

    method: Literal["ack"]
    success: AlwaysTrue
    result: Nothing
    id: Id


class Pong(WireSchema):
    """The answer to a ping."""

    method: Literal["pong"]
    success: AlwaysTrue
    result: PongResult
    id: Id


class ErrorObject(WireSchema):
    """Why something was not done."""

    code: Annotated[int, Meta(description="one of the error codes")]
    name: str
    message: Annotated[str, Meta(description="what is wrong, in words")]
    retry: Annotated[bool, Meta(description="true when the same may work later")]


class Refusal(WireSchema):
    """The command was not done."""

    method: Annotated[str, Meta(description="the method as sent; empty when it could not be read")]
    success: AlwaysFalse
    error: ErrorObject
    id: Id


FRAMES: Final[tuple[type[WireSchema], ...]] = (
    *(Welcome, Shutdown, Pace, StatusSnapshot, StatusUpdate, TickerSnapshot, TickerUpdate),
    *(TradesSnapshot, TradesUpdate, BarsSnapshot, BarsUpdate),
    *(DepthSnapshot, DepthUpdate),
    *(NotificationsSnapshot, NotificationsUpdate),
    *(WatchlistSnapshot, DeckSnapshot, Heartbeat),
)
"""What the server sends unasked."""
ANSWERS: Final[tuple[type[WireSchema], ...]] = (
    *(SubscribeAnswer, UnsubscribeAnswer, SetAnswer, AckAnswer, Pong, Refusal),
)
"""What the server sends to answer a command."""
POLLED: Final = (
    *(schema for schema in FRAMES if schema not in (Welcome, Shutdown)),
    SubscribeAnswer,
)
"""What the answer to a poll can hold; SubscribeAnswer only when symbols were rejected."""

Polled = Annotated[msgspec.Raw, one_of(*(schema.__name__ for schema in POLLED))]


class PollAnswer(WireSchema):
    """The answer to a poll: what happened since your position."""

    position: Annotated[str, Meta(description="`epoch:seq`: send it as `since` of the next poll")]
    frames: Annotated[tuple[Polled, ...], Meta(description="the last one is always a heartbeat")]


class ErrorAnswer(WireSchema):
    """The body of an HTTP answer with a status of 400 or above."""

    error: ErrorObject


class StreamEnd(WireSchema):
    """The data of the event `close`, with which the server ends a stream."""

    code: Annotated[int, Meta(description="one of the close codes")]
    reason: str


BODIES: Final[tuple[type[WireSchema], ...]] = (PollAnswer, ErrorAnswer, StreamEnd)
"""What the server sends over HTTP only."""
