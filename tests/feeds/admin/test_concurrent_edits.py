"""Two people with one form open: the second reads what the first changed, and loses nothing."""

from typing import Any

import pytest
from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.http import QueryDict
from django.test import Client

from feeds.admin import concurrent_edits
from feeds.admin.concurrent_edits import REFUSAL, ConcurrentForm
from feeds.admin.concurrent_lines import CHANGED, ConcurrentLines
from feeds.models import AuditEntry, Entitlement, Feed, Scenario, ScenarioStep
from feeds.services.feeds import save_feed
from tests.support.admin_forms import save_form, seen
from tests.support.operators import FEEDS, HOURS, PLAYED, make_market, the_feed
from tests.support.staff import signed_in

pytestmark = pytest.mark.django_db

FORM = {"name": "Demo Exchange", "seed": "1"} | HOURS | PLAYED


@pytest.fixture(autouse=True)
def market() -> None:
    make_market()


@pytest.fixture
def ada() -> Client:
    return signed_in(User.objects.create_superuser("ada"))


@pytest.fixture
def grace() -> Client:
    return signed_in(User.objects.create_superuser("grace"))


def address() -> str:
    return f"{FEEDS}{the_feed().pk}/change/"


def form_of(response) -> ConcurrentForm:
    return response.context["adminform"].form


@pytest.mark.slow
def test_the_second_save_is_refused_and_names_the_first(ada, grace):
    open_page = seen(grace, address())
    save_form(ada, address(), FORM | {"is_restricted": "on"})
    response = grace.post(address(), open_page | FORM | {"name": "Renamed"})
    assert response.status_code == 200
    assert REFUSAL in form_of(response).non_field_errors()
    (error,) = form_of(response).errors["is_restricted"]
    assert error.startswith("Changed by ada at ")
    assert error.endswith(" UTC. Now: yes.")
    feed = the_feed()
    assert (feed.name, feed.is_restricted) == ("Demo Exchange", True)
    actors = AuditEntry.objects.filter(target="feed demo").values_list("actor_name", flat=True)
    assert list(actors) == ["ada"]


@pytest.mark.slow
def test_a_second_try_keeps_both_changes(ada, grace):
    open_page = seen(grace, address())
    save_form(ada, address(), FORM | {"is_restricted": "on", "day_minutes": "45"})
    refused = grace.post(address(), open_page | FORM | {"name": "Renamed"})
    form = form_of(refused)
    grace.post(address(), dict(form.data))
    feed = the_feed()
    assert (feed.name, feed.is_restricted, feed.day_minutes) == ("Renamed", True, 45)


@pytest.mark.slow
def test_what_both_changed_is_left_to_the_second_person(ada, grace):
    open_page = seen(grace, address())
    save_form(ada, address(), FORM | {"name": "Ada's"})
    refused = grace.post(address(), open_page | FORM | {"name": "Grace's"})
    assert form_of(refused)["name"].value() == "Grace's"
    assert "Now: Ada&#x27;s." in refused.content.decode()
    grace.post(address(), dict(form_of(refused).data))
    assert the_feed().name == "Grace's"


@pytest.mark.slow
def test_a_third_change_between_both_tries_is_noticed_too(ada, grace):
    open_page = seen(grace, address())
    save_form(ada, address(), FORM | {"bands": "2"})
    refused = grace.post(address(), open_page | FORM | {"name": "Renamed"})
    save_form(ada, address(), FORM | {"bands": "off"})
    again = grace.post(address(), dict(form_of(refused).data))
    assert "Now: off." in again.content.decode()
    assert the_feed().bands == "off"


def test_a_change_that_no_form_made_is_noticed(grace):
    open_page = seen(grace, address())
    feed = the_feed()
    feed.is_restricted = True
    save_feed(feed, actor=None)
    refused = grace.post(address(), open_page | FORM)
    assert "Changed by system at" in refused.content.decode()
    assert the_feed().is_restricted


def test_changes_of_what_the_form_does_not_have_are_no_conflict(grace):
    open_page = seen(grace, address())
    Feed.objects.filter(slug="demo").update(rate=7, state="PAUSED", reason="lunch")
    assert grace.post(address(), open_page | FORM | {"name": "Renamed"}).status_code == 302
    assert (the_feed().name, the_feed().rate) == ("Renamed", 7)


def test_a_form_that_does_not_say_what_it_showed_saves_nothing(grace):
    refused = grace.post(address(), FORM | {"name": "Renamed"})
    assert REFUSAL in form_of(refused).non_field_errors()
    assert the_feed().name == "Demo Exchange"


def test_a_row_that_was_deleted_meanwhile_is_not_made_again(ada, grace):
    open_page, page = seen(grace, address()), address()
    the_feed().delete()
    response = grace.post(page, open_page | FORM, follow=True)
    assert "Perhaps it was deleted?" in response.content.decode()
    assert not Feed.objects.filter(slug="demo").exists()


@pytest.mark.parametrize(
    ("widget", "value", "sent"),
    [
        (forms.TextInput(), "x", ["x"]),
        (forms.TextInput(), 7.5, ["7.5"]),
        (forms.TextInput(), None, [""]),
        (forms.SelectMultiple(), [Group(pk=3), 4], ["3", "4"]),
        (forms.SelectMultiple(), [], []),
        (forms.CheckboxInput(), True, ["True"]),
        (forms.CheckboxInput(), False, []),
    ],
)
def test_a_value_is_put_as_a_browser_sends_it(widget, value, sent):
    data = QueryDict("name=old&name=older&other=1", mutable=True)
    concurrent_edits._put(data, "name", widget, value)
    assert (data.getlist("name"), data["other"]) == (sent, "1")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((True, "yes"), (False, "no"), (None, "empty"), ("", "empty"), (0, "0"), ("x", "x")),
        *(([], "none"), ([1, "b"], "1, b")),
    ],
)
def test_a_value_is_shown_as_people_read_it(value, text):
    assert concurrent_edits._shown(value) == text


def scenario_form(*sizes: int) -> tuple[str, dict[str, Any]]:
    """Return the address of the scenario with steps of these sizes, and what its form sends."""
    scenario = Scenario.objects.get()
    scenario.steps.all().delete()
    steps = [ScenarioStep.objects.create(scenario=scenario, size=size) for size in sizes]
    form = {"feed": scenario.feed_id, "name": "Crash", "note": ""}
    form |= {"steps-TOTAL_FORMS": len(steps), "steps-INITIAL_FORMS": len(steps)}
    for place, step in enumerate(steps):
        line = {"id": step.pk, "scenario": scenario.pk, "offset_s": "0", "kind": "shock"}
        line |= {"size": step.size, "duration_s": step.duration_s}
        form |= {f"steps-{place}-{name}": value for name, value in line.items()}
    return f"/admin/feeds/scenario/{scenario.pk}/change/", form


def sizes() -> list[float]:
    return list(ScenarioStep.objects.values_list("size", flat=True))


def lines_of(response) -> ConcurrentLines:
    return response.context["inline_admin_formsets"][0].formset


def sent_again(response) -> dict[str, Any]:
    """Return what the refused page sends when it is saved once more."""
    lines = lines_of(response)
    data = dict(form_of(response).data)
    sent = {key: data[key] for key in data if not key.startswith(("steps-", "initial-steps-"))}
    for form in (lines.management_form, *lines.forms):
        prefix, mine = form.prefix, dict(form.data)
        keys = [key for key in mine if key.removeprefix("initial-").startswith(f"{prefix}-")]
        sent |= {key: mine[key] for key in keys}
    return sent


@pytest.mark.slow
def test_a_step_of_a_scenario_is_watched_too(ada, grace):
    page, form = scenario_form(-7)
    open_page = seen(grace, page)
    assert save_form(ada, page, form | {"steps-0-size": "-9"}).status_code == 302
    refused = grace.post(page, open_page | form | {"name": "Renamed"})
    (error,) = lines_of(refused).forms[0].errors["size"]
    assert error.startswith("Changed by ada at ")
    assert error.endswith("Now: -9.0.")
    assert (sizes(), Scenario.objects.get().name) == ([-9], "Crash")


@pytest.mark.slow
def test_a_step_that_was_changed_is_not_deleted_unseen(ada, grace):
    page, form = scenario_form(-7, 4)
    open_page = seen(grace, page)
    save_form(ada, page, form | {"steps-0-size": "-9"})
    refused = grace.post(page, open_page | form | {"steps-0-DELETE": "on"})
    assert CHANGED in lines_of(refused).non_form_errors()
    assert "Changed by ada at " in str(lines_of(refused).forms[0].errors["size"])
    assert sizes() == [-9, 4]
    assert grace.post(page, sent_again(refused)).status_code == 302
    assert sizes() == [4]


@pytest.mark.slow
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_step_that_was_deleted_is_named_and_the_others_are_saved(ada, grace, place):
    page, form = scenario_form(-7, 4, 2)
    open_page = seen(grace, page)
    assert save_form(ada, page, form | {f"steps-{place}-DELETE": "on"}).status_code == 302
    rest = sizes()
    mine = {f"steps-{n}-duration_s": str(100 + n) for n in range(3)}
    refused = grace.post(page, open_page | form | mine)
    (error,) = lines_of(refused).non_form_errors()
    assert error.startswith(f"Nothing was saved: line {place + 1} of yours does not exist any more")
    assert "Changed by ada at " in error
    assert grace.post(page, sent_again(refused)).status_code == 302
    assert sizes() == rest
    lengths = [100 + n for n in range(3) if n != place]
    assert list(ScenarioStep.objects.values_list("duration_s", flat=True)) == lengths


@pytest.mark.slow
def test_a_step_that_both_delete_is_deleted(ada, grace):
    page, form = scenario_form(-7, 4)
    open_page = seen(grace, page)
    save_form(ada, page, form | {"steps-0-DELETE": "on"})
    sent = open_page | form | {"steps-0-DELETE": "on", "name": "Renamed"}
    assert grace.post(page, sent).status_code == 302
    assert (sizes(), Scenario.objects.get().name) == ([4], "Renamed")


@pytest.mark.slow
def test_a_step_that_was_added_meanwhile_stays(ada, grace):
    page, form = scenario_form(-7)
    open_page = seen(grace, page)
    line = {"scenario": form["steps-0-scenario"], "offset_s": 5, "kind": "shock", "size": 4}
    line |= {"duration_s": 30}
    added = {f"steps-1-{name}": value for name, value in line.items()} | {"steps-TOTAL_FORMS": 2}
    assert save_form(ada, page, form | added).status_code == 302
    assert grace.post(page, open_page | form | {"steps-0-size": "-8"}).status_code == 302
    assert sizes() == [-8, 4]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "form", "change"),
    [
        (
            lambda: f"/admin/auth/group/{Group.objects.get(name='Late').pk}/change/",
            lambda: {"name": "Late"},
            lambda: Group.objects.get(name="Late").permissions.set(Permission.objects.all()[:2]),
        ),
        (
            lambda: f"/admin/auth/user/{User.objects.get(username='ada').pk}/change/",
            lambda: {"username": "ada", "is_active": "on"},
            lambda: User.objects.filter(username="ada").update(email="new@example.org"),
        ),
        (
            lambda: f"/admin/feeds/entitlement/{Entitlement.objects.get().pk}/change/",
            lambda: {"delay_minutes": "5"},
            lambda: Entitlement.objects.update(delay_minutes=20),
        ),
    ],
    ids=["group", "account", "entitlement"],
)
def test_other_rows_are_watched_in_the_same_way(ada, grace, page, form, change):
    open_page = seen(grace, page())
    change()
    refused = grace.post(page(), open_page | form())
    assert REFUSAL in form_of(refused).non_field_errors()
    retried = grace.post(page(), dict(form_of(refused).data))
    assert retried.status_code == 302
    if "group" in page():
        assert Group.objects.get(name="Late").permissions.count() == 2


@pytest.mark.slow
def test_nobody_is_blamed_for_a_change_that_the_log_does_not_know(ada, grace):
    page = f"/admin/auth/user/{User.objects.get(username='ada').pk}/change/"
    form = {"username": "ada", "is_active": "on", "is_staff": "on", "is_superuser": "on"}
    save_form(grace, page, form | {"first_name": "Ada"})
    open_page = seen(ada, page)
    User.objects.filter(username="ada").update(email="new@example.org")
    refused = ada.post(page, open_page | form | {"first_name": "Ada"})
    (error,) = form_of(refused).errors["email"]
    assert error.startswith("Changed; grace saved this row last here, at ")


def test_every_form_of_the_admin_watches_for_changes_of_others(rf, grace):
    request = rf.get("/")
    request.user = User.objects.get(username="grace")
    for model, pages in admin.site._registry.items():
        inlines = [inline(model, admin.site) for inline in pages.inlines]
        # A form of many rows on a list would be another way to take a change back.
        assert not pages.list_editable, pages
        for page in (pages, *inlines):
            if page.has_change_permission(request):
                assert issubclass(page.form, ConcurrentForm), page
        assert all(issubclass(inline.formset, ConcurrentLines) for inline in inlines), pages
