"""The page of one's own alerts: list, form, and what can be done with each.

Must not write rows (services do) or judge. Everything is looked up among the rows of the person who
asks, so another's alert is a 404.
"""

from decimal import Decimal
from typing import Any, Final, NamedTuple, cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST

from dashboard.alerts.forms import AlertForm
from dashboard.alerts.hindsight import forecast_text
from dashboard.alerts.reading import conditions_of
from dashboard.alerts.rules import PRICES, Condition, Frequency, Match
from dashboard.alerts.services import (
    ALERTS_PER_USER,
    change_alert,
    delete_alert,
    make_alert,
    pause_alert,
    resume_alert,
    snooze_alert,
)
from dashboard.alerts.wording import FREQUENCY_TEXT, rule_text
from dashboard.exceptions import AlertsFull, UnknownSymbol
from dashboard.models import Alert
from dashboard.pages.accounts import user_of
from dashboard.pages.display import MINUS, MarketDisplay, rounded
from dashboard.pages.views import SEE_OTHER
from dashboard.people.selectors import access_of

SNOOZE_MIN: Final = 60
FIRINGS_SHOWN: Final = 3


class AlertRow(NamedTuple):
    """A line of the list, ready to print."""

    alert: Alert
    text: str
    last: str
    distance: str
    frequency: str
    firings: list[Any]
    is_snoozed: bool


@method_decorator(cache_control(no_store=True), name="dispatch")
class AlertsView(View):
    """The alerts of the person, with a form to make another or to change one."""

    market: MarketDisplay = cast(MarketDisplay, None)  # as_view(market=...) gives it

    def get(self, request: HttpRequest, alert_id: int | None = None) -> HttpResponse:
        """Show the alerts and the form, filled in for a symbol that is asked for."""
        alert = None if alert_id is None else _own(request, alert_id)
        symbol = request.GET.get("symbol", "").upper()[:12]
        initial = self._suggestion(user_of(request), symbol) if symbol and alert is None else {}
        return self._show(request, AlertForm(alert=alert, initial=initial), alert)

    def post(self, request: HttpRequest, alert_id: int | None = None) -> HttpResponse:
        """Make or change an alert, or say how often it would have fired."""
        alert = None if alert_id is None else _own(request, alert_id)
        form = AlertForm(request.POST, alert=alert)
        if not form.is_valid():
            return self._show(request, form, alert)
        if "forecast" in request.POST:
            text = forecast_text(user_of(request), form.facts())
            return self._show(request, form, alert, forecast=text)
        try:
            if alert is None:
                make_alert(user_of(request), form.facts())
            else:
                change_alert(alert, form.facts())
        except UnknownSymbol as error:
            form.add_error("symbol", f"{str(error).capitalize()}.")
            return self._show(request, form, alert)
        except AlertsFull as error:
            form.add_error(None, f"{str(error).capitalize()}.")
            return self._show(request, form, alert)
        messages.success(request, "The alert is saved.")
        return HttpResponseRedirect(reverse("alerts"), status=SEE_OTHER)

    def _suggestion(self, user: User, symbol: str) -> dict[str, Any]:
        price = self.market.last_prices([symbol], access_of([user.pk])[user.pk]).get(symbol)
        return {"symbol": symbol, "value_0": price}

    def _show(
        self, request: HttpRequest, form: AlertForm, alert: Alert | None, **facts: Any
    ) -> HttpResponse:
        user = user_of(request)
        access = access_of([user.pk])[user.pk]
        alerts = list(
            Alert.objects.filter(user=user).select_related("instrument").prefetch_related("firings")
        )
        symbols = [each.instrument.symbol for each in alerts if each.instrument]
        prices = self.market.last_prices(symbols, access)
        context = {
            "rows": [_row(each, prices) for each in alerts],
            "quota": ALERTS_PER_USER,
            "catalogue": self.market.catalogue(access),
            "form": form,
            "changed": alert,
            **facts,
        }
        return render(request, "alerts/page.html", context)


@require_POST
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


def _own(request: HttpRequest, alert_id: int) -> Alert:
    found = Alert.objects.filter(user=user_of(request), pk=alert_id).select_related("instrument")
    alert = found.first()
    if alert is None:
        raise Http404
    return alert


def _row(alert: Alert, prices: dict[str, Decimal]) -> AlertRow:
    conditions = conditions_of(alert)
    symbol = "" if alert.instrument is None else alert.instrument.symbol
    price, now = prices.get(symbol), timezone.now()
    is_active = alert.state == Alert.State.ACTIVE
    return AlertRow(
        alert=alert,
        text=rule_text(symbol or "Any symbol of the watchlist", conditions, Match(alert.match)),
        last="" if price is None else f"{price:,f}",
        distance="" if price is None or not is_active else _distance(conditions, price),
        frequency=FREQUENCY_TEXT[Frequency(alert.frequency)],
        firings=list(alert.firings.all())[:FIRINGS_SHOWN],
        is_snoozed=alert.snoozed_until is not None and alert.snoozed_until > now,
    )


def _distance(conditions: tuple[Condition, ...], price: Decimal) -> str:
    """Return how far the price is from the first price that is waited for, in percent of it."""
    for condition in conditions:
        if condition.kind in PRICES:
            percent = 100 * float((condition.value - price) / price)
            sign = "+" if percent > 0 else MINUS if percent < 0 else ""
            return f"{sign}{rounded(abs(percent), 2)} %"
    return ""
