"""The query string of a stream or a poll, as the commands that a WebSocket would send.

Pure. Must not know what a command does.
"""

from collections.abc import Iterator
from typing import Annotated, Final
from urllib.parse import parse_qs

import msgspec

from dashboard.exceptions import CommandRefused
from dashboard.wire.commands import Rate, Subscribe
from dashboard.wire.registry import DEFAULT_INTERVAL, EVERYTHING, WAIT_S, Channel, Error

Wait = Annotated[float, msgspec.Meta(ge=0, le=WAIT_S)]

MARKET: Final = (Channel.STATUS, Channel.TICKER, Channel.TRADES, Channel.BARS, Channel.DEPTH)
DEFAULT: Final = (Channel.STATUS, Channel.TICKER, Channel.NOTIFICATIONS, Channel.WATCHLIST)
NAMES: Final = frozenset(
    {"channels", "symbols", "fields", "max_rate", "since", "wait", "notifications_since", "unread"}
    | {"watchlist", "lists", "bars", "depth", "interval", "corrections"}
    | {f"{channel.value}_since" for channel in MARKET}
)
FIELD_LIMIT: Final = 24
"""Most fields of a query: room for every name, and no more work than that for a stranger."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """The subscriptions that a request asks for, and how long it may wait for news (seconds)."""

    subscribes: tuple[Subscribe, ...]
    wait_s: float


def read_question(query: bytes, *, last_event_id: str | None = None) -> Question:
    """Read a query string; `last_event_id` replaces every `since`: it is how browsers resume.

    Raises:
        CommandRefused: it cannot be read, or a value is of the wrong type or out of range.
    """
    try:
        read = parse_qs(query.decode("ascii"), keep_blank_values=True, max_num_fields=FIELD_LIMIT)
        fields = {name: values[-1] for name, values in read.items() if name in NAMES}
        if last_event_id is not None:
            fields["since"] = last_event_id
            for channel in MARKET:
                fields.pop(f"{channel.value}_since", None)
        return Question(subscribes=tuple(_subscribes(fields)), wait_s=_wait_s(fields))
    except (ValueError, msgspec.ValidationError) as error:
        fact = str(error) if isinstance(error, msgspec.ValidationError) else _UNREADABLE
        raise CommandRefused(Error.BAD_PARAMETERS, fact, method="subscribe") from None


def is_patient(query: bytes) -> bool:
    """Say whether a poll waits for news; a query that is wrong does not."""
    try:
        return read_question(query).wait_s > 0
    except CommandRefused:
        return False


_UNREADABLE: Final = "the query cannot be read"


def _subscribes(fields: dict[str, str]) -> Iterator[Subscribe]:
    channels = _listed(fields["channels"]) if "channels" in fields else DEFAULT
    since = fields.get("since")
    for name in dict.fromkeys(channels):
        match name:
            case Channel.NOTIFICATIONS:
                unread = _number(fields.get("unread"))
                yield Subscribe(name, since=fields.get("notifications_since"), unread=unread)
            case Channel.WATCHLIST:
                known = fields.get("watchlist")
                symbols = None if known is None else _listed(known)
                yield Subscribe(name, symbols=symbols, lists=fields.get("lists"))
            case Channel.TICKER | Channel.TRADES:
                if symbols := tuple(dict.fromkeys(_listed(fields.get("symbols", "")))):
                    yield _priced(name, symbols, fields)
            case Channel.BARS:
                yield from _barred(fields)
            case Channel.DEPTH:
                if names := _listed(fields.get("depth", fields.get("symbols", ""))):
                    since_there = fields.get("depth_since", since)
                    yield Subscribe(name, symbols=names, since=since_there)
            case _:
                yield Subscribe(name, since=fields.get(f"{name}_since", since))


def _priced(name: str, symbols: tuple[str, ...], fields: dict[str, str]) -> Subscribe:
    wanted = fields.get("fields") if name == Channel.TICKER else None
    max_rate = fields.get("max_rate")
    return Subscribe(
        name,
        symbols=(EVERYTHING,) if EVERYTHING in symbols else symbols,
        fields=None if wanted is None else _listed(wanted),
        max_rate=None if max_rate is None else msgspec.convert(float(max_rate), Rate),
        since=fields.get(f"{name}_since", fields.get("since")),
        corrections=_asks_for_corrections(fields),
    )


def _asks_for_corrections(fields: dict[str, str]) -> bool:
    return fields.get("corrections") == "1"


def _barred(fields: dict[str, str]) -> Iterator[Subscribe]:
    if names := _listed(fields.get("bars", fields.get("symbols", ""))):
        since = fields.get("bars_since", fields.get("since"))
        interval = fields.get("interval", DEFAULT_INTERVAL)
        asks = _asks_for_corrections(fields)
        yield Subscribe(
            Channel.BARS, symbols=names, since=since, interval=interval, corrections=asks
        )


def _wait_s(fields: dict[str, str]) -> float:
    return msgspec.convert(float(fields.get("wait", "0")), Wait)


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdecimal() else None


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(",") if part)
