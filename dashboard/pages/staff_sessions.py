"""Sessions of staff end earlier than those of others: when unused, and after half a day.

Must not know the pages or write rows. The end stands in the row of the session, so the sweep of the
hub closes the sockets and streams of a session that has ended.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, cast

from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from dashboard.people.session_service import move_end

UNASKED: Final = frozenset({"version", "favicon"})
"""Routes that an open page asks for by itself: a request for them does not show that it is used."""
PARTS: Final = 60
"""The end is moved only if it moves by a sixtieth of the rest, so most pages write nothing."""


class StaffSessionMiddleware:
    """Move the end of the session with each page that somebody of the staff asks for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a request; look at its session afterwards, as a sign-in makes a new one."""
        response = self._get_response(request)
        if request.session.accessed and is_asked_for(request) and is_staff(request):
            _move_end(request)
        return response


def is_asked_for(request: HttpRequest) -> bool:
    """Say whether somebody uses the site, rather than an open page that asks by itself."""
    return request.resolver_match is None or request.resolver_match.url_name not in UNASKED


def is_staff(request: HttpRequest) -> bool:
    """Say whether the account may operate the site."""
    user = cast(User, request.user)
    return user.is_authenticated and (user.is_staff or user.is_superuser)


def _move_end(request: HttpRequest) -> None:
    rest = timedelta(seconds=settings.MARKET_STAFF_REST_S)
    end = timezone.now() + rest
    if (proved_at := _proved_at(request)) is not None:
        end = min(end, proved_at + timedelta(seconds=settings.MARKET_STAFF_SESSION_S))
    later = end - request.session.get_expiry_date()
    # An end that comes sooner than the present one counts at once.
    if not timedelta(0) <= later < rest / PARTS:
        move_end(request.session, end)


def _proved_at(request: HttpRequest) -> datetime | None:
    """Return when a password or a second factor was shown last in this session."""
    times = [entry["at"] for entry in get_authentication_records(request, request.user)]
    return datetime.fromtimestamp(max(times), UTC) if times else None
