"""Views that only change something, and so have no page of their own.

A browser may GET their address all the same: by reloading, from its history, or after a sign-in.
Must not know what the views change.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import reverse

View = Callable[..., HttpResponse]
POST: Final = "POST"


def post_only(page: str) -> Callable[[View], View]:
    """Let a view take POST alone; a GET of its address leads to the page it belongs to.

    Scripts, which ask for JSON, are told that only POST is allowed.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def acting(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method == POST:
                return view(request, *args, **kwargs)
            if request.method in ("GET", "HEAD") and not wants_json(request):
                return HttpResponseRedirect(reverse(page))
            return HttpResponseNotAllowed([POST])

        return acting

    return decorate


def wants_json(request: HttpRequest) -> bool:
    """Say whether a script asks, and not a browser that goes to a page."""
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"
