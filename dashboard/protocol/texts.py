"""What each channel, transport, command, parameter and status is for, in a sentence.

Pure. Must not know pages. The names are those of the registry, the commands and the query; tests
find a name that is missing here, or left over.
"""

from typing import Final

import msgspec

from dashboard.wire.registry import (
    BAR_LIMIT,
    DEFAULT_RATE,
    DEPTH_LIMIT,
    LEVELS,
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
    """What a channel tells, how it is delivered, and what its `since` is."""

    what: str
    delivery: str
    since: str


CHANNEL_TEXT: Final[dict[Channel, ChannelText]] = {
    Channel.TICKER: ChannelText(
        "last price, bid, ask and the other values of each symbol",
        "merged: the newest values per symbol, at your pace, with receipts",
        "epoch:seq",
    ),
    Channel.TRADES: ChannelText(
        "every trade of the symbols",
        f"never merged; starts with the newest {RECENT_TRADES}",
        "epoch:seq",
    ),
    Channel.BARS: ChannelText(
        "open, high, low, close and volume per interval",
        f"the live bar merges, closed bars never; starts with the newest {RECENT_BARS}",
        "epoch:seq",
    ),
    Channel.DEPTH: ChannelText(
        f"the {LEVELS} best bids and asks of each symbol, with their sizes",
        "merged: each book that changed, whole, at your pace",
        "epoch:seq",
    ),
    Channel.STATUS: ChannelText(
        "feeds and instruments: names, states, phases, reasons, trading day",
        "never merged",
        "epoch:seq",
    ),
    Channel.NOTIFICATIONS: ChannelText(
        "what admins sent you", "never merged; may repeat, so compare ids", "the last id"
    ),
    Channel.WATCHLIST: ChannelText("your lists of symbols, in your order", "always complete", ""),
    Channel.DECK: ChannelText(
        "for operators: feeds, this process, and who is connected",
        "always complete, about once a second; a newer frame replaces one that waits",
        "",
    ),
}

TRANSPORT_TEXT: Final[dict[Transport, tuple[str, str]]] = {
    Transport.WEBSOCKET: ("/ws/v1/", "one connection, commands at any time; the fastest"),
    Transport.SSE: ("/sse/v1/?…", "one request, then frames as server-sent events"),
    Transport.LONGPOLL: (
        "/poll/v1/?…&wait=25",
        "answers at the first change, or with 304 after `wait` seconds",
    ),
    Transport.POLL: ("/poll/v1/?…", "answers at once; with 304 when nothing changed"),
}
"""The address of each transport, and what it is like."""

METHOD_TEXT: Final = {
    "subscribe": "Subscribe to a channel. A snapshot follows, or what you missed since `since`.",
    "unsubscribe": "Unsubscribe from a channel, or from some of its symbols.",
    "set": "Change the pace, pause, or continue; while paused, prices merge.",
    "ack": "Tell which position you painted. From then on, frames come no faster than you paint.",
    "ping": "Check the connection, and ask for the server's clock.",
}

PARAMETER_TEXT: Final[dict[str, dict[str, str]]] = {
    "subscribe": {
        "channel": "one of the channels",
        "symbols": f"ticker and trades: up to {SYMBOL_LIMIT}, or `*`; bars: up to {BAR_LIMIT}; "
        f"depth: up to {DEPTH_LIMIT}; watchlist: the first list as you have it",
        "fields": "ticker: the keys of an entry that you want; all when absent",
        "max_rate": f"most frames per second, {MIN_RATE:g} to {MAX_RATE:g}; "
        f"{DEFAULT_RATE:g} when absent",
        "since": "your position: `epoch:seq`, or the id of your last notification",
        "unread": "notifications: how many unread ones you know of",
        "interval": f"bars: {', '.join(INTERVALS)}; a symbol may name its own, as in `NVX@5m`",
        "corrections": "trades, bars: true also sends corrections of earlier ones",
        "lists": "watchlist: the `version` of the lists that you have",
    },
    "unsubscribe": {
        "channel": "one of the channels",
        "symbols": "only these; all when absent",
        "interval": "bars: the interval of symbols that name none",
    },
    "set": {
        "max_rate": f"most frames per second, {MIN_RATE:g} to {MAX_RATE:g}",
        "paused": "true holds prices back, false continues",
    },
    "ack": {
        "position": "`epoch:seq` of what you painted",
        "paint_ms": "how long painting a frame took; ms",
    },
    "ping": {},
}

QUERY_TEXT: Final[dict[str, str]] = {
    "symbols": f"`NVX,ORB` or `*`: symbols of ticker and trades, up to {SYMBOL_LIMIT}",
    "channels": "`ticker,status`: the channels you want; all but trades, bars, depth and deck when "
    "absent",
    "bars": f"`NVX@1m,ORB@5m`: symbols of bars, up to {BAR_LIMIT}; `symbols` when absent",
    "depth": f"`NVX,ORB`: symbols of depth, up to {DEPTH_LIMIT}; `symbols` when absent",
    "interval": "the interval of bars that name none",
    "corrections": "`1`: trades and bars also bring corrections of earlier ones",
    "fields": "`p,b,a`: the keys of a ticker entry that you want; all when absent",
    "max_rate": "server-sent events: most frames per second",
    "since": "your position in ticker, trades, bars, depth and status: the last answer's "
    "`position`",
    "ticker_since": "the same for ticker alone",
    "trades_since": "the same for trades alone",
    "bars_since": "the same for bars alone",
    "depth_since": "the same for depth alone",
    "status_since": "the same for status alone",
    "notifications_since": "the id of your last notification",
    "unread": "how many unread notifications you know of",
    "watchlist": "`NVX,ORB`: your first watchlist as you have it",
    "lists": "the `version` of the watchlists that you have",
    "wait": f"poll: how long to wait for a change, up to {WAIT_S:g} seconds",
}
"""The parameters in the address of a stream or a poll."""

STATUS_TEXT: Final[dict[int, str]] = {
    200: "frames",
    304: "nothing changed",
    400: "the query is wrong; the error says why",
    401: "no valid session or token",
    403: "the request came from a page of another site, or the token does not have the scope",
    405: "only GET is allowed",
    429: "too many requests; try again after `Retry-After` seconds",
    503: "the server is full or restarts; try again after `Retry-After` seconds",
}
