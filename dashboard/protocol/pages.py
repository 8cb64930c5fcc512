"""The two addresses of the protocol reference: a page for people, a document for programs.

Must not explain anything itself: tables and asyncapi do.
"""

from functools import lru_cache
from hashlib import sha256
from typing import Final
from urllib.parse import quote

import msgspec
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition, require_safe

from dashboard.compression import render_short
from dashboard.people.tokens import TOKEN_DAYS
from dashboard.protocol.asyncapi import document
from dashboard.protocol.tables import reference_tables
from dashboard.wire.registry import CLOSE_TEXT, MAX_RATE, MIN_RATE

HOSTS_KEPT: Final = 8
"""A document names its server; a server has a few names, and anybody may send others."""


@require_safe
def developers(request: HttpRequest) -> HttpResponse:
    """Show the reference, with examples that work for this server and user."""
    host, name = request.get_host(), request.user.get_username()
    tail = "s" if request.is_secure() else ""
    context = {
        "reference": reference_tables(),
        "name": name,
        "socket": f"ws{tail}://{quote(name)}:TOKEN@{host}/ws/v1/",
        "origin": f"http{tail}://{host}",
        "token_days": TOKEN_DAYS,
        "retry_codes": sorted(int(code) for code, (_, retry) in CLOSE_TEXT.items() if retry),
        "min_rate": MIN_RATE,
        "max_rate": MAX_RATE,
    }
    return render_short(request, "developers.html", context)


@lru_cache(HOSTS_KEPT)
def _file(host: str, is_secure: bool) -> tuple[bytes, str]:
    """Return the document as bytes, and its ETag."""
    text = msgspec.json.encode(document(host=host, is_secure=is_secure))
    return text, f'"{sha256(text).hexdigest()[:32]}"'


def _tag(request: HttpRequest) -> str:
    return _file(request.get_host(), request.is_secure())[1]


@require_safe
@cache_control(private=True, no_cache=True)
@condition(etag_func=_tag)
def asyncapi_file(request: HttpRequest) -> HttpResponse:
    """Return the document, or 304 when the reader has it already."""
    text, _ = _file(request.get_host(), request.is_secure())
    return HttpResponse(text, content_type="application/json")
