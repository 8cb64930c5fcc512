"""Notes in which browsers people are signed in; a note that fails keeps nobody from a page.

Must not know the pages.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from typing import Final, cast

from django.contrib.auth.models import User
from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from dashboard.people import session_service

log = logging.getLogger(__name__)
REMEMBERED: Final = 10_000
"""Sessions of which a process remembers when it noted them: a page needs no query for that."""


class BrowserSessionMiddleware:
    """Note the session of a page that somebody got."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response
        self._noted: OrderedDict[str, datetime] = OrderedDict()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a request; note its session afterwards, as a sign-in makes a new one."""
        response = self._get_response(request)
        # Asking who it is reads the session, which forbids the page to every cache.
        if request.session.accessed and request.user.is_authenticated:
            self._note(request, request.session.session_key)
        return response

    def _note(self, request: HttpRequest, key: str | None) -> None:
        if key is None or session_service.is_noted(self._noted.get(key)):
            return
        try:
            session_service.note_session(
                cast(User, request.user),
                key,
                address=request.META.get("REMOTE_ADDR", ""),
                agent=request.headers.get("User-Agent", ""),
            )
        except Error as error:
            log.warning("session was not noted error=%r", error)
        self._remember(key)

    def _remember(self, key: str) -> None:
        self._noted[key] = timezone.now()
        self._noted.move_to_end(key)
        if len(self._noted) > REMEMBERED:
            self._noted.popitem(last=False)
