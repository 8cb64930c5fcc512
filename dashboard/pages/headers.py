"""Headers of every page beside Django's own: who may load and cache it, and what it may use.

Must not know the pages. Other headers are set elsewhere: `dashboard/settings.py` has Django's and
the content security policy, `dashboard/network/closed_headers.py` those of files and of refusals
before any page. `dashboard/transports/http.py` has those of the transports: what they answer is
never shown as a page, so they send fewer.
"""

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse

UNUSED_FEATURES: Final = (
    *("accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "microphone"),
    *("midi", "payment", "usb"),
)
"""What a page could ask the browser for, and no page here does."""
PAGE_HEADERS: Final = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{name}=()" for name in UNUSED_FEATURES),
}


def page_headers(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Return a middleware that sets the headers. It needs the session, so it comes after that."""

    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        for name, value in PAGE_HEADERS.items():
            response.headers.setdefault(name, value)
        # A page that depends on who asks: nobody else at the same browser may find it in a cache.
        if request.session.accessed:
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return respond
