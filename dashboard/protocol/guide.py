"""The words that explain the wire: what each channel, command and parameter is for.

Pure. Must not know pages. The names are those of registry, commands and questions; the tests hold
that none is missing and none is left over.
"""

from typing import Final

import msgspec

from dashboard.wire.registry import (
    BAR_LIMIT,
    DEFAULT_RATE,
    MAX_RATE,
    MIN_RATE,
    RECENT_BARS,
    RECENT_TRADES,
    SYMBOL_LIMIT,
    WAIT_S,
    Channel,
    Transport,
)
from feeds.market.bars import INTERVALS


class ChannelText(msgspec.Struct, frozen=True):
    """What a channel tells, how it is delivered, and what `since` means in it."""

    what: str
    delivery: str
    since: str


CHANNEL_TEXT: Final[dict[Channel, ChannelText]] = {
    Channel.TICKER: ChannelText(
        "last, bid, ask and the rest of each symbol",
        "merged: the newest values per symbol at your pace, with receipts",
        "epoch:seq",
    ),
    Channel.TRADES: ChannelText(
        "every trade of the symbols",
        f"never merged; begins with the newest {RECENT_TRADES}",
        "epoch:seq",
    ),
    Channel.BARS: ChannelText(
        "open, high, low, close and volume of intervals",
        f"the live bar merges, closed ones never; begins with the newest {RECENT_BARS}",
        "epoch:seq",
    ),
    Channel.STATUS: ChannelText(
        "feeds and instruments: names, states, phases, reasons, the day of the exchange",
        "never merged",
        "epoch:seq",
    ),
    Channel.NOTIFICATIONS: ChannelText(
        "what admins sent you", "never merged; at least once, tell them apart by id", "the last id"
    ),
    Channel.WATCHLIST: ChannelText("your symbols, in your order", "always whole", ""),
    Channel.DECK: ChannelText(
        "for operators: feeds, this process and who is connected",
        "always whole, about once a second; the newest replaces what waits",
        "",
    ),
}

TRANSPORT_TEXT: Final[dict[Transport, tuple[str, str]]] = {
    Transport.WEBSOCKET: ("/ws/v1/", "one socket, commands at any time; the fastest"),
    Transport.SSE: ("/sse/v1/?…", "one request, frames as server-sent events"),
    Transport.LONGPOLL: ("/poll/v1/?…&wait=25", "answers with the first news, or 304 after `wait`"),
    Transport.POLL: ("/poll/v1/?…", "answers at once; 304 when there is no news"),
}
"""The address of each transport, and what it is like."""

METHOD_TEXT: Final = {
    "subscribe": "Want a channel. What follows is a snapshot, or what you missed since `since`.",
    "unsubscribe": "Want a channel, or some of its symbols, no more.",
    "set": "Change the pace, or pause and go on; while paused, prices merge.",
    "ack": "Say what you painted. Who acks gets frames no faster than they are painted.",
    "ping": "Ask for a sign of life, and for the server's clock.",
}

PARAMETER_TEXT: Final[dict[str, dict[str, str]]] = {
    "subscribe": {
        "channel": "one of the channels",
        "symbols": f"ticker and trades: up to {SYMBOL_LIMIT}, or `*`; bars: up to {BAR_LIMIT}; "
        "watchlist: the one you know",
        "fields": "ticker: the keys you want; all when absent",
        "max_rate": f"at most so many frames per second, {MIN_RATE:g} to {MAX_RATE:g}; "
        f"{DEFAULT_RATE:g} when absent",
        "since": "where you are: `epoch:seq`, or the last id of notifications",
        "unread": "notifications: how many are unread as you know it",
        "interval": f"bars: {', '.join(INTERVALS)}; a symbol may name its own, as in `NVX@5m`",
    },
    "unsubscribe": {
        "channel": "one of the channels",
        "symbols": "these only; all of them when absent",
        "interval": "bars: that of the symbols which name none",
    },
    "set": {
        "max_rate": f"at most so many frames per second, {MIN_RATE:g} to {MAX_RATE:g}",
        "paused": "true holds prices back, false lets them go on",
    },
    "ack": {
        "position": "`epoch:seq` of what was painted",
        "paint_ms": "how long painting took; ms",
    },
    "ping": {},
}

QUERY_TEXT: Final[dict[str, str]] = {
    "symbols": f"NVX,ORB or `*`: of ticker and trades, up to {SYMBOL_LIMIT}",
    "channels": "ticker,status,… ; all but trades, bars and deck when absent",
    "bars": f"NVX@1m,ORB@5m: of bars, up to {BAR_LIMIT}; `symbols` when absent",
    "interval": "of the bars that name none",
    "fields": "p,b,a: the keys of ticker you want; all when absent",
    "max_rate": "SSE: at most so many frames per second",
    "since": "where you are in ticker, trades, bars and status: the `position` of the last answer",
    "ticker_since": "the same for ticker alone",
    "trades_since": "the same for trades alone",
    "bars_since": "the same for bars alone",
    "status_since": "the same for status alone",
    "notifications_since": "the last id you have",
    "unread": "how many are unread as you know it",
    "watchlist": "NVX,ORB: the watchlist as you know it",
    "wait": f"poll: wait up to so many seconds for news, at most {WAIT_S:g}",
}
"""What the address of a stream or a poll may say."""

STATUS_TEXT: Final[dict[int, str]] = {
    200: "frames",
    304: "no news",
    400: "the question cannot be answered; see the error",
    401: "no valid session or token",
    403: "asked by a foreign page",
    405: "only GET",
    429: "too many requests; come back after `Retry-After` seconds",
    503: "no place, or a restart; come back after `Retry-After` seconds",
}
