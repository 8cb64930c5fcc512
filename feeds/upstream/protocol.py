"""The messages of an upstream: arrays of small objects, in the format of Alpaca's market data.

Pure. Must not know connections or instruments.
https://docs.alpaca.markets/docs/real-time-stock-pricing-data
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

from feeds.market.events import Phase


class UpstreamMessage(msgspec.Struct, frozen=True, tag_field="T"):
    """Any entry of a message; `T` says of which kind it is.

    Fields with a default may be missing or null.
    """


class UpstreamSuccess(UpstreamMessage, frozen=True, tag="success"):
    """A step of the sign-in: `connected`, then `authenticated`."""

    msg: str


class UpstreamError(UpstreamMessage, frozen=True, tag="error"):
    """The upstream refused a request; `code` as in its documentation."""

    code: int
    msg: str | None = ""


class UpstreamSubscription(UpstreamMessage, frozen=True, tag="subscription"):
    """The symbols that are subscribed from now on."""

    trades: list[str] | None = []
    quotes: list[str] | None = []


class UpstreamTrade(
    UpstreamMessage,
    frozen=True,
    tag="t",
    rename={
        "symbol": "S", "price": "p", "size": "s", "number": "i", "venue": "x", "conditions": "c",
        "tape": "z",
    },
):  # fmt: skip
    """An execution; `tks` is the taker's side, B or S, where the upstream knows it."""

    symbol: str
    price: Decimal
    size: Decimal
    t: str
    tks: str | None = ""
    number: int | None = None
    venue: str | None = ""
    conditions: tuple[str, ...] | None = ()
    tape: str | None = ""


class UpstreamCorrection(
    UpstreamMessage,
    frozen=True,
    tag="c",
    rename={
        "symbol": "S", "venue": "x", "tape": "z",
        "former_number": "oi", "former_price": "op", "former_size": "os",
        "former_conditions": "oc", "number": "ci", "price": "cp", "size": "cs", "conditions": "cc",
    },
):  # fmt: skip
    """A trade that was sent before was wrong, and this is what is right."""

    symbol: str
    former_number: int
    former_price: Decimal
    former_size: Decimal
    number: int
    price: Decimal
    size: Decimal
    t: str
    venue: str | None = ""
    former_conditions: tuple[str, ...] | None = ()
    conditions: tuple[str, ...] | None = None
    tape: str | None = ""


class UpstreamCancel(
    UpstreamMessage,
    frozen=True,
    tag="x",
    rename={"symbol": "S", "venue": "x", "number": "i", "price": "p", "size": "s", "action": "a"},
):
    """A trade that was sent before is cancelled (`action` C), or was an error (E)."""

    symbol: str
    number: int
    price: Decimal
    size: Decimal
    t: str
    venue: str | None = ""
    action: str | None = "C"


class UpstreamBand(
    UpstreamMessage, frozen=True, tag="l", rename={"symbol": "S", "upper": "u", "lower": "d"}
):
    """The prices between which an instrument may trade (LULD)."""

    symbol: str
    upper: Decimal
    lower: Decimal
    t: str


class UpstreamQuote(
    UpstreamMessage,
    frozen=True,
    tag="q",
    rename={"symbol": "S", "bid": "bp", "bid_size": "bs", "ask": "ap", "ask_size": "as"},
):
    """The best bid and ask; a side without an order has price and size 0."""

    symbol: str
    bid: Decimal
    bid_size: Decimal
    ask: Decimal
    ask_size: Decimal
    t: str


class UpstreamStatus(
    UpstreamMessage,
    frozen=True,
    tag="s",
    rename={"symbol": "S", "code": "sc", "message": "sm", "reason": "rm"},
):
    """A change of the trading status of an instrument."""

    symbol: str
    code: str
    t: str
    message: str | None = ""
    reason: str | None = ""


class _Kind(msgspec.Struct, frozen=True):
    kind: str = msgspec.field(name="T")


MarketMessage = (
    UpstreamTrade
    | UpstreamQuote
    | UpstreamStatus
    | UpstreamCorrection
    | UpstreamCancel
    | UpstreamBand
)
ConnectionMessage = UpstreamSuccess | UpstreamError | UpstreamSubscription
PHASES: Final = {
    **dict.fromkeys(("H", "P", "2"), Phase.HALTED),
    **dict.fromkeys(("T", "3"), Phase.OPEN),
    "Q": Phase.AUCTION,
}
"""Phases by the status codes of all tapes: halted and paused; trading again; quoting before that.

The other codes (indications, imbalances, restrictions of short sales) change no phase.
"""
REFUSED: Final = frozenset({400, 401, 402, 403, 405, 409, 410})
"""Codes of errors that the same request would meet again: it is not made again by itself."""
REFUSED_REQUESTS: Final = frozenset({400, 405, 409, 410})
"""Refusals of one request: the subscriptions stay as they were before it.

A symbol in an invalid format (400), too many symbols, a plan without this, no such channel.
"""
NO_SUCH_CHANNELS: Final = frozenset({409, 410})
"""A stream, or the plan of the account, may lack some channels: that of coins has no statuses."""
TICKS: Final = ("trades", "quotes")
EVERYTHING: Final = (*TICKS, "statuses", "lulds")
"""The channels that are subscribed; corrections and cancels come with the trades."""
TOO_MANY_CONNECTIONS: Final = 406
"""Another session of the account may end, so this one is tried again, but rarely."""

_arrays: Final = msgspec.json.Decoder(list[msgspec.Raw])
_kinds: Final = msgspec.json.Decoder(_Kind)
_decoders: Final[dict[str, msgspec.json.Decoder[Any]]] = {
    str(kind.__struct_config__.tag): msgspec.json.Decoder(kind)
    for kind in (
        UpstreamSuccess,
        UpstreamError,
        UpstreamSubscription,
        UpstreamTrade,
        UpstreamQuote,
        UpstreamStatus,
        UpstreamCorrection,
        UpstreamCancel,
        UpstreamBand,
    )
}


class ParsedMessage(msgspec.Struct):
    """The entries of one message, and the number of those that cannot be read."""

    entries: list[MarketMessage | ConnectionMessage]
    bad: int = 0


def parse_message(content: str | bytes) -> ParsedMessage:
    """Parse a message; entries of unknown kinds are skipped, unreadable ones are counted."""
    try:
        parts = _arrays.decode(content)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return ParsedMessage([], bad=1)
    # Entry by entry, not with one decoder for all: a broken entry must not cost the others.
    parsed = ParsedMessage([])
    for part in parts:
        try:
            decoder = _decoders.get(_kinds.decode(part).kind)
            if decoder is not None:
                parsed.entries.append(decoder.decode(part))
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            parsed.bad += 1
    return parsed


def authentication(key: str, secret: str) -> bytes:
    """Return the message that signs in."""
    return msgspec.json.encode({"action": "auth", "key": key, "secret": secret})


def subscription(
    symbols: Sequence[str], channels: Sequence[str] = EVERYTHING, *, action: str = "subscribe"
) -> bytes:
    """Return the message that subscribes to channels of symbols, or unsubscribes."""
    names = list(symbols)
    request = {"action": action, **dict.fromkeys(channels, names)}
    return msgspec.json.encode(request)
