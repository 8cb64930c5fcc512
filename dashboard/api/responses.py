"""Who may ask REST and UDF, and their responses: data, data to keep, and errors of the wire.

Must not know what is asked.
"""

from hashlib import sha256
from typing import Any, Final, cast

import msgspec
from django import db
from django.contrib.auth.decorators import login_not_required
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern, URLResolver

from dashboard.exceptions import UnknownSymbol
from dashboard.people.identity import Identity
from dashboard.transports.http import RETRY_AFTER_S, STATUS_OF, Gatekeeper, RequestRefused
from dashboard.wire.registry import Error, error_object

NOT_FOUND: Final = 404
PAGES: Final = {"openapi-json", "openapi-view", "api-root"}
Mounted = tuple[list[URLResolver | URLPattern], str, str]
SYMBOL_CHARACTERS: Final = 16
"""An error repeats so much of an unknown symbol."""


def open_to_readers(urls: Mounted) -> Mounted:
    """Exempt the views of data from the sign-in page: they answer with an error of their own."""
    for pattern in urls[0]:
        if isinstance(pattern, URLPattern) and pattern.name not in PAGES:
            login_not_required(pattern.callback)
    return urls


async def let_in(gatekeeper: Gatekeeper, request: HttpRequest) -> Identity:
    """Return the account that asks.

    Raises:
        RequestRefused: not signed in, a foreign page, or too many requests.
    """
    try:
        return await gatekeeper.let_in(dict(cast(ASGIRequest, request).scope))
    except db.Error:
        raise RequestRefused(Error.UNAVAILABLE, "accounts cannot be read now") from None


def refusal(refused: RequestRefused) -> HttpResponse:
    """Return an error of the wire as a response, with `Retry-After` where a retry may help."""
    response = _problem(STATUS_OF.get(refused.code, 400), refused.code, str(refused))
    if response.status_code in (429, 503):
        response["Retry-After"] = str(RETRY_AFTER_S)
    return response


def unknown(error: UnknownSymbol) -> HttpResponse:
    """Return a 404 for a symbol that is not there."""
    return _problem(NOT_FOUND, Error.BAD_PARAMETERS, str(error))


def bad(fact: str) -> HttpResponse:
    """Return a 400 for a wrong parameter."""
    return _problem(400, Error.BAD_PARAMETERS, fact)


def fresh(data: Any) -> HttpResponse:
    """Return data as JSON that nobody may keep, as it differs every time."""
    return _json(msgspec.json.encode(data), "no-store")


def cacheable(request: HttpRequest, data: Any) -> HttpResponseBase:
    """Return data as JSON with an `ETag`, or a 304 if the reader has this version already."""
    body = msgspec.json.encode(data)
    tag = f'"{sha256(body).hexdigest()[:32]}"'
    if tag in [known.strip() for known in request.headers.get("If-None-Match", "").split(",")]:
        response: HttpResponse = HttpResponse(status=304)
    else:
        response = _json(body, "")
    response["ETag"] = tag
    response["Cache-Control"] = "private, no-cache"
    return response


def _problem(status: int, code: Error, fact: str) -> HttpResponse:
    response = fresh({"error": error_object(code, fact)})
    response.status_code = status
    return response


def _json(body: bytes, cache: str) -> HttpResponse:
    response = HttpResponse(body, content_type="application/json")
    response["Cache-Control"] = cache
    response["Vary"] = "Authorization, Cookie"
    return response
