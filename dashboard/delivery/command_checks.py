"""The checks of a command: each returns a checked part of it, or says why it is refused.

Pure. Must not carry out anything.
"""

from collections.abc import Collection, Iterable, Mapping

from dashboard.delivery.outboxes.bars import BarsOutbox
from dashboard.delivery.outboxes.depth import DepthOutbox
from dashboard.delivery.outboxes.market import TickerOutbox, TradesOutbox
from dashboard.delivery.replica import Replica
from dashboard.exceptions import CommandRefused
from dashboard.people.access import Scope
from dashboard.wire.commands import ReceivedCommand, Unsubscribe
from dashboard.wire.frames import ALL_FIELDS, Fields, fields_of
from dashboard.wire.registry import (
    BAR_LIMIT,
    DEPTH_LIMIT,
    EVERYTHING,
    MESSAGE_BYTES,
    SYMBOL_LIMIT,
    Channel,
    Error,
)
from feeds.market.bars import LEVEL_OF
from feeds.market.delayed_keys import shown
from feeds.market.events import Position
from feeds.market.symbols import read_symbol


def text_of(message: str | bytes) -> str:
    """Return a message that may be a command.

    Raises:
        CommandRefused: it is binary, or has more than MESSAGE_BYTES bytes of UTF-8.
    """
    if isinstance(message, bytes):
        raise CommandRefused(Error.BAD_FRAME, "binary frames are not commands")
    if _exceeds_limit(message):
        raise CommandRefused(Error.BAD_FRAME, f"message was larger than {MESSAGE_BYTES} bytes")
    return message


def _exceeds_limit(message: str) -> bool:
    """Say whether a message has more bytes of UTF-8 than it may have."""
    if len(message) > MESSAGE_BYTES:
        return True
    is_plain = message.isascii()
    return not is_plain and len(message.encode(errors="surrogatepass")) > MESSAGE_BYTES


def channel_of(received: ReceivedCommand, name: str) -> Channel:
    """Return the channel of a name.

    Raises:
        CommandRefused: no channel has this name.
    """
    try:
        return Channel(name)
    except ValueError:
        fact = f"channel was {name[:32]!r}"
        raise CommandRefused(
            Error.UNKNOWN_CHANNEL, fact, method=received.method, id=received.id
        ) from None


def chosen_fields(
    received: ReceivedCommand, keys: tuple[str, ...] | None, outbox: TickerOutbox
) -> Fields:
    """Return the fields with which a channel opens; without `keys` an open channel keeps its own.

    Raises:
        CommandRefused: a key is not that of a field, or the channel is open with other fields.
    """
    if keys is None:
        return outbox.fields if outbox.is_open else ALL_FIELDS
    try:
        fields = fields_of(keys)
    except KeyError as error:
        raise _bad(received, f"field was {str(error.args[0])[:32]!r}") from None
    if outbox.is_open and fields.parts != outbox.fields.parts:
        raise _bad(received, "other fields are subscribed: unsubscribe first")
    return fields


def named_bars(
    received: ReceivedCommand, names: Iterable[str], interval: str
) -> dict[str, tuple[str, int]]:
    """Return the symbol and the level of each name: NVX@5m, or NVX for `interval`.

    Raises:
        CommandRefused: an interval is unknown, or bars of all symbols are asked for.
    """
    named = {}
    for name in names:
        symbol, own = parts_of(name)
        level = LEVEL_OF.get(own or interval)
        if level is None:
            fact = f"interval was {(own or interval)[:16]!r}, expected {', '.join(LEVEL_OF)}"
            raise _bad(received, fact)
        if symbol == EVERYTHING:
            raise _bad(received, "bars are of named symbols")
        named[name] = (symbol, level)
    return named


def parts_of(name: str) -> tuple[str, str]:
    """Return the symbol of a name of bars, and the interval that it names, "" without one."""
    symbol, _, interval = name.partition("@")
    return read_symbol(symbol), interval.strip()


def bar_name(name: str) -> str:
    """Return a name of bars as the server writes it: NVX@5m for nvx@5m."""
    symbol, interval = parts_of(name)
    return f"{symbol}@{interval}" if interval else symbol


def refuse_too_many_bars(
    received: ReceivedCommand, outbox: BarsOutbox, asked: Iterable[tuple[str, int]]
) -> None:
    """Check that a reader stays within the limit of pairs of a symbol and an interval.

    Raises:
        CommandRefused: with these pairs it would have more.
    """
    count = len({*asked, *outbox.named})
    if count > BAR_LIMIT:
        fact = f"limit is {BAR_LIMIT} bars, was {count}"
        raise CommandRefused(Error.TOO_MANY_SYMBOLS, fact, method=received.method, id=received.id)


def named_books(received: ReceivedCommand, names: Iterable[str]) -> dict[str, str]:
    """Return the symbol of each name.

    Raises:
        CommandRefused: books of all symbols are asked for.
    """
    named = {name: read_symbol(name) for name in names}
    if EVERYTHING in named.values():
        raise _bad(received, "depth is of named symbols")
    return named


def refuse_too_many_books(
    received: ReceivedCommand, outbox: DepthOutbox, asked: Iterable[str]
) -> None:
    """Check that a reader stays within the limit of books.

    Raises:
        CommandRefused: with these symbols it would have more.
    """
    count = len({*asked, *map(shown, outbox.symbols)})
    if count > DEPTH_LIMIT:
        fact = f"limit is {DEPTH_LIMIT} books, was {count}"
        raise CommandRefused(Error.TOO_MANY_SYMBOLS, fact, method=received.method, id=received.id)


def bars_to_unsubscribe(
    received: ReceivedCommand, command: Unsubscribe, outbox: BarsOutbox
) -> list[tuple[str, int]] | None:
    """Return the pairs to unsubscribe, by their keys; None is all of them.

    Raises:
        CommandRefused: an interval is unknown.
    """
    if not command.symbols or EVERYTHING in command.symbols:
        return None
    named = set(named_bars(received, command.symbols, command.interval).values())
    return [pair for pair in outbox.pairs if (shown(pair[0]), pair[1]) in named]


def refuse_before_begin(received: ReceivedCommand, replica: Replica) -> None:
    """Check that the market has begun, so that there is something to subscribe to.

    Raises:
        CommandRefused: the market has not begun.
    """
    if not replica.epoch:
        fact = "the market has not begun"
        raise CommandRefused(Error.UNAVAILABLE, fact, method=received.method, id=received.id)


def refuse_while_ahead(
    received: ReceivedCommand, replica: Replica, position: Position | None
) -> None:
    """Check that an answer from the present market would not take a reader back in time.

    Raises:
        CommandRefused: the reader is ahead of this process.
    """
    if position is not None and replica.awaits(position):
        fact = "this process is behind your position"
        raise CommandRefused(Error.UNAVAILABLE, fact, method=received.method, id=received.id)


def _bad(received: ReceivedCommand, fact: str) -> CommandRefused:
    return CommandRefused(Error.BAD_PARAMETERS, fact, method=received.method, id=received.id)


def refuse_beyond(received: ReceivedCommand, scopes: Collection[Scope], needed: Scope) -> None:
    """Refuse what a token was not made for.

    Raises:
        CommandRefused: its scopes leave this out.
    """
    if needed not in scopes:
        fact = f"this token does not have the scope {needed}"
        raise CommandRefused(Error.FORBIDDEN, fact, method=received.method, id=received.id)


def refuse_without(received: ReceivedCommand, right: bool) -> None:
    """Check that the reader has the right that a channel needs.

    Raises:
        CommandRefused: the right is missing.
    """
    if not right:
        fact = "this channel is for operators"
        raise CommandRefused(Error.FORBIDDEN, fact, method=received.method, id=received.id)


def refuse_too_many(
    received: ReceivedCommand, outbox: TickerOutbox | TradesOutbox, asked: Iterable[str]
) -> None:
    """Check that a reader stays within the limit of named symbols.

    Raises:
        CommandRefused: with these symbols it would have more.
    """
    count = len({*asked, *map(shown, outbox.symbols)})
    if count > SYMBOL_LIMIT and not outbox.everything:
        fact = f"limit is {SYMBOL_LIMIT} symbols, was {count}"
        raise CommandRefused(Error.TOO_MANY_SYMBOLS, fact, method=received.method, id=received.id)


def rejections_of(found: Mapping[str, str | None]) -> dict[str, str]:
    """Return why symbols are rejected, by the names as they were sent; `found` has their keys."""
    return {name: "unknown symbol" for name, key in found.items() if key is None}


def symbols_to_unsubscribe(
    received: ReceivedCommand,
    command: Unsubscribe,
    outbox: TickerOutbox | TradesOutbox | DepthOutbox,
) -> list[str] | None:
    """Return the keys of the symbols to unsubscribe; None is all of them.

    Raises:
        CommandRefused: single symbols are named, but the reader subscribed to everything.
    """
    if EVERYTHING in command.symbols or not command.symbols:
        return None
    if not isinstance(outbox, DepthOutbox) and outbox.everything:
        fact = "everything is subscribed: unsubscribe * instead"
        raise CommandRefused(Error.BAD_PARAMETERS, fact, method=received.method, id=received.id)
    named = set(map(read_symbol, command.symbols))
    return [key for key in outbox.symbols if shown(key) in named]
