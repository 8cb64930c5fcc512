"""The schemas of the channel `ticker`: the newest values of each symbol.

Pure.
"""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType, field

from dashboard.wire.schemas.fields import (
    AGO,
    Epoch,
    From,
    Gone,
    More,
    Price,
    Sent,
    Sequence,
    Size,
    Symbol,
    Through,
    WireSchema,
    only,
)
from feeds.market.events import Phase


class TickerEntry(WireSchema):
    """The values of one instrument: null has no value yet, an absent field did not change."""

    p: Annotated[Price | UnsetType, Meta(description="last price")] = UNSET
    b: Annotated[Price | UnsetType, Meta(description="bid")] = UNSET
    a: Annotated[Price | UnsetType, Meta(description="ask")] = UNSET
    bs: Annotated[Size | UnsetType | None, Meta(description="size of the bid; units")] = UNSET
    as_: Annotated[Size | UnsetType | None, Meta(description="size of the ask; units")] = field(
        default=UNSET, name="as"
    )
    o: Annotated[Price | UnsetType, Meta(description="session open")] = UNSET
    h: Annotated[Price | UnsetType, Meta(description="session high")] = UNSET
    l: Annotated[Price | UnsetType, Meta(description="session low")] = UNSET  # noqa: E741
    pc: Annotated[Price | UnsetType, Meta(description="close of the session before")] = UNSET
    v: Annotated[Size | UnsetType | None, Meta(description="volume; units")] = UNSET
    ph: Phase | UnsetType = UNSET
    ms: Annotated[int | UnsetType | None, AGO] = UNSET
    n: Annotated[
        int | UnsetType,
        Meta(description="receipt: ticks this entry stands for; absent means 1, in a snapshot 0"),
    ] = UNSET
    gone: Gone | UnsetType = UNSET


class TickerSnapshot(WireSchema):
    """Every subscribed value of the symbols, as of `seq`: at first, and when a position is lost."""

    channel: Literal["ticker"]
    type: Literal["snapshot"]
    epoch: Epoch
    seq: Sequence
    ts: Sent
    data: Annotated[dict[Symbol, TickerEntry], Meta(description="by symbol")]
    gap: Annotated[
        bool | UnsetType,
        only(True),
        Meta(description="ticks since your last position are in no receipt"),
    ] = UNSET
    more: More | UnsetType = UNSET


class TickerUpdate(WireSchema):
    """What changed after `from`, merged: one entry per symbol, with its receipt."""

    channel: Literal["ticker"]
    from_: From = field(name="from")
    seq: Through
    ts: Sent
    data: Annotated[dict[Symbol, TickerEntry], Meta(description="by symbol")]
