"""Signing out: the browser also forgets what this site stored in it, and gets no more pushes.

Must not know what that is.
"""

from typing import Final

from allauth.account import views as account_views
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseBase

from dashboard.reaching.devices import drop_devices_of_session

FORGOTTEN: Final = '"cookies", "storage"'
"""Not the cache: pages of people are never in it, and clearing it takes a browser seconds."""


@login_not_required
def sign_out(request: HttpRequest) -> HttpResponseBase:
    """Ask whether to sign out, or do it."""
    session_key = request.session.session_key or ""
    response: HttpResponseBase = account_views.logout(request)
    if request.method == "POST" and not request.user.is_authenticated:
        if session_key:
            drop_devices_of_session(session_key)
        response.headers["Clear-Site-Data"] = FORGOTTEN
    return response
