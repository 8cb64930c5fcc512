"""The flight deck's page of the shocks, regimes and scenarios of a feed.

Must not write rows or poke anybody: services do. The first press of a button makes a dry run: it
shows the instruments that would be touched. The button on that page does it.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, Protocol

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from dashboard.deck.answers import acts, answer
from dashboard.deck.forms import InterventionForm, ScenarioForm
from dashboard.formats.missing import MISSING
from feeds.admin.operating import actor_of
from feeds.clock import ms_of
from feeds.engine.preview import Preview, Touched, forecast
from feeds.market.events import Phase
from feeds.models import Feed, Intervention, Scenario
from feeds.models.permissions import SHOCK
from feeds.plan.plans import FeedKind
from feeds.services.interventions import (
    LEAD,
    cancel_interventions,
    intervene,
    rows_of,
    run_scenario,
)

ROWS_SHOWN: Final = 100
"""Instruments of a dry run; the others are counted."""
LATEST_SHOWN: Final = 20
CONFIRMED: Final = "confirmed"
BACK: Final = "flightdeck_interventions"
NO_ID: Final = ""
"""Hidden fields repeat what was tried; with an id they would take the labels of those to see."""


class Prices(Protocol):
    """The part of the market that the page needs."""

    def prices(self, symbols: Iterable[str]) -> dict[str, tuple[int | None, Phase]]:
        """Return the last price (ticks) and the phase of each symbol that is listed."""
        ...


@require_http_methods(["GET", "HEAD", "POST"])
def interventions(request: HttpRequest, slug: str, *, market: Prices) -> HttpResponse:
    """Show the interventions of a feed; make a dry run of a new one, or begin it if confirmed."""
    feed = _feed_for(request, slug)
    form = InterventionForm(request.POST or None, feed=feed, auto_id="shock_%s")
    if not form.is_valid():
        return _page(request, feed, form=form)
    row = form.row()
    if CONFIRMED in request.POST:
        return answer(
            request, lambda: _begin(request, row, form.cleaned_data["starts_at"]), BACK, slug
        )
    tried = InterventionForm(request.POST, feed=feed, auto_id=NO_ID)
    return _page(request, feed, form=form, tried=tried, previews=_previews(feed, [row], market))


@acts(BACK)
def scenario(request: HttpRequest, slug: str, *, market: Prices) -> HttpResponse:
    """Make a dry run of a scenario of a feed, or run it if confirmed."""
    feed = _feed_for(request, slug)
    choice = ScenarioForm(request.POST, feed=feed, auto_id="scenario_%s")
    if not choice.is_valid():
        return _page(request, feed, choice=choice)
    chosen = choice.cleaned_data
    if CONFIRMED in request.POST:
        return answer(request, lambda: _run(request, **chosen), BACK, slug)
    rows = rows_of(chosen["scenario"], chosen["starts_at"] or timezone.now() + LEAD)
    tried = ScenarioForm(request.POST, feed=feed, auto_id=NO_ID)
    return _page(request, feed, choice=choice, tried=tried, previews=_previews(feed, rows, market))


@acts(BACK)
def call_off(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Call off what is left of an intervention."""
    feed = _feed_for(request, slug)

    def do() -> str:
        (row,) = cancel_interventions(feed, [pk], actor=actor_of(request))
        return f"Called off: {row}."

    return answer(request, do, BACK, slug)


def _feed_for(request: HttpRequest, slug: str) -> Feed:
    if not request.user.has_perm(SHOCK):
        raise PermissionDenied
    return get_object_or_404(Feed, slug=slug)


def _begin(request: HttpRequest, row: Intervention, starts_at: datetime | None) -> str:
    intervene(row, starts_at=starts_at, actor=actor_of(request))
    return f"From {row.starts_at:%Y-%m-%d %H:%M:%S} UTC: {row}."


def _run(
    request: HttpRequest, *, scenario: Scenario, starts_at: datetime | None, reason: str
) -> str:
    rows = run_scenario(scenario, starts_at=starts_at, actor=actor_of(request), reason=reason)
    begin = f"{rows[0].starts_at:%Y-%m-%d %H:%M:%S} UTC"
    return f"{scenario}: {len(rows)} steps, the first at {begin}."


def _page(request: HttpRequest, feed: Feed, **shown: Any) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": f"Shocks and regimes of {feed}",
        "feed": feed,
        "is_simulated": feed.kind == FeedKind.SIMULATED,
        "form": InterventionForm(feed=feed, auto_id="shock_%s"),
        "choice": ScenarioForm(feed=feed, auto_id="scenario_%s"),
        "has_scenarios": feed.scenarios.exists(),
        "rows": feed.interventions.select_related("made_by")[:LATEST_SHOWN],
        "symbols": feed.instruments.order_by("symbol").values_list("symbol", flat=True),
        **shown,
    }
    return TemplateResponse(request, "admin/interventions.html", context)


def _previews(feed: Feed, rows: list[Intervention], market: Prices) -> list[dict[str, Any]]:
    """Return a dry run of all of them together, step by step, as the template shows it."""
    plan = feed.plan()
    found = market.prices(definition.symbol for definition in plan.definitions)
    prices = {symbol: price for symbol, (price, _) in found.items() if price is not None}
    phases = {symbol: phase for symbol, (_, phase) in found.items()}
    if not rows:
        return []
    effects = [row.effect() for row in rows]
    # A row that begins at once was made some milliseconds ago, and has moved no price yet.
    now_ms = min(ms_of(timezone.now()), *(effect.start_ms for effect in effects))
    seen = forecast(plan, effects, prices, phases, now_ms=now_ms)
    return [_shown(row, preview) for row, preview in zip(rows, seen, strict=True)]


def _shown(row: Intervention, seen: Preview) -> dict[str, Any]:
    return {
        "row": row,
        "hindrance": seen.hindrance,
        "touched": [_line(touched) for touched in seen.touched[:ROWS_SHOWN]],
        "hidden": max(0, len(seen.touched) - ROWS_SHOWN),
        "count": len(seen.touched),
        "untouched": seen.untouched,
        "others": len(seen.others),
    }


def _line(touched: Touched) -> dict[str, str]:
    """Return an instrument of a dry run, its prices as people read them."""
    before, after, spread = (
        MISSING if ticks is None else touched.definition.price_text(ticks)
        for ticks in (touched.price, touched.after, touched.spread)
    )
    return {
        "symbol": touched.definition.symbol,
        "name": touched.definition.name,
        "before": before,
        "after": after,
        "spread": spread,
        "note": touched.note,
    }
