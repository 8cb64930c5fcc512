"""Batches and boards as bytes (MessagePack), for a bus between processes.

Pure. Must not know what carries the bytes. Bytes that are read are checked, whoever wrote them.
"""

from typing import Final, TypeVar

import msgspec

from feeds.exceptions import FeedError, InvalidPacking
from feeds.market.bars import SPANS, Bar, GrowingBar, SymbolBars, left_of
from feeds.market.board import FIELDS, Board, Gone, Row, Value
from feeds.market.events import NOTHING, Batch, FeedStatus, Levels, Listing
from feeds.market.instruments import Definition
from feeds.market.mended_bars import MendedBars

Packed = TypeVar("Packed")


class PackedRow(msgspec.Struct, frozen=True, array_like=True):
    """Everything in a row; values and versions in the order of FIELDS."""

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
    band: tuple[int, int] | None = None


class PackedBars(msgspec.Struct, frozen=True, array_like=True):
    """The bars of an instrument that are not closed; closed bars are not packed.

    Those of reported trades have one part more.
    """

    sequence: int
    growing: list[GrowingBar | None]


class PackedBoard(msgspec.Struct, frozen=True, array_like=True):
    """Everything on a board, except closed bars."""

    sequence: int
    rows: dict[str, PackedRow]
    feeds: dict[str, FeedStatus]
    gone: dict[str, Gone]
    bars: dict[str, PackedBars]


# Made once: a decoder compiles its type, which takes longer than most messages.
_encoder: Final = msgspec.msgpack.Encoder()
_batches: Final = msgspec.msgpack.Decoder(Batch)
_boards: Final = msgspec.msgpack.Decoder(PackedBoard)


def pack_batch(batch: Batch) -> bytes:
    """Return a batch as MessagePack."""
    return _encoder.encode(batch)


def unpack_batch(content: bytes) -> Batch:
    """Read a batch.

    Raises:
        InvalidPacking: the bytes are not a batch, or an event in it is invalid.
    """
    return _unpack(_batches, content)


def pack_board(board: Board) -> bytes:
    """Return a board as MessagePack, without closed bars."""
    rows = {symbol: _pack_row(row) for symbol, row in board.rows.items()}
    bars = {
        symbol: PackedBars(symbol_bars.sequence, left_of(symbol_bars))
        for symbol, symbol_bars in board.bars.symbols.items()
    }
    return _encoder.encode(PackedBoard(board.sequence, rows, board.feeds, board.gone, bars))


def unpack_board(content: bytes) -> Board:
    """Read a board. Its closed bars are unknown up to its sequence.

    Raises:
        InvalidPacking: the bytes are not a board.
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
        row.ticks, row.values, row.versions, row.day, row.bids, row.asks, row.band,
    )  # fmt: skip


def _unpack_row(packed: PackedRow) -> Row:
    if not len(packed.values) == len(packed.versions) == len(FIELDS):
        raise InvalidPacking(f"a row had {len(packed.values)} values, expected {len(FIELDS)}")
    listing = Listing(packed.feed, packed.definition, packed.status_ts)
    row = Row(listing, NOTHING, ticks=packed.ticks)
    row.reason, row.values, row.versions = packed.reason, packed.values, packed.versions
    row.day, row.bids, row.asks = packed.day, packed.bids, packed.asks
    row.band = packed.band
    return row


def _unpack_bars(packed: dict[str, PackedBars], *, floor: int) -> MendedBars:
    bars = MendedBars()
    for symbol, packed_bars in packed.items():
        if not _can_grow(packed_bars.growing):
            raise InvalidPacking(f"the bars of {symbol[:16]!r} have the wrong number of fields")
        symbol_bars = bars.symbols[symbol] = SymbolBars(0, floor)
        symbol_bars.growing = packed_bars.growing[: len(SPANS)]
        symbol_bars.is_reported = len(packed_bars.growing) > len(SPANS)
        symbol_bars.sequence = packed_bars.sequence
    return bars


def _can_grow(growing: list[GrowingBar | None]) -> bool:
    size = len(Bar.__struct_fields__)
    return len(growing) - len(SPANS) in (0, 1) and all(
        not part or len(part) == size for part in growing
    )


def _unpack(decoder: msgspec.msgpack.Decoder[Packed], content: bytes) -> Packed:
    try:
        return decoder.decode(content)
    # The structs check themselves, and a decimal can fail in its own way; all mean bad bytes.
    except (msgspec.MsgspecError, FeedError, ArithmeticError, ValueError) as error:
        raise InvalidPacking(f"{len(content)} bytes cannot be read: {error}") from None
