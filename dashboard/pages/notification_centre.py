"""The page of all notifications of a person: filtered, page by page, and kept up by its script.

Must not write rows (services do).
"""

from typing import Any, Final

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse
from django.utils.http import urlencode

from dashboard.models import Notification
from dashboard.pages.accounts import user_of
from dashboard.pages.reaching.mail import shown_mail
from dashboard.pages.reaching.push import pushes_of
from dashboard.pages.views import DashboardView
from dashboard.people.access import Access
from dashboard.wire.personal import Personal

PER_PAGE: Final = 50
ALL: Final = "all"
LEVELS: Final = {ALL: "All", "critical": "Critical", "warning": "Warnings", "info": "Information"}
ID_DIGITS: Final = 18
"""More digits than an id has, and no number that a database refuses."""


class NotificationsView(DashboardView):
    """Notifications, newest first; `level`, `unread=1` and `before` (an id) choose among them."""

    template_name = "notifications.html"
    list_page = "notifications"

    async def get(self, request: HttpRequest) -> HttpResponse:
        """Answer with the page; a filter that does not exist counts as none."""
        self.found = await sync_to_async(_found)(request)
        return await super().get(request)

    def _market_context(self, _: HttpRequest, __: Personal, access: Access) -> dict[str, Any]:
        return {
            "has_begun": self.market.has_begun,
            "feeds": self.market.feeds(access),
            **self.found,
        }


def _found(request: HttpRequest) -> dict[str, Any]:
    level, is_unread = request.GET.get("level", ALL), request.GET.get("unread") == "1"
    level = level if level in LEVELS else ALL
    rows = Notification.objects.filter(user=user_of(request))
    # Read before the rows: what comes in between counts as new, and is not lost.
    newest = rows.values_list("pk", flat=True).first() or 0
    if level != ALL:
        rows = rows.filter(level=level)
    if is_unread:
        rows = rows.filter(read_at=None)
    before = request.GET.get("before", "")
    if before.isascii() and before.isdecimal() and len(before) <= ID_DIGITS:
        rows = rows.filter(pk__lt=int(before))
    page = list(rows[: PER_PAGE + 1])
    shown = page[:PER_PAGE]
    older = {"before": shown[-1].pk} if len(page) > PER_PAGE else {}
    return {
        "found": shown,
        "newest": newest,
        "filters": [
            (name, _query(key, is_unread=is_unread), key == level) for key, name in LEVELS.items()
        ],
        "is_unread": is_unread,
        "unread_query": _query(level, is_unread=not is_unread),
        "older_query": _query(level, is_unread=is_unread, **older) if older else "",
        "is_newest": not before,
        "pushes": pushes_of(user_of(request)),
        "mail": shown_mail(user_of(request)),
        "own_key": request.session.session_key,
    }


def _query(level: str, *, is_unread: bool, **more: int) -> str:
    query: dict[str, str | int] = {**more}
    if is_unread:
        query["unread"] = "1"
    if level != ALL:
        query["level"] = level
    return f"?{urlencode(query)}"
