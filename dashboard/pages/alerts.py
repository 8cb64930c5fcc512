"""The page of one's own alerts: list, form, and what can be done with each.

Must not write rows (services do) or judge. Everything is looked up among the rows of the person who
asks, so another's alert is a 404.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from asgiref.sync import sync_to_async
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
    QueryDict,
)
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from dashboard.alerts.forms import AlertForm, LineForm, NewLineForm
from dashboard.alerts.hindsight import hindsight
from dashboard.alerts.reading import conditions_of
from dashboard.alerts.rules import PRICES, Condition, Frequency, Match, is_line
from dashboard.alerts.services import (
    ALERTS_PER_USER,
    change_alert,
    delete_alert,
    make_alert,
    move_alert,
    pause_alert,
    resume_alert,
    snooze_alert,
)
from dashboard.alerts.wording import FREQUENCY_TEXT, rule_text
from dashboard.exceptions import AlertsFull, UnknownLine, UnknownSymbol, UnknownWatchlist
from dashboard.formats.missing import MISSING
from dashboard.models import Alert, Notification, Watchlist
from dashboard.pages.accounts import user_of
from dashboard.pages.edit_answers import SEE_OTHER, Done, checked, edit
from dashboard.pages.market_display import MINUS, rounded
from dashboard.pages.post_only import post_only
from dashboard.pages.views import DashboardView
from dashboard.people.access import Access
from dashboard.people.selectors import access_of
from dashboard.wire.personal import Personal
from dashboard.wire.registry import Error, error_object
from feeds.market.symbols import LONGEST_SYMBOL, read_symbol

SNOOZE_MIN: Final = 60
FIRINGS_SHOWN: Final = 3
PLACES_SHOWN: Final = 100


class AlertRow(NamedTuple):
    """A line of the list, ready to print. `symbol` is "" for a whole list.

    `target` is the price that an active alert waits for, as plain text; "" if it waits for none.
    """

    alert: Alert
    text: str
    symbol: str
    last: str
    target: str
    distance: str
    frequency: str
    firings: list[Any]
    is_snoozed: bool


class AlertsView(DashboardView):
    """The alerts of the person, with a form to make another or to change one."""

    template_name = "alerts/page.html"
    list_page = "alerts"

    async def get(self, request: HttpRequest, alert_id: int | None = None) -> HttpResponse:
        """Show the alerts and the form, filled in for a symbol that is asked for."""
        self.found = await sync_to_async(self._asked)(request, alert_id)
        return await super().get(request)

    async def post(self, request: HttpRequest, alert_id: int | None = None) -> HttpResponse:
        """Make or change an alert, or say how often it would have fired."""
        found = await sync_to_async(self._sent)(request, alert_id)
        if found is None:
            answer = HttpResponseRedirect(reverse("alerts"), status=SEE_OTHER)
            answer["Cache-Control"] = "no-store"
            return answer
        self.found = found
        return await super().get(request)

    def _market_context(self, _: HttpRequest, __: Personal, access: Access) -> dict[str, Any]:
        return {
            "has_begun": self.market.has_begun,
            "feeds": self.market.feeds(access),
            **self.found,
        }

    def _asked(self, request: HttpRequest, alert_id: int | None) -> dict[str, Any]:
        alert = None if alert_id is None else _own(request, alert_id)
        symbol = read_symbol(request.GET.get("symbol", ""))[:LONGEST_SYMBOL]
        initial = self._suggestion(user_of(request), symbol) if symbol and alert is None else {}
        if alert is None and "list" in request.GET:
            initial["list_id"] = request.GET["list"]
        form = AlertForm(alert=alert, lists=_lists(request), initial=initial)
        return self._facts(request, form, alert)

    def _sent(self, request: HttpRequest, alert_id: int | None) -> dict[str, Any] | None:
        """Do what a form asks; return what the page shows then, None if all is done."""
        alert = None if alert_id is None else _own(request, alert_id)
        form = AlertForm(request.POST, alert=alert, lists=_lists(request))
        if not form.is_valid():
            return self._facts(request, form, alert)
        if "forecast" in request.POST:
            found = hindsight(user_of(request), form.facts())
            places = [datetime.fromtimestamp(ms / 1000, UTC) for ms in found.places]
            return self._facts(
                request, form, alert, forecast=found.text, places=places[:PLACES_SHOWN],
                chart=_chart_of(form) if places else "",
            )  # fmt: skip
        try:
            if alert is None:
                make_alert(user_of(request), form.facts())
            else:
                change_alert(alert, form.facts())
        except UnknownSymbol as error:
            form.add_error("symbol", f"{str(error).capitalize()}.")
            return self._facts(request, form, alert)
        except (AlertsFull, UnknownWatchlist) as error:
            form.add_error(None, f"{str(error).capitalize()}.")
            return self._facts(request, form, alert)
        messages.success(request, "The alert is saved.")
        return None

    def _suggestion(self, user: User, symbol: str) -> dict[str, Any]:
        price = self.market.last_prices([symbol], access_of([user.pk])[user.pk]).get(symbol)
        return {"symbol": symbol, "value_0": price}

    def _facts(
        self, request: HttpRequest, form: AlertForm, alert: Alert | None, **facts: Any
    ) -> dict[str, Any]:
        user = user_of(request)
        access = access_of([user.pk])[user.pk]
        # Read before the alerts: what comes in between counts as new, and is not lost.
        newest = Notification.objects.filter(user=user).values_list("pk", flat=True).first() or 0
        alerts = list(
            Alert.objects.filter(user=user)
            .select_related("instrument", "watchlist")
            .prefetch_related("firings")
        )
        symbols = [each.instrument.symbol for each in alerts if each.instrument]
        prices = self.market.last_prices(symbols, access)
        return {
            "rows": [_row(each, prices) for each in alerts],
            "newest": newest,
            "quota": ALERTS_PER_USER,
            "catalogue": self.market.catalogue(access),
            "form": form,
            "changed": alert,
            **facts,
        }


@post_only("alerts")
def alert_action(request: HttpRequest, alert_id: int, action: str) -> HttpResponse:
    """Pause, resume, snooze, wake or delete an alert of the person."""
    alert = _own(request, alert_id)
    match action:
        case "pause":
            pause_alert(alert)
        case "resume":
            resume_alert(alert)
        case "snooze":
            snooze_alert(alert, SNOOZE_MIN)
        case "wake":
            snooze_alert(alert, 0)
        case "delete":
            delete_alert(alert)
            messages.success(request, "The alert is deleted.")
        case _:
            raise Http404
    return HttpResponseRedirect(reverse("alerts"), status=SEE_OTHER)


@login_not_required  # it answers 401 itself: a script would follow a redirect without noticing
@require_safe
@cache_control(no_store=True)
def alert_lines(request: HttpRequest) -> HttpResponse:
    """Return the prices that the person's active alerts on one symbol wait for, as JSON."""
    if not request.user.is_authenticated:
        return JsonResponse({"error": error_object(Error.SIGNED_OUT, "sign in first")}, status=401)
    symbol = read_symbol(request.GET.get("symbol", ""))[:LONGEST_SYMBOL]
    alerts = Alert.objects.filter(
        user=user_of(request), state=Alert.State.ACTIVE, instrument__symbol=symbol
    )
    return JsonResponse({"data": [line for alert in alerts for line in _lines(alert)]})


@edit
def alert_line_move(_: HttpRequest, user: User, sent: QueryDict) -> Done:
    """Let a condition of an alert wait for another price."""
    wanted = checked(LineForm(sent))
    alert = Alert.objects.filter(user=user, pk=wanted["alert"]).first()
    if alert is None:
        raise UnknownLine("you have no such alert")
    move_alert(alert, wanted["index"], wanted["price"])
    return Done()


@edit
def alert_line_make(_: HttpRequest, user: User, sent: QueryDict) -> Done:
    """Make an alert at a price, once, as the form suggests."""
    form = NewLineForm(sent)
    checked(form)
    make_alert(user, form.facts())
    return Done()


def _chart_of(form: AlertForm) -> str:
    """Return the address of the chart that shows where a valid form's alert would have fired."""
    asked = {name: form[name].value() for name in form.fields if form[name].value()}
    page = reverse("instrument", args=[form.cleaned_data["symbol"]])
    return f"{page}?{urlencode({'forecast': 1} | asked)}"


def _lines(alert: Alert) -> Iterator[dict[str, Any]]:
    """Yield the lines of an alert on a chart: each is a condition that waits for a price."""
    conditions = conditions_of(alert)
    for index, condition in enumerate(conditions):
        if is_line(conditions, index):
            place = {"alert": alert.pk, "index": index}
            yield place | {"kind": str(condition.kind), "price": float(condition.value)}


def _own(request: HttpRequest, alert_id: int) -> Alert:
    found = Alert.objects.filter(user=user_of(request), pk=alert_id).select_related("instrument")
    alert = found.first()
    if alert is None:
        raise Http404
    return alert


def _lists(request: HttpRequest) -> list[tuple[int, str]]:
    return list(Watchlist.objects.filter(user=user_of(request)).values_list("pk", "name"))


def _subject(alert: Alert) -> str:
    if alert.instrument is not None:
        return alert.instrument.symbol
    name = "a deleted list" if alert.watchlist is None else alert.watchlist.name
    return f"Any symbol of {name}"


def _row(alert: Alert, prices: dict[str, Decimal]) -> AlertRow:
    conditions = conditions_of(alert)
    symbol = "" if alert.instrument is None else alert.instrument.symbol
    price, now = prices.get(symbol), timezone.now()
    target = _target(conditions) if symbol and alert.state == Alert.State.ACTIVE else None
    return AlertRow(
        alert=alert,
        text=rule_text(_subject(alert), conditions, Match(alert.match)),
        symbol=symbol,
        last=MISSING if price is None else f"{price:,f}",
        target="" if target is None else f"{target:f}",
        distance=_distance(target, price),
        frequency=FREQUENCY_TEXT[Frequency(alert.frequency)],
        firings=list(alert.firings.all())[:FIRINGS_SHOWN],
        is_snoozed=alert.snoozed_until is not None and alert.snoozed_until > now,
    )


def _target(conditions: tuple[Condition, ...]) -> Decimal | None:
    """Return the first price that is waited for."""
    return next((each.value for each in conditions if each.kind in PRICES), None)


def _distance(target: Decimal | None, price: Decimal | None) -> str:
    """Return how far the price is from the target, in percent of it; as alert_list.js does."""
    if target is None or price is None:
        return MISSING
    percent = 100 * float((target - price) / price)
    text = rounded(abs(percent), 2)
    sign = "" if not text.strip("0.,") else "+" if percent > 0 else MINUS
    return f"{sign}{text}%"
