"""The shape of what happened on the tape, one thing after the other: trades and bars.

Pure. Must not know how frames are made.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType, field

from dashboard.wire.schemas.frames import (
    AGO,
    Epoch,
    From,
    More,
    Sent,
    Sequence,
    Shape,
    Symbol,
    Through,
    Truth,
    one_of,
    only,
)
from feeds.market.events import Side


# --- trades ---------------------------------------------------------------------------------
class TradeEntry(Shape):
    """One execution."""

    s: Symbol
    p: Annotated[float, Meta(description="price")]
    q: Annotated[int, Meta(gt=0, description="quantity; units")]
    side: Side
    i: Annotated[int, Meta(gt=0, description="its own sequence: unique in an epoch")]
    ms: Annotated[int, AGO]


class TradesSnapshot(Shape):
    """The newest trades of the symbols, at most 50."""

    channel: Literal["trades"]
    type: Literal["snapshot"]
    epoch: Epoch
    seq: Sequence
    ts: Sent
    data: tuple[TradeEntry, ...]
    gap: Annotated[
        bool | UnsetType, only(True), Meta(description="earlier trades are lost to this reader")
    ] = UNSET


class TradesUpdate(Shape):
    """Every trade of the symbols after `from`, in order, never merged."""

    channel: Literal["trades"]
    from_: From = field(name="from")
    seq: Through
    ts: Sent
    data: tuple[TradeEntry, ...]


# --- bars -----------------------------------------------------------------------------------
class BarEntry(Shape):
    """A bar of an interval, in the exchange's time."""

    s: Symbol
    iv: Annotated[Literal["1s", "5s", "1m", "5m", "15m", "1h", "1d"], Meta(description="interval")]
    t: Annotated[int, Meta(ge=0, description="when it begins; UTC, ms, exchange's time")]
    o: Annotated[float, Meta(description="open: price of its first trade")]
    h: Annotated[float, Meta(description="high")]
    l: Annotated[float, Meta(description="low")]  # noqa: E741
    c: Annotated[float, Meta(description="close: price of its last trade")]
    v: Annotated[int, Meta(gt=0, description="volume; units")]
    n: Annotated[int, Meta(gt=0, description="trades")]
    closed: Annotated[
        bool | UnsetType, only(True), Meta(description="it is over; absent: it is live")
    ] = UNSET


class NoBar(Shape):
    """There is no bar of it yet."""

    s: Symbol
    iv: Annotated[str, Meta(description="interval")]
    none: Truth


BarOrNone = Annotated[msgspec.Raw, one_of("BarEntry", "NoBar")]


class BarsSnapshot(Shape):
    """The newest bars of each symbol and interval, at most 60, the live one last."""

    channel: Literal["bars"]
    type: Literal["snapshot"]
    epoch: Epoch
    seq: Sequence
    ts: Sent
    data: tuple[BarOrNone, ...]
    gap: Annotated[
        bool | UnsetType, only(True), Meta(description="earlier bars are lost to this reader")
    ] = UNSET
    more: More | UnsetType = UNSET


class BarsUpdate(Shape):
    """Every bar that closed after `from`, and the live one where it changed."""

    channel: Literal["bars"]
    from_: From = field(name="from")
    seq: Through
    ts: Sent
    data: tuple[BarEntry, ...]
