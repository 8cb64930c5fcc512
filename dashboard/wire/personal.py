"""The frames that only one user gets: the watchlists and the notifications.

Pure. Must not know rows or sockets.
"""

from hashlib import blake2s
from typing import Any, Final

import msgspec

from dashboard.wire.registry import Channel

_encode = msgspec.json.encode
VERSION_BYTES: Final = 6


class Notice(msgspec.Struct, frozen=True, omit_defaults=True):
    """A notification as its user sees it; `t` is when it was made (UTC ms).

    `symbol` is the instrument that it is about, and left out without one.
    """

    id: int
    title: str
    body: str
    level: str
    t: int
    read: bool
    symbol: str = ""


class Section(msgspec.Struct, frozen=True):
    """A title within a list; `at` symbols stand before it."""

    at: int
    name: str


class NamedList(msgspec.Struct, frozen=True):
    """A list of symbols with its name, in order; `id` is 0 for one that is not stored yet.

    `share` is the key of the link that shows the list to others, "" without one.
    """

    id: int
    name: str
    symbols: tuple[str, ...]
    sections: tuple[Section, ...] = ()
    share: str = ""


class Personal(msgspec.Struct, frozen=True):
    """The rows of one user: the symbols of the first list, notices (newest first), all lists."""

    watchlist: tuple[str, ...]
    unread: int
    notices: tuple[Notice, ...]
    lists: tuple[NamedList, ...] = ()


def version_of(lists: tuple[NamedList, ...]) -> str:
    """Return a short text that changes with every change of the lists."""
    return blake2s(_encode(lists), digest_size=VERSION_BYTES).hexdigest()


def encode_watchlist(symbols: tuple[str, ...], lists: tuple[NamedList, ...] = ()) -> str:
    """Return the frame of a user's lists, `symbols` being those of the first; always complete."""
    frame = {"channel": Channel.WATCHLIST, "type": "snapshot", "data": symbols}
    named = {"version": version_of(lists), "lists": lists} if lists else {}
    return _encode(frame | named).decode()


def encode_notices(
    notices: tuple[Notice, ...], *, since: int | None, seq: int, unread: int, has_gap: bool = False
) -> str:
    """Return the frame of notices: a snapshot, or an update that covers ids in (since, seq]."""
    frame: dict[str, Any] = {"channel": Channel.NOTIFICATIONS}
    frame |= {"type": "snapshot"} if since is None else {"from": since}
    frame |= {"gap": True} if has_gap else {}
    return _encode(frame | {"seq": seq, "unread": unread, "data": notices}).decode()
