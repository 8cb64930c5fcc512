"""Finds the account that asks for a page, also by a session of a former key of the site.

Must not know the pages.
"""

from typing import cast

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.middleware import AuthenticationMiddleware, get_user
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from dashboard.people import session_service


class KeyChangeMiddleware(AuthenticationMiddleware):
    """Django's middleware, but a session keeps its id when the key of the site changes."""

    def process_request(self, request: HttpRequest) -> None:
        """Find the account when somebody asks for it."""
        super().process_request(request)
        if settings.SECRET_KEY_FALLBACKS:
            request.user = cast(User, SimpleLazyObject(lambda: _user_of(request)))


def _user_of(request: HttpRequest) -> AbstractBaseUser | AnonymousUser:
    if not hasattr(request, "_cached_user") and SESSION_KEY in request.session:
        user = User.objects.filter(pk=request.session[SESSION_KEY]).first()
        if user is not None:
            # Before Django does it, which would give the session another id.
            session_service.renew_hash(request.session, user)
    return get_user(request)
