"""The schemas of the channel `trades`.

Pure.
"""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType, field

from dashboard.wire.schemas.fields import (
    AGO,
    EXCHANGE_TIME,
    Epoch,
    From,
    PositiveSize,
    Sent,
    Sequence,
    Size,
    Symbol,
    Through,
    WireSchema,
    one_of,
    only,
)
from feeds.market.events import AmendmentKind, Side

REF: Final = Meta(description="how the exchange names the trade; absent if it does not")


class TradeEntry(WireSchema):
    """One execution."""

    s: Symbol
    p: Annotated[float, Meta(description="price")]
    q: Annotated[PositiveSize, Meta(description="quantity; units")]
    side: Side
    i: Annotated[int, Meta(gt=0, description="id of the trade: its sequence, unique in an epoch")]
    et: Annotated[int, EXCHANGE_TIME]
    ms: Annotated[int, AGO]
    ref: Annotated[str | UnsetType, REF] = UNSET


class CorrectionEntry(WireSchema):
    """Another exchange reported a trade late, or corrected or cancelled it; see `corrections`."""

    s: Symbol
    fix: Annotated[AmendmentKind, Meta(description="what happened to the trade")]
    i: Annotated[int, Meta(gt=0, description="sequence of the correction")]
    ms: Annotated[int, AGO]
    ref: Annotated[str | UnsetType, REF] = UNSET
    new_ref: Annotated[str | UnsetType, Meta(description="its `ref` from now on")] = UNSET
    p: Annotated[float | UnsetType, Meta(description="right price; absent after a cancel")] = UNSET
    q: Annotated[Size | UnsetType, Meta(description="right quantity")] = UNSET
    op: Annotated[float | UnsetType, Meta(description="price that was reported before")] = UNSET
    oq: Annotated[Size | UnsetType, Meta(description="quantity that was reported before")] = UNSET
    et: Annotated[int, EXCHANGE_TIME] | UnsetType = UNSET
    unknown: Annotated[
        bool | UnsetType,
        only(True),
        Meta(description="always true: the trade is not known here, so no price or bar changes"),
    ] = UNSET


TradeOrCorrection = Annotated[msgspec.Raw, one_of("TradeEntry", "CorrectionEntry")]


class TradesSnapshot(WireSchema):
    """The newest trades of the symbols, at most 50."""

    channel: Literal["trades"]
    type: Literal["snapshot"]
    epoch: Epoch
    seq: Sequence
    ts: Sent
    data: tuple[TradeOrCorrection, ...]
    gap: Annotated[
        bool | UnsetType, only(True), Meta(description="trades before these are missing")
    ] = UNSET


class TradesUpdate(WireSchema):
    """Every trade of the symbols after `from`, in order, never merged.

    Readers who ask for `corrections` also get corrections of earlier trades.
    """

    channel: Literal["trades"]
    from_: From = field(name="from")
    seq: Through
    ts: Sent
    data: tuple[TradeOrCorrection, ...]
