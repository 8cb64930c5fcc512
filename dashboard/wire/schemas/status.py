"""The schemas of the channel `status`: feeds and instruments.

Pure.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType, field

from dashboard.wire.schemas.fields import (
    Epoch,
    From,
    Gone,
    More,
    Reason,
    Sent,
    Sequence,
    Symbol,
    Through,
    Time,
    WireSchema,
    one_of,
    only,
)
from feeds.market.events import FeedState, Phase


class FeedEntry(WireSchema):
    """A feed: its name, whether it runs, and where it is in its trading day."""

    feed: Annotated[str, Meta(description="key of the feed")]
    name: str
    state: FeedState
    rate: Annotated[float, Meta(ge=0, description="ticks per second")]
    reason: Reason
    t: Time
    exchange: Annotated[
        str,
        Meta(description="exchange whose trading days it follows; empty when it never closes"),
    ]
    zone: Annotated[str, Meta(description="time zone of the exchange, as in the IANA database")]
    day: Annotated[int, Meta(gt=0, description="trading day, counted from 1")]
    ph: Annotated[Phase, Meta(description="phase of its instruments, unless one is halted")]
    clock: Annotated[int, Meta(ge=0, description="exchange time at `t`; UTC, ms")]
    scale: Annotated[float, Meta(gt=0, description="how many times as fast as ours its time runs")]


class InstrumentEntry(WireSchema):
    """An instrument: its definition and its phase."""

    s: Symbol
    name: str
    sector: str
    feed: Annotated[str, Meta(description="key of its feed")]
    d: Annotated[int, Meta(ge=0, description="decimals of its prices")]
    tick: Annotated[float, Meta(gt=0, description="smallest step of its prices")]
    ph: Phase
    reason: Reason
    t: Time
    lot: (
        Annotated[float, Meta(gt=0, description="of what its sizes are multiples; 1 when absent")]
        | UnsetType
    ) = UNSET
    delay: (
        Annotated[
            int,
            Meta(
                ge=1,
                description="how late you get everything about it; absent in real time; minutes",
            ),
        ]
        | UnsetType
    ) = UNSET
    band: (
        Annotated[
            tuple[float, ...],
            Meta(
                min_length=2,
                max_length=2,
                description="lowest and highest price at which its exchange lets it trade (LULD); "
                "absent when that is not known",
            ),
        ]
        | UnsetType
    ) = UNSET


class GoneFeed(WireSchema):
    """A feed that was removed."""

    feed: Annotated[str, Meta(description="key of the feed")]
    gone: Gone


class GoneInstrument(WireSchema):
    """An instrument that left the market."""

    s: Symbol
    gone: Gone


Status = Annotated[
    msgspec.Raw, one_of("FeedEntry", "InstrumentEntry", "GoneFeed", "GoneInstrument")
]


class StatusSnapshot(WireSchema):
    """Every feed and every instrument, as of `seq`."""

    channel: Literal["status"]
    type: Literal["snapshot"]
    epoch: Epoch
    seq: Sequence
    ts: Sent
    data: tuple[Status, ...]
    gap: Annotated[
        bool | UnsetType,
        only(True),
        Meta(description="changes before these may be missing"),
    ] = UNSET
    more: More | UnsetType = UNSET


class StatusUpdate(WireSchema):
    """Every change of a feed or an instrument after `from`, in order, never merged."""

    channel: Literal["status"]
    from_: From = field(name="from")
    seq: Through
    ts: Sent
    data: tuple[Status, ...]
