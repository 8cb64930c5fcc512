"""Remembers which pages a browser has shown with this build: it has their scripts in its cache.

A page names its hundred scripts at the top, which saves round trips to a browser that has none of
them. A browser that has them shows the page 0.1 s sooner without: Chromium looks for each first.
Must not know what the scripts are.
"""

from typing import Final

from django.http import HttpRequest, HttpResponse

from dashboard.static_files.sources import current_build

YEAR_S: Final = 365 * 86_400
"""As long as the scripts may stay in a cache."""


def has_scripts(request: HttpRequest, template: str) -> bool:
    """Say whether this browser has shown the page of a template with this build."""
    return request.COOKIES.get(_cookie(template)) == current_build()


def note_scripts(request: HttpRequest, response: HttpResponse, template: str) -> None:
    """Let the browser remember, in a cookie, that it has the scripts of the page."""
    response.set_cookie(
        _cookie(template),
        current_build(),
        max_age=YEAR_S,
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )


def _cookie(template: str) -> str:
    return f"scripts-{template.removesuffix('.html').replace('/', '-')}"
