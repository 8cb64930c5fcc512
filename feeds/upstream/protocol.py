"""What an upstream says, read: arrays of small objects, as Alpaca's market data has them.

Pure. Must not know connections or instruments.
https://docs.alpaca.markets/docs/real-time-stock-pricing-data
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

from feeds.market.events import Phase


class Said(msgspec.Struct, frozen=True, tag_field="T"):
    """Anything an upstream says."""


class Success(Said, frozen=True, tag="success"):
    """A step of the greeting: `connected`, then `authenticated`."""

    msg: str


class Refusal(Said, frozen=True, tag="error"):
    """Something was not taken."""

    code: int
    msg: str = ""


class Subscribed(Said, frozen=True, tag="subscription"):
    """What comes from now on."""

    trades: list[str] = []
    quotes: list[str] = []


class SaidTrade(Said, frozen=True, tag="t", rename={"symbol": "S", "price": "p", "size": "s"}):
    """An execution; `tks` is the taker's side where it is told."""

    symbol: str
    price: Decimal
    size: Decimal
    t: str
    tks: str = ""


class SaidQuote(
    Said,
    frozen=True,
    tag="q",
    rename={"symbol": "S", "bid": "bp", "bid_size": "bs", "ask": "ap", "ask_size": "as"},
):
    """The best bid and ask."""

    symbol: str
    bid: Decimal
    bid_size: Decimal
    ask: Decimal
    ask_size: Decimal
    t: str


class SaidStatus(
    Said,
    frozen=True,
    tag="s",
    rename={"symbol": "S", "code": "sc", "message": "sm", "reason": "rm"},
):
    """A change of what an instrument may do."""

    symbol: str
    code: str
    t: str
    message: str = ""
    reason: str = ""


class _Kind(msgspec.Struct, frozen=True):
    kind: str = msgspec.field(name="T")


Market = SaidTrade | SaidQuote | SaidStatus
Greeting = Success | Refusal | Subscribed
PHASES: Final = {
    **dict.fromkeys(("H", "P", "2"), Phase.HALTED),
    **dict.fromkeys(("T", "Q", "3"), Phase.OPEN),
}
"""Trading statuses of both tapes: halted, paused; trading again, or quoting before it."""
UNAUTHORISED: Final = frozenset({401, 402, 409, 410})
"""Codes that another try with the same settings cannot mend."""

_arrays: Final = msgspec.json.Decoder(list[msgspec.Raw])
_kinds: Final = msgspec.json.Decoder(_Kind)
_shapes: Final[dict[str, msgspec.json.Decoder[Any]]] = {
    str(shape.__struct_config__.tag): msgspec.json.Decoder(shape)
    for shape in (Success, Refusal, Subscribed, SaidTrade, SaidQuote, SaidStatus)
}


class Heard(msgspec.Struct):
    """One message, read: what it says, and how many of its entries cannot be read."""

    entries: list[Market | Greeting]
    bad: int = 0


def read(content: str | bytes) -> Heard:
    """Read a message; entries of kinds that we do not ask for are passed over."""
    try:
        parts = _arrays.decode(content)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return Heard([], bad=1)
    heard = Heard([])
    for part in parts:
        try:
            shape = _shapes.get(_kinds.decode(part).kind)
            if shape is not None:
                heard.entries.append(shape.decode(part))
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            heard.bad += 1
    return heard


def authentication(key: str, secret: str) -> bytes:
    """Return the message that signs in."""
    return msgspec.json.encode({"action": "auth", "key": key, "secret": secret})


def subscription(symbols: Sequence[str], *, action: str = "subscribe") -> bytes:
    """Return the message that asks for trades, quotes and statuses of symbols, or for no more."""
    names = list(symbols)
    wish = {"action": action, "trades": names, "quotes": names, "statuses": names}
    return msgspec.json.encode(wish)
