"""What only one person may be told: the watchlist and the notifications.

Pure. Must not know rows or sockets.
"""

from typing import Any

import msgspec

from dashboard.wire.registry import Channel

_encode = msgspec.json.encode


class Notice(msgspec.Struct, frozen=True):
    """A notification as its reader sees it; `t` is when it was made, UTC ms."""

    id: int
    title: str
    body: str
    level: str
    t: int
    read: bool


class Personal(msgspec.Struct, frozen=True):
    """What only one person may see: watched symbols in order, and the newest notices first."""

    watchlist: tuple[str, ...]
    unread: int
    notices: tuple[Notice, ...]


def encode_watchlist(symbols: tuple[str, ...]) -> str:
    """Return the whole watchlist."""
    frame = {"channel": Channel.WATCHLIST, "type": "snapshot", "data": symbols}
    return _encode(frame).decode()


def encode_notices(notices: tuple[Notice, ...], *, since: int | None, seq: int, unread: int) -> str:
    """Return notices as a snapshot, or as an update that covers (since, seq]."""
    frame: dict[str, Any] = {"channel": Channel.NOTIFICATIONS}
    frame |= {"type": "snapshot"} if since is None else {"from": since}
    return _encode(frame | {"seq": seq, "unread": unread, "data": notices}).decode()
