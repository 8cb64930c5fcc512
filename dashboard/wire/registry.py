"""The numbers and names of the wire: channels, limits, errors and close codes, each once.

Pure. Tests compare the tables of the docs and the constants of the browser with this module.
"""

from enum import IntEnum, StrEnum
from typing import Any, Final

VERSION: Final = 1
MESSAGE_BYTES: Final = 65_536
"""Largest command: five times what 500 symbols of 24 characters need."""
SYMBOL_LIMIT: Final = 500
"""Symbols that one reader may name; `*` is not counted."""
SNAPSHOT_ENTRIES: Final = 500
"""Entries of one snapshot frame: about 80 KB, far below any server's frame limit."""
MIN_RATE: Final = 0.2
MAX_RATE: Final = 20.0
DEFAULT_RATE: Final = 10.0
EVERYTHING: Final = "*"
FIELDS: Final = ("p", "b", "a", "bs", "as", "o", "h", "l", "pc", "v", "ph")
"""Keys of a ticker entry that a reader can choose; `ms` and `n` come without being chosen."""
TRADE_ENTRIES: Final = 500
"""Most trades of one frame; the rest follows at once."""
RECENT_TRADES: Final = 50
"""Trades that a reader without a position gets first."""
RECENT_BARS: Final = 60
"""Bars per symbol and interval that a reader without a position gets first, the live one last;
`/api/v1/bars` has older ones."""
BAR_LIMIT: Final = 100
"""Pairs of a symbol and an interval that one reader may name: a few dozen charts."""
LEVELS: Final = 5
"""Levels of each side of a book."""
DEPTH_LIMIT: Final = 100
"""Books that one reader may name: each is read by itself, so they are not for whole markets."""
DEFAULT_INTERVAL: Final = "1m"
WAIT_S: Final = 30.0
"""Longest wait of a long-poll: many proxies give up after 60 s."""
RESTART_MS: Final = 1500
"""Readers reconnect this long after a restart; browsers add a random delay."""


class Transport(StrEnum):
    """How frames reach a reader, the best first."""

    WEBSOCKET = "websocket"
    SSE = "sse"
    LONGPOLL = "longpoll"
    POLL = "poll"


class Channel(StrEnum):
    """What a reader can subscribe to."""

    TICKER = "ticker"
    TRADES = "trades"
    BARS = "bars"
    DEPTH = "depth"
    STATUS = "status"
    NOTIFICATIONS = "notifications"
    WATCHLIST = "watchlist"
    DECK = "deck"


class Error(IntEnum):
    """Why a command or a request was refused; frames say the name in lower case."""

    BAD_FRAME = 400
    UNKNOWN_METHOD = 402
    UNKNOWN_CHANNEL = 403
    BAD_PARAMETERS = 404
    TOO_MANY_SYMBOLS = 405
    SIGNED_OUT = 401
    FORBIDDEN = 409
    TOO_MANY_COMMANDS = 429
    UNAVAILABLE = 503


class Close(IntEnum):
    """Why the server ended a connection; the close code of a WebSocket."""

    # Servers send 1009 by themselves. The codes from 4000 on are ours (RFC 6455, 7.4.2): Daphne
    # refuses to send any other but 1000.
    TOO_BIG = 1009
    BAD_FRAME = 4400
    SIGNED_OUT = 4401
    FORBIDDEN = 4403
    TOO_SLOW = 4408
    ACCESS_CHANGED = 4409
    DISCONNECTED = 4410
    TOO_MANY = 4429
    RESTART = 4503


CLOSE_TEXT: Final[dict[Close, tuple[str, bool]]] = {
    Close.TOO_BIG: ("a message was larger than 65,536 bytes", False),
    Close.BAD_FRAME: ("too many messages were not commands", False),
    Close.SIGNED_OUT: ("signed out, expired or deactivated", False),
    Close.FORBIDDEN: ("not permitted, or from a foreign origin", False),
    Close.TOO_SLOW: ("too slow: nothing accepted for too long, or too many answers unread", True),
    Close.ACCESS_CHANGED: ("your access has changed", True),
    Close.DISCONNECTED: ("disconnected by an operator", False),
    Close.TOO_MANY: ("too many commands or connections", True),
    Close.RESTART: ("the server restarts", True),
}
"""The meaning of each close code, and whether reconnecting can help."""

ERROR_TEXT: Final[dict[Error, tuple[str, bool]]] = {
    Error.BAD_FRAME: ("not a JSON object in a text frame", False),
    Error.SIGNED_OUT: ("no valid session or token", False),
    Error.UNKNOWN_METHOD: ("no such method", False),
    Error.UNKNOWN_CHANNEL: ("no such channel", False),
    Error.BAD_PARAMETERS: ("a parameter is missing, of the wrong type or out of range", False),
    Error.TOO_MANY_SYMBOLS: ("more symbols than the limit", False),
    Error.FORBIDDEN: ("a foreign origin, or not permitted", False),
    Error.TOO_MANY_COMMANDS: ("more commands than the limit", True),
    Error.UNAVAILABLE: ("the market has not begun, or the server is full", True),
}
"""The meaning of each error, and whether the same command may work later."""


def error_object(code: Error, message: str) -> dict[str, Any]:
    """Return an error as frames and HTTP bodies hold it."""
    retry = ERROR_TEXT[code][1]
    return {"code": int(code), "name": code.name.lower(), "message": message, "retry": retry}
