"""What of a command can be done: each function returns it, or says why it cannot.

Pure. Must not do anything. Called by subscriber.
"""

from dashboard.exceptions import CommandRefused
from dashboard.outbox import TickerOutbox, TradesOutbox
from dashboard.wire.commands import Answer, Unsubscribe
from dashboard.wire.frames import Fields, fields_of
from dashboard.wire.registry import EVERYTHING, MESSAGE_BYTES, SYMBOL_LIMIT, Channel, Error
from feeds.delays import shown


def text_of(message: str | bytes) -> str:
    """Return a message that may be a command.

    Raises:
        CommandRefused: it is binary, or too long.
    """
    if isinstance(message, bytes):
        raise CommandRefused(Error.BAD_FRAME, "binary frames are not commands")
    if len(message) > MESSAGE_BYTES:
        raise CommandRefused(Error.BAD_FRAME, f"message was longer than {MESSAGE_BYTES}")
    return message


def channel_of(answer: Answer, name: str) -> Channel:
    """Return the channel of a name.

    Raises:
        CommandRefused: there is none.
    """
    try:
        return Channel(name)
    except ValueError:
        fact = f"channel was {name[:32]!r}"
        raise CommandRefused(
            Error.UNKNOWN_CHANNEL, fact, method=answer.method, id=answer.id
        ) from None


def chosen_fields(answer: Answer, keys: tuple[str, ...]) -> Fields:
    """Return the fields of these keys.

    Raises:
        CommandRefused: one of them is no field.
    """
    try:
        return fields_of(keys)
    except KeyError as error:
        fact = f"field was {str(error.args[0])[:32]!r}"
        raise CommandRefused(
            Error.BAD_PARAMETERS, fact, method=answer.method, id=answer.id
        ) from None


def refuse_too_many(answer: Answer, outbox: TickerOutbox | TradesOutbox, asked: list[str]) -> None:
    """Refuse more symbols than one reader may name.

    Raises:
        CommandRefused: with these there would be.
    """
    count = len({*asked, *map(shown, outbox.symbols)})
    if count > SYMBOL_LIMIT and not outbox.everything:
        fact = f"limit is {SYMBOL_LIMIT}, was {count}"
        raise CommandRefused(Error.TOO_MANY_SYMBOLS, fact, method=answer.method, id=answer.id)


def symbols_of(
    answer: Answer, command: Unsubscribe, outbox: TickerOutbox | TradesOutbox
) -> list[str] | None:
    """Return the keys of the symbols to take out; None is all of them.

    Raises:
        CommandRefused: some are named, and everything is subscribed.
    """
    if EVERYTHING in command.symbols or not command.symbols:
        return None
    if outbox.everything:
        fact = "everything is subscribed: unsubscribe * instead"
        raise CommandRefused(Error.BAD_PARAMETERS, fact, method=answer.method, id=answer.id)
    named = set(command.symbols)
    return [key for key in outbox.symbols if shown(key) in named]
