"""The schemas of what only one person gets: the channels `notifications` and `watchlist`.

Pure.
"""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType, field

from dashboard.wire.schemas.fields import (
    Symbol,
    Time,
    WireSchema,
    only,
)


class NoticeEntry(WireSchema):
    """A notification."""

    id: Annotated[
        int,
        Meta(gt=0, description="grows with every notification; `since` of this channel"),
    ]
    title: str
    body: str
    level: Literal["info", "warning", "critical"]
    t: Time
    read: bool
    symbol: Annotated[
        str | UnsetType, Meta(description="the instrument that it is about, left out without one")
    ] = UNSET


NoticeSeq = Annotated[int, Meta(ge=0, description="id of the newest notification")]

Unread = Annotated[int, Meta(ge=0, description="how many are unread")]


class NotificationsSnapshot(WireSchema):
    """The newest notifications, the newest first."""

    channel: Literal["notifications"]
    type: Literal["snapshot"]
    seq: NoticeSeq
    unread: Unread
    data: tuple[NoticeEntry, ...]
    gap: Annotated[
        bool | UnsetType,
        only(True),
        Meta(description="notifications before these may be missing"),
    ] = UNSET


class NotificationsUpdate(WireSchema):
    """Notifications that are new, or that were marked as read, since `from`."""

    channel: Literal["notifications"]
    from_: Annotated[
        int, Meta(ge=0, description="id of the newest notification you had before")
    ] = field(name="from")
    seq: NoticeSeq
    unread: Unread
    data: tuple[NoticeEntry, ...]


class ListSection(WireSchema):
    """A title within a list."""

    at: Annotated[int, Meta(ge=0, description="how many symbols stand before it")]
    name: str


class ListEntry(WireSchema):
    """One of your lists."""

    id: Annotated[int, Meta(ge=0, description="0: it is not stored before you change it")]
    name: str
    symbols: Annotated[tuple[Symbol, ...], Meta(description="in order")]
    sections: tuple[ListSection, ...]
    share: Annotated[
        str, Meta(description="key of the link that shows it to others; empty without one")
    ]


class WatchlistSnapshot(WireSchema):
    """All your lists; `data` has the symbols of the first, in order."""

    channel: Literal["watchlist"]
    type: Literal["snapshot"]
    data: tuple[Symbol, ...]
    version: Annotated[
        str, Meta(description="changes with the lists; `lists` of a subscription")
    ] = ""
    lists: tuple[ListEntry, ...] = ()
