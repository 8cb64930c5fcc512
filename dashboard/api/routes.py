"""Addresses of REST and UDF.

Must not know what the endpoints answer.
"""

from collections.abc import Callable, Collection
from functools import wraps
from typing import Any, Final

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, path, re_path
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt

from dashboard.api.context import ApiContext
from dashboard.api.documents import with_token
from dashboard.api.responses import no_endpoint
from dashboard.api.rest import make_api
from dashboard.api.udf import make_udf, no_udf_endpoint

DOCUMENT: Final = "openapi-json"
PAGES: Final = {DOCUMENT, "openapi-view", "api-root"}
"""Names of what is no endpoint: these redirect to the sign-in, as all pages do."""
NO_CONTENT: Final = 204
PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "GET",
    "Access-Control-Allow-Headers": "Authorization",
}
Mounted = tuple[list[URLResolver | URLPattern], str, str]


def api_routes(
    context: ApiContext, public_origins: Collection[str]
) -> list[URLPattern | URLResolver]:
    """Return the routes of both interfaces; charts of all public origins may read UDF."""
    udf = _without_redirects(make_udf(context).urls, no_udf_endpoint)
    rest = _without_redirects(make_api(context).urls, no_endpoint)
    for pattern in rest[0]:
        if isinstance(pattern, URLPattern) and pattern.name == DOCUMENT:
            pattern.callback = with_token(context.gatekeeper, pattern.callback)
    for pattern in udf[0]:
        if isinstance(pattern, URLPattern) and pattern.name not in PAGES:
            pattern.callback = shared_with(public_origins, pattern.callback)
    return [path("api/v1/", rest), path("udf/", udf)]


def shared_with(origins: Collection[str], view: Callable[..., Any]) -> Callable[..., Any]:
    """Return a view whose answers scripts of these origins may read, too (CORS).

    A preflight asks for the header `Authorization`; it has no credentials itself.
    """

    @wraps(view)
    async def shared(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        origin = request.headers.get("Origin", "")
        is_preflight = "Access-Control-Request-Method" in request.headers
        if request.method == "OPTIONS" and is_preflight and origin in origins:
            response = HttpResponse(status=NO_CONTENT, headers=PREFLIGHT)
        else:
            response = await view(request, *args, **kwargs)
        # Also without that header: a cache must not hand this answer to a page elsewhere.
        patch_vary_headers(response, ["Origin"])
        if origin in origins:
            response["Access-Control-Allow-Origin"] = origin
            response["Access-Control-Allow-Credentials"] = "true"
        return response

    return shared


def _without_redirects(urls: Mounted, missing: Callable[..., Any]) -> Mounted:
    """Exempt endpoints from the redirect to the sign-in: programs need a 401 instead.

    All other addresses get `missing`, as programs cannot read the page of a 404.
    """
    # The empty expression fits every address, also one with a line break.
    urls[0].append(re_path("", csrf_exempt(missing)))
    for pattern in urls[0]:
        if isinstance(pattern, URLPattern) and pattern.name not in PAGES:
            login_not_required(pattern.callback)
    return urls
