"""Responses of REST and UDF: JSON with the right caching, and errors as the wire names them.

Must not know what was asked.
"""

from hashlib import sha256
from typing import Any, Final

import msgspec
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from ninja.errors import ValidationError

from dashboard.exceptions import UnknownSymbol
from dashboard.transports.gatekeeper import RequestRefused
from dashboard.transports.http import RETRY_AFTER_S, STATUS_OF
from dashboard.wire.registry import Error, error_object

NOT_FOUND: Final = 404
TEXT_CHARACTERS: Final = 16_384
"""Length of a list of symbols: 500 of 24 characters fit, with their commas."""
LONGEST_ADDRESS: Final = 100
"""So many characters of an address that does not exist are repeated to the one who asked."""


def refused_response(refused: RequestRefused) -> HttpResponse:
    """Return the error of a refused request, with the status that the other transports use."""
    response = _error_response(STATUS_OF.get(refused.code, 400), refused.code, str(refused))
    if response.status_code in (429, 503):
        response["Retry-After"] = str(RETRY_AFTER_S)
    return response


def unknown_symbol(error: UnknownSymbol) -> HttpResponse:
    """Return the error of a symbol that does not exist, or that the user may not see."""
    return _error_response(NOT_FOUND, Error.BAD_PARAMETERS, str(error))


def bad_parameter(error: ValidationError) -> HttpResponse:
    """Return the error of a parameter that does not fit its schema."""
    return _error_response(400, Error.BAD_PARAMETERS, first_fault(error))


async def no_endpoint(request: HttpRequest) -> HttpResponse:
    """Return the error of an address at which there is no endpoint."""
    return _error_response(NOT_FOUND, Error.BAD_PARAMETERS, no_endpoint_text(request))


def no_endpoint_text(request: HttpRequest) -> str:
    """Return what is wrong with such an address."""
    return f"there is no endpoint at {request.path[:LONGEST_ADDRESS]!r}"


def first_fault(error: ValidationError) -> str:
    """Return the first fault of the parameters, as `limit: Input should be …`."""
    first: dict[str, Any] = error.errors[0]
    return f"{first['loc'][-1]}: {first['msg']}"[:200]


def fresh_json(data: Any) -> HttpResponse:
    """Return JSON that no cache may keep, as it changes all the time."""
    return _json(msgspec.json.encode(data), "no-store")


def cacheable_json(request: HttpRequest, data: Any) -> HttpResponseBase:
    """Return JSON with an ETag, or 304 when the client has the same already."""
    body = msgspec.json.encode(data)
    tag = f'"{sha256(body).hexdigest()[:32]}"'
    if tag in [known.strip() for known in request.headers.get("If-None-Match", "").split(",")]:
        response: HttpResponse = HttpResponse(status=304)
    else:
        response = _json(body, "")
    response["ETag"] = tag
    # Private: what a user may see differs. No-cache: keep it, but ask each time.
    response["Cache-Control"] = "private, no-cache"
    return response


def _error_response(status: int, code: Error, fact: str) -> HttpResponse:
    response = fresh_json({"error": error_object(code, fact)})
    response.status_code = status
    return response


def _json(body: bytes, cache: str) -> HttpResponse:
    response = HttpResponse(body, content_type="application/json")
    response["Cache-Control"] = cache
    response["Vary"] = "Authorization, Cookie"
    return response
