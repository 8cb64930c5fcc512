"""The permissions of every route in the admin and on the deck, and the audit entry each leaves."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse

from feeds.bus import control
from feeds.models import AuditEntry, Entitlement, Feed, Instrument, Intervention, Scenario
from feeds.services.instrument_imports import try_import
from tests.support.admin_forms import save_form
from tests.support.operators import (
    FEEDS,
    INSTRUMENT_FORM,
    INSTRUMENTS,
    NEW_FEED,
    act,
    change_feed,
    change_instrument,
    everything,
    make_market,
    operate,
    the,
    the_feed,
)
from tests.support.staff import root, staff

pytestmark = pytest.mark.django_db
ENTITLEMENTS = "/admin/feeds/entitlement/"
NO_STEPS = {"steps-TOTAL_FORMS": "0", "steps-INITIAL_FORMS": "0"}
SHOCK = {"kind": "shock", "size": "-6", "duration_s": "9", "reason": "news", "confirmed": "1"}


@pytest.fixture(autouse=True)
def _market():
    make_market()


def the_group(name):
    return Group.objects.get(name=name)


def late():
    """Return the key of the entitlement there is."""
    return Entitlement.objects.get(group__name="Late").pk


def the_scenario():
    return Scenario.objects.get()


def import_list(client):
    """Apply a dry run of this person; a stranger has none."""
    user = User.objects.filter(pk=client.session.get("_auth_user_id")).first()
    text = "symbol,name\nNVX,Nova\n"
    key = try_import(the_feed(), text, actor=user)[0] if user else "none"
    return client.post(reverse("admin:feeds_feed_import", args=[the_feed().pk]), {"key": key})


@dataclass(frozen=True)
class Route:
    """One way to change the market, and the permissions that open it."""

    needs: tuple[str, ...]
    go: Callable[[Client], object]
    is_done: Callable[[], bool]
    audit: tuple[str, str]


ROUTES = {
    "pause button": Route(
        ("run_feed",),
        lambda client: operate(client, the_feed(), "pause", reason="lunch"),
        lambda: the_feed().state == "PAUSED",
        ("pause", "feed demo"),
    ),
    "close button": Route(
        ("run_feed",),
        lambda client: operate(client, the_feed(), "close"),
        lambda: the_feed().state == "CLOSED",
        ("close", "feed demo"),
    ),
    "rate button": Route(
        ("run_feed",),
        lambda client: operate(client, the_feed(), "rate", rate="500"),
        lambda: the_feed().rate == 500,
        ("set rate", "feed demo"),
    ),
    "pause action": Route(
        ("run_feed",),
        lambda client: act(client, FEEDS, "pause", [the_feed()], reason="lunch"),
        lambda: the_feed().state == "PAUSED",
        ("pause", "feed demo"),
    ),
    "close action": Route(
        ("run_feed",),
        lambda client: act(client, FEEDS, "close", [the_feed()], confirmed="yes"),
        lambda: the_feed().state == "CLOSED",
        ("close", "feed demo"),
    ),
    "rate action": Route(
        ("run_feed",),
        lambda client: act(client, FEEDS, "rate", [the_feed()], rate="500"),
        lambda: the_feed().rate == 500,
        ("set rate", "feed demo"),
    ),
    "record button": Route(
        ("run_feed",),
        lambda client: operate(client, the_feed(), "record"),
        lambda: the_feed().is_recorded,
        ("record", "feed demo"),
    ),
    "halt button": Route(
        ("halt_instrument",),
        lambda client: operate(client, the("NVX"), "halt", reason="news"),
        lambda: "NVX" in the_feed().plan().halts,
        ("halt", "instrument NVX"),
    ),
    "resume button": Route(
        ("halt_instrument",),
        lambda client: operate(client, the("ORB"), "resume"),
        lambda: "ORB" not in the_feed().plan().halts,
        ("resume", "instrument ORB"),
    ),
    "halt action": Route(
        ("halt_instrument",),
        lambda client: act(client, INSTRUMENTS, "halt", [the("NVX")], reason="news"),
        lambda: "NVX" in the_feed().plan().halts,
        ("halt", "instrument NVX"),
    ),
    "resume action": Route(
        ("halt_instrument",),
        lambda client: act(client, INSTRUMENTS, "resume", [the("ORB")]),
        lambda: "ORB" not in the_feed().plan().halts,
        ("resume", "instrument ORB"),
    ),
    "feed form": Route(
        ("change_feed",),
        change_feed,
        lambda: (the_feed().name, the_feed().seed) == ("Renamed", 7),
        ("change", "feed demo"),
    ),
    "new feed": Route(
        ("add_feed",),
        lambda client: client.post(f"{FEEDS}add/", NEW_FEED),
        lambda: Feed.objects.filter(slug="new").exists(),
        ("add", "feed new"),
    ),
    "feed deletion": Route(
        ("delete_feed", "delete_instrument", "halt_instrument"),
        lambda client: client.post(f"{FEEDS}{the_feed().pk}/delete/", {"post": "yes"}),
        lambda: not Feed.objects.filter(slug="demo").exists(),
        ("delete", "feed demo"),
    ),
    "feed deletion action": Route(
        ("delete_feed", "delete_instrument", "halt_instrument"),
        lambda client: act(client, FEEDS, "delete_selected", [the_feed()], post="yes"),
        lambda: not Feed.objects.filter(slug="demo").exists(),
        ("delete", "feed demo"),
    ),
    "instrument form": Route(
        ("change_instrument",),
        lambda client: change_instrument(client, name="Novexa"),
        lambda: the("NVX").name == "Novexa",
        ("change", "instrument NVX"),
    ),
    "new instrument": Route(
        ("add_instrument", "view_feed"),
        lambda client: client.post(
            f"{INSTRUMENTS}add/", INSTRUMENT_FORM | {"feed": the_feed().pk, "symbol": "QAL"}
        ),
        lambda: Instrument.objects.filter(symbol="QAL").exists(),
        ("add", "instrument QAL"),
    ),
    "instrument deletion": Route(
        ("delete_instrument",),
        lambda client: client.post(f"{INSTRUMENTS}{the('NVX').pk}/delete/", {"post": "yes"}),
        lambda: not Instrument.objects.filter(symbol="NVX").exists(),
        ("delete", "instrument NVX"),
    ),
    "instrument deletion action": Route(
        ("delete_instrument",),
        lambda client: act(client, INSTRUMENTS, "delete_selected", [the("NVX")], post="yes"),
        lambda: not Instrument.objects.filter(symbol="NVX").exists(),
        ("delete", "instrument NVX"),
    ),
    "start button": Route(
        ("run_feed",),
        lambda client: operate(client, the_feed("idle"), "start"),
        lambda: the_feed("idle").state == "RUNNING",
        ("start", "feed idle"),
    ),
    "step button": Route(
        ("run_feed",),
        lambda client: operate(client, the_feed("idle"), "step"),
        lambda: the_feed("idle").runs_until is not None,
        ("step", "feed idle"),
    ),
    "stop recording button": Route(
        ("run_feed",),
        lambda client: operate(client, the_feed("idle"), "keep"),
        lambda: not the_feed("idle").is_recorded,
        ("stop recording", "feed idle"),
    ),
    "instrument list": Route(
        ("add_instrument", "change_instrument"),
        import_list,
        lambda: the("NVX").name == "Nova",
        ("import", "feed demo"),
    ),
    "entitlement": Route(
        ("add_entitlement", "view_group"),
        lambda client: client.post(
            f"{ENTITLEMENTS}add/",
            {"feed": the_feed().pk, "group": the_group("Traders").pk, "delay_minutes": "15"},
        ),
        lambda: the_group("Traders").entitlements.filter(delay_minutes=15).exists(),
        ("add", "entitlement demo Traders"),
    ),
    "entitlement form": Route(
        ("change_entitlement",),
        lambda client: save_form(client, f"{ENTITLEMENTS}{late()}/change/", {"delay_minutes": "5"}),
        lambda: the_group("Late").entitlements.filter(delay_minutes=5).exists(),
        ("change", "entitlement demo Late"),
    ),
    "entitlement deletion": Route(
        ("delete_entitlement",),
        lambda client: client.post(f"{ENTITLEMENTS}{late()}/delete/", {"post": "yes"}),
        lambda: not the_group("Late").entitlements.exists(),
        ("delete", "entitlement demo Late"),
    ),
    "new scenario": Route(
        ("add_scenario", "view_feed"),
        lambda client: client.post(
            "/admin/feeds/scenario/add/", {"feed": the_feed().pk, "name": "Calm"} | NO_STEPS
        ),
        lambda: Scenario.objects.filter(name="Calm").exists(),
        ("add", "scenario demo Calm"),
    ),
    "scenario deletion": Route(
        ("delete_scenario",),
        lambda client: client.post(
            f"/admin/feeds/scenario/{the_scenario().pk}/delete/", {"post": "yes"}
        ),
        lambda: not Scenario.objects.exists(),
        ("delete", "scenario demo Crash"),
    ),
    **{
        f"deck {name}": Route(
            (needs,),
            lambda client, name=name, fields=fields, slug=slug: client.post(
                f"/admin/flightdeck/feeds/{slug}/{name}/", fields
            ),
            is_done,
            audit,
        )
        for name, needs, slug, fields, is_done, audit in (
            (
                "start",
                "run_feed",
                "idle",
                {},
                lambda: the_feed("idle").state == "RUNNING",
                ("start", "feed idle"),
            ),
            (
                "pause",
                "run_feed",
                "demo",
                {},
                lambda: the_feed().state == "PAUSED",
                ("pause", "feed demo"),
            ),
            (
                "close",
                "run_feed",
                "demo",
                {},
                lambda: the_feed().state == "CLOSED",
                ("close", "feed demo"),
            ),
            (
                "step",
                "run_feed",
                "idle",
                {},
                lambda: the_feed("idle").runs_until is not None,
                ("step", "feed idle"),
            ),
            (
                "rate",
                "run_feed",
                "demo",
                {"rate": "5"},
                lambda: the_feed().rate == 5,
                ("set rate", "feed demo"),
            ),
            (
                "record",
                "run_feed",
                "demo",
                {},
                lambda: the_feed().is_recorded,
                ("record", "feed demo"),
            ),
            (
                "keep",
                "run_feed",
                "idle",
                {},
                lambda: not the_feed("idle").is_recorded,
                ("stop recording", "feed idle"),
            ),
            (
                "halt",
                "halt_instrument",
                "demo",
                {"symbol": "NVX", "reason": "news"},
                lambda: "NVX" in the_feed().plan().halts,
                ("halt", "instrument NVX"),
            ),
            (
                "resume",
                "halt_instrument",
                "demo",
                {},
                lambda: not the_feed().plan().halts,
                ("resume", "instrument ORB"),
            ),
            (
                "interventions",
                "shock_market",
                "demo",
                SHOCK,
                Intervention.objects.exists,
                ("shock", "feed demo"),
            ),
        )
    },
    "deck scenario": Route(
        ("shock_market",),
        lambda client: client.post(
            "/admin/flightdeck/feeds/demo/scenario/",
            {"scenario": the_scenario().pk, "reason": "drill", "confirmed": "1"},
        ),
        Intervention.objects.exists,
        ("run", "feed demo"),
    ),
}
every_route = pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES.keys())


@pytest.mark.slow
@every_route
def test_a_route_is_open_with_its_permission_and_leaves_one_audit_entry(route):
    client = staff("view_feed", "view_instrument", *route.needs)
    route.go(client)
    assert route.is_done()
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.target) == route.audit
    assert entry.actor == User.objects.get(pk=client.session["_auth_user_id"])
    assert entry.before != entry.after


@every_route
def test_a_route_is_closed_to_staff_with_every_other_permission(route):
    """`view_feed` decides nothing here; the first permission of a route is its own."""
    others = Permission.objects.exclude(codename=route.needs[0])
    client = staff(*others.values_list("codename", flat=True))
    before = everything()
    route.go(client)
    assert everything() == before


@pytest.mark.slow
@every_route
def test_a_route_is_closed_to_those_who_are_not_staff(route):
    client = staff(*route.needs, is_staff=False)
    before = everything()
    assert route.go(client).status_code in (302, 403)
    assert everything() == before


@pytest.mark.slow
@every_route
def test_a_route_sends_strangers_to_the_sign_in_page(route):
    before = everything()
    response = route.go(Client())
    assert response.status_code == 302
    assert response.url.startswith("/accounts/login/?next=/admin/")
    assert everything() == before


@pytest.mark.slow
@every_route
def test_a_route_is_closed_to_a_request_from_another_site(route):
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_superuser("root"))
    before = everything()
    assert route.go(client).status_code == 403
    assert everything() == before


@pytest.mark.slow
@every_route
def test_a_route_tells_the_feed_on_commit(route, monkeypatch, django_capture_on_commit_callbacks):
    calls = []
    monkeypatch.setattr(control, "poke_feeds", lambda: calls.append("feeds"))
    with django_capture_on_commit_callbacks(execute=True):
        route.go(root())
        assert calls == []
    assert calls
