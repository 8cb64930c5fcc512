"""Pages for requests that are refused by the site's address, each with the setting that cures it,
and the answer while the database cannot be used.

Must not know what was asked for. These pages must not need the host of the request.
"""

import logging
import sys
from typing import Final

from django.core.exceptions import DisallowedHost
from django.db import InterfaceError, InternalError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.views import defaults

from feeds.database import writability

log = logging.getLogger(__name__)
FOREIGN_REASONS: Final = ("Origin checking failed", "Referer checking failed")
"""How Django's reasons begin that are about where a form came from."""
HOST_CHARACTERS: Final = 100
RETRY_AFTER_S: Final = 5
"""When to ask again after a database that was locked, full, read-only or away."""


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form that is too old, or that came from an origin which is not this site's."""
    context = {"is_foreign": reason.startswith(FOREIGN_REASONS)}
    return render(request, "403_csrf.html", context, status=403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a bad request; one by a host name that is not this site's is told the cure."""
    if not isinstance(exception, DisallowedHost):
        return defaults.bad_request(request, exception)
    host = request.META.get("HTTP_HOST", "")[:HOST_CHARACTERS]
    log.warning("host refused host=%a cure=MARKET_PUBLIC_ORIGINS or MARKET_ALLOWED_HOSTS", host)
    return HttpResponseBadRequest(
        "This site does not answer to the host name of this request. If the name is right, its "
        "operator has to add it to MARKET_PUBLIC_ORIGINS or MARKET_ALLOWED_HOSTS.\n",
        content_type="text/plain",
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer a request that failed: 503, one log line and no traceback if the database did.

    As the handler of the site it sees failures of views and of every middleware alike.
    """
    error = sys.exc_info()[1]
    if not _is_of_database(error):
        return defaults.server_error(request)
    writability.note(str(error) or type(error).__name__)
    log.error("database cannot be used path=%a error=%s", request.path[:HOST_CHARACTERS], error)
    response = HttpResponse(
        "The site cannot read or write its accounts and settings now. Prices go on. "
        "Nothing was changed: try again in a moment.\n",
        status=503,
        content_type="text/plain; charset=utf-8",
        headers={"Retry-After": str(RETRY_AFTER_S), "Cache-Control": "no-store"},
    )
    vars(response)["_has_been_logged"] = True  # otherwise Django logs a traceback
    return response


def _is_of_database(error: BaseException | None) -> bool:
    """Say whether the database could not be used, which is no mistake of the code."""
    if isinstance(error, InternalError):
        return "read-only" in str(error)  # PostgreSQL's word for a standby
    return isinstance(error, OperationalError | InterfaceError)
