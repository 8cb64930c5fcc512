"""The schemas of the channel `trades`.

Pure.
"""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType, field

from dashboard.wire.schemas.fields import (
    AGO,
    EXCHANGE_TIME,
    Epoch,
    From,
    Sent,
    Sequence,
    Symbol,
    Through,
    WireSchema,
    only,
)
from feeds.market.events import Side


class TradeEntry(WireSchema):
    """One execution."""

    s: Symbol
    p: Annotated[float, Meta(description="price")]
    q: Annotated[int, Meta(gt=0, description="quantity; units")]
    side: Side
    i: Annotated[int, Meta(gt=0, description="id of the trade: its sequence, unique in an epoch")]
    et: Annotated[int, EXCHANGE_TIME]
    ms: Annotated[int, AGO]


class TradesSnapshot(WireSchema):
    """The newest trades of the symbols, at most 50."""

    channel: Literal["trades"]
    type: Literal["snapshot"]
    epoch: Epoch
    seq: Sequence
    ts: Sent
    data: tuple[TradeEntry, ...]
    gap: Annotated[
        bool | UnsetType, only(True), Meta(description="trades before these are missing")
    ] = UNSET


class TradesUpdate(WireSchema):
    """Every trade of the symbols after `from`, in order, never merged."""

    channel: Literal["trades"]
    from_: From = field(name="from")
    seq: Through
    ts: Sent
    data: tuple[TradeEntry, ...]
