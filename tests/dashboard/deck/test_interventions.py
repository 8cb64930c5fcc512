"""Shocks and scenarios on the flight deck: a dry run does nothing, a confirmed one does that."""

import re
from collections.abc import Iterable
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.messages import get_messages
from django.test import RequestFactory
from django.utils import timezone

from dashboard.deck.interventions import interventions, scenario
from feeds.clock import ms_of
from feeds.market.events import Phase
from feeds.models import AuditEntry, Feed, Intervention, Scenario, ScenarioStep
from feeds.services.feeds import pause_feed, seed_exchange
from tests.support.admin_forms import save_form
from tests.support.staff import root, staff

pytestmark = pytest.mark.django_db
DECK = "/admin/flightdeck/"
FEED = f"{DECK}feeds/demo/"
PAGE = f"{FEED}interventions/"
SCENARIO = f"{FEED}scenario/"
SHOCK = {
    "kind": "shock", "size": "-6", "sector": "Technology", "duration_s": "90", "reason": "news",
}  # fmt: skip
DO = {"confirmed": "1"}


@pytest.fixture(autouse=True)
def feed():
    seed_exchange(20, 200)
    AuditEntry.objects.all().delete()
    return Feed.objects.get()


@pytest.fixture
def crash(feed):
    scenario = Scenario.objects.create(feed=feed, name="Crash")
    ScenarioStep.objects.create(scenario=scenario, size=-7)
    ScenarioStep.objects.create(scenario=scenario, size=3, kind="regime", offset_s=30)
    return scenario


class Market:
    """Every instrument at 100.00, but one that is halted and one without a price."""

    def prices(self, symbols: Iterable[str]) -> dict[str, tuple[int | None, Phase]]:
        return dict.fromkeys(symbols, (10000, Phase.OPEN)) | {
            "NVX": (10_000, Phase.HALTED), "QBT": (None, Phase.OPEN),
        }  # fmt: skip


def tried(fields):
    request = RequestFactory().post(PAGE, fields)
    request.user = User.objects.create_superuser("root")
    return interventions(request, "demo", market=Market()).render().content.decode()


def test_a_dry_run_shows_whom_it_touches_and_does_nothing(feed):
    page = tried(SHOCK)
    row = page[page.index("<td>LQM</td>") :]
    cells = row[: row.index("</tr>")]
    assert ">100.00<" in cells
    assert ">94.00<" in cells
    assert "will open again at the new price" in page
    assert "has no price yet" in page
    chosen = feed.instruments.filter(sector="Technology").count()
    assert f"Touches {chosen} instruments, leaves {20 - chosen} alone." in " ".join(page.split())
    assert " more</p>" not in page
    assert not Intervention.objects.exists()
    assert not AuditEntry.objects.exists()


def fields_of(page):
    """Return the ids of a page's fields."""
    return re.findall(r'\bid="((?:shock|scenario)_[^"]+)"', page)


def test_every_field_of_a_dry_run_has_an_id_of_its_own(crash):
    """A label that names two fields belongs to the first of them, which is hidden."""
    run = {"scenario": crash.pk, "reason": "drill"}
    scenario = staff("shock_market").post(SCENARIO, run).content.decode()
    for page in (tried(SHOCK), scenario):
        ids = fields_of(page)
        assert 'name="confirmed"' in page
        assert len(ids) == len(set(ids))
        assert {"shock_starts_at", "scenario_starts_at"} <= set(ids)


def test_a_dry_run_counts_the_rows_that_it_does_not_show(monkeypatch):
    monkeypatch.setattr("dashboard.deck.interventions.ROWS_SHOWN", 2)
    page = tried(SHOCK)
    touched = int(page.partition("Touches ")[2].partition(" ")[0])
    assert f"and {touched - 2} more</p>" in page


def test_a_dry_run_that_takes_long_shows_the_whole_shock(feed, monkeypatch):
    later = lambda at: ms_of(at) + 30_000
    monkeypatch.setattr("dashboard.deck.interventions.ms_of", later)
    assert ">94.00<" in tried(SHOCK)


@pytest.mark.slow
def test_what_is_confirmed_is_what_was_tried():
    client = staff("shock_market")
    page = client.post(PAGE, SHOCK)
    hidden = {field.html_name: field.value() or "" for field in page.context["tried"]}
    done = client.post(PAGE, hidden | DO, follow=True)
    row = Intervention.objects.get()
    assert (row.size, row.sector, row.duration_s, row.reason) == (-6, "Technology", 90, "news")
    assert row.made_by.username == "user0"
    assert "shock -6 % of Technology over 90 s." in done.content.decode()
    assert AuditEntry.objects.get().action == "shock"


def test_a_start_may_be_given():
    start = (timezone.now() + timedelta(days=3)).replace(microsecond=0)
    staff("shock_market").post(PAGE, SHOCK | {"starts_at": f"{start:%Y-%m-%dT%H:%M:%S}"} | DO)
    assert Intervention.objects.get().starts_at == start


def test_a_pause_of_the_feed_is_named(feed):
    pause_feed(feed, actor=None)
    assert "The feed is paused" in tried(SHOCK)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"size": "-95"}, "A shock is -90 to 100 percent."),
        ({"size": ""}, "This field is required."),
        ({"kind": "regime", "size": "20"}, "A regime is 0.1 to 10 times the usual volatility."),
        ({"sector": "Nowhere"}, "Select a valid choice"),
        ({"sector": "", "symbol": "none"}, "This feed has no NONE."),
        ({"symbol": "NVX"}, "not both"),
        ({"reason": ""}, "This field is required."),
        ({"starts_at": "2020-01-01T00:00:00"}, "This time is in the past."),
        ({"starts_at": "9999-12-31T23:59:59"}, "Choose a time within 366 days."),
        ({"duration_s": "9" * 30}, "less than or equal to 86400"),
        ({"size": "1e999"}, "Enter a number."),
        ({"symbol": "N" * 5000, "sector": ""}, "at most 24 characters"),
        ({"duration_s": "0"}, "greater than or equal to 1"),
    ],
)
@pytest.mark.parametrize("pressed", [{}, DO])
def test_a_wrong_field_is_reported_and_nothing_is_done(fields, words, pressed):
    page = staff("shock_market").post(PAGE, SHOCK | fields | pressed).content.decode()
    assert words in page
    assert "Apply" not in page
    assert not Intervention.objects.exists()


def test_a_scenario_is_tried_and_run(crash):
    client = staff("shock_market")
    fields = {"scenario": crash.pk, "reason": "drill"}
    page = client.post(SCENARIO, fields).content.decode()
    assert "shock -7 % of the whole feed over 60 s" in page
    assert "regime x 3 of the whole feed over 60 s" in page
    assert not Intervention.objects.exists()
    done = client.post(SCENARIO, fields | DO, follow=True).content.decode()
    assert "Crash: 2 steps, the first at " in done
    assert Intervention.objects.count() == 2
    assert "This field is required." in client.post(SCENARIO, {}).content.decode()


def test_the_steps_of_a_scenario_follow_from_each_other(crash):
    """The button is above the tables, which scroll within themselves."""
    ScenarioStep.objects.create(scenario=crash, size=5, offset_s=100)
    request = RequestFactory().post(SCENARIO, {"scenario": crash.pk, "reason": "drill"})
    request.user = User.objects.create_superuser("root")
    page = scenario(request, "demo", market=Market()).render().content.decode()
    row = page[page.rindex("<td>LQM</td>") :]
    cells = row[: row.index("</tr>")]
    assert (">93.00<" in cells, ">97.65<" in cells) == (True, True)
    assert page.index(">Apply<") < page.index("<thead>")


@pytest.mark.parametrize("name", ["shock", "scenario"])
def test_what_was_tried_is_repeated_in_hidden_fields_without_ids(crash, name):
    """With an id a hidden field would take the label of the field that is seen."""
    crashing = {"scenario": str(crash.pk), "reason": "drill"}
    address, fields = {"shock": (PAGE, SHOCK), "scenario": (SCENARIO, crashing)}[name]
    page = staff("shock_market").post(address, fields).content.decode()
    form = page[page.index('id="dry-run"') :].partition("</form>")[0]
    hidden = re.findall(r'<input type="hidden"[^>]*>', form)
    found = {field: value for field, value in fields.items() if f'value="{value}"' in form}
    assert found == fields
    assert len(hidden) >= len(fields)
    assert not [field for field in hidden if " id=" in field]


def test_a_get_of_an_address_that_acts_shows_a_page(crash):
    """By reloading, from the history, or after a sign-in; nothing is done."""
    client = root()
    for address, page in (
        (SCENARIO, PAGE),
        (f"{PAGE}7/end/", PAGE),
        (f"{DECK}disconnect/", DECK),
        (f"{DECK}entries/7/undo/", DECK),
    ):
        for ask in (client.get, client.head):
            assert (ask(address).status_code, ask(address).url) == (302, page), address
        assert client.put(address).status_code == 405
    assert not AuditEntry.objects.exists()


def test_a_scenario_of_another_feed_is_not_run(crash):
    Scenario.objects.create(feed=crash.feed, name="Mine")
    crash.feed = Feed.objects.create(slug="other", name="Other")
    crash.save()
    client = staff("shock_market")
    page = client.post(SCENARIO, {"scenario": crash.pk, "reason": "x"} | DO).content.decode()
    assert "Select a valid choice" in page
    assert not Intervention.objects.exists()


def test_a_scenario_without_steps_touches_nothing(feed):
    empty = Scenario.objects.create(feed=feed, name="Empty")
    request = RequestFactory().post(SCENARIO, {"scenario": empty.pk, "reason": "drill"})
    request.user = User.objects.create_superuser("root")
    page = scenario(request, "demo", market=Market())
    assert page.context_data["previews"] == []
    assert "<td>LQM</td>" not in page.render().content.decode()


def test_calling_off_says_what_ended_and_notes_who_did_it():
    client = staff("shock_market")
    client.post(PAGE, SHOCK | DO)
    row, before = Intervention.objects.get(), AuditEntry.objects.count()
    done = client.post(f"{PAGE}{row.pk}/end/")
    assert (done.status_code, done.url) == (302, PAGE)
    assert str(list(get_messages(done.wsgi_request))[-1]) == f"Called off: {row}."
    assert not Intervention.objects.get().is_open
    assert AuditEntry.objects.count() == before + 1
    assert AuditEntry.objects.latest("pk").actor.username == "user0"


@pytest.mark.slow
def test_what_is_left_is_called_off_on_the_page_and_by_undo():
    client = staff("shock_market", "view_auditentry")
    client.post(PAGE, SHOCK | DO)
    row = Intervention.objects.get()
    assert "Call off" in client.get(PAGE).content.decode()
    client.post(f"{PAGE}{row.pk}/end/")
    assert not Intervention.objects.get().is_open
    assert "Nothing is left" in client.post(f"{PAGE}{row.pk}/end/", follow=True).content.decode()
    client.post(PAGE, SHOCK | DO)
    entry, *_ = client.get(f"{DECK}entries/").json()["entries"]
    assert client.post(entry["undo"], HTTP_ACCEPT="application/json").status_code == 200
    assert not any(intervention.is_open for intervention in Intervention.objects.all())
    again = client.post(entry["undo"], HTTP_ACCEPT="application/json")
    assert again.status_code == 400


def test_a_feed_that_is_not_simulated_has_no_form(feed):
    Feed.objects.update(kind="upstream")
    client = staff("shock_market")
    assert "is not simulated" in client.get(PAGE).content.decode()
    assert "is not simulated" in client.post(PAGE, SHOCK | DO, follow=True).content.decode()
    assert not Intervention.objects.exists()


# --- who may ----------------------------------------------------------------------------------
ROUTES = {
    "page": lambda client, _: client.get(PAGE),
    "try": lambda client, _: client.post(PAGE, SHOCK),
    "do": lambda client, _: client.post(PAGE, SHOCK | DO),
    "run": lambda client, key: client.post(SCENARIO, {"scenario": key, "reason": "x"} | DO),
    "call off": lambda client, _: client.post(f"{PAGE}1/end/"),
    "step": lambda client, _: client.post(f"{FEED}step/"),
}


@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES.keys())
def test_without_the_permission_nothing_is_shown_and_nothing_done(route, crash):
    mine = ("shock_market", "run_feed")
    others = Permission.objects.exclude(codename__in=mine).values_list("codename", flat=True)
    before = list(Feed.objects.values())
    assert route(staff(*others), crash.pk).status_code == 403
    assert route(staff(*mine, is_staff=False), crash.pk).status_code == 302
    assert not Intervention.objects.exists()
    assert not AuditEntry.objects.exists()
    assert list(Feed.objects.values()) == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("action", "permission"),
    [("pause", "run_feed"), ("halt", "halt_instrument"), ("shock", "shock_market")],
)
def test_an_undo_needs_the_permission_of_what_it_undoes(feed, action, permission):
    boss = root()
    if action == "shock":
        boss.post(PAGE, SHOCK | DO)
    else:
        boss.post(f"{FEED}{action}/", {"reason": "news"})
    entry = AuditEntry.objects.get()
    assert entry.action == action
    undo = f"{DECK}entries/{entry.pk}/undo/"
    others = Permission.objects.exclude(codename=permission).values_list("codename", flat=True)
    assert staff(*others).post(undo).status_code == 403
    assert staff(permission).post(undo).status_code == 403, "who may not read the audit"
    assert AuditEntry.objects.count() == 1
    listed = staff(*others).get(f"{DECK}entries/").json()["entries"]
    assert [intervention["undo"] for intervention in listed] == [""]
    assert staff(permission, "view_auditentry").post(undo).status_code == 302
    assert AuditEntry.objects.count() == 2


def test_what_cannot_be_undone_says_so(feed):
    boss = root()
    boss.post(f"{FEED}close/")
    entry = AuditEntry.objects.get()
    answer = boss.post(f"{DECK}entries/{entry.pk}/undo/", HTTP_ACCEPT="application/json")
    assert answer.status_code == 400
    assert "cannot be undone" in answer.json()["error"]["message"]


# --- scenarios in the admin -------------------------------------------------------------------
def steps_form(*steps, initial=0):
    form = {"steps-TOTAL_FORMS": len(steps), "steps-INITIAL_FORMS": initial}
    for number, step in enumerate(steps):
        form |= {f"steps-{number}-{name}": value for name, value in step.items()}
    return form


STEP = {"offset_s": "0", "kind": "shock", "size": "-7", "duration_s": "60"}


@pytest.mark.slow
def test_a_scenario_is_made_changed_and_deleted_in_the_admin(feed):
    client = staff("add_scenario", "change_scenario", "delete_scenario", "view_scenario",
                   "add_scenariostep", "change_scenariostep", "delete_scenariostep")  # fmt: skip
    made = {"feed": feed.pk, "name": "Crash", "note": "A bad day"}
    client.post("/admin/feeds/scenario/add/", made | steps_form(STEP, STEP | {"offset_s": "9"}))
    scenario = Scenario.objects.get()
    first, second = scenario.steps.all()
    keys = [{"id": step.pk, "scenario": scenario.pk} for step in (first, second)]
    changed = steps_form(
        STEP | {"size": "-9"} | keys[0], STEP | {"DELETE": "on"} | keys[1], initial=2
    )
    save_form(client, f"/admin/feeds/scenario/{scenario.pk}/change/", made | changed)
    assert [step.size for step in scenario.steps.all()] == [-9]
    client.post(f"/admin/feeds/scenario/{scenario.pk}/delete/", {"post": "yes"})
    assert not Scenario.objects.exists()
    said = AuditEntry.objects.order_by("pk").values_list("action", "target")
    assert list(said) == [(action, "scenario demo Crash") for action in ("add", "change", "delete")]


def test_a_wrong_step_is_reported_in_the_admin(feed):
    boss = root()
    made = {"feed": feed.pk, "name": "Crash"} | steps_form(STEP | {"size": "-99"})
    page = boss.post("/admin/feeds/scenario/add/", made).content.decode()
    assert "A shock is -90 to 100 percent." in page
    page = boss.post("/admin/feeds/scenario/add/", made | {"feed": ""}).content.decode()
    assert "This field is required." in page
    assert not Scenario.objects.exists()
    assert not AuditEntry.objects.exists()


def test_nobody_edits_what_was_done():
    boss = root()
    boss.post(PAGE, SHOCK | DO)
    row = Intervention.objects.get()
    assert boss.get("/admin/feeds/intervention/").status_code == 200
    assert boss.post(f"/admin/feeds/intervention/{row.pk}/change/", SHOCK).status_code == 403
    assert boss.post(f"/admin/feeds/intervention/{row.pk}/delete/").status_code == 403


def test_a_feed_with_interventions_and_scenarios_can_be_deleted(feed, crash):
    boss = root()
    boss.post(PAGE, SHOCK | DO)
    client = staff("delete_feed", "delete_instrument")
    client.post(f"/admin/feeds/feed/{feed.pk}/delete/", {"post": "yes"})
    assert not Feed.objects.exists()
    assert not Intervention.objects.exists()
