"""What subscribers ask: text frames to typed commands, and the answers to them.

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
from feeds.exceptions import InvalidPosition
from feeds.market.events import Position

CommandId = int | Annotated[str, msgspec.Meta(max_length=64)] | None
Rate = Annotated[float, msgspec.Meta(ge=MIN_RATE, le=MAX_RATE)]


class Subscribe(msgspec.Struct, frozen=True):
    """Want a channel; `since` is a position of the tape, or the last notification's id.

    Bars are of an `interval`; a symbol may name its own, as in NVX@5m. `fields` are the keys of a
    ticker entry that are wanted, all when absent. A reader that knows the watchlist (`symbols`) or
    how many notifications are `unread` is told only of a change.
    """

    channel: str
    symbols: tuple[str, ...] | None = None
    fields: tuple[str, ...] | None = None
    max_rate: Rate | None = None
    since: str | None = None
    unread: int | None = None
    interval: str = DEFAULT_INTERVAL


class Unsubscribe(msgspec.Struct, frozen=True):
    """Want a channel, or some of its symbols, no more."""

    channel: str
    symbols: tuple[str, ...] = ()
    interval: str = DEFAULT_INTERVAL


class Set(msgspec.Struct, frozen=True):
    """Change the pace (updates per second), or pause and go on."""

    max_rate: Rate | None = None
    paused: bool | None = None


class Ack(msgspec.Struct, frozen=True):
    """Say which position was painted, and how long painting kept the page busy."""

    position: str
    paint_ms: Annotated[float, msgspec.Meta(ge=0, le=60_000)] = 0.0


class Ping(msgspec.Struct, frozen=True):
    """Ask for a sign of life."""


Command = Subscribe | Unsubscribe | Set | Ack | Ping
METHODS: Final[dict[str, type[Command]]] = {
    "subscribe": Subscribe,
    "unsubscribe": Unsubscribe,
    "set": Set,
    "ack": Ack,
    "ping": Ping,
}


METHOD_SHOWN: Final = 32
"""Characters of a method nobody knows that its refusal repeats."""


class Envelope(msgspec.Struct, frozen=True):
    """The outside of a command, before its parameters are looked at."""

    method: str
    params: msgspec.Raw = msgspec.Raw(b"{}")
    id: CommandId = None


class Answer(msgspec.Struct, frozen=True):
    """A command as received: its name and id, to be answered with, and what it asks."""

    method: str
    id: CommandId
    command: Command


_decode_envelope = msgspec.json.Decoder(Envelope).decode
_decoders = {name: msgspec.json.Decoder(kind).decode for name, kind in METHODS.items()}
_encode = msgspec.json.encode


def decode_command(text: str) -> Answer:
    """Read one command.

    Raises:
        CommandRefused: not JSON, an unknown method, or parameters of the wrong shape.
    """
    try:
        envelope = _decode_envelope(text)
    except msgspec.ValidationError as error:
        raise CommandRefused(Error.BAD_PARAMETERS, str(error)) from None
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        raise CommandRefused(Error.BAD_FRAME, ERROR_TEXT[Error.BAD_FRAME][0]) from None
    decode = _decoders.get(envelope.method)
    if decode is None:
        fact = f"method was {envelope.method[:METHOD_SHOWN]!r}"
        name = envelope.method[:METHOD_SHOWN]
        raise CommandRefused(Error.UNKNOWN_METHOD, fact, method=name, id=envelope.id)
    try:
        return Answer(envelope.method, envelope.id, decode(envelope.params))
    except (msgspec.MsgspecError, RecursionError) as error:
        fact = str(error)[:200]
        raise CommandRefused(
            Error.BAD_PARAMETERS, fact, method=envelope.method, id=envelope.id
        ) from None


def position_of(since: str | None) -> Position | None:
    """Read a position; junk is a lost position, and is answered with a snapshot."""
    try:
        return None if since is None else Position.parse(since)
    except InvalidPosition:
        return None


def notice_id_of(since: str | None) -> int | None:
    """Read the id of a notification; junk is answered with all of them."""
    is_id = since is not None and since.isascii() and since.isdecimal() and len(since) < 19
    return int(since) if since is not None and is_id else None


def encode_success(answer: Answer, result: dict[str, Any] | None = None) -> str:
    """Return the frame that says a command was done."""
    method = "pong" if isinstance(answer.command, Ping) else answer.method
    frame = {"method": method, "success": True, "result": result or {}, "id": answer.id}
    return _encode(frame).decode()


def encode_refusal(refused: CommandRefused) -> str:
    """Return the frame that says why a command was not done."""
    error = error_object(Error(refused.code), str(refused))
    frame = {"method": refused.method, "success": False, "error": error, "id": refused.id}
    return _encode(frame).decode()
