"""The pages for people, and the three changes that a person makes to their own rows.

Must not write rows (services do), fold prices (the board does) or know sockets.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, Final, cast

from asgiref.sync import sync_to_async
from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
    QueryDict,
)
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views import View
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST

from dashboard.compression import render_short
from dashboard.exceptions import DeliveryError, UnknownSymbol, WatchlistFull
from dashboard.pages.display import MarketDisplay
from dashboard.people import services
from dashboard.people.access import Access
from dashboard.people.forms import IntervalForm, ReadForm, SymbolForm, SymbolsForm
from dashboard.people.selectors import access_of, personal_of
from dashboard.wire.personal import Personal
from dashboard.wire.registry import Error, error_object

SEE_OTHER: Final = 303
"""The answer to a form: the browser must GET the next page. A 302 would leave the method open."""


class DashboardView(View):
    """The live page: the server renders the table, then the script takes over."""

    market: MarketDisplay = cast(MarketDisplay, None)  # as_view(market=...) gives it
    template_name = "dashboard.html"
    transport = "auto"

    async def get(self, request: HttpRequest) -> HttpResponse:
        """Answer with the page: rows are read in a thread, the board in this loop."""
        personal, access = await sync_to_async(_personal_and_access)(request)
        context = self._market_context(personal.watchlist, access) | {
            "notifications": personal.notices,
            "unread": personal.unread,
            "interval_s": IntervalForm(request.GET).interval_s(),
            "transport": self.transport,
            "share_key": _share_key(request),
        }
        response = await sync_to_async(render_short)(request, self.template_name, context)
        response["Cache-Control"] = "no-store"
        return response

    def _market_context(self, symbols: Sequence[str], access: Access) -> dict[str, Any]:
        return {
            "rows": self.market.rows(symbols, access),
            "catalogue": self.market.catalogue(access),
            "feeds": self.market.feeds(access),
            "age_text": self.market.age_text(),
            "watchlist_symbols": list(symbols),
            "watchlist_limit": services.WATCHLIST_LIMIT,
        }


class PollingView(DashboardView):
    """The same page pinned to interval polling; without JavaScript it reloads itself."""

    template_name = "polling.html"
    transport = "poll"


class InstrumentView(DashboardView):
    """The page of one instrument: its chart, key figures and trades."""

    template_name = "instrument.html"

    async def get(self, request: HttpRequest, symbol: str) -> HttpResponse:  # type: ignore[override]
        """Answer with the page; an instrument that the person may not see is not found."""
        self.symbol = symbol
        return await super().get(request)

    def _market_context(self, _: Sequence[str], access: Access) -> dict[str, Any]:
        rows = self.market.rows([self.symbol], access)
        if not rows:
            raise Http404(f"symbol was {self.symbol[:16]!r}")
        return {
            "row": rows[0],
            "feeds": self.market.feeds(access),
            "age_text": self.market.age_text(),
        }


class LabView(View):
    """The page where all transports run at once; the browser measures them."""

    async def get(self, request: HttpRequest) -> HttpResponse:
        """Answer with the page, for the watchlist of the person who asks."""
        personal = await sync_to_async(_personal)(request)
        context = {"watchlist_symbols": personal.watchlist}
        response = await sync_to_async(render_short)(request, "lab.html", context)
        response["Cache-Control"] = "no-store"
        return response


@method_decorator([login_not_required, cache_control(no_store=True)], name="dispatch")
class CostsView(View):
    """What the transports cost the server, and how many bytes this request's header had."""

    read_costs: Callable[[], Mapping[str, object]] = cast(Callable[[], Mapping[str, object]], None)

    def get(self, request: HttpRequest) -> HttpResponse:
        """Answer with sums since the process began; scripts that are not signed in get a 401."""
        if not request.user.is_authenticated:
            answer = {"error": error_object(Error.SIGNED_OUT, "sign in first")}
            return JsonResponse(answer, status=401)
        header_bytes = sum(len(name) + len(value) + 4 for name, value in request.headers.items())
        return JsonResponse({"request_header_bytes": header_bytes, **self.read_costs()})


def _share_key(request: HttpRequest) -> str:
    """Return a name that all tabs of this sign-in share; the session key cannot be read from it."""
    session_key = request.session.session_key or ""
    return salted_hmac("dashboard.share", f"{request.user.pk}:{session_key}").hexdigest()[:32]


def _personal(request: HttpRequest) -> Personal:
    user_id = cast(User, request.user).pk
    return personal_of([user_id])[user_id]


def _personal_and_access(request: HttpRequest) -> tuple[Personal, Access]:
    user_id = cast(User, request.user).pk
    return _personal(request), access_of([user_id])[user_id]


class _EditRefused(Exception):
    """A change that cannot be made: HTTP `status`, and `code` of the wire."""

    def __init__(self, status: int, code: Error, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


_REFUSALS: Final[dict[type[DeliveryError], tuple[int, Error]]] = {
    UnknownSymbol: (404, Error.BAD_PARAMETERS),
    WatchlistFull: (409, Error.TOO_MANY_SYMBOLS),
}


def _edit(change: Callable[[User, QueryDict], str]) -> Callable[[HttpRequest], HttpResponse]:
    """Make a view of a change; scripts get JSON, forms a redirect to `next`.

    The change returns a text for the person, "" if there is nothing to say.
    """

    @login_not_required  # it answers 401 itself: a script would follow a redirect without noticing
    @require_POST
    @cache_control(no_store=True)
    @wraps(change)
    def view(request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return _ask_to_sign_in(request)
        try:
            text = change(request.user, request.POST)
        except _EditRefused as error:
            return _refuse(request, error)
        except (UnknownSymbol, WatchlistFull) as error:
            return _refuse(request, _EditRefused(*_REFUSALS[type(error)], str(error)))
        return _answer(request, text)

    return view


@_edit
def watchlist_add(user: User, sent: QueryDict) -> str:
    """Put one or more symbols on the user's watchlist, after `place` others if that is sent."""
    wanted = _checked(SymbolsForm(sent))
    return services.add_to_watchlist(user, *wanted["symbol"], place=wanted["place"]).text()


@_edit
def watchlist_remove(user: User, sent: QueryDict) -> str:
    """Take `symbol` off the user's watchlist."""
    services.remove_from_watchlist(user, _checked(SymbolForm(sent))["symbol"])
    return ""


@_edit
def notifications_read(user: User, sent: QueryDict) -> str:
    """Mark the user's notifications with these `id`s as read, or all if no `id` is sent."""
    services.mark_notifications_read(user, _checked(ReadForm(sent))["id"])
    return ""


def _checked(form: forms.Form) -> dict[str, Any]:
    if not form.is_valid():
        field, errors = next(iter(form.errors.items()))
        raise _EditRefused(400, Error.BAD_PARAMETERS, f"{field}: {errors[0]}")
    return form.cleaned_data


def _answer(request: HttpRequest, text: str) -> HttpResponse:
    if _wants_json(request):
        return JsonResponse({"ok": True} | ({"message": text} if text else {}))
    if text:
        messages.warning(request, text)
    return _return(request)


def _wants_json(request: HttpRequest) -> bool:
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def _ask_to_sign_in(request: HttpRequest) -> HttpResponse:
    if _wants_json(request):
        return _refuse(request, _EditRefused(401, Error.SIGNED_OUT, "sign in first"))
    return redirect_to_login(_next(request))


def _refuse(request: HttpRequest, error: _EditRefused) -> HttpResponse:
    if _wants_json(request):
        answer = {"error": error_object(error.code, str(error))}
        return JsonResponse(answer, status=error.status)
    messages.error(request, str(error))
    return _return(request)


def _return(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(_next(request), status=SEE_OTHER)


def _next(request: HttpRequest) -> str:
    """Return the page to go to; an address of another site becomes the dashboard."""
    page = request.POST.get("next", "")
    hosts, is_secure = {request.get_host()}, request.is_secure()
    is_ours = url_has_allowed_host_and_scheme(page, allowed_hosts=hosts, require_https=is_secure)
    return page if is_ours else reverse("dashboard")
