"""Answers to requests that are refused or fail.

A request is refused because its host or origin is not the site's (the answer names the cure),
because it is too large or forbidden, or because it asks for what is not there. It fails while the
database cannot be used.
Must not know what was asked for. These pages must not need the host of the request.
"""

import logging
import sys
from typing import Final

from django.conf import settings
from django.core.exceptions import (
    DisallowedHost,
    RequestDataTooBig,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.db import InterfaceError, InternalError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import render
from django.template import loader
from django.views import defaults

from dashboard.pages.post_only import wants_json
from dashboard.wire.registry import Error, error_object
from feeds.database import with_connection, writability

log = logging.getLogger(__name__)
FOREIGN_REASONS: Final = ("Origin checking failed", "Referer checking failed")
"""The beginnings of those reasons of Django that are about where a form came from."""
HOST_CHARACTERS: Final = 100
RETRY_AFTER_S: Final = 5
"""When a client may ask again if the database is locked, full, read-only or away."""

NO_DATABASE: Final = (
    "The site cannot read or write its accounts and settings now. Prices go on. Nothing was "
    "changed: try again in a moment."
)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form that is too old, or that came from an origin which is not this site's."""
    context = {"is_foreign": reason.startswith(FOREIGN_REASONS)}
    return render(request, "403_csrf.html", context, status=403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a bad request: one that is too large with the limit, and one with a host name that is
    not this site's with the cure."""
    if not isinstance(exception, DisallowedHost):
        return _refused(request, _excess_of(exception))
    host = request.META.get("HTTP_HOST", "")[:HOST_CHARACTERS]
    log.warning("host refused host=%a cure=MARKET_PUBLIC_ORIGINS or MARKET_ALLOWED_HOSTS", host)
    return HttpResponseBadRequest(
        "This site does not answer to the host name of this request. If the name is right, its "
        "operator has to add it to MARKET_PUBLIC_ORIGINS or MARKET_ALLOWED_HOSTS.\n",
        content_type="text/plain",
    )


def _excess_of(exception: Exception) -> str:
    """Return which limit a request exceeds, "" if it is refused for something else."""
    match exception:
        case TooManyFieldsSent():
            most, what = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS, "fields"
        case TooManyFilesSent():
            most, what = settings.DATA_UPLOAD_MAX_NUMBER_FILES, "files"
        case RequestDataTooBig():
            most, what = settings.DATA_UPLOAD_MAX_MEMORY_SIZE, "bytes"
        case _:
            return ""
    return f"A form has at most {most:,} {what}, and this one has more. Nothing was changed."


def _refused(request: HttpRequest, fact: str) -> HttpResponse:
    """Say it to people on a page without their session, and to scripts as an error."""
    if wants_json(request):
        text = fact or "the request cannot be read"
        return JsonResponse({"error": error_object(Error.BAD_PARAMETERS, text)}, status=400)
    page = loader.render_to_string("400.html", {"fact": fact})
    return HttpResponseBadRequest(page)


# Django renders these two in a thread that ends no request, so nobody gives its connection back.
forbidden = with_connection(defaults.permission_denied)
not_found = with_connection(defaults.page_not_found)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer a request that failed: 503, one log line and no traceback if the database did.

    As the handler of the site it sees failures of views and of every middleware alike.
    """
    error = sys.exc_info()[1]
    if not _is_of_database(error):
        return defaults.server_error(request)
    writability.note(str(error) or type(error).__name__)
    log.error("database cannot be used path=%a error=%s", request.path[:HOST_CHARACTERS], error)
    response = _no_database(request)
    response["Retry-After"] = str(RETRY_AFTER_S)
    response["Cache-Control"] = "no-store"
    vars(response)["_has_been_logged"] = True  # otherwise Django logs a traceback
    return response


def _no_database(request: HttpRequest) -> HttpResponse:
    """Say it to people as text, and to scripts of pages, which show the message, as an error."""
    if request.get_preferred_type(["text/plain", "application/json"]) == "application/json":
        body = {"error": error_object(Error.UNAVAILABLE, NO_DATABASE)}
        return JsonResponse(body, status=503)
    return HttpResponse(f"{NO_DATABASE}\n", status=503, content_type="text/plain; charset=utf-8")


def _is_of_database(error: BaseException | None) -> bool:
    """Say whether the database could not be used, which is no mistake of the code."""
    if isinstance(error, InternalError):
        return "read-only" in str(error)  # PostgreSQL's word for a standby
    return isinstance(error, OperationalError | InterfaceError)
