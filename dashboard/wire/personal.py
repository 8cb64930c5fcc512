"""The frames that only one user gets: the watchlist and the notifications.

Pure. Must not know rows or sockets.
"""

from typing import Any

import msgspec

from dashboard.wire.registry import Channel

_encode = msgspec.json.encode


class Notice(msgspec.Struct, frozen=True):
    """A notification as its user sees it; `t` is when it was made (UTC ms)."""

    id: int
    title: str
    body: str
    level: str
    t: int
    read: bool


class Personal(msgspec.Struct, frozen=True):
    """The rows of one user: the watchlist in order, and notices, the newest first."""

    watchlist: tuple[str, ...]
    unread: int
    notices: tuple[Notice, ...]


def encode_watchlist(symbols: tuple[str, ...]) -> str:
    """Return the frame of a watchlist; it is always complete."""
    frame = {"channel": Channel.WATCHLIST, "type": "snapshot", "data": symbols}
    return _encode(frame).decode()


def encode_notices(notices: tuple[Notice, ...], *, since: int | None, seq: int, unread: int) -> str:
    """Return the frame of notices: a snapshot, or an update that covers ids in (since, seq]."""
    frame: dict[str, Any] = {"channel": Channel.NOTIFICATIONS}
    frame |= {"type": "snapshot"} if since is None else {"from": since}
    return _encode(frame | {"seq": seq, "unread": unread, "data": notices}).decode()
