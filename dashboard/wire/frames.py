"""Rows and events of the market to the text of frames.

Pure. Must not know who reads, or how often. Entries are text of their own, so that readers who
stand at the same position share them.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

import msgspec

from dashboard.wire.registry import (
    FIELDS,
    LEVELS,
    MAX_RATE,
    MESSAGE_BYTES,
    SNAPSHOT_ENTRIES,
    SYMBOL_LIMIT,
    VERSION,
    Channel,
)
from feeds.market.bars import INTERVALS, Bar, bar_of
from feeds.market.board import (
    ASK,
    ASK_SIZE,
    BID,
    BID_SIZE,
    HIGH,
    LAST,
    LOW,
    OPEN,
    PHASE,
    PREVIOUS_CLOSE,
    TS_EVENT,
    VOLUME,
    Row,
    Value,
)
from feeds.market.delayed_keys import delay_of, shown
from feeds.market.events import (
    AmendedBar,
    Amendment,
    Carryover,
    Delisting,
    FeedRemoval,
    FeedStatus,
    Levels,
    Listing,
    PriceBand,
    ReportedTrade,
    Status,
    Trade,
    Withdrawal,
)

_encode = msgspec.json.encode
PRICE_FIELDS: Final = frozenset({"p", "b", "a", "o", "h", "l", "pc"})
SIZE_FIELDS: Final = frozenset({"bs", "as", "v"})
FIELD_INDEX: Final = {
    "p": LAST, "b": BID, "a": ASK, "bs": BID_SIZE, "as": ASK_SIZE, "o": OPEN, "h": HIGH, "l": LOW,
    "pc": PREVIOUS_CLOSE, "v": VOLUME, "ph": PHASE,
}  # fmt: skip
"""Where in `Row.values` a field of a ticker entry is."""
_INTERVALS: Final = tuple(INTERVALS)
StatusEvent = (
    Status | PriceBand | FeedStatus | FeedRemoval | Listing | Delisting | Withdrawal | Carryover
)


class Fields:
    """Chosen fields of a row; each part is an encoded key, its index, and what its numbers are.

    `fields_of` returns one object for one choice, so that finding what was encoded for it costs
    nothing: the hash of a nested tuple would be made anew for every frame.
    """

    __slots__ = ("parts",)

    def __init__(self, keys: Iterable[str]) -> None:
        self.parts = tuple((f'"{key}":', FIELD_INDEX[key], _KINDS.get(key)) for key in keys)


_PRICE, _SIZE = "price", "size"
_KINDS: Final = dict.fromkeys(PRICE_FIELDS, _PRICE) | dict.fromkeys(SIZE_FIELDS, _SIZE)


def fields_of(keys: Iterable[str]) -> Fields:
    """Return the fields of these keys.

    Raises:
        KeyError: a key is not one of a ticker entry.
    """
    return _fields_of(tuple(dict.fromkeys(keys)))


@lru_cache(maxsize=1024)
def _fields_of(keys: tuple[str, ...]) -> Fields:
    return Fields(keys)


ALL_FIELDS: Final = fields_of(FIELDS)


def encode_row(symbol: str, row: Row, *, fields: Fields = ALL_FIELDS, ts: int) -> str:
    """Return a ticker entry of a snapshot: every chosen field, null where there is no value yet."""
    parts = [
        name + _encode_value(row, row.values[index], kind) for name, index, kind in fields.parts
    ]
    parts.append(_encode_ago(row, ts))
    return f'"{shown(symbol)}":{{{",".join(parts)}}}'


def encode_entry(
    symbol: str, row: Row, *, since: int, fields: Fields = ALL_FIELDS, ticks: int, ts: int
) -> str:
    """Return a ticker entry of an update: the fields that changed after `since`, and a receipt."""
    values, versions = row.values, row.versions
    parts = [
        name + _encode_value(row, values[index], kind)
        for name, index, kind in fields.parts
        if versions[index] > since
    ]
    if versions[TS_EVENT] > since:
        parts.append(_encode_ago(row, ts))
    # Most entries stand for a single tick, so the wire leaves a 1 out.
    if ticks != 1:
        parts.append(f'"n":{ticks}')
    return f'"{shown(symbol)}":{{{",".join(parts)}}}'


def encode_gone(symbol: str, *, ticks: int) -> str:
    """Return the ticker entry of a removed instrument, with the receipt of its last ticks."""
    return f'"{shown(symbol)}":{{"gone":true,"n":{ticks}}}'


def book_of(row: Row) -> dict[str, list[tuple[float, msgspec.Raw]]]:
    """Return prices and sizes of the LEVELS best bids and asks of a row, the best first."""
    values = row.values
    return {
        "bids": _levels(row, values[BID], values[BID_SIZE], row.bids),
        "asks": _levels(row, values[ASK], values[ASK_SIZE], row.asks),
    }


def _levels(row: Row, best: Any, size: Any, behind: Levels) -> list[tuple[float, msgspec.Raw]]:
    if best is None:
        return []
    levels = (best, size, *behind)[: 2 * LEVELS]
    sizes = (size_of(row, lots) for lots in levels[1::2])
    return list(zip(map(row.price, levels[::2]), sizes, strict=True))


def encode_book(symbol: str, row: Row | None) -> str:
    """Return the depth entry of an instrument; without a row, that it is gone."""
    entry = {"gone": True} if row is None else book_of(row)
    return f'"{shown(symbol)}":{_encode(entry).decode()}'


def size_of(row: Row, lots: int) -> msgspec.Raw:
    """Return a number of lots as JSON: a decimal number that is exact."""
    return msgspec.Raw(row.size(lots).encode())


def _encode_ago(row: Row, ts: int) -> str:
    ticked = row.values[TS_EVENT]
    return '"ms":null' if ticked is None else f'"ms":{ts - int(ticked)}'


def _encode_value(row: Row, value: Value, kind: str | None) -> str:
    if value is None:
        return "null"
    if isinstance(value, str):
        # Only a phase is text here, and that needs no escapes.
        return f'"{value}"'
    # `repr` gives the shortest text that reads back as the same double.
    if kind is _PRICE:
        return repr(row.price(value))
    return row.size(value) if kind is _SIZE else str(value)


_AGO: Final = '"ms":'


class TradeText(msgspec.Struct, frozen=True):
    """A trade, encoded once for all readers; only how long ago it was differs by frame."""

    symbol: str
    sequence: int
    text: str
    ts_event: int

    def entry(self, ts: int) -> str:
        """Return the entry for a frame sent at `ts` (UTC ms)."""
        return f"{self.text}{ts - self.ts_event}}}"

    def dated(self) -> str:
        """Return the entry with the time of the trade (UTC ms) instead of its age."""
        return f'{self.text.removesuffix(_AGO)}"t":{self.ts_event}}}'


def encode_trade(trade: Trade, row: Row, *, sequence: int) -> TradeText:
    """Return the shared text of a trade."""
    ref = _ref_of(trade) if isinstance(trade, ReportedTrade) else ""
    text = (
        f'{{"s":"{shown(trade.symbol)}","p":{row.price(trade.price_ticks)!r},"q":{row.size(trade.size)},'
        f'"side":"{trade.side.value}","i":{sequence},{ref}'
        f'"et":{trade.exchange_ms or trade.ts_event},{_AGO}'
    )
    return TradeText(trade.symbol, sequence, text, trade.ts_event)


class TapedTrade(msgspec.Struct, gc=False):
    """A trade on the tape: encoded when the first reader wants it, and then once for all of them.

    Most trades are never read. The units of a row never change: with others it is another row.
    """

    trade: Trade
    row: Row
    sequence: int
    encoded: TradeText | None = None

    @property
    def symbol(self) -> str:
        """Return the key of its instrument."""
        return self.trade.symbol

    def entry(self, ts: int) -> str:
        """Return the entry for a frame sent at `ts` (UTC ms)."""
        return self._text.entry(ts)

    def dated(self) -> str:
        """Return the entry with the time of the trade (UTC ms) instead of its age."""
        return self._text.dated()

    @property
    def _text(self) -> TradeText:
        if self.encoded is None:
            self.encoded = encode_trade(self.trade, self.row, sequence=self.sequence)
        return self.encoded


TapeEntry = TapedTrade | TradeText
"""A trade or a correction, for readers of trades."""


def _ref_of(trade: ReportedTrade) -> str:
    return f'"ref":{_encode(trade.ref).decode()},' if trade.ref else ""


def encode_correction(amendment: Amendment, row: Row, *, sequence: int) -> TradeText:
    """Return the shared text of a correction: what changed about an earlier trade."""
    price, right, former = row.price, amendment.price_ticks, amendment.former_ticks
    entry: dict[str, Any] = {"s": shown(amendment.symbol), "fix": amendment.kind, "i": sequence}
    if amendment.ref:
        entry["ref"] = amendment.ref
    if amendment.new_ref != amendment.ref:
        entry["new_ref"] = amendment.new_ref
    if right:
        entry |= {"p": price(right), "q": size_of(row, amendment.size)}
    if former:
        entry |= {"op": price(former), "oq": size_of(row, amendment.former_size)}
    if amendment.exchange_ms:
        entry["et"] = amendment.exchange_ms
    if amendment.volume is None:
        entry["unknown"] = True
    text = f"{_encode(entry).decode().removesuffix('}')},{_AGO}"
    return TradeText(amendment.symbol, sequence, text, amendment.ts_event)


def encode_bar(symbol: str, level: int, bar: Bar, row: Row, *, is_closed: bool) -> str:
    """Return the entry of a bar; `level` is the index of its interval."""
    price = row.price
    end = ',"closed":true}' if is_closed else "}"
    return (
        f'{{"s":"{shown(symbol)}","iv":"{_INTERVALS[level]}","t":{bar.start_ms},'
        f'"o":{price(bar.open)!r},"h":{price(bar.high)!r},"l":{price(bar.low)!r},'
        f'"c":{price(bar.close)!r},"v":{row.size(bar.volume)},"n":{bar.trades}{end}'
    )


def encode_amended_bar(symbol: str, amended: AmendedBar, row: Row) -> str:
    """Return the entry of a closed bar that was amended, or that is gone with all its trades."""
    bar, revision = bar_of(amended), f',"rev":{amended.revision}}}'
    if bar.trades:
        text = encode_bar(symbol, amended.level, bar, row, is_closed=True)
        return text.removesuffix("}") + revision
    name = f'"s":"{shown(symbol)}","iv":"{_INTERVALS[amended.level]}","t":{bar.start_ms}'
    return f'{{{name},"gone":true{revision}'


def encode_no_bar(symbol: str, level: int) -> str:
    """Return the entry of a snapshot for a symbol that has no bar yet."""
    return f'{{"s":"{shown(symbol)}","iv":"{_INTERVALS[level]}","none":true}}'


def encode_update(
    channel: Channel, entries: Iterable[str], *, since: int, seq: int, ts: int
) -> str:
    """Return an update: the frame that covers (since, seq]."""
    head = encode_update_head(channel, since=since, seq=seq, ts=ts)
    return f"{head}{','.join(entries)}{UPDATE_END[channel]}"


def encode_update_head(channel: Channel, *, since: int, seq: int, ts: int) -> str:
    """Return what comes before the entries of an update; UPDATE_END comes after them."""
    head, left = _UPDATES[channel]
    return f'{head}{since},"seq":{seq},"ts":{ts},"data":{left}'


def encode_snapshot(
    channel: Channel, entries: list[str], *, epoch: str, seq: int, ts: int, has_gap: bool = False
) -> list[str]:
    """Return the frames of a snapshot, SNAPSHOT_ENTRIES each; all but the last say `more`."""
    chunks = [
        entries[start : start + SNAPSHOT_ENTRIES]
        for start in range(0, max(1, len(entries)), SNAPSHOT_ENTRIES)
    ]
    left, right = _BRACKETS[channel]
    head = (
        f'{{"channel":"{channel.value}","type":"snapshot","epoch":"{epoch}","seq":{seq},"ts":{ts},'
    )
    gap, last = '"gap":true,' if has_gap else "", len(chunks) - 1
    return [
        f'{head}{gap}{"" if index == last else _MORE}"data":{left}{",".join(chunk)}{right}}}'
        for index, chunk in enumerate(chunks)
    ]


_MORE: Final = '"more":true,'
_BRACKETS: Final = {
    Channel.TICKER: ("{", "}"),
    Channel.TRADES: ("[", "]"),
    Channel.BARS: ("[", "]"),
    Channel.DEPTH: ("{", "}"),
    Channel.STATUS: ("[", "]"),
}
"""Merged entries form an object by symbol, distinct ones a list in order."""
_UPDATES: Final = {
    channel: (f'{{"channel":"{channel.value}","from":', left)
    for channel, (left, _) in _BRACKETS.items()
}
"""The parts of an update's head that never change."""
UPDATE_END: Final = {channel: f"{right}}}" for channel, (_, right) in _BRACKETS.items()}


def encode_feed(status: FeedStatus) -> str:
    """Return the status entry of a feed."""
    return _encode(
        {
            "feed": shown(status.feed),
            "name": status.name,
            "state": status.state,
            "rate": status.rate,
            "reason": status.reason,
            "t": status.ts_event,
            "exchange": status.exchange,
            "zone": status.zone,
            "day": status.day + 1,
            "ph": status.phase,
            "clock": status.exchange_ms,
            "scale": status.scale,
        }
    ).decode()


def encode_instrument(symbol: str, row: Row) -> str:
    """Return the status entry of an instrument: its definition and its phase."""
    definition, delay = row.definition, delay_of(row.feed)
    entry: dict[str, Any] = {
        "s": shown(symbol),
        "name": definition.name,
        "sector": definition.sector,
        "feed": shown(row.feed),
        "d": definition.decimals,
        "tick": float(definition.tick_size),
        "ph": row.phase,
        "reason": row.reason,
        "t": row.status_ts,
    }
    if row.lot is not None:
        entry["lot"] = size_of(row, 1)
    if delay:
        entry["delay"] = delay
    if row.band is not None:
        entry["band"] = [row.price(ticks) for ticks in row.band]
    return _encode(entry).decode()


def encode_status(event: StatusEvent, row: Row | None) -> str:
    """Return the status entry of an event; `row` is the instrument's row after the event."""
    match event:
        case FeedStatus():
            return encode_feed(event)
        case FeedRemoval(feed=feed):
            return _encode({"feed": shown(feed), "gone": True}).decode()
    symbol = event.definition.symbol if isinstance(event, Listing) else event.symbol
    if row is None:
        return _encode({"s": shown(symbol), "gone": True}).decode()
    return encode_instrument(symbol, row)


def encode_heartbeat(*, seq: int, ts: int, stale_ms: int | None = None, trouble: str = "") -> str:
    """Return the frame that says that the reader has everything up to `seq`.

    `stale_ms` is when the market was last heard (UTC ms), while a fault silences it. `trouble` is
    what staff read while the database takes no writes.
    """
    stale = "" if stale_ms is None else f',"stale":{stale_ms}'
    extra = f',"trouble":{_encode(trouble).decode()}' if trouble else ""
    return f'{{"channel":"heartbeat","seq":{seq},"ts":{ts}{stale}{extra}}}'


def encode_pace(*, rate: float, reason: str) -> str:
    """Return the frame that says how many merged frames come per second, and what limits them."""
    frame = {"channel": Channel.STATUS, "type": "pace", "rate": rate, "reason": reason}
    return _encode(frame).decode()


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


def encode_end(*, code: int, reason: str) -> str:
    """Return the data of the event `close`, which ends a stream as a close frame ends a socket."""
    return _encode({"code": code, "reason": reason}).decode()
