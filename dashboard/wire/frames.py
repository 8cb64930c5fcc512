"""What subscribers are told of the market: rows and events to text frames.

Pure. Must not know who is told, or how often. Called by replica, outbox and subscriber.
"""

from typing import Final

import msgspec

from dashboard.wire.registry import (
    MAX_RATE,
    MESSAGE_BYTES,
    SNAPSHOT_ENTRIES,
    SYMBOL_LIMIT,
    VERSION,
    Channel,
)
from feeds.board import FIELDS, Row, Value
from feeds.events import Delisting, FeedRemoval, FeedStatus, Listing, Status

_encode = msgspec.json.encode
_KEYS: Final = ("p", "b", "a", "bs", "as", "o", "h", "l", "pc", "v", "t", "ph")
_PRICES: Final = frozenset({"p", "b", "a", "o", "h", "l", "pc"})
_NAMED: Final = tuple((key, f'"{key}":', key in _PRICES) for key in _KEYS)
assert len(_KEYS) == len(FIELDS)  # noqa: S101 one key per field, in the same order


def encode_row(symbol: str, row: Row) -> str:
    """Return the entry of a snapshot: every field, null where there is no value yet."""
    parts = [_encode_field(row, index) for index in range(len(_NAMED))]
    return f'{{"s":"{symbol}",{",".join(parts)}}}'


def encode_entry(symbol: str, row: Row, *, since: int, ticks: int) -> str:
    """Return the entry of an update: the fields that changed after `since`, and the receipt."""
    parts = [
        _encode_field(row, index) for index, version in enumerate(row.versions) if version > since
    ]
    return f'{{"s":"{symbol}",{"".join(part + "," for part in parts)}"n":{ticks}}}'


def encode_gone(symbol: str, *, ticks: int) -> str:
    """Return the entry of an instrument that left the market, and the receipt of its last ticks."""
    return f'{{"s":"{symbol}","gone":true,"n":{ticks}}}'


def _encode_field(row: Row, index: int) -> str:
    _, name, is_price = _NAMED[index]
    return name + _encode_value(row, row.values[index], is_price=is_price)


def _encode_value(row: Row, value: Value, *, is_price: bool) -> str:
    if value is None:
        return "null"
    if isinstance(value, str):
        return f'"{value}"'
    return repr(row.price(value)) if is_price else str(value)


def encode_update(channel: Channel, entries: list[str], *, since: int, seq: int, ts: int) -> str:
    """Return a frame that covers (since, seq]."""
    return (
        f'{{"channel":"{channel.value}","type":"update","from":{since},"seq":{seq},"ts":{ts},'
        f'"data":[{",".join(entries)}]}}'
    )


def encode_snapshot(
    channel: Channel, entries: list[str], *, epoch: str, seq: int, ts: int
) -> list[str]:
    """Return the frames of a snapshot: all but the last say that more follow."""
    chunks = [
        entries[start : start + SNAPSHOT_ENTRIES]
        for start in range(0, max(1, len(entries)), SNAPSHOT_ENTRIES)
    ]
    head = (
        f'{{"channel":"{channel.value}","type":"snapshot","epoch":"{epoch}","seq":{seq},"ts":{ts},'
    )
    last = len(chunks) - 1
    return [
        f'{head}{"" if index == last else _MORE}"data":[{",".join(chunk)}]}}'
        for index, chunk in enumerate(chunks)
    ]


_MORE: Final = '"more":true,'


def encode_feed(status: FeedStatus) -> str:
    """Return the status entry of a feed."""
    return _encode(
        {
            "feed": status.feed,
            "name": status.name,
            "state": status.state,
            "rate": status.rate,
            "reason": status.reason,
            "t": status.ts_event,
        }
    ).decode()


def encode_instrument(symbol: str, row: Row) -> str:
    """Return the status entry of an instrument: what it is, and its phase."""
    definition = row.definition
    return _encode(
        {
            "s": symbol,
            "name": definition.name,
            "sector": definition.sector,
            "feed": row.feed,
            "d": definition.decimals,
            "tick": float(definition.tick_size),
            "ph": row.phase,
            "reason": row.reason,
            "t": row.status_ts,
        }
    ).decode()


def encode_status(
    event: Status | FeedStatus | FeedRemoval | Listing | Delisting, row: Row | None
) -> str:
    """Return the status entry of an event; `row` is the instrument's just after it."""
    match event:
        case FeedStatus():
            return encode_feed(event)
        case FeedRemoval(feed=feed):
            return _encode({"feed": feed, "gone": True}).decode()
    symbol = event.definition.symbol if isinstance(event, Listing) else event.symbol
    if row is None:
        return _encode({"s": symbol, "gone": True}).decode()
    return encode_instrument(symbol, row)


def encode_heartbeat(*, seq: int, ts: int) -> str:
    """Return the frame that says: you have everything up to `seq`."""
    return f'{{"channel":"heartbeat","seq":{seq},"ts":{ts}}}'


def encode_welcome(*, epoch: str, heartbeat_ms: int, commands_per_s: int, ts: int) -> str:
    """Return the first frame of a connection."""
    limits = {
        "symbols": SYMBOL_LIMIT,
        "message_bytes": MESSAGE_BYTES,
        "commands_per_s": commands_per_s,
        "max_rate": MAX_RATE,
    }
    return _encode(
        {
            "channel": Channel.STATUS,
            "type": "welcome",
            "version": VERSION,
            "server_time": ts,
            "epoch": epoch,
            "heartbeat_ms": heartbeat_ms,
            "limits": limits,
        }
    ).decode()


def encode_shutdown(*, retry_ms: int) -> str:
    """Return the last frame before a restart."""
    return _encode({"channel": Channel.STATUS, "type": "shutdown", "retry_ms": retry_ms}).decode()
