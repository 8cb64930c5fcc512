"""The schemas of the channel `bars`.

Pure.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType, field

from dashboard.wire.schemas.fields import (
    AlwaysTrue,
    Epoch,
    From,
    More,
    PositiveSize,
    Sent,
    Sequence,
    Symbol,
    Through,
    WireSchema,
    one_of,
    only,
)

Revision = Annotated[
    int,
    Meta(
        gt=0,
        description="how often the closed bar was amended, by late, corrected or cancelled trades; "
        "only for readers who ask for `corrections`",
    ),
]


class BarEntry(WireSchema):
    """A bar of an interval, in exchange time."""

    s: Symbol
    iv: Annotated[Literal["1s", "5s", "1m", "5m", "15m", "1h", "1d"], Meta(description="interval")]
    t: Annotated[int, Meta(ge=0, description="when it begins; exchange time, UTC, ms")]
    o: Annotated[float, Meta(description="open: price of its first trade")]
    h: Annotated[float, Meta(description="high")]
    l: Annotated[float, Meta(description="low")]  # noqa: E741
    c: Annotated[float, Meta(description="close: price of its last trade")]
    v: Annotated[PositiveSize, Meta(description="volume; units")]
    n: Annotated[int, Meta(gt=0, description="how many trades it holds")]
    closed: Annotated[
        bool | UnsetType,
        only(True),
        Meta(description="always true: the bar is final; absent while it is live"),
    ] = UNSET
    rev: Revision | UnsetType = UNSET


class GoneBar(WireSchema):
    """A closed bar that is gone, as all of its trades were cancelled; see `corrections`."""

    s: Symbol
    iv: Annotated[str, Meta(description="interval")]
    t: Annotated[int, Meta(ge=0, description="when it began; exchange time, UTC, ms")]
    gone: Annotated[bool, only(True), Meta(description="always true")]
    rev: Revision


class NoBar(WireSchema):
    """This symbol has no bar of this interval yet."""

    s: Symbol
    iv: Annotated[str, Meta(description="interval")]
    none: AlwaysTrue


BarOrNone = Annotated[msgspec.Raw, one_of("BarEntry", "NoBar")]
BarOrGone = Annotated[msgspec.Raw, one_of("BarEntry", "GoneBar")]


class BarsSnapshot(WireSchema):
    """The newest bars of each symbol and interval, at most 60, the live one last."""

    channel: Literal["bars"]
    type: Literal["snapshot"]
    epoch: Epoch
    seq: Sequence
    ts: Sent
    data: tuple[BarOrNone, ...]
    gap: Annotated[
        bool | UnsetType, only(True), Meta(description="bars before these are missing")
    ] = UNSET
    more: More | UnsetType = UNSET


class BarsUpdate(WireSchema):
    """Every bar that closed after `from`, and the live one if it changed.

    Readers who ask for `corrections` also get closed bars that were amended since.
    """

    channel: Literal["bars"]
    from_: From = field(name="from")
    seq: Through
    ts: Sent
    data: tuple[BarOrGone, ...]
