"""One example of each frame, answer and command; the server's own encoders write the frames.

Pure. Nothing is written by hand: the frames tell of a market of one instrument and seven events.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

import msgspec

from dashboard.exceptions import CommandRefused
from dashboard.wire.commands import decode_command, encode_refusal, encode_success
from dashboard.wire.frames import (
    encode_bar,
    encode_book,
    encode_end,
    encode_entry,
    encode_feed,
    encode_heartbeat,
    encode_instrument,
    encode_pace,
    encode_row,
    encode_shutdown,
    encode_snapshot,
    encode_status,
    encode_trade,
    encode_update,
    encode_welcome,
)
from dashboard.wire.personal import (
    NamedList,
    Notice,
    Section,
    encode_notices,
    encode_watchlist,
)
from dashboard.wire.registry import RESTART_MS, Channel, Error, Transport, error_object
from dashboard.wire.schemas.deck import DeckFeed, DeckPerson, DeckProcess, encode_deck
from feeds.market.bars import MINUTE
from feeds.market.board import Board
from feeds.market.events import (
    Event,
    FeedState,
    FeedStatus,
    Listing,
    Phase,
    Quote,
    Side,
    Status,
    Trade,
)
from feeds.market.instruments import Definition

Said = dict[str, Any]
EPOCH: Final = "9f86d081"
TS: Final = 1_790_000_000_000

COMMANDS: Final[dict[str, tuple[Said, ...]]] = {
    "subscribe": (
        {
            "method": "subscribe",
            "params": {
                "channel": "ticker",
                "symbols": ["*"],
                "fields": ["p", "b", "a"],
                "max_rate": 2,
            },
            "id": 1,
        },
        {"method": "subscribe", "params": {"channel": "trades", "symbols": ["*"]}, "id": 2},
        {
            "method": "subscribe",
            "params": {"channel": "bars", "symbols": ["NVX"], "interval": "1m"},
            "id": 3,
        },
        {
            "method": "subscribe",
            "params": {"channel": "depth", "symbols": ["NVX"]},
            "id": 13,
        },
        {"method": "subscribe", "params": {"channel": "status"}, "id": 4},
        {"method": "subscribe", "params": {"channel": "notifications"}, "id": 5},
        {"method": "subscribe", "params": {"channel": "watchlist"}, "id": 6},
    ),
    "unsubscribe": (
        {"method": "unsubscribe", "params": {"channel": "ticker", "symbols": ["*"]}, "id": 7},
    ),
    "set": (
        {"method": "set", "params": {"max_rate": 0.5}, "id": 8},
        {"method": "set", "params": {"paused": True}, "id": 9},
        {"method": "set", "params": {"paused": False}, "id": 10},
    ),
    "ack": ({"method": "ack", "params": {"position": f"{EPOCH}:7", "paint_ms": 3.2}, "id": 11},),
    "ping": ({"method": "ping", "id": 12},),
}
"""Commands that every server accepts, by method."""


def _market() -> Board:
    """Return the board of one instrument after seven events."""
    definition = Definition(
        symbol="NVX", name="Novexa Systems", sector="Technology",
        tick_size=Decimal("0.01"), reference_ticks=10_050,
    )  # fmt: skip
    board = Board()
    events: tuple[Event, ...] = (
        FeedStatus(
            "demo",
            "Demo Exchange",
            FeedState.RUNNING,
            200.0,
            "",
            TS - 900,
            exchange="NYSE",
            zone="America/New_York",
            day=1,
            exchange_ms=TS + 7_200_000,
            scale=13.6,
        ),
        Listing("demo", definition, TS - 900),
        Status("NVX", Phase.OPEN, "", TS - 800),
        Trade("NVX", 10_125, 100, Side.SELL, TS - 300),
        Quote("NVX", 10_126, 10_128, 300, 200, TS - 90),
        Quote("NVX", 10_126, 10_127, 300, 500, TS - 50),
        Trade("NVX", 10_127, 300, Side.BUY, TS - 37),
    )
    for sequence, event in enumerate(events, 1):
        board.apply(sequence, event)
    return board


_BOARD: Final = _market()
_ROW: Final = _BOARD.rows["NVX"]
_HALT: Final = Status("NVX", Phase.HALTED, "news pending", TS - 12)
_TRADE: Final = encode_trade(Trade("NVX", 10_127, 300, Side.BUY, TS - 37), _ROW, sequence=7).entry(
    TS
)
_STATUSES: Final = [encode_feed(_BOARD.feeds["demo"]), encode_instrument("NVX", _ROW)]
_NOTICE: Final = Notice(41, "Maintenance at 18:00", "Five minutes.", "info", TS - 5000, False)


def _bar(*, is_closed: bool) -> str:
    live = _BOARD.bars.symbols["NVX"].live(MINUTE)
    return encode_bar("NVX", MINUTE, live, _ROW, is_closed=is_closed) if live else ""


def _snapshot(channel: Channel, entries: list[str]) -> str:
    return encode_snapshot(channel, entries, epoch=EPOCH, seq=7, ts=TS)[0]


def _update(channel: Channel, entry: str, *, since: int = 4, seq: int = 7) -> str:
    return encode_update(channel, [entry], since=since, seq=seq, ts=TS)


def _halted() -> str:
    board = _market()
    board.apply(8, _HALT)
    return encode_status(_HALT, board.rows["NVX"])


def _answered(method: str, result: Said) -> str:
    command = msgspec.json.encode(COMMANDS[method][0]).decode()
    return encode_success(decode_command(command), result)


def _refused() -> str:
    refused = CommandRefused(
        Error.TOO_MANY_SYMBOLS, "limit is 500 symbols, was 812", method="subscribe", id=2
    )
    return encode_refusal(refused)


def _deck() -> str:
    feed = DeckFeed(
        feed="demo", name="Demo Exchange", state=FeedState.RUNNING, ph=Phase.OPEN, reason="",
        target=200.0, rate=198.4, age_ms=12, instruments=1, halted=0,
    )  # fmt: skip
    process = DeckProcess(
        process="5c1f2a90", readers={Transport.WEBSOCKET: 1}, frames=10.2, updates=81.0,
        conflation=2.4, bytes=5210.0, lag_ms=31, stale=None, cuts=0, refused=0, overruns=0,
    )  # fmt: skip
    person = DeckPerson(
        id="5c1f2a90-7", user="ada", user_id=3, transport=Transport.WEBSOCKET, pace=4.0,
        reason="paint 38 ms", behind=42, symbols=None, since=TS - 60_000,
    )  # fmt: skip
    return encode_deck(ts=TS, feeds=(feed,), process=process, people=(person,), connections=1)


_SUBSCRIBED: Final = {"channel": "ticker", "symbols": ["*"], "rejected": {}, "resumed": False}
_MAKERS: Final[dict[str, Callable[[], str]]] = {
    "Welcome": lambda: encode_welcome(epoch=EPOCH, heartbeat_ms=5000, commands_per_s=20, ts=TS),
    "Shutdown": lambda: encode_shutdown(retry_ms=RESTART_MS),
    "Pace": lambda: encode_pace(rate=4.0, reason="paint 38 ms"),
    "StatusSnapshot": lambda: _snapshot(Channel.STATUS, _STATUSES),
    "StatusUpdate": lambda: _update(Channel.STATUS, _halted(), since=7, seq=8),
    "TickerSnapshot": lambda: _snapshot(Channel.TICKER, [encode_row("NVX", _ROW, ts=TS)]),
    "TickerUpdate": lambda: _update(
        Channel.TICKER, encode_entry("NVX", _ROW, since=4, ticks=3, ts=TS)
    ),
    "TradesSnapshot": lambda: _snapshot(Channel.TRADES, [_TRADE]),
    "TradesUpdate": lambda: _update(Channel.TRADES, _TRADE),
    "BarsSnapshot": lambda: _snapshot(Channel.BARS, [_bar(is_closed=False)]),
    "BarsUpdate": lambda: _update(Channel.BARS, _bar(is_closed=True)),
    "DepthSnapshot": lambda: _snapshot(Channel.DEPTH, [encode_book("NVX", _ROW)]),
    "DepthUpdate": lambda: _update(Channel.DEPTH, encode_book("NVX", _ROW)),
    "NotificationsSnapshot": lambda: encode_notices((_NOTICE,), since=None, seq=41, unread=1),
    "NotificationsUpdate": lambda: encode_notices((_NOTICE,), since=40, seq=41, unread=1),
    "WatchlistSnapshot": lambda: encode_watchlist(
        ("NVX", "ORB"), (NamedList(7, "Watchlist", ("NVX", "ORB"), (Section(1, "Space"),)),)
    ),
    "DeckSnapshot": _deck,
    "Heartbeat": lambda: encode_heartbeat(seq=7, ts=TS),
    "SubscribeAnswer": lambda: _answered("subscribe", _SUBSCRIBED),
    "UnsubscribeAnswer": lambda: _answered("unsubscribe", {"channel": "ticker"}),
    "SetAnswer": lambda: _answered("set", {"max_rate": 0.5, "paused": False}),
    "AckAnswer": lambda: _answered("ack", {}),
    "Pong": lambda: _answered("ping", {"ts": TS}),
    "Refusal": _refused,
    "StreamEnd": lambda: encode_end(code=4401, reason="signed out, expired or deactivated"),
}


def _said() -> dict[str, Said]:
    said: dict[str, Said] = {
        name: msgspec.json.decode(make(), type=Said) for name, make in _MAKERS.items()
    }
    said["PollAnswer"] = {
        "position": f"{EPOCH}:7",
        "frames": [said["TickerUpdate"], said["Heartbeat"]],
    }
    said["ErrorAnswer"] = {"error": error_object(Error.SIGNED_OUT, "no valid session or token")}
    return said


SAID: Final = _said()
"""An example of all that the server sends, by the name of its schema."""
