"""The shape of everything the server says, as types: frames, their entries and HTTP bodies.

Pure. Must not know how frames are made: frames and personal write text for speed, and the tests
decode all that they write with these types, which refuse what is not described.
"""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType, field

from dashboard.wire.commands import CommandId
from feeds.market.events import FeedState, Phase

SCHEMAS: Final = "#/components/schemas/"


class Shape(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Something the server says; a field that is not described is an error here."""


def one_of(*names: str) -> Meta:
    """Say of something that stays encoded which shapes it can have."""
    return Meta(extra_json_schema={"oneOf": [{"$ref": f"{SCHEMAS}{name}"} for name in names]})


def only(value: bool) -> Meta:
    """Say that a flag has this value wherever it is."""
    return Meta(extra_json_schema={"const": value})


Time = Annotated[int, Meta(ge=0, description="UTC, ms")]
Sent = Annotated[int, Meta(ge=0, description="when this process heard of the position; UTC, ms")]
Sequence = Annotated[int, Meta(ge=0, description="sequence on the tape")]
From = Annotated[int, Meta(ge=0, description="covers what came after this sequence")]
Through = Annotated[int, Meta(ge=0, description="up to and with this sequence")]
Epoch = Annotated[str, Meta(description="the tape's life; another one is another tape")]
Symbol = Annotated[str, Meta(description="key of an instrument")]
More = Annotated[bool, only(True), Meta(description="further frames of this snapshot follow")]
AGO: Final = Meta(description="the tick happened this long before `ts`; ms")
Delay = Annotated[int, Meta(ge=1, description="you get everything of it so late; minutes")]
Reason = Annotated[str, Meta(description="why; empty when there is nothing to say")]
Gone = Annotated[bool, only(True), Meta(description="it left the market")]
Truth = Annotated[bool, only(True)]
Falsehood = Annotated[bool, only(False)]
Id = Annotated[CommandId, Meta(description="the command's own")]
Price = float | None


# --- status ---------------------------------------------------------------------------------
class Limits(Shape):
    """What a reader may do."""

    symbols: Annotated[int, Meta(description="symbols one reader may name; `*` is not counted")]
    message_bytes: Annotated[int, Meta(description="largest command; bytes")]
    commands_per_s: Annotated[int, Meta(description="commands; per second")]
    max_rate: Annotated[float, Meta(description="fastest pace; frames per second")]


class Welcome(Shape):
    """The first frame of a socket and of a stream."""

    channel: Literal["status"]
    type: Literal["welcome"]
    version: Annotated[int, Meta(description="version of the wire")]
    server_time: Time
    epoch: Epoch
    heartbeat_ms: Annotated[int, Meta(description="silence is never longer than this; ms")]
    limits: Limits


class Shutdown(Shape):
    """The last frame before a restart; then the server closes with 4503."""

    channel: Literal["status"]
    type: Literal["shutdown"]
    retry_ms: Annotated[int, Meta(ge=0, description="come back after this long; ms")]


class Pace(Shape):
    """How often merged frames come now, when that changed."""

    channel: Literal["status"]
    type: Literal["pace"]
    rate: Annotated[float, Meta(gt=0, description="frames per second")]
    reason: Annotated[str, Meta(description="what limits it; empty: only the reader's max_rate")]


class FeedEntry(Shape):
    """A feed: what it is called, whether it runs, and where in its trading day it is."""

    feed: Annotated[str, Meta(description="key of the feed")]
    name: str
    state: FeedState
    rate: Annotated[float, Meta(ge=0, description="ticks per second")]
    reason: Reason
    t: Time
    exchange: Annotated[str, Meta(description="whose days it follows; empty: it never closes")]
    zone: Annotated[str, Meta(description="time zone of the exchange, as in the IANA database")]
    day: Annotated[int, Meta(gt=0, description="trading day, counted from 1")]
    ph: Annotated[Phase, Meta(description="phase of an instrument that nothing holds back")]
    clock: Annotated[int, Meta(ge=0, description="time of the exchange at `t`; UTC, ms")]
    scale: Annotated[float, Meta(gt=0, description="its time runs this many times as fast")]


class InstrumentEntry(Shape):
    """An instrument: what it is, and its phase."""

    s: Symbol
    name: str
    sector: str
    feed: Annotated[str, Meta(description="key of its feed")]
    d: Annotated[int, Meta(ge=0, description="decimals of its prices")]
    tick: Annotated[float, Meta(gt=0, description="smallest step of its prices")]
    ph: Phase
    reason: Reason
    t: Time
    delay: (
        Annotated[int, Meta(ge=1, description="everything of it is so late; minutes")] | UnsetType
    ) = UNSET


class GoneFeed(Shape):
    """A feed that was removed."""

    feed: Annotated[str, Meta(description="key of the feed")]
    gone: Gone


class GoneInstrument(Shape):
    """An instrument that left the market."""

    s: Symbol
    gone: Gone


Status = Annotated[
    msgspec.Raw, one_of("FeedEntry", "InstrumentEntry", "GoneFeed", "GoneInstrument")
]


class StatusSnapshot(Shape):
    """Every feed and every instrument, as of `seq`."""

    channel: Literal["status"]
    type: Literal["snapshot"]
    epoch: Epoch
    seq: Sequence
    ts: Sent
    data: tuple[Status, ...]
    more: More | UnsetType = UNSET


class StatusUpdate(Shape):
    """Every change of a feed or a phase after `from`, in order, never merged."""

    channel: Literal["status"]
    from_: From = field(name="from")
    seq: Through
    ts: Sent
    data: tuple[Status, ...]


# --- ticker ---------------------------------------------------------------------------------
class TickerEntry(Shape):
    """The values of one instrument; null is no value yet, absent is not changed or not wanted."""

    p: Annotated[Price | UnsetType, Meta(description="last price")] = UNSET
    b: Annotated[Price | UnsetType, Meta(description="bid")] = UNSET
    a: Annotated[Price | UnsetType, Meta(description="ask")] = UNSET
    bs: Annotated[int | UnsetType | None, Meta(description="size of the bid; units")] = UNSET
    as_: Annotated[int | UnsetType | None, Meta(description="size of the ask; units")] = field(
        default=UNSET, name="as"
    )
    o: Annotated[Price | UnsetType, Meta(description="open of the trading session")] = UNSET
    h: Annotated[Price | UnsetType, Meta(description="high of the trading session")] = UNSET
    l: Annotated[Price | UnsetType, Meta(description="low of the trading session")] = UNSET  # noqa: E741
    pc: Annotated[Price | UnsetType, Meta(description="close before the trading session")] = UNSET
    v: Annotated[int | UnsetType | None, Meta(description="volume; units")] = UNSET
    ph: Phase | UnsetType = UNSET
    ms: Annotated[int | UnsetType | None, AGO] = UNSET
    n: Annotated[
        int | UnsetType,
        Meta(description="receipt: ticks this entry stands for; absent is 1 (0 in a snapshot)"),
    ] = UNSET
    gone: Gone | UnsetType = UNSET


class TickerSnapshot(Shape):
    """Every wanted value of the symbols, as of `seq`; the first answer, and after a lost place."""

    channel: Literal["ticker"]
    type: Literal["snapshot"]
    epoch: Epoch
    seq: Sequence
    ts: Sent
    data: Annotated[dict[Symbol, TickerEntry], Meta(description="by symbol")]
    more: More | UnsetType = UNSET


class TickerUpdate(Shape):
    """What changed after `from`, merged: one entry a symbol, with its receipt."""

    channel: Literal["ticker"]
    from_: From = field(name="from")
    seq: Through
    ts: Sent
    data: Annotated[dict[Symbol, TickerEntry], Meta(description="by symbol")]


# --- what only one person is told -----------------------------------------------------------
class NoticeEntry(Shape):
    """A notification."""

    id: Annotated[int, Meta(gt=0, description="grows; what `since` of this channel means")]
    title: str
    body: str
    level: Literal["info", "warning", "critical"]
    t: Time
    read: bool


NoticeSeq = Annotated[int, Meta(ge=0, description="id of the newest notification")]
Unread = Annotated[int, Meta(ge=0, description="how many are unread")]


class NotificationsSnapshot(Shape):
    """The newest notifications, the newest first."""

    channel: Literal["notifications"]
    type: Literal["snapshot"]
    seq: NoticeSeq
    unread: Unread
    data: tuple[NoticeEntry, ...]


class NotificationsUpdate(Shape):
    """Notifications that are new or were read since."""

    channel: Literal["notifications"]
    from_: Annotated[int, Meta(ge=0, description="id of the newest one known before")] = field(
        name="from"
    )
    seq: NoticeSeq
    unread: Unread
    data: tuple[NoticeEntry, ...]


class WatchlistSnapshot(Shape):
    """The whole watchlist, in order."""

    channel: Literal["watchlist"]
    type: Literal["snapshot"]
    data: tuple[Symbol, ...]


class Heartbeat(Shape):
    """You have everything up to `seq`: it comes every `heartbeat_ms`."""

    channel: Literal["heartbeat"]
    seq: Sequence
    ts: Annotated[int, Meta(ge=0, description="when it left; UTC, ms")]
    stale: Annotated[
        int | UnsetType,
        Meta(description="the market is silent by a fault and was last heard then; UTC, ms"),
    ] = UNSET
