"""The schemas of what only one person is told: the channels `notifications` and `watchlist`.

Pure.
"""

from typing import Annotated, Literal

from msgspec import Meta, field

from dashboard.wire.schemas.fields import (
    Symbol,
    Time,
    WireSchema,
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


NoticeSeq = Annotated[int, Meta(ge=0, description="id of the newest notification")]

Unread = Annotated[int, Meta(ge=0, description="how many are unread")]


class NotificationsSnapshot(WireSchema):
    """The newest notifications, the newest first."""

    channel: Literal["notifications"]
    type: Literal["snapshot"]
    seq: NoticeSeq
    unread: Unread
    data: tuple[NoticeEntry, ...]


class NotificationsUpdate(WireSchema):
    """Notifications that are new, or that were marked as read, since `from`."""

    channel: Literal["notifications"]
    from_: Annotated[
        int, Meta(ge=0, description="id of the newest notification you had before")
    ] = field(name="from")
    seq: NoticeSeq
    unread: Unread
    data: tuple[NoticeEntry, ...]


class WatchlistSnapshot(WireSchema):
    """The whole watchlist, in order."""

    channel: Literal["watchlist"]
    type: Literal["snapshot"]
    data: tuple[Symbol, ...]
