"""Events as the columns of a recording, and back.

Pure. Must not know files. Ticks and statuses have columns of their own; events of other kinds
(listings and the like, and trades with conditions) are JSON in the column `detail`. Levels of depth
are stored as distances from the best price: small numbers, which compress well.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from feeds.exceptions import FeedError, InvalidRecording
from feeds.market.events import (
    Amendment,
    Carryover,
    Delisting,
    Event,
    FeedRemoval,
    FeedStatus,
    Levels,
    Listing,
    Phase,
    PriceBand,
    Quote,
    ReportedTrade,
    Side,
    Status,
    Trade,
    Withdrawal,
)

_NUMBERS: Final = (
    *("ts_event", "bid_ticks", "ask_ticks", "bid_size", "ask_size"),
    *("price_ticks", "size", "exchange_ms", "day"),
)
_TEXTS: Final = ("symbol", "side", "phase", "reason")
_LEVELS: Final = ("bid_distances", "bid_sizes", "ask_distances", "ask_sizes")
SCHEMA: Final = pa.schema(
    [
        pa.field("kind", pa.string(), nullable=False),
        *(pa.field(name, pa.string()) for name in _TEXTS),
        *(pa.field(name, pa.int64()) for name in _NUMBERS),
        *(pa.field(name, pa.list_(pa.int64())) for name in _LEVELS),
        pa.field("detail", pa.string()),
    ]
)
"""One column for each field of the ticks, of the same name; null where the kind has no such field.
"""

_KINDS: Final[dict[type[Event], str]] = {
    Quote: "quote",
    Trade: "trade",
    ReportedTrade: "reported_trade",
    Amendment: "amendment",
    PriceBand: "price_band",
    Status: "status",
    FeedStatus: "feed",
    FeedRemoval: "feed_removal",
    Listing: "listing",
    Delisting: "delisting",
    Withdrawal: "withdrawal",
    Carryover: "carryover",
}
_PLAIN: Final = {Quote, Trade, Status}
_SIDES: Final = {side.value: side for side in Side}
_PHASES: Final = {phase.value: phase for phase in Phase}
_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(
    ReportedTrade
    | Amendment
    | PriceBand
    | FeedStatus
    | FeedRemoval
    | Listing
    | Delisting
    | Withdrawal
    | Carryover
)


def batch_of(events: Sequence[Event]) -> pa.RecordBatch:
    """Return events as rows, in the same order.

    Raises:
        InvalidRecording: a number does not fit into 64 bits.
    """
    columns: dict[str, list[Any]] = {"kind": [_KINDS[type(event)] for event in events]}
    for name in (*_TEXTS, *_NUMBERS):
        columns[name] = [getattr(event, name, None) for event in events]
    columns |= _levels_of(events)
    columns["detail"] = [None if type(event) in _PLAIN else _detail_of(event) for event in events]
    try:
        return pa.record_batch(columns, schema=SCHEMA)
    except (pa.ArrowException, OverflowError) as error:
        raise InvalidRecording(f"events cannot be written: {error}") from None


def events_of(batch: pa.RecordBatch) -> list[Event]:
    """Return rows as events, in the same order.

    Raises:
        InvalidRecording: a row is no valid event.
    """
    try:
        return [_event_of(*row) for row in _rows_of(batch)]
    except (FeedError, ArithmeticError, KeyError, TypeError, ValueError) as error:
        raise InvalidRecording(f"a row is no event: {error}") from None


def _rows_of(batch: pa.RecordBatch) -> Iterator[tuple[Any, ...]]:
    """Yield the arguments of `_event_of`; missing texts are None, missing numbers 0."""
    # Arrow's to_pylist makes a scalar of every cell. NumPy converts a column of numbers at once.
    kinds, *texts = (_texts_of(batch.column(name)) for name in ("kind", *_TEXTS))
    numbers = [batch.column(name).fill_null(0).to_numpy().tolist() for name in _NUMBERS]
    depth = (_depth_of(batch, "bid", -1), _depth_of(batch, "ask", 1))
    detail = batch.column("detail").to_pylist()
    return zip(kinds, *texts, *numbers, *depth, detail, strict=True)


def _detail_of(event: Event) -> str:
    return _encoder.encode(event).decode()


def _levels_of(events: Sequence[Event]) -> dict[str, list[Any]]:
    quotes = [event if type(event) is Quote else None for event in events]
    # Levels alternate price and size: [::2] are the prices, [1::2] the sizes.
    bids = [quote and [quote.bid_ticks - ticks for ticks in quote.bids[::2]] for quote in quotes]
    asks = [quote and [ticks - quote.ask_ticks for ticks in quote.asks[::2]] for quote in quotes]
    bid_sizes = [quote and quote.bids[1::2] for quote in quotes]
    ask_sizes = [quote and quote.asks[1::2] for quote in quotes]
    return dict(zip(_LEVELS, (bids, bid_sizes, asks, ask_sizes), strict=True))


def _texts_of(column: pa.Array) -> list[str | None]:
    """Return the texts of a column; equal texts are one object, which saves memory and time."""
    coded = column.dictionary_encode()
    words = [*coded.dictionary.to_pylist(), None]
    return [words[code] for code in coded.indices.fill_null(len(words) - 1).to_pylist()]


def _depth_of(batch: pa.RecordBatch, side: str, direction: int) -> list[Levels]:
    """Return the levels of each row, () without any; `direction` is away from the best price."""
    # All levels of the batch are one flat array, as Arrow stores lists; `ends` cuts it into rows.
    best = batch.column(f"{side}_ticks").fill_null(0).to_numpy()
    distances = batch.column(f"{side}_distances")
    lengths = distances.value_lengths().fill_null(0).to_numpy()
    prices = np.repeat(best, lengths) + direction * distances.flatten().to_numpy()
    sizes = batch.column(f"{side}_sizes").flatten().to_numpy()
    levels = np.stack([prices, sizes], axis=1).ravel().tolist()
    ends = 2 * np.cumsum(lengths)
    slices = zip((ends - 2 * lengths).tolist(), ends.tolist(), strict=True)
    return [tuple(levels[start:end]) for start, end in slices]


def _event_of(
    kind: str, symbol: str, side: str, phase: str, reason: str,
    ts: int, bid: int, ask: int, bid_size: int, ask_size: int, price: int, size: int, exchange: int,
    day: int,
    bids: Levels, asks: Levels, detail: str,
) -> Event:  # fmt: skip
    """Return the event of one row; the arguments are in the order of the columns."""
    match kind:
        case "quote" if symbol:
            return Quote(symbol, bid, ask, bid_size, ask_size, ts, bids, asks)
        case "trade" if symbol:
            return Trade(symbol, price, size, _SIDES[side], ts, exchange)
        case "status" if symbol:
            return Status(symbol, _PHASES[phase], reason, ts, day)
    event: Event = _decoder.decode(detail)
    if _KINDS[type(event)] != kind:
        raise InvalidRecording(f"kind was {kind!r}, the detail says {_KINDS[type(event)]!r}")
    return event
