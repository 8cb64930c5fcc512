"""The trades of one exchange day as bytes, so that they outlive the process that saw them.

Pure. Must not know where they are stored. The bytes are MessagePack, compressed, and checked when
they are read.
"""

import sys
import zlib
from typing import Final

import msgspec

from feeds.exceptions import InvalidCheckpoint

VERSION: Final = 2
"""The form of the bytes. Raise it with every change of the structs below."""
LEVEL: Final = 1
"""The fastest compression; the best saves another tenth."""
MOST_BYTES: Final = 64 * 1024 * 1024
"""Bytes that cannot be a day: a busy day has 1 MB."""


class TradesState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A symbol's samples with their last prices, and its minutes with volumes and trade counts.

    Each is an array of integers as it is in memory: 4 bytes for times, 8 for the others. Taking it
    costs the event loop a copy and no conversion.
    """

    samples: bytes
    prices: bytes
    minutes: bytes
    volumes: bytes
    trades: bytes


class DayFacts(msgspec.Struct):
    """What a feed told of a day while it was watched; times are exchange time in UTC ms.

    `open_ms` and `close_ms` are when continuous trading was seen to begin and to end, None if it
    was not seen. `has_hours` says whether the feed follows an exchange at all. The rates are the
    least, the greatest and the last target in ticks/s, 0 if none was told. `halted_ms` says how
    long an instrument did not trade between the two, if it was halted.
    """

    open_ms: int | None = None
    close_ms: int | None = None
    has_hours: bool = False
    least_rate: float = 0.0
    greatest_rate: float = 0.0
    last_rate: float = 0.0
    halted_ms: dict[str, int] = {}


class DayState(msgspec.Struct, frozen=True):
    """The trades of a day by symbol, the sectors of these symbols, and the facts of the day."""

    version: int
    byteorder: str
    sectors: dict[str, str]
    trades: dict[str, TradesState]
    facts: DayFacts


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(DayState)


def pack_day(day: DayState) -> bytes:
    """Return a day as bytes."""
    return zlib.compress(_encoder.encode(day), LEVEL)


def unpack_day(content: bytes) -> DayState:
    """Read a day.

    Raises:
        InvalidCheckpoint: the bytes are not a day, or one of another version.
    """
    try:
        unpacker = zlib.decompressobj()
        # With a limit, because a few bytes can unpack to gigabytes.
        day = _decoder.decode(unpacker.decompress(content, MOST_BYTES))
    except (msgspec.MsgspecError, zlib.error) as error:
        raise InvalidCheckpoint(f"{len(content)} bytes cannot be read: {error}") from None
    if day.byteorder != sys.byteorder:
        raise InvalidCheckpoint(f"byte order was {day.byteorder}, expected {sys.byteorder}")
    if day.version != VERSION:
        raise InvalidCheckpoint(f"version was {day.version}, expected {VERSION}")
    if any(not _fits(trades) for trades in day.trades.values()):
        raise InvalidCheckpoint("numbers of a symbol do not fit together")
    return day


def _fits(state: TradesState) -> bool:
    samples, rest = divmod(len(state.samples), 4)
    minutes, other_rest = divmod(len(state.minutes), 4)
    return (
        not rest
        and not other_rest
        and len(state.prices) == 8 * samples > 0
        and len(state.volumes) == len(state.trades) == 8 * minutes > 0
    )
