"""What a receiver outside gets of a notification: its own words, and a link to this site.

Must not know how it is carried. The id of a message stays the same in each attempt, so that a
receiver can tell a repeated one.
"""

from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from django.urls import reverse

from dashboard.models import Dispatch, Notification

TEST_TITLE: Final = "This is a test"
LONGEST_PUSH_BODY: Final = 500
"""Characters of a text that is pushed. Push services take 4096 bytes, the encryption included, and
a character may have four."""
TEST_BODY: Final = "Notifications of your account arrive here."


def message_id(dispatch: Dispatch) -> str:
    """Return the id by which a receiver tells messages apart."""
    if dispatch.notification_id is None:
        return f"test_{dispatch.pk}"
    return f"notification_{dispatch.notification_id}"


def webhook_body(dispatch: Dispatch, origin: str) -> bytes:
    """Return the JSON of a webhook; `origin` begins the link, and may be empty."""
    row = dispatch.notification
    kind = "test" if row is None else "notification"
    at = dispatch.created_at if row is None else row.created_at
    facts = {"type": kind, "timestamp": at.isoformat(), "data": facts_of(dispatch, origin)}
    return msgspec.json.encode(facts)


def push_body(dispatch: Dispatch) -> bytes:
    """Return the JSON of a push: what the browser shows, and the path that it opens."""
    facts = facts_of(dispatch, "")
    if len(facts["body"]) > LONGEST_PUSH_BODY:
        facts["body"] = facts["body"][: LONGEST_PUSH_BODY - 1] + "…"
    return msgspec.json.encode({**facts, "tag": _tag_of(dispatch)})


def _tag_of(dispatch: Dispatch) -> str:
    """Return the tag of a desktop notification, the same as pages give the same one."""
    if dispatch.notification_id is None:
        return message_id(dispatch)
    return f"notice-{dispatch.notification_id}"


def facts_of(dispatch: Dispatch, origin: str) -> dict[str, Any]:
    """Return a notification as receivers see it."""
    row = dispatch.notification
    if row is None:
        # Never stored, so that it is not among the person's notifications.
        row = Notification(title=TEST_TITLE, body=TEST_BODY)
    path = reverse("instrument", args=[row.symbol]) if row.symbol else reverse("notifications")
    return {
        "id": message_id(dispatch),
        "title": row.title,
        "body": row.body,
        "level": str(row.level),
        "symbol": row.symbol,
        "url": origin + path,
    }


def mail_id(dispatch: Dispatch, origin: str) -> str:
    """Return the Message-ID of an e-mail, the same in each attempt (RFC 5322, 3.6.4)."""
    return f"<{message_id(dispatch)}.{dispatch.pk}@{urlsplit(origin).hostname or 'localhost'}>"


def mail_subject(dispatch: Dispatch) -> str:
    """Return the title on one line: no title can begin a header of its own."""
    title = facts_of(dispatch, "")["title"]
    printable = "".join(letter if letter.isprintable() else " " for letter in title)
    return " ".join(printable.split())


def mail_text(dispatch: Dispatch, origin: str) -> str:
    """Return the text of an e-mail, with a link to what it is about and how to turn it off."""
    facts = facts_of(dispatch, origin)
    said = "\n\n".join(part for part in (facts["title"], facts["body"], facts["url"]) if part)
    page = origin + reverse("notifications")
    return (
        f"{said}\n\n-- \nYou get this e-mail because you turned on e-mail for your notifications.\n"
        f"Turn it off at the end of this page: {page}\n"
    )
