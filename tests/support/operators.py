"""The admin's forms and buttons as a browser sends them, and a small market to press them on."""

from typing import Any

from django.contrib.auth.models import Group
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from feeds.models import (
    AuditEntry,
    Entitlement,
    Feed,
    Halt,
    Instrument,
    Intervention,
    Scenario,
    ScenarioStep,
)
from tests.support.admin_forms import save_form

FEEDS = "/admin/feeds/feed/"
INSTRUMENTS = "/admin/feeds/instrument/"
INSTRUMENT_FORM = {
    "name": "Orbit Foods",
    "sector": "Consumer",
    "tick_size": "0.01",
    "reference_price": "50",
    "volatility": "0.02",
    "activity": "1",
}

HOURS = {"hours": "always", "exchange": "XNYS", "day_minutes": "30", "bands": "1"}
PLAYED = {"kind": "simulated", "speed": "1", "start_s": "0"}
NEW_FEED = {"name": "New", "slug": "new", "seed": "1", "rate": "9", **HOURS, **PLAYED}


def make_market() -> None:
    """Make a running feed `demo`, round the clock, with NVX open and ORB halted, and a paused one.

    The paused one is recorded; `demo` has a scenario and an entitlement.
    """
    feed = Feed.objects.create(slug="demo", name="Demo Exchange", rate=200, hours="always")
    for symbol in ("NVX", "ORB"):
        Instrument.objects.create(feed=feed, symbol=symbol, **INSTRUMENT_FORM)
    Halt.objects.create(instrument=the("ORB"), reason="news")
    Feed.objects.create(slug="idle", name="Idle", state="PAUSED", hours="always", is_recorded=True)
    Group.objects.create(name="Traders")
    Entitlement.objects.create(feed=feed, group=Group.objects.create(name="Late"))
    ScenarioStep.objects.create(scenario=Scenario.objects.create(feed=feed, name="Crash"), size=-7)


def the(symbol: str) -> Instrument:
    """Return an instrument."""
    return Instrument.objects.get(symbol=symbol)


def the_feed(slug: str = "demo") -> Feed:
    """Return a feed."""
    return Feed.objects.get(slug=slug)


def operate(client: Client, row: Model, name: str, **inputs: str) -> Any:
    """Press a button of a row."""
    model = row._meta.model_name
    return client.post(reverse(f"admin:feeds_{model}_operate", args=(row.pk, name)), inputs)


def act(client: Client, page: str, action: str, rows: Any, **inputs: str) -> Any:
    """Post a changelist's action form, as a browser does or as a forger would."""
    sent = {"action": action, "index": 0, "_selected_action": [row.pk for row in rows]}
    return client.post(page, sent | inputs)


def change_feed(client: Client, **sent: str) -> Any:
    """Save the form of `demo`."""
    form = {"name": "Renamed", "seed": "7"} | HOURS | PLAYED | sent
    return save_form(client, f"{FEEDS}{the_feed().pk}/change/", form)


def change_instrument(client: Client, **sent: str) -> Any:
    """Save the form of NVX."""
    address = f"{INSTRUMENTS}{the('NVX').pk}/change/"
    return save_form(client, address, INSTRUMENT_FORM | sent)


def everything() -> list[list[dict[str, Any]]]:
    """Return all rows that an admin could change, to see that nothing did."""
    models = (Feed, Instrument, Halt, Entitlement, Intervention, Scenario, AuditEntry)
    return [list(model.objects.order_by("pk").values()) for model in models]
