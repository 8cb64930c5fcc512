"""Commands: text to typed values, and their answers to text.

Pure. Must not know what a command does.
"""

from typing import Annotated, Any, Final

import msgspec

from dashboard.exceptions import CommandRefused
from dashboard.wire.registry import (
    DEFAULT_INTERVAL,
    ERROR_TEXT,
    MAX_RATE,
    MIN_RATE,
    Error,
    error_object,
)

CommandId = int | Annotated[str, msgspec.Meta(max_length=64)] | None
Rate = Annotated[float, msgspec.Meta(ge=MIN_RATE, le=MAX_RATE)]


class Subscribe(msgspec.Struct, frozen=True):
    """Subscribe to a channel; `since` is a position, or the id of the last notification.

    Bars are of an `interval`; a symbol may name its own, as in NVX@5m. `fields` are the wanted keys
    of a ticker entry; None is all of them. With `corrections` a reader of trades or bars also gets
    corrections of those it already has. A reader that sends the watchlist it has (`symbols`), the
    version of all its `lists`, or how many notifications are `unread`, hears only of changes.
    """

    channel: str
    symbols: tuple[str, ...] | None = None
    fields: tuple[str, ...] | None = None
    max_rate: Rate | None = None
    since: str | None = None
    unread: int | None = None
    interval: str = DEFAULT_INTERVAL
    corrections: bool = False
    lists: str | None = None


class Unsubscribe(msgspec.Struct, frozen=True):
    """Unsubscribe from a channel, or from some of its symbols."""

    channel: str
    symbols: tuple[str, ...] = ()
    interval: str = DEFAULT_INTERVAL


class Set(msgspec.Struct, frozen=True):
    """Change the pace (frames per second), pause, or continue."""

    max_rate: Rate | None = None
    paused: bool | None = None


class Ack(msgspec.Struct, frozen=True):
    """Say which position was painted, and how long painting kept the page busy."""

    position: str
    paint_ms: Annotated[float, msgspec.Meta(ge=0, le=60_000)] = 0.0


class Ping(msgspec.Struct, frozen=True):
    """Ask for the server's clock."""


Command = Subscribe | Unsubscribe | Set | Ack | Ping
METHODS: Final[dict[str, type[Command]]] = {
    "subscribe": Subscribe,
    "unsubscribe": Unsubscribe,
    "set": Set,
    "ack": Ack,
    "ping": Ping,
}


METHOD_SHOWN: Final = 32
"""Characters of an unknown method that the error repeats."""


class Envelope(msgspec.Struct, frozen=True):
    """A command whose parameters are not decoded yet."""

    method: str
    params: msgspec.Raw = msgspec.Raw(b"{}")
    id: CommandId = None


class ReceivedCommand(msgspec.Struct, frozen=True):
    """A decoded command, with the method and id that its answer repeats."""

    method: str
    id: CommandId
    command: Command


_decode_envelope = msgspec.json.Decoder(Envelope).decode
_decoders = {method: msgspec.json.Decoder(kind).decode for method, kind in METHODS.items()}
_encode = msgspec.json.encode


def decode_command(text: str) -> ReceivedCommand:
    """Read one command.

    Raises:
        CommandRefused: it is not JSON, the method is unknown, or a parameter is wrong.
    """
    try:
        envelope = _decode_envelope(text)
    except msgspec.ValidationError as error:
        raise CommandRefused(Error.BAD_PARAMETERS, str(error)) from None
    # Deep nesting raises a RecursionError, and a lone surrogate a UnicodeError.
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        raise CommandRefused(Error.BAD_FRAME, ERROR_TEXT[Error.BAD_FRAME][0]) from None
    decode = _decoders.get(envelope.method)
    if decode is None:
        fact = f"method was {envelope.method[:METHOD_SHOWN]!r}"
        name = envelope.method[:METHOD_SHOWN]
        raise CommandRefused(Error.UNKNOWN_METHOD, fact, method=name, id=envelope.id)
    try:
        return ReceivedCommand(envelope.method, envelope.id, decode(envelope.params))
    except (msgspec.MsgspecError, RecursionError) as error:
        fact = str(error)[:200]
        raise CommandRefused(
            Error.BAD_PARAMETERS, fact, method=envelope.method, id=envelope.id
        ) from None


def notice_id_of(since: str | None) -> int | None:
    """Read the id of a notification, or return None; junk is answered with all, and a gap."""
    is_id = since is not None and since.isascii() and since.isdecimal() and len(since) < 19
    return int(since) if since is not None and is_id else None


def encode_success(received: ReceivedCommand, result: dict[str, Any] | None = None) -> str:
    """Return the frame that confirms a command."""
    method = "pong" if isinstance(received.command, Ping) else received.method
    frame = {"method": method, "success": True, "result": result or {}, "id": received.id}
    return _encode(frame).decode()


def encode_refusal(refused: CommandRefused) -> str:
    """Return the frame that says why a command was refused."""
    error = error_object(Error(refused.code), str(refused))
    frame = {"method": refused.method, "success": False, "error": error, "id": refused.id}
    return _encode(frame).decode()
