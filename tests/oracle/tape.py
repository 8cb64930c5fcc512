"""What really happened: the batches of the engine, folded into what a reader must show of them.

It folds events by itself, without feeds.market.board: an error there must not be in both.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Generic, NamedTuple, TypeVar

from msgspec.structs import replace

from feeds.market.events import (
    Batch,
    Carryover,
    Delisting,
    Event,
    FeedRemoval,
    FeedStatus,
    Listing,
    Quote,
    Status,
    Trade,
    Withdrawal,
)

Value = TypeVar("Value")
Fields = dict[str, Any]
MINUTE_MS = 60_000
SPANS_MS = {"1s": 1_000, "5s": 5_000, "1m": 60_000, "5m": 300_000, "1h": 3_600_000}


class History(Generic[Value]):
    """The values of one thing, each with the sequence since which it was so."""

    def __init__(self) -> None:
        self.sequences: list[int] = []
        self.values: list[Value] = []

    def put(self, sequence: int, value: Value) -> None:
        self.sequences.append(sequence)
        self.values.append(value)

    def at(self, sequence: int) -> Value | None:
        """Return the value at a sequence, None before the first."""
        place = bisect_right(self.sequences, sequence)
        return self.values[place - 1] if place else None

    def last(self) -> Value | None:
        return self.values[-1] if self.values else None

    def between(self, since: int, sequence: int) -> list[Value]:
        """Return the values that came in (since, sequence]."""
        start, end = bisect_right(self.sequences, since), bisect_right(self.sequences, sequence)
        return self.values[start:end]


class Instrument:
    """The history of one key: rows and status entries are None while it is not listed."""

    def __init__(self) -> None:
        self.feed: History[str] = History()
        self.row: History[Fields | None] = History()
        self.status: History[Fields | None] = History()
        self.ticks: History[None] = History()
        self.trades: History[Fields] = History()
        self.listed: History[int] = History()
        self.definition: Any = None
        self.day: int | None = None
        self.phase, self.reason = "CLOSED", ""

    def price(self, ticks: int) -> float:
        return float(ticks * Decimal(self.definition.tick_size))


class Account(NamedTuple):
    """The account of a reader: the feeds that it sees, each with its delay in minutes."""

    user_id: int
    feeds: Mapping[str, int]


class Epoch:
    """One life of the tape."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.last = 0
        self.instruments: dict[str, Instrument] = {}
        self.feeds: dict[str, History[Fields | None]] = {}
        self.published: History[int] = History()
        self.listings: History[None] = History()
        self._symbols: dict[tuple[object, int], dict[str, str]] = {}

    def key_of(self, symbol: str, account: Account, sequence: int) -> str | None:
        """Return the key under which an account sees a symbol; None when it does not."""
        for minutes in sorted({0, *account.feeds.values()}):
            key = f"{symbol}~{minutes}" if minutes else symbol
            instrument = self.instruments.get(key)
            feed = None if instrument is None else instrument.feed.at(sequence)
            if feed is not None and account.feeds.get(feed.partition("~")[0]) == minutes:
                return key
        return None

    def symbols(self, account: Account, sequence: int) -> dict[str, str]:
        """Return the key of each symbol that an account sees, listed or gone; do not change it."""
        # Only a listing changes that. Without this, a heartbeat cost more than frames.
        moment = (tuple(account.feeds.items()), bisect_right(self.listings.sequences, sequence))
        if moment not in self._symbols:
            self._symbols[moment] = self._find_symbols(account, sequence)
        return self._symbols[moment]

    def _find_symbols(self, account: Account, sequence: int) -> dict[str, str]:
        names = {key.partition("~")[0] for key in self.instruments}
        keys = {name: self.key_of(name, account, sequence) for name in names}
        return {name: key for name, key in keys.items() if key is not None}

    def row(self, key: str, sequence: int) -> Fields | None:
        return self.instruments[key].row.at(sequence)

    def ticks(self, key: str, sequence: int) -> int:
        """Return how many ticks a key had had."""
        return bisect_right(self.instruments[key].ticks.sequences, sequence)

    def trades(self, keys: Iterable[str], since: int, sequence: int) -> list[Fields]:
        """Return the trades of these keys in (since, sequence], in order."""
        found = [
            trade for key in keys for trade in self.instruments[key].trades.between(since, sequence)
        ]
        return sorted(found, key=lambda trade: trade["i"])

    def bars(self, key: str, interval: str, sequence: int) -> list[Fields]:
        """Return the bars of a key since it was listed, the oldest first."""
        span_ms = SPANS_MS[interval]
        since = self.instruments[key].listed.at(sequence) or 0
        bars: dict[int, Fields] = {}
        for trade in self.trades([key], since, sequence):
            at_ms, price, size = trade["et"], trade["p"], trade["q"]
            bar = bars.setdefault(
                at_ms - at_ms % span_ms, {"o": price, "h": price, "l": price, "v": 0, "n": 0}
            )
            bar["h"], bar["l"], bar["c"] = max(bar["h"], price), min(bar["l"], price), price
            bar["v"], bar["n"] = bar["v"] + size, bar["n"] + 1
        return [{"t": start_ms} | bar for start_ms, bar in bars.items()]


class EngineTape:
    """All epochs, and what is wrong with the tape itself; feed it with `take`.

    `minute_ms` is the length of the minutes of delays: tests may shorten them.
    """

    def __init__(self, *, minute_ms: int = MINUTE_MS) -> None:
        self.epochs: dict[str, Epoch] = {}
        self.newest = ""
        self.wrong: list[str] = []
        self._minute_ms = minute_ms
        self._first_ms: dict[Event, int] = {}

    def take(self, batch: Batch, now_ms: int) -> None:
        """Add a batch that is published now (UTC ms)."""
        if batch.epoch not in self.epochs:
            self.epochs[batch.epoch] = Epoch(batch.epoch)
            self._first_ms.clear()
        elif batch.epoch != self.newest:
            self.wrong.append(f"epoch {batch.epoch} came back after {self.newest}")
        self.newest = batch.epoch
        epoch = self.epochs[batch.epoch]
        if batch.first != epoch.last + 1:
            self.wrong.append(f"batch began at {batch.first}, the last event was {epoch.last}")
        for sequence, event in enumerate(batch.events, batch.first):
            self._check_delay(event, now_ms)
            _fold(epoch, sequence, event)
        epoch.last = batch.last
        epoch.published.put(batch.last, now_ms)

    def reaches(self, epoch: str, sequence: int) -> bool:
        """Say whether the tape is known up to a position."""
        return epoch in self.epochs and sequence <= self.epochs[epoch].last

    def _check_delay(self, event: Event, now_ms: int) -> None:
        """What happens to a delayed twin happened to its original, long enough ago."""
        if isinstance(event, Listing | FeedStatus | FeedRemoval):
            return
        symbol, _, minutes = event.symbol.partition("~")
        if not minutes:
            self._first_ms.setdefault(event, now_ms)
            return
        if isinstance(event, Delisting | Carryover) or (
            isinstance(event, Status) and event.reason.startswith("Delayed by")
        ):
            return
        first_ms = self._first_ms.get(replace(event, symbol=symbol))
        if first_ms is None or first_ms > now_ms - int(minutes) * self._minute_ms:
            age = None if first_ms is None else now_ms - first_ms
            self.wrong.append(f"{event} was published to delayed readers after {age} ms")


def unmarked(epoch: str) -> str:
    """Return the name of an epoch without the mark of an access."""
    return epoch.partition("x")[0]


def _fold(epoch: Epoch, sequence: int, event: Event) -> None:
    match event:
        case FeedStatus() as status:
            epoch.feeds.setdefault(status.feed, History()).put(sequence, _feed_entry(status))
            return
        case FeedRemoval(feed=feed):
            epoch.feeds.setdefault(feed, History()).put(sequence, None)
            return
        case Listing(definition=definition):
            instrument = epoch.instruments.setdefault(definition.symbol, Instrument())
            epoch.listings.put(sequence, None)
            _list(instrument, sequence, event)
            return
    instrument = epoch.instruments[event.symbol]
    match event:
        case Quote():
            _tick(instrument, sequence, event, _quoted(instrument, event))
        case Trade():
            _tick(instrument, sequence, event, _traded(instrument, event))
            instrument.trades.put(sequence, _trade_entry(instrument, sequence, event))
        case Status():
            _change_phase(instrument, sequence, event)
        case Delisting():
            instrument.row.put(sequence, None)
            instrument.status.put(sequence, None)
        case Withdrawal():
            row = instrument.row.last() or {}
            instrument.row.put(sequence, row | dict.fromkeys(("b", "a", "bs", "as")))
            instrument.status.put(sequence, instrument.status.last())
        case Carryover():
            _carry_over(instrument, sequence, event)


def _list(instrument: Instrument, sequence: int, event: Listing) -> None:
    instrument.definition = event.definition
    instrument.feed.put(sequence, event.feed)
    if instrument.row.last() is None:
        instrument.day, instrument.phase, instrument.reason = None, "CLOSED", ""
        instrument.listed.put(sequence, sequence)
        row = dict.fromkeys(("p", "b", "a", "bs", "as", "o", "h", "l", "t"))
        close = instrument.price(event.definition.reference_ticks)
        instrument.row.put(sequence, row | {"pc": close, "v": 0, "ph": "CLOSED"})
    instrument.status.put(sequence, _instrument_entry(instrument, event.ts_event))


def _tick(instrument: Instrument, sequence: int, tick: Quote | Trade, changes: Fields) -> None:
    instrument.ticks.put(sequence, None)
    row = instrument.row.last() or {}
    instrument.row.put(sequence, row | changes | {"t": tick.ts_event})


def _quoted(instrument: Instrument, quote: Quote) -> Fields:
    bid, ask = instrument.price(quote.bid_ticks), instrument.price(quote.ask_ticks)
    return {"b": bid, "a": ask, "bs": quote.bid_size, "as": quote.ask_size}


def _traded(instrument: Instrument, trade: Trade) -> Fields:
    row, price = instrument.row.last() or {}, instrument.price(trade.price_ticks)
    known = [row[name] for name in ("h", "l") if row[name] is not None]
    return {
        "p": price,
        "v": row["v"] + trade.size,
        "o": price if row["o"] is None else row["o"],
        "h": max([*known, price]),
        "l": min([*known, price]),
    }


def _change_phase(instrument: Instrument, sequence: int, status: Status) -> None:
    row = dict(instrument.row.last() or {})
    is_opened = instrument.phase == "CLOSED" and status.phase != "CLOSED"
    if is_opened or instrument.day not in (None, status.day):
        row["pc"] = row["pc"] if row["p"] is None else row["p"]
        row |= {"o": None, "h": None, "l": None, "v": 0}
    instrument.day, instrument.phase = status.day, str(status.phase)
    instrument.reason = status.reason
    instrument.row.put(sequence, row | {"ph": instrument.phase})
    instrument.status.put(sequence, _instrument_entry(instrument, status.ts_event))


def _carry_over(instrument: Instrument, sequence: int, left: Carryover) -> None:
    """Go on with the day of an earlier epoch; its bars are not folded."""
    prices = {"p": left.last, "b": left.bid, "a": left.ask, "pc": left.previous_close}
    prices |= {"o": left.open, "h": left.high, "l": left.low}
    row = {name: None if at is None else instrument.price(at) for name, at in prices.items()}
    sizes = {"bs": left.bid_size, "as": left.ask_size, "v": left.volume}
    instrument.day, instrument.phase = left.day, str(left.phase)
    instrument.reason = left.reason
    instrument.row.put(sequence, row | sizes | {"t": left.tick_ms, "ph": instrument.phase})
    instrument.status.put(sequence, _instrument_entry(instrument, left.ts_event))


def _trade_entry(instrument: Instrument, sequence: int, trade: Trade) -> Fields:
    return {
        "s": trade.symbol.partition("~")[0],
        "p": instrument.price(trade.price_ticks),
        "q": trade.size,
        "side": str(trade.side),
        "i": sequence,
        "t": trade.ts_event,
        "et": trade.exchange_ms or trade.ts_event,
    }


def _instrument_entry(instrument: Instrument, ts: int) -> Fields:
    definition = instrument.definition
    feed, _, minutes = (instrument.feed.last() or "").partition("~")
    entry = {
        "s": definition.symbol.partition("~")[0],
        "name": definition.name,
        "sector": definition.sector,
        "feed": feed,
        "d": definition.decimals,
        "tick": float(definition.tick_size),
        "ph": instrument.phase,
        "reason": instrument.reason,
        "t": ts,
    }
    return entry | {"delay": int(minutes)} if minutes else entry


def _feed_entry(status: FeedStatus) -> Fields:
    return {
        "feed": status.feed.partition("~")[0],
        "name": status.name,
        "state": str(status.state),
        "rate": status.rate,
        "reason": status.reason,
        "t": status.ts_event,
        "exchange": status.exchange,
        "zone": status.zone,
        "day": status.day + 1,
        "ph": str(status.phase),
        "clock": status.exchange_ms,
        "scale": status.scale,
    }
