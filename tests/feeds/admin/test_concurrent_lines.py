"""Forms that were open while somebody else changed or deleted what they show."""

from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.forms import inlineformset_factory, modelform_factory
from django.http import QueryDict

from feeds.admin.concurrent_edits import REFUSAL, ConcurrentForm
from feeds.admin.concurrent_lines import CHANGED, ConcurrentLines
from feeds.admin.interventions import ScenarioStepForms, ScenarioStepInline
from feeds.models import AuditEntry, Scenario, ScenarioStep
from feeds.services.interventions import save_scenario
from tests.support.operators import make_market

pytestmark = pytest.mark.django_db
SIZES = (-7, 4, 2)
NEW = 9
Lines = inlineformset_factory(
    Scenario, ScenarioStep, form=ConcurrentForm, formset=ScenarioStepForms,
    fields=ScenarioStepInline.fields, extra=3,
)  # fmt: skip


@pytest.fixture(autouse=True)
def scenario() -> Scenario:
    """Return a scenario with a step of each size, beside another one."""
    make_market()
    scenario = Scenario.objects.get()
    scenario.steps.all().delete()
    for size in SIZES:
        ScenarioStep.objects.create(scenario=scenario, size=size)
    Scenario.objects.create(feed=scenario.feed, name="Rally")
    return scenario


@pytest.fixture
def ada() -> User:
    return User.objects.create_superuser("ada")


def sent_of(*deleted: int, new: bool = True) -> QueryDict:
    """Return what the page sends that shows all steps, some to be deleted, and a new one last."""
    sent = QueryDict(mutable=True)
    sent["name"], sent["steps-INITIAL_FORMS"] = "Crash", "3"
    sent["steps-TOTAL_FORMS"] = str(3 + new)
    steps = [*ScenarioStep.objects.order_by("pk"), *[ScenarioStep(size=NEW)] * new]
    for place, step in enumerate(steps):
        shown = {"offset_s": "0", "kind": "shock", "duration_s": "60", "size": str(step.size)}
        for name, value in shown.items():
            sent[f"steps-{place}-{name}"] = sent[f"initial-steps-{place}-{name}"] = value
        sent[f"steps-{place}-id"] = str(step.pk or "")
    sent[f"initial-steps-{len(steps) - 1}-size"] = "" if new else str(SIZES[-1])
    for place in deleted:
        sent[f"steps-{place}-DELETE"] = "on"
    return sent


def lines_of(sent: QueryDict | None, scenario: Scenario) -> ConcurrentLines:
    return Lines(sent, instance=Scenario.objects.get(pk=scenario.pk), prefix="steps")


def delete_steps(scenario: Scenario, places: tuple[int, ...], ada: User) -> None:
    steps = list(scenario.steps.order_by("pk"))
    save_scenario(scenario, [], [steps[place] for place in places], actor=ada)


def sizes_in(data: Any) -> list[str]:
    return [data[f"steps-{place}-size"] for place in range(int(data["steps-TOTAL_FORMS"]))]


@pytest.mark.parametrize(
    ("gone", "named", "left"),
    [
        ((0,), "1", ["4.0", "2.0", "9"]),
        ((1,), "2", ["-7.0", "2.0", "9"]),
        ((2,), "3", ["-7.0", "4.0", "9"]),
        ((0, 2), "1, 3", ["4.0", "9"]),
        ((0, 1, 2), "1, 2, 3", ["9"]),
    ],
)
def test_lines_that_are_gone_are_named_and_left_out(scenario, ada, gone, named, left):
    sent = sent_of()
    delete_steps(scenario, gone, ada)
    lines = lines_of(sent, scenario)
    [error] = lines.non_form_errors()
    assert error.startswith(f"Nothing was saved: line {named} of yours does not exist any more")
    assert "Changed by ada at " in error
    assert sizes_in(lines.data) == left
    assert (lines.initial_form_count(), lines.total_form_count()) == (len(left) - 1, len(left))
    assert lines.data["name"] == "Crash", "the fields above stay"
    hidden = [lines.data[f"initial-steps-{place}-size"] for place in range(len(left))]
    assert hidden == [*left[:-1], ""]
    again = lines_of(lines.data, scenario)
    assert again.is_valid(), again.errors
    assert len(again.forms) == len(left)


def test_lines_that_both_delete_are_no_conflict(scenario, ada):
    sent = sent_of(0)
    delete_steps(scenario, (0,), ada)
    lines = lines_of(sent, scenario)
    assert lines.is_valid(), lines.non_form_errors()
    assert sizes_in(lines.data) == ["4.0", "2.0", "9"]


def test_of_two_that_are_gone_only_the_wanted_one_is_named(scenario, ada):
    sent = sent_of(0)
    delete_steps(scenario, (0, 1), ada)
    [error] = lines_of(sent, scenario).non_form_errors()
    assert error.startswith("Nothing was saved: line 2 of yours ")


def test_lines_that_are_all_there_are_read_as_they_were_sent(scenario):
    sent = sent_of()
    lines = lines_of(sent, scenario)
    assert lines.is_valid()
    assert lines.data is sent


def test_lines_that_nobody_sent_are_shown_with_empty_ones(scenario):
    assert len(lines_of(None, scenario).forms) == 6
    assert len(Lines(None, instance=Scenario(), prefix="steps").forms) == 3


@pytest.mark.parametrize(("deleted", "errors"), [((1,), [CHANGED]), ((0,), []), ((3,), [])])
def test_a_changed_line_is_not_deleted_unseen(scenario, ada, deleted, errors):
    sent = sent_of(*deleted)
    step = scenario.steps.get(size=4)
    step.size = 5
    save_scenario(scenario, [step], actor=ada)
    lines = lines_of(sent, scenario)
    assert lines.non_form_errors() == errors
    assert lines.forms[1].errors["size"][0].startswith("Changed by ada at ")


# --- forms ----------------------------------------------------------------------------------


def form_of(row: Any, sent: dict[str, Any], **shown: Any) -> ConcurrentForm:
    """Return the form of a row, sent by somebody whose page showed these values."""
    data = QueryDict(mutable=True)
    for name, value in ({f"initial-{n}": v for n, v in shown.items()} | sent).items():
        data.setlist(name, value if isinstance(value, list) else [str(value)])
    # As Django's view gives it.
    data._mutable = False
    form = modelform_factory(type(row), form=ConcurrentForm, fields=tuple(shown))
    return form(data, instance=row)


def test_a_list_that_changed_is_shown_as_a_browser_sends_it(ada):
    group = Group.objects.get(name="Late")
    first, second = Permission.objects.all()[:2]
    group.permissions.set([first, second])
    form = form_of(group, {"name": "Latest"}, name="Late", permissions=[])
    assert form.non_field_errors() == [REFUSAL]
    assert form.errors["permissions"] == [f"Changed by somebody else. Now: {first}, {second}."]
    keys = [str(first.pk), str(second.pk)]
    assert form.data.getlist("permissions") == keys
    assert form.data.getlist("initial-permissions") == keys
    assert form.data["name"] == "Latest"


def test_a_list_that_is_empty_by_now_says_so(ada):
    group = Group.objects.get(name="Late")
    key = str(Permission.objects.all()[0].pk)
    form = form_of(group, {"name": "Late", "permissions": [key]}, name="Late", permissions=[key])
    assert form.errors["permissions"] == ["Changed by somebody else. Now: none."]
    assert form.data.getlist("permissions") == []


@pytest.mark.parametrize(
    ("now", "before", "box", "shown"), [(False, True, {}, "no"), (True, False, {"x": 1}, "yes")]
)
def test_a_box_that_changed_is_shown_as_a_browser_sends_it(ada, now, before, box, shown):
    grace = User.objects.create_user("grace", is_active=now)
    sent = {"username": "grace"} | ({"is_active": "on"} if before else {})
    form = form_of(grace, sent, username="grace", is_active=before)
    assert form.errors["is_active"] == [f"Changed by somebody else. Now: {shown}."]
    assert form.data.get("is_active") == ("True" if now else None)


def test_a_text_that_is_empty_by_now_says_so(scenario):
    sent = {"name": "Crash", "note": "Read me"}
    form = form_of(scenario, sent, name="Crash", note="Read me")
    assert form.errors["note"] == ["Changed by somebody else. Now: empty."]
    assert form.data["note"] == ""


def test_who_saved_a_row_without_audit_last_is_named_and_not_blamed(ada):
    group = Group.objects.get(name="Late")
    kind = ContentType.objects.get_for_model(Group)
    for minute, who in ((1, "ada"), (2, "grace")):
        LogEntry.objects.create(
            user=User.objects.get_or_create(username=who)[0], content_type=kind,
            object_id=group.pk, action_flag=CHANGE, action_time=f"2026-11-30T10:0{minute}:03Z",
        )  # fmt: skip
    form = form_of(group, {"name": "Old"}, name="Old")
    assert form.errors["name"] == [
        "Changed; grace saved this row last here, at 2026-11-30 10:02:03 UTC. Now: Late."
    ]


def test_a_change_is_of_who_changed_that_very_fact(scenario, ada):
    for name, before, after in (
        ("grace", {"note": "a", "name": "x"}, {"note": "b", "name": "x"}),
        ("ada", {"note": "b", "name": "x"}, {"note": "b", "name": "Crash"}),
    ):
        entry = AuditEntry.objects.create(
            actor_name=name, action="change", target="scenario demo Crash",
            before=before, after=after,
        )  # fmt: skip
        entry.subjects.create(name="scenario demo Crash")
    form = form_of(scenario, {"name": "Old", "note": "b"}, name="Old", note="b")
    assert form.errors["note"][0].startswith("Changed by grace at ")
    assert form.errors["name"][0].startswith("Changed by ada at ")
