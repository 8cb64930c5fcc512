"""Addresses of REST and UDF.

Must not know what the endpoints answer.
"""

from typing import Final

from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, URLResolver, path

from dashboard.api.context import ApiContext
from dashboard.api.rest import make_api
from dashboard.api.udf import make_udf

PAGES: Final = {"openapi-json", "openapi-view", "api-root"}
"""Names of the pages for people: these redirect to the sign-in, as all pages do."""
Mounted = tuple[list[URLResolver | URLPattern], str, str]


def api_routes(context: ApiContext) -> list[URLPattern | URLResolver]:
    """Return the routes of both interfaces."""
    return [
        path("api/v1/", _without_redirects(make_api(context).urls)),
        path("udf/", _without_redirects(make_udf(context).urls)),
    ]


def _without_redirects(urls: Mounted) -> Mounted:
    """Exempt endpoints from the redirect to the sign-in: programs need a 401 instead."""
    for pattern in urls[0]:
        if isinstance(pattern, URLPattern) and pattern.name not in PAGES:
            login_not_required(pattern.callback)
    return urls
