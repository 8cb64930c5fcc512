"""Gives pages the choices of a person: before a page is painted, and later when it asks again.

Must not write rows (services do).
"""

from collections.abc import Callable
from functools import cache
from urllib.parse import urlencode

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from dashboard.personal.preferences import preferences_of


def preferences_context(request: HttpRequest) -> dict[str, Callable[[], object]]:
    """Give templates the choices of the person, as a query text (None if nobody is signed in).

    `wants_hints` says whether the person wants hints. The row is read only if a template asks.
    """

    @cache
    def kept() -> dict[str, str] | None:
        user = getattr(request, "user", None)
        if user is None or not user.is_authenticated:
            return None
        return preferences_of(user.pk)

    def kept_text() -> str | None:
        chosen = kept()
        return None if chosen is None else urlencode(chosen)

    return {"kept": kept_text, "wants_hints": lambda: (kept() or {}).get("hints") != "off"}


@require_safe
@cache_control(no_store=True)
def kept_preferences(request: HttpRequest) -> JsonResponse:
    """Answer with what the person chose, for a page that was opened before another browser."""
    return JsonResponse({"preferences": preferences_of(request.user.pk or 0)})
