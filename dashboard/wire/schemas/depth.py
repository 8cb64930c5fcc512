"""The schemas of the channel `depth`: the best levels of both sides of a book.

Pure.
"""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType, field

from dashboard.wire.schemas.fields import (
    Epoch,
    From,
    Gone,
    PositiveSize,
    Sent,
    Sequence,
    Symbol,
    Through,
    WireSchema,
    only,
)

Level = tuple[
    Annotated[float, Meta(description="price")],
    Annotated[PositiveSize, Meta(description="what is offered there; units")],
]
Side = Annotated[list[Level], Meta(max_length=5, description="price and size, the best first")]


class Book(WireSchema):
    """The book of one instrument, always whole: a side without orders is empty."""

    bids: Side | UnsetType = UNSET
    asks: Side | UnsetType = UNSET
    gone: Gone | UnsetType = UNSET


class DepthSnapshot(WireSchema):
    """The books of the symbols, as of `seq`: at first, and when a position is lost."""

    channel: Literal["depth"]
    type: Literal["snapshot"]
    epoch: Epoch
    seq: Sequence
    ts: Sent
    data: Annotated[dict[Symbol, Book], Meta(description="by symbol")]
    gap: Annotated[
        bool | UnsetType,
        only(True),
        Meta(description="your last position is lost: how the books came to be so is not known"),
    ] = UNSET


class DepthUpdate(WireSchema):
    """The books that changed after `from`, merged: each as it is now."""

    channel: Literal["depth"]
    from_: From = field(name="from")
    seq: Through
    ts: Sent
    data: Annotated[dict[Symbol, Book], Meta(description="by symbol")]
