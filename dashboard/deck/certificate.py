"""The page that says how real a feed's market looks: values, band and verdict of each fact.

Must not watch the market or compute: the realism monitor does.
"""

from typing import Any, Final, Protocol

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from dashboard.formats.missing import MISSING
from dashboard.people.selectors import rights_of
from feeds.admin.operating import actor_of
from feeds.models import Feed
from feeds.realism.judging import DAYS_NEEDED, Certificate, Finding, Verdict
from feeds.realism.statistics import memory_of
from feeds.realism.watch import SYMBOLS_KEPT

HEIGHT: Final = 100.0
IS_MET: Final = {Verdict.IN: True, Verdict.OUT: False, Verdict.UNKNOWN: None}
"""For programs: whether a fact is as on real markets, null while that cannot be judged."""
TOP: Final = 0.5
"""The height of the plot in its own units, and the autocorrelation at its top."""


class Examined(Protocol):
    """The part of the realism monitor that the page needs."""

    def certificate(self, feed: str) -> Certificate:
        """Return what the newest whole days of a feed say."""
        ...


@require_safe
def certificate(request: HttpRequest, slug: str, *, monitor: Examined) -> HttpResponse:
    """Show the certificate of a feed to people who may operate anything, as a page or as JSON."""
    if not rights_of(actor_of(request)).operates:
        raise PermissionDenied
    feed = get_object_or_404(Feed, slug=slug)
    found = monitor.certificate(feed.slug)
    facts = {
        "feed": feed.slug,
        "days": found.days,
        "symbols": found.symbols,
        "verdict": found.verdict,
        "is_met": IS_MET[found.verdict],
        "remarks": list(found.remarks),
        "findings": [_finding(finding) for finding in found.findings],
    }
    if request.GET.get("format") == "json":
        return JsonResponse(facts)
    memory = () if found.market is None else memory_of(found.market).tolist()
    context = {
        **admin.site.each_context(request),
        **facts,
        "title": f"Realism of {feed}",
        "feed": feed,
        "needed": DAYS_NEEDED,
        "kept": SYMBOLS_KEPT,
        "counts": [(each, found.count(each)) for each in Verdict if found.count(each)],
        "bars": [_bar(lag, value) for lag, value in enumerate(memory)],
    }
    return TemplateResponse(request, "admin/certificate.html", context)


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "number": finding.number,
        "name": finding.name,
        "values": [_number(value) for value in finding.values],
        "band": finding.band,
        "verdict": finding.verdict,
        "is_met": IS_MET[finding.verdict],
        "missing": finding.missing,
    }


def _number(value: float) -> str:
    # Without the sign of a zero: "-0.00" looks like a fault.
    return MISSING if value != value else f"{round(value, 3) + 0.0:.3g}"


def _bar(lag: int, value: float) -> dict[str, float]:
    """Return a bar of the plot: where it begins and how high it is, from the top down."""
    height = round(min(1.0, max(0.0, value) / TOP) * HEIGHT, 1)
    return {"x": lag * 5, "y": round(HEIGHT - height, 1), "height": height}
