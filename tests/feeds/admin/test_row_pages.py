"""What pages of rows hand on to services: who asks, which rows, and what is said afterwards."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.contrib.messages import get_messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.core.exceptions import ValidationError
from django.test import RequestFactory

from feeds.admin import instrument_lists
from feeds.admin.commands import INSTRUMENT_COMMANDS, CommandAnswer, OperatorCommand
from feeds.admin.deletions import DeletionAdmin
from feeds.admin.instrument_lists import import_instruments
from feeds.admin.instruments import PhaseFilter
from feeds.models import (
    AuditEntry,
    Entitlement,
    Feed,
    Halt,
    Instrument,
    Intervention,
    Recording,
    Scenario,
    ScenarioStep,
    StoredBar,
)
from feeds.services.instrument_lists import compare
from feeds.services.instruments import halt_instruments, resume_instruments
from tests.support.operators import (
    FEEDS,
    INSTRUMENT_FORM,
    act,
    change_instrument,
    make_market,
    the,
    the_feed,
)
from tests.support.staff import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def market() -> None:
    make_market()


@pytest.fixture
def ada() -> User:
    return User.objects.create_superuser("ada")


def request_of(user: User, **sent: Any) -> Any:
    request = RequestFactory().post("/here/", sent)
    request.user, request._messages = user, CookieStorage(request)
    return request


def page_of(model: type) -> Any:
    return admin.site._registry[model]


def facts() -> list[tuple[str, str, str]]:
    """Return who did what to what, in order."""
    entries = AuditEntry.objects.order_by("pk")
    return [(entry.actor_name, entry.action, entry.target) for entry in entries]


def test_an_entitlement_is_given_and_taken_by_who_asks(ada):
    page, request = page_of(Entitlement), request_of(ada)
    row = Entitlement(feed=the_feed(), group=Group.objects.get(name="Traders"))
    page.save_model(request, row, None, False)
    assert Entitlement.objects.filter(group__name="Traders").exists()
    page.delete_model(request, row)
    assert not Entitlement.objects.filter(group__name="Traders").exists()
    name = "entitlement demo Traders"
    assert facts() == [("ada", "add", name), ("ada", "delete", name)]


@pytest.mark.parametrize(
    ("model", "targets"),
    [
        (Feed, {"feed demo", "feed idle"}),
        (Scenario, {"scenario demo Crash", "scenario demo Rally"}),
        (Entitlement, {"entitlement demo Late", "entitlement demo Traders"}),
        (Instrument, {"instrument NVX", "instrument ORB"}),
    ],
)
def test_chosen_rows_are_deleted_by_who_asks(ada, model, targets):
    Scenario.objects.create(feed=the_feed(), name="Rally")
    Entitlement.objects.create(feed=the_feed(), group=Group.objects.get(name="Traders"))
    page_of(model).delete_queryset(request_of(ada), model.objects.all())
    assert not model.objects.exists()
    assert {(who, what) for who, what, _ in facts()} == {("ada", "delete")}
    assert {target for *_, target in facts()} >= targets


@pytest.mark.parametrize(
    ("action", "slug", "inputs", "found"),
    [
        ("start", "idle", {}, ("RUNNING", 200)),
        ("pause", "demo", {}, ("PAUSED", 200)),
        ("rate", "demo", {"rate": "7"}, ("RUNNING", 7)),
    ],
)
def test_an_action_on_feeds_does_what_its_name_says(ada, action, slug, inputs, found):
    answer = act(signed_in(ada), FEEDS, action, [the_feed(slug)], **inputs)
    assert answer.status_code == 302
    assert (the_feed(slug).state, the_feed(slug).rate) == found
    assert [entry[0] for entry in facts()] == ["ada"]


@pytest.mark.parametrize(
    ("chosen", "symbols"), [("yes", ["ORB"]), ("no", ["NVX"]), ("", ["NVX", "ORB"])]
)
def test_instruments_are_filtered_by_their_halt(ada, chosen, symbols):
    page, request = page_of(Instrument), request_of(ada)
    keeps = PhaseFilter(request, {"halted": [chosen]}, Instrument, page)
    rows = keeps.queryset(request, page.get_queryset(request))
    assert sorted(row.symbol for row in rows) == symbols


def test_a_command_says_all_of_what_a_service_refuses(ada):
    def refuse(rows: object, **inputs: object) -> Any:
        raise ValidationError(["Too fast.", "Too late."])

    command = OperatorCommand(label="Go", permission="x", run=refuse, done="Gone", state="gone")
    answer = command.perform([], {"reason": ""}, actor=ada)
    assert answer == CommandAnswer(done="", not_done="Too fast. Too late.")


def test_a_halt_is_made_by_who_asks_for_its_reason(ada):
    answer = INSTRUMENT_COMMANDS["halt"].perform([the("NVX")], {"reason": "storm"}, actor=ada)
    assert answer == CommandAnswer(done="Halted: NVX.")
    assert the_feed().plan().halts == {"NVX": "storm", "ORB": "news"}
    assert facts() == [("ada", "halt", "instrument NVX")]


@pytest.mark.parametrize(
    ("more", "said", "left"),
    [
        ({}, "1 added, 1 changed, 0 removed.", ["NVX", "ORB", "PQX"]),
        ({"with_removal": "on"}, "1 added, 1 changed, 1 removed.", ["NVX", "PQX"]),
    ],
)
def test_an_import_says_how_many_were_removed(ada, more, said, left):
    rows = "symbol,name,sector,reference_price\nNVX,Nova,Consumer,50\nPQX,Paqx,Consumer,50\n"
    tried = import_instruments(request_of(ada, text=rows), the_feed().pk)
    request = request_of(ada, key=tried.context_data["key"], **more)
    done = import_instruments(request, the_feed().pk)
    assert done.url == f"{FEEDS}{the_feed().pk}/change/"
    assert [str(message) for message in get_messages(request)] == [
        f"Imported into Demo Exchange: {said}"
    ]
    assert sorted(Instrument.objects.values_list("symbol", flat=True)) == left


def test_a_scenario_is_saved_with_the_lines_that_say_something(ada):
    scenario = Scenario.objects.get()
    scenario.steps.all().delete()
    steps = [ScenarioStep.objects.create(scenario=scenario, size=size) for size in (-7, 4, 2)]
    facts_shown = {"feed": scenario.feed_id, "name": "Crash", "note": ""}
    sent = facts_shown | {f"initial-{name}": value for name, value in facts_shown.items()}
    sent |= {"steps-TOTAL_FORMS": 6, "steps-INITIAL_FORMS": 3}
    shown = {"offset_s": 0, "kind": "shock", "duration_s": 60, "sector": "", "symbol": ""}
    for place, size in enumerate((-7, 4, 2, None, None, None)):
        line = shown | {"size": "" if size is None else size}
        line |= {"id": steps[place].pk if place < 3 else "", "scenario": scenario.pk}
        sent |= {f"steps-{place}-{name}": value for name, value in line.items()}
        sent |= {f"initial-steps-{place}-{name}": value for name, value in line.items()}
    sent |= {"steps-0-size": -9, "steps-3-size": 5}  # one is changed, and one is new
    sent |= {"steps-2-size": 3, "steps-2-DELETE": "on"}
    sent |= {"steps-4-size": 6, "steps-4-DELETE": "on"}  # new, and not wanted after all
    page = f"/admin/feeds/scenario/{scenario.pk}/change/"
    assert signed_in(ada).post(page, sent).status_code == 302
    assert sorted(ScenarioStep.objects.values_list("size", flat=True)) == [-9, 4, 5]
    assert facts() == [("ada", "change", "scenario demo Crash")]
    text = LogEntry.objects.get().get_change_message()
    assert text == (
        "Added scenario step “after 0 s: shock +5 % of the whole feed over 60 s”. "
        "Changed Size for scenario step “after 0 s: shock -9 % of the whole feed over 60 s”. "
        "Deleted scenario step “after 0 s: shock +3 % of the whole feed over 60 s”."
    )


def test_a_dry_run_shows_two_hundred_changes_and_counts_the_rest(ada):
    Instrument.objects.all().delete()
    symbols = [f"S{number:03}" for number in range(201)]
    Instrument.objects.bulk_create(
        Instrument(feed=the_feed(), symbol=symbol, **INSTRUMENT_FORM) for symbol in symbols
    )
    for count, shown, hidden in ((200, 200, 0), (201, 200, 1)):
        rows = "".join(f"{symbol},New\n" for symbol in symbols[:count])
        request = request_of(ada, text="symbol,name\n" + rows)
        page = import_instruments(request, the_feed().pk).context_data
        assert (len(page["changes"]), page["hidden"]) == (shown, hidden)


def test_a_history_shows_the_newest_two_hundred_entries(ada):
    for number in range(201):
        AuditEntry.objects.create(action="change", target="feed demo", reason=f"r{number}")
    subject = AuditEntry._meta.get_field("subjects").related_model
    subject.objects.bulk_create(
        subject(entry=entry, name="feed demo") for entry in AuditEntry.objects.all()
    )
    request = request_of(ada)
    request.method = "GET"
    entries = page_of(Feed).history_view(request, str(the_feed().pk)).context_data["entries"]
    reasons = [entry.reason for entry, *_ in entries]
    assert reasons == [f"r{number}" for number in range(200, 0, -1)]


def make_recordings() -> None:
    """Make two recordings, of which `demo` plays the first."""
    for name in ("Monday", "Tuesday"):
        Recording.objects.create(
            name=name, path=f"{name}.parquet", origin="imported", events=1, ticks=1,
            first_at="2026-11-30T10:00Z", last_at="2026-11-30T10:00Z", fingerprint=name,
        )  # fmt: skip
    Feed.objects.filter(slug="demo").update(recording=Recording.objects.get(name="Monday"))


def test_chosen_recordings_are_deleted_by_who_asks(ada):
    make_recordings()
    Feed.objects.update(recording=None)
    page_of(Recording).delete_queryset(request_of(ada), Recording.objects.all())
    assert not Recording.objects.exists()
    targets = ("recording Monday", "recording Tuesday")
    assert facts() == [("ada", "delete", target) for target in targets]


def test_a_confirmation_names_what_protects_a_row(ada):
    make_recordings()
    page = DeletionAdmin(Recording, admin.site)
    shown, counts, needed, protected = page.get_deleted_objects(
        Recording.objects.all(), request_of(ada)
    )
    assert (len(shown), counts, needed, protected) == (2, {}, set(), ["Demo Exchange"])


def test_a_dry_run_is_shown_field_by_field(monkeypatch):
    text = "symbol,name,sector,reference_price\nQAL,Qualia,Food,5\nNVX,Nova,Consumer,50\n"
    shown = instrument_lists._shown(compare(the_feed(), text))
    assert shown["changes"] == [
        ("QAL", "name", "", "Qualia"),
        ("QAL", "sector", "", "Food"),
        ("QAL", "tick_size", "", "0.01"),
        ("QAL", "reference_price", "", "5"),
        ("QAL", "volatility", "", 0.02),
        ("QAL", "activity", "", 1.0),
        ("QAL", "lot_size", "", "1"),
        ("NVX", "name", "Orbit Foods", "Nova"),
    ]
    facts = {name: shown[name] for name in ("can_apply", "hidden", "missing", "lost_bars")}
    assert facts == {"can_apply": True, "hidden": 0, "missing": ["ORB"], "lost_bars": ""}
    monkeypatch.setattr(instrument_lists, "ROWS_SHOWN", 5)
    shown = instrument_lists._shown(compare(the_feed(), text))
    assert (len(shown["changes"]), shown["hidden"]) == (5, 3)


@pytest.mark.parametrize(
    ("text", "can_apply"), [("symbol\nNVX\n", True), ("symbol\nNVX\nORB\n", False)]
)
def test_a_list_that_only_lacks_instruments_can_be_applied(text, can_apply):
    shown = instrument_lists._shown(compare(the_feed(), text))
    assert (shown["changes"], shown["can_apply"]) == ([], can_apply)


@pytest.mark.parametrize(
    ("text", "unit", "bars"),
    [
        ("symbol,tick_size\nNVX,0.05\n", "tick", "2"),
        ("symbol,lot_size\nNVX,0.5\n", "lot", "2"),
        ("symbol,name\nNVX,Nova\n", "lot", ""),
    ],
)
def test_a_dry_run_counts_the_bars_that_another_unit_deletes(text, unit, bars):
    values = dict.fromkeys(("open", "high", "low", "close", "volume", "trades"), 1)
    for start_ms, symbol in ((0, "NVX"), (1, "NVX"), (0, "ORB")):
        StoredBar.objects.create(
            instrument=the(symbol), interval="1m", start_ms=start_ms, recorded_ms=0, **values
        )
    shown = instrument_lists._shown(compare(the_feed(), text))
    found = (shown["lost_unit"], shown["lost_bars"], shown["bars_of_missing"])
    assert found == (unit, bars, "1")


def test_no_more_is_said_of_rows_than_there_are(ada):
    links, *_ = page_of(Instrument).get_deleted_objects([the("NVX")], request_of(ada))
    assert links == [f'<a href="/admin/feeds/instrument/{the("NVX").pk}/change/">NVX</a>']


def test_what_was_not_done_is_a_warning_beside_what_was_done_and_else_an_error(ada):
    levels = []
    for _ in range(2):
        request = request_of(ada, reason="storm")
        page_of(Instrument).operate(request, "halt", Instrument.objects.all())
        levels.append([message.level_tag for message in get_messages(request)])
    assert levels == [["success", "warning"], ["error"]]


@pytest.mark.parametrize("model", [AuditEntry, Halt, Intervention])
def test_what_happened_is_edited_by_nobody(ada, model):
    page, request = page_of(model), request_of(ada)
    for row in (None, model()):
        may = (page.has_add_permission, page.has_change_permission, page.has_delete_permission)
        assert [ask(request, row) for ask in may] == [False, False, False]
    assert page.actions is None


@pytest.mark.parametrize(
    ("model", "of_new", "of_old"),
    [
        (Instrument, ("phase",), ("feed", "symbol", "phase")),
        (Entitlement, (), ("feed", "group")),
        (Feed, ("state", "reason", "opened_at"),
         ("slug", "rate", "state", "reason", "opened_at")),
    ],
)  # fmt: skip
def test_the_key_of_a_row_is_chosen_once(ada, model, of_new, of_old):
    page, request = page_of(model), request_of(ada)
    assert page.get_readonly_fields(request) == of_new
    assert page.get_readonly_fields(request, model()) == of_old


def test_the_rate_of_a_new_feed_is_for_those_who_may_run_it():
    page, request = page_of(Feed), request_of(User.objects.create_user("eve"))
    assert page.get_readonly_fields(request) == ("state", "reason", "opened_at", "rate")


def test_the_list_of_instruments_knows_the_open_halt_alone(ada):
    resume_instruments([the("ORB")], actor=None)
    halt_instruments([the("NVX")], actor=None, reason="storm")
    page = page_of(Instrument)
    rows = page.get_queryset(request_of(ada)).order_by("symbol")
    assert [row.halt_reason for row in rows] == ["storm", None]
    assert [page.phase(row) for row in rows] == ["Halted: storm", "Open"]
    assert page.phase(Instrument()) == "-"


def test_units_and_prices_are_listed_without_the_zeros_of_the_database():
    Instrument.objects.update(tick_size="0.0500", reference_price="12345.5", lot_size="0.001")
    page, row = page_of(Instrument), the("NVX")
    assert (page.price(row), page.step(row), page.lot(row)) == ("12,345.50", "0.05", "0.001")


def test_figures_of_lists_have_their_places():
    feed, scenario = the_feed(), Scenario.objects.get()
    places = [page_of(Feed).ticks_now(feed), page_of(Feed).last_tick(feed)]
    assert places == [
        f'<span class="live-figure" data-feed="demo" data-live="{name}">\u2013</span>'
        for name in ("rate", "age")
    ]
    assert page_of(Scenario).step_count(scenario) == 1


def test_an_entry_of_the_audit_has_its_second_and_its_changes():
    entry = AuditEntry(
        at=datetime(2026, 3, 6, 20, 1, 2, tzinfo=UTC),
        before={"halted": ["NVX", "ORB"], "name": "<b>"},
        after={"halted": [], "rate": 7},
    )
    page = page_of(AuditEntry)
    assert page.time(entry) == "2026-03-06 20:01:02"
    assert page.changes(entry) == (
        "halted: NVX, ORB \u2192 <br>name: &lt;b&gt; \u2192 <br>rate:  \u2192 7"
    )


def test_the_history_of_a_row_that_is_gone_leads_back(ada):
    answer = signed_in(ada).get(f"{FEEDS}999/history/")
    assert (answer.status_code, answer.url) == (302, "/admin/")


def test_a_lot_size_that_is_left_empty_stays_as_it_is(ada):
    Instrument.objects.update(lot_size="0.5")
    assert change_instrument(signed_in(ada), lot_size="", name="Renamed").status_code == 302
    assert (the("NVX").name, the("NVX").lot_size) == ("Renamed", Decimal("0.5"))
