"""The addresses of the flight deck. Django's admin lets only the staff in.

Gives the market and the realism monitor to the pages that need them.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

from django.contrib import admin
from django.http import HttpResponse
from django.urls import URLPattern, path

from dashboard.deck.certificate import Examined, certificate
from dashboard.deck.interventions import Prices, call_off, interventions, scenario
from dashboard.deck.pages import disconnect, entries, flightdeck, operate, undo_entry

FEED: Final = "feeds/<slug:slug>/"


def deck_routes(market: Prices, monitor: Examined) -> list[URLPattern]:
    """Return the routes. The commands of a feed come last, because their name matches any word."""
    return [
        _route("", flightdeck, "flightdeck"),
        _route("entries/", entries, "flightdeck_entries"),
        _route("entries/<int:pk>/undo/", undo_entry, "flightdeck_undo"),
        _route("disconnect/", disconnect, "flightdeck_disconnect"),
        _route(
            f"{FEED}interventions/",
            partial(interventions, market=market),
            "flightdeck_interventions",
        ),
        _route(f"{FEED}interventions/<int:pk>/end/", call_off, "flightdeck_call_off"),
        _route(f"{FEED}scenario/", partial(scenario, market=market), "flightdeck_scenario"),
        _route(
            f"{FEED}certificate/",
            partial(certificate, monitor=monitor),
            "flightdeck_certificate",
        ),
        _route(f"{FEED}<slug:name>/", operate, "flightdeck_operate"),
    ]


def _route(address: str, view: Callable[..., HttpResponse], name: str) -> URLPattern:
    route: URLPattern = path(address, admin.site.admin_view(view), name=name)
    return route
