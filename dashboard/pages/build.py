"""Tells which build of the pages this server has, so that an open page notices a newer one.

Must not know what the files are. The scripts of an old page are still served, so it goes on
working; but only a reload brings it what is new.
"""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from dashboard.static_files.sources import current_build


def build_context(request: HttpRequest) -> dict[str, str]:  # noqa: ARG001
    """Tell every page which build it belongs to."""
    return {"build": current_build()}


@login_not_required
@require_safe
@cache_control(no_store=True)
def build(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """Answer with the build of this server."""
    return JsonResponse({"build": current_build()})
