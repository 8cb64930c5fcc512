"""The pages for people.

Must not write rows (services do), fold prices (the board does) or know sockets.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, cast
from urllib.parse import urlencode

from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
)
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.decorators import method_decorator
from django.utils.http import content_disposition_header
from django.views import View
from django.views.decorators.cache import cache_control
from msgspec.structs import replace

from dashboard.alerts.forms import AlertForm
from dashboard.alerts.hindsight import Hindsight, hindsight
from dashboard.compression import render_short
from dashboard.pages.accounts import user_of
from dashboard.pages.cached_scripts import has_scripts, note_scripts
from dashboard.pages.market_display import MarketDisplay, blank_row
from dashboard.pages.personal_edits import REMOVED
from dashboard.pages.shown_lists import (
    MARKET_LISTS,
    SECTOR_MARK,
    ShownList,
    lent_list,
    lines_of,
    market_list,
    own_list,
    place_of,
    sectors_of,
)
from dashboard.people.access import Access
from dashboard.people.selectors import access_of
from dashboard.personal.columns import columns_of
from dashboard.personal.forms import IntervalForm
from dashboard.personal.list_text import write_list
from dashboard.personal.selectors import personal_of, shared_list
from dashboard.personal.watchlist_lines import WATCHLIST_LIMIT
from dashboard.wire.personal import NamedList, Personal
from dashboard.wire.registry import Error, error_object
from feeds.market.board import Row
from feeds.market.symbols import SYMBOL_RULE, is_symbol, read_symbol

UNDO_S: Final = 30
"""A page that offers to undo a removal reloads itself this late, so that people have time."""


class DashboardView(View):
    """The live page: the server renders the table, then the script takes over."""

    market: MarketDisplay = cast(MarketDisplay, None)  # as_view(market=...) gives it
    template_name = "dashboard.html"
    transport = "auto"
    list_page = "dashboard"
    """The page that shows the other lists."""

    async def get(self, request: HttpRequest) -> HttpResponse:
        """Answer with the page: rows are read in a thread, the board in this loop."""
        personal, access = await sync_to_async(_personal_and_access)(request)
        interval_s = IntervalForm(request.GET).interval_s()
        is_known = has_scripts(request, self.template_name)
        removed = await request.session.apop(REMOVED, None)
        context = self._market_context(request, personal, access) | {
            "notifications": personal.notices,
            "unread": personal.unread,
            "interval_s": interval_s,
            "reload_s": UNDO_S if removed else interval_s,
            "transport": self.transport,
            "has_scripts": is_known,
            "share_key": _share_key(request),
            "columns": await sync_to_async(_columns)(request),
            "removed": removed,
        }
        response = await sync_to_async(render_short)(request, self.template_name, context)
        response["Cache-Control"] = "no-store"
        if not is_known:
            note_scripts(request, response, self.template_name)
        return response

    def _market_context(
        self, request: HttpRequest, personal: Personal, access: Access
    ) -> dict[str, Any]:
        asked = request.GET.get("list", "")
        market = self.market.seen_rows(access)
        shown = self._shown(asked, market) or own_list(personal.lists, asked)
        rows = self.market.rows(shown.symbols, access)
        return {
            "has_begun": self.market.has_begun,
            "shown": shown,
            "here": reverse(self.list_page),
            "lists": personal.lists,
            "place": place_of(shown, personal.lists),
            "last_place": len(personal.lists) - 1,
            "market_lists": [(key, name) for key, (name, _) in MARKET_LISTS.items()],
            "sectors": sectors_of(market),
            "rows": rows,
            "lines": lines_of(shown, rows),
            "catalogue": self.market.catalogue(access),
            "feeds": self.market.feeds(access),
            "age_text": self.market.age_text(),
            "watchlist_symbols": list(shown.symbols),
            "watchlist_limit": WATCHLIST_LIMIT,
        }

    def _shown(self, asked: str, market: Mapping[str, Row]) -> ShownList | None:
        """Return a list that is not the person's own; None shows one of these."""
        return market_list(asked, market)


class SharedListView(DashboardView):
    """A list that somebody shared, with the prices that this person may see."""

    async def get(self, request: HttpRequest, key: str) -> HttpResponse:  # type: ignore[override]
        """Answer with the page; a key that opens nothing any more is not found."""
        named = await sync_to_async(_lent_to)(request, key)
        if named is None:
            raise Http404("no list is shared by this link")
        self.lent = lent_list(named)
        return await super().get(request)

    def _shown(self, _: str, __: Mapping[str, Row]) -> ShownList | None:
        return self.lent


class ListTextView(View):
    """A list as a text file: one symbol or title of a section on each line."""

    def get(self, request: HttpRequest, list_id: int) -> HttpResponse:
        """Answer with the file; only the owner gets it."""
        lists = _personal(request).lists
        named = next((each for each in lists if each.id == list_id), None)
        if named is None:
            raise Http404("you have no such list")
        return HttpResponse(
            write_list(named),
            content_type="text/plain; charset=utf-8",
            headers={
                "Content-Disposition": content_disposition_header(True, f"{named.name}.txt") or "",
                "Cache-Control": "no-store",
            },
        )


class PollingView(DashboardView):
    """The same page pinned to interval polling; without JavaScript it reloads itself.

    A page that offers to undo a removal waits longer: the next one does not offer it any more.
    """

    template_name = "polling.html"
    transport = "poll"
    list_page = "polling"


class InstrumentView(DashboardView):
    """The page of one instrument: its chart, key figures and trades."""

    template_name = "instrument.html"

    async def get(self, request: HttpRequest, symbol: str) -> HttpResponse:  # type: ignore[override]
        """Answer with the page; an instrument that the person may not see is not found."""
        self.symbol = read_symbol(symbol)
        if not is_symbol(self.symbol):
            raise Http404(SYMBOL_RULE)
        if self.symbol != symbol:
            return HttpResponseRedirect(reverse("instrument", args=[self.symbol]))
        self.hindsight = await sync_to_async(self._hindsight)(request)
        return await super().get(request)

    def _hindsight(self, request: HttpRequest) -> Hindsight:
        """Return where an alert would have fired, if the address has the fields of its form."""
        form = AlertForm(request.GET)
        if "forecast" not in request.GET or not form.is_valid():
            return Hindsight("")
        return hindsight(user_of(request), replace(form.facts(), symbol=self.symbol))

    def _market_context(self, _: HttpRequest, __: Personal, access: Access) -> dict[str, Any]:
        has_begun = self.market.has_begun
        rows = self.market.rows([self.symbol], access)
        # Before the market begins nobody knows what is listed, so the page waits for it.
        if not rows and has_begun:
            raise Http404(f"symbol was {self.symbol!r}")
        return {
            "has_begun": has_begun,
            "row": rows[0] if rows else blank_row(self.symbol),
            "forecast": self.hindsight.text,
            "fired": ",".join(map(str, self.hindsight.places)),
            "feeds": self.market.feeds(access),
            "age_text": self.market.age_text(),
        }


class PlacesView(View):
    """What a person can go to, for the commands of the pages."""

    market: MarketDisplay = cast(MarketDisplay, None)  # as_view(market=...) gives it

    async def get(self, request: HttpRequest) -> HttpResponse:
        """Answer with lists, instruments and pages without a menu; `~` stands for a symbol."""
        personal, access = await sync_to_async(_personal_and_access)(request)
        catalogue = self.market.catalogue(access)
        home = reverse("dashboard")
        own = [(named.name, str(named.id)) for named in personal.lists]
        made = [(name, key) for key, (name, _) in MARKET_LISTS.items()]
        sectors = sorted({entry["sector"] for entry in catalogue if entry["sector"]})
        lists = [*own, *made, *((sector, f"{SECTOR_MARK}{sector}") for sector in sectors)]
        answer = {
            "pages": [{"name": "Polling", "url": reverse("polling")}],
            "lists": [{"name": n, "url": f"{home}?{urlencode({'list': k})}"} for n, k in lists],
            "instruments": [{"s": entry["s"], "name": entry["name"]} for entry in catalogue],
            "instrument": reverse("instrument", args=["~"]),
            "alert": f"{reverse('alerts')}?symbol=~",
        }
        return JsonResponse(answer, headers={"Cache-Control": "no-store"})


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
        # Each header has a colon, a blank and the two bytes of a line end.
        header_bytes = sum(len(name) + len(value) + 4 for name, value in request.headers.items())
        return JsonResponse({"request_header_bytes": header_bytes, **self.read_costs()})


def _share_key(request: HttpRequest) -> str:
    """Return a name that all tabs of this sign-in share; the session key cannot be read from it."""
    session_key = request.session.session_key or ""
    return salted_hmac("dashboard.share", f"{request.user.pk}:{session_key}").hexdigest()[:32]


def _personal(request: HttpRequest) -> Personal:
    user_id = cast(User, request.user).pk
    return personal_of([user_id])[user_id]


def _columns(request: HttpRequest) -> tuple[str, ...]:
    return columns_of(cast(User, request.user).pk)


def _lent_to(request: HttpRequest, key: str) -> NamedList | None:
    return shared_list(key, cast(User, request.user).pk)


def _personal_and_access(request: HttpRequest) -> tuple[Personal, Access]:
    user_id = cast(User, request.user).pk
    return _personal(request), access_of([user_id])[user_id]
