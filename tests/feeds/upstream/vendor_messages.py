"""Messages as Alpaca spells them, and in words what becomes of each here."""

import json
from typing import Any, Final, NamedTuple

from feeds.market.events import (
    MOVES_FIRST,
    MOVES_LAST,
    MOVES_RANGE,
    MOVES_VOLUME,
    FeedState,
    PriceBand,
    Quote,
    ReportedTrade,
    Status,
)
from feeds.plan.plans import FeedKind, FeedPlan
from feeds.sessions.ledger import TradeChange
from feeds.upstream.protocol import (
    UpstreamError,
    UpstreamSubscription,
    UpstreamSuccess,
    parse_message,
)
from feeds.upstream.source import UpstreamSource
from tests.support.market_script import NOW, definition

MOVES: Final = {
    MOVES_LAST: "last price",
    MOVES_FIRST: "first price",
    MOVES_RANGE: "high and low",
    MOVES_VOLUME: "volume",
}


PLAN: Final = FeedPlan(
    feed="live", name="Live", state=FeedState.RUNNING, rate=1.0, seed=1,
    definitions=(definition("NVX"),), kind=FeedKind.UPSTREAM,
)  # fmt: skip
AT: Final = "2026-09-21T14:13:20Z"
"""NOW."""


class Case(NamedTuple):
    """Where a message comes from, how it is spelled, and its fields beside symbol and time."""

    name: str
    spelling: str
    fields: dict[str, Any]


_TRADE: Final = {"T": "t", "i": 9, "x": "V", "p": 126.55, "s": 100, "c": ["@"], "z": "C"}
_QUOTE: Final = {"T": "q", "bx": "V", "bp": 1.01, "bs": 1, "ax": "V", "ap": 1.03, "as": 4}
_FIX: Final = {"T": "c", "x": "V", "z": "C", "oi": 9, "op": 1.5, "os": 1, "ci": 9, "cp": 2, "cs": 3}
_STATUS: Final = {"T": "s", "sc": "T", "sm": "Trading Resumption", "rc": "", "rm": ""}
CASES: Final = [
    Case("IEX (v2/iex)", "a trade", _TRADE),
    Case("SIP (v2/sip)", "a trade, `c` of tape C: `@`, `I` (odd lot)", _TRADE | {"c": ["@", "I"]}),
    Case("SIP", "`c` of tape C: `@`, `T` (extended hours)", _TRADE | {"c": ["@", "T"]}),
    Case("SIP", "`c` of tape C: `@`, `Z` (sold out of sequence)", _TRADE | {"c": ["@", "Z"]}),
    Case("SIP", "`c` of tape C: `M` (official close)", _TRADE | {"c": ["M"]}),
    Case("SIP", "`c` of tape C: `9` (corrected close)", _TRADE | {"c": ["9"]}),
    Case("SIP", "`c` of tape A: a blank, `4`", _TRADE | {"c": [" ", "4"], "z": "A"}),
    Case("SIP", "`c` of tape A: `B` (average price)", _TRADE | {"c": ["B"], "z": "A"}),
    Case("SIP", "`c` of tape C: `B` (bunched)", _TRADE | {"c": ["B"]}),
    Case("SIP", "a condition that is not known", _TRADE | {"c": ["@", "~"]}),
    Case("any", "no conditions, no tape", {k: v for k, v in _TRADE.items() if k not in "cz"}),
    Case(
        "crypto (v1beta3)",
        "a trade with `tks`, no venue",
        {"T": "t", "i": 9, "p": 126.55, "s": 2, "tks": "S"},
    ),
    Case("any", "a price as a text", _TRADE | {"p": "126.55"}),
    Case("any", "size 0", _TRADE | {"s": 0}),
    Case("any", "a quote", _QUOTE),
    Case("any", "a locked quote", _QUOTE | {"ap": 1.01}),
    Case("any", "a quote without bids", _QUOTE | {"bp": 0, "bs": 0}),
    Case("any", "a crossed quote", _QUOTE | {"ap": 1.0}),
    Case("any", "a correction (`c`)", _FIX),
    Case(
        "any",
        "a cancel (`x`, action `C`)",
        {"T": "x", "i": 9, "x": "V", "p": 1.5, "s": 1, "a": "C"},
    ),
    Case(
        "any",
        "an error (`x`, action `E`)",
        {"T": "x", "i": 9, "x": "V", "p": 1.5, "s": 1, "a": "E"},
    ),
    Case("any", "a price band (`l`)", {"T": "l", "u": 2.0, "d": 1.0, "i": "B", "z": "C"}),
    Case("SIP, tape C", "status `H`", _STATUS | {"sc": "H"}),
    Case("SIP, tape C", "status `P` (volatility pause)", _STATUS | {"sc": "P"}),
    Case("SIP, tape C", "status `Q` (quoting)", _STATUS | {"sc": "Q"}),
    Case("SIP, tape C", "status `T`", _STATUS),
    Case("SIP, tape A", "status `2` (halt)", _STATUS | {"sc": "2"}),
    Case("SIP, tape A", "status `3` (resume)", _STATUS | {"sc": "3"}),
    Case("SIP, tape A", "status `A` (restricted short sales)", _STATUS | {"sc": "A"}),
    Case(
        "any", "a bar (`b`), a day so far (`d`)", {"T": "b", "o": 1, "h": 1, "l": 1, "c": 1, "v": 1}
    ),
    Case("any", "news, order imbalances (`n`, `i`)", {"T": "i"}),
    Case("any", "`success`", {"T": "success", "msg": "authenticated"}),
    Case("any", "`error` 405", {"T": "error", "code": 405, "msg": "symbol limit exceeded"}),
    Case("any", "`subscription`", {"T": "subscription", "trades": ["NVX"], "quotes": []}),
]


def effect_of(case: Case) -> str:
    """Return in words what becomes of a message."""
    source = UpstreamSource()
    source.plan(PLAN)
    parsed = parse_message(json.dumps([{"S": "NVX", "t": AT} | case.fields]))
    if parsed.bad:
        return "cannot be read: counted and dropped"
    if not parsed.entries:
        return "passed over"
    [entry] = parsed.entries
    match entry:
        case UpstreamSuccess() | UpstreamSubscription():
            return "part of the handshake"
        case UpstreamError():
            return "a refusal: shown, and not tried again"
    source.receive(entry, NOW)
    drawn = [_effect(event) for event in source.draw(NOW)]
    return "; ".join(drawn) or ("counted and dropped" if source.bad else "passed over")


def _effect(event: object) -> str:
    match event:
        case ReportedTrade(bar=bar, day=day):
            return f"a trade; bars: {_moved(bar)}; the day: {_moved(day)}"
        case TradeChange(corrected=None):
            return "cancels the trade"
        case TradeChange():
            return "corrects the trade"
        case Quote(bid_ticks=bid, ask_ticks=ask):
            return "a quote of one side" if not bid or not ask else "a quote"
        case PriceBand():
            return "the price band"
        case Status(phase=phase):
            return f"phase {phase}"
    return type(event).__name__


def _moved(moves: int) -> str:
    return ", ".join(name for move, name in MOVES.items() if moves & move) or "nothing"
