"""Batches and boards as bytes (msgpack), for a bus that crosses processes.

Pure. Must not know who carries the bytes. What is read is checked as if a stranger had written it.
"""

from typing import Final, TypeVar

import msgspec

from feeds.exceptions import FeedError, InvalidPacking
from feeds.market.bars import SPANS, Bar, Bars, Growing, SymbolBars
from feeds.market.board import FIELDS, Board, Gone, Row, Value
from feeds.market.events import NOTHING, Batch, FeedStatus, Levels, Listing
from feeds.market.instruments import Definition

Packed = TypeVar("Packed")


class PackedRow(msgspec.Struct, frozen=True, array_like=True):
    """Everything a row holds, in the order of FIELDS."""

    definition: Definition
    feed: str
    reason: str
    status_ts: int
    ticks: int
    values: list[Value]
    versions: list[int]
    day: int | None
    bids: Levels
    asks: Levels


class PackedBars(msgspec.Struct, frozen=True, array_like=True):
    """The live bars of an instrument, as they grow; closed ones are not packed."""

    sequence: int
    growing: list[Growing | None]


class PackedBoard(msgspec.Struct, frozen=True, array_like=True):
    """Everything a board holds."""

    sequence: int
    rows: dict[str, PackedRow]
    feeds: dict[str, FeedStatus]
    gone: dict[str, Gone]
    bars: dict[str, PackedBars]


_encoder: Final = msgspec.msgpack.Encoder()
_batches: Final = msgspec.msgpack.Decoder(Batch)
_boards: Final = msgspec.msgpack.Decoder(PackedBoard)


def pack_batch(batch: Batch) -> bytes:
    """Return a batch as bytes."""
    return _encoder.encode(batch)


def unpack_batch(content: bytes) -> Batch:
    """Return the batch that the bytes are.

    Raises:
        InvalidPacking: they are none, or an event in it cannot have happened.
    """
    return _unpack(_batches, content)


def pack_board(board: Board) -> bytes:
    """Return a board as bytes."""
    rows = {symbol: _pack_row(row) for symbol, row in board.rows.items()}
    bars = {s: PackedBars(one.sequence, one.growing) for s, one in board.bars.symbols.items()}
    return _encoder.encode(PackedBoard(board.sequence, rows, board.feeds, board.gone, bars))


def unpack_board(content: bytes) -> Board:
    """Return the board that the bytes are.

    Raises:
        InvalidPacking: they are none.
    """
    packed = _unpack(_boards, content)
    board = Board()
    board.sequence, board.feeds, board.gone = packed.sequence, packed.feeds, packed.gone
    board.rows = {symbol: _unpack_row(row) for symbol, row in packed.rows.items()}
    board.bars = _unpack_bars(packed.bars, floor=board.sequence)
    return board


def _pack_row(row: Row) -> PackedRow:
    return PackedRow(
        row.definition, row.feed, row.reason, row.status_ts,
        row.ticks, row.values, row.versions, row.day, row.bids, row.asks,
    )  # fmt: skip


def _unpack_row(packed: PackedRow) -> Row:
    if not len(packed.values) == len(packed.versions) == len(FIELDS):
        raise InvalidPacking(f"a row had {len(packed.values)} values, expected {len(FIELDS)}")
    listing = Listing(packed.feed, packed.definition, packed.status_ts)
    row = Row(listing, NOTHING, ticks=packed.ticks)
    row.reason, row.values, row.versions = packed.reason, packed.values, packed.versions
    row.day, row.bids, row.asks = packed.day, packed.bids, packed.asks
    return row


def _unpack_bars(packed: dict[str, PackedBars], *, floor: int) -> Bars:
    bars = Bars()
    for symbol, one in packed.items():
        if not _can_grow(one.growing):
            raise InvalidPacking(f"the bars of {symbol[:16]!r} cannot have grown")
        known = bars.symbols[symbol] = SymbolBars(0, floor)
        known.growing, known.sequence = one.growing, one.sequence
    return bars


def _can_grow(growing: list[Growing | None]) -> bool:
    size = len(Bar.__struct_fields__)
    return len(growing) == len(SPANS) and all(not part or len(part) == size for part in growing)


def _unpack(decoder: msgspec.msgpack.Decoder[Packed], content: bytes) -> Packed:
    try:
        return decoder.decode(content)
    except (msgspec.MsgspecError, FeedError, ArithmeticError, ValueError) as error:
        raise InvalidPacking(f"{len(content)} bytes cannot be read: {error}") from None
