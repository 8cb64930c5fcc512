"""How edits of a person are answered: scripts that post get JSON, forms get a redirect.

Must not know what is changed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import cache_control

from dashboard.exceptions import (
    AlertsFull,
    DeliveryError,
    UnknownLine,
    UnknownSection,
    UnknownSymbol,
    UnknownWatchlist,
    WatchlistFull,
    WatchlistRefused,
)
from dashboard.pages.post_only import post_only, wants_json
from dashboard.wire.registry import Error, error_object

SEE_OTHER: Final = 303
"""The answer to a form: the browser must GET the next page. A 302 would leave the method open."""


class EditRefused(Exception):
    """A change that cannot be made: HTTP `status`, and `code` of the wire."""

    def __init__(self, status: int, code: Error, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True)
class Done:
    """A change that was made: what there is to say, and the page that shows it ("" is `next`)."""

    text: str = ""
    page: str = ""


_REFUSALS: Final[dict[type[DeliveryError], tuple[int, Error]]] = {
    UnknownSection: (404, Error.BAD_PARAMETERS),
    UnknownSymbol: (404, Error.BAD_PARAMETERS),
    UnknownWatchlist: (404, Error.BAD_PARAMETERS),
    UnknownLine: (404, Error.BAD_PARAMETERS),
    AlertsFull: (409, Error.BAD_PARAMETERS),
    WatchlistFull: (409, Error.TOO_MANY_SYMBOLS),
    WatchlistRefused: (409, Error.BAD_PARAMETERS),
}


def edit(
    change: Callable[[HttpRequest, User, QueryDict], Done],
) -> Callable[[HttpRequest], HttpResponse]:
    """Make a view of a change; scripts get JSON, forms a redirect."""

    @login_not_required  # it answers 401 itself: a script would follow a redirect without noticing
    @post_only("dashboard")
    @cache_control(no_store=True)
    @wraps(change)
    def view(request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return _ask_to_sign_in(request)
        try:
            done = change(request, request.user, request.POST)
        except EditRefused as error:
            return _refuse(request, error)
        except tuple(_REFUSALS) as error:
            return _refuse(request, EditRefused(*_REFUSALS[type(error)], str(error)))
        return _answer(request, done)

    return view


def checked(form: forms.Form) -> dict[str, Any]:
    """Return the values of a form.

    Raises:
        EditRefused: a value is wrong; the text names the field.
    """
    if not form.is_valid():
        field, errors = next(iter(form.errors.items()))
        raise EditRefused(400, Error.BAD_PARAMETERS, f"{field}: {errors[0]}")
    return form.cleaned_data


def _answer(request: HttpRequest, done: Done) -> HttpResponse:
    if wants_json(request):
        said = {"message": done.text, "page": done.page}
        return JsonResponse({"ok": True} | {name: value for name, value in said.items() if value})
    if done.text:
        messages.warning(request, done.text)
    return HttpResponseRedirect(done.page or _next(request), status=SEE_OTHER)


def _ask_to_sign_in(request: HttpRequest) -> HttpResponse:
    if wants_json(request):
        return _refuse(request, EditRefused(401, Error.SIGNED_OUT, "sign in first"))
    return redirect_to_login(_next(request))


def _refuse(request: HttpRequest, error: EditRefused) -> HttpResponse:
    if wants_json(request):
        answer = {"error": error_object(error.code, str(error))}
        return JsonResponse(answer, status=error.status)
    messages.error(request, str(error))
    return HttpResponseRedirect(_next(request), status=SEE_OTHER)


def _next(request: HttpRequest) -> str:
    """Return the page to go to; an address of another site becomes the dashboard."""
    page = request.POST.get("next", "")
    hosts, is_secure = {request.get_host()}, request.is_secure()
    is_ours = url_has_allowed_host_and_scheme(page, allowed_hosts=hosts, require_https=is_secure)
    return page if is_ours else reverse("dashboard")
