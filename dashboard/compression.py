"""Compresses pages that are long.

Only for pages without a secret that stays the same. Somebody who can load a page again and again,
each time with a text of their own in it, learns such a secret from the sizes (BREACH). Here the
token of forms differs in each answer, the name that tabs share is of no use elsewhere, no other
site can load a page with its cookies in the background, and Django adds up to 100 random bytes to
each answer.
"""

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from servestatic.utils import parse_accept_encoding

_gzip: Final = GZipMiddleware(lambda _: HttpResponse())


def render_short(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """Render a template, compressed if the browser takes that."""
    response = render(request, template, context)
    patch_vary_headers(response, ["Accept-Encoding"])
    if "gzip" in parse_accept_encoding(request.headers.get("Accept-Encoding", "")):
        _gzip.process_response(request, response)  # it takes "gzip;q=0", a refusal, for a yes
    return response
