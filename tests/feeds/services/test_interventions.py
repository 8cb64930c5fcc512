"""Interventions and scenarios as rows: what is refused, what is written, what the feed gets."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import F
from django.utils import timezone

from feeds.bus import control
from feeds.exceptions import ChangeRefused
from feeds.models import AuditEntry, Feed, Intervention, Scenario, ScenarioStep
from feeds.plan.effects import EffectKind
from feeds.selectors.plans import read_plans
from feeds.services import feeds as services
from feeds.services import instruments as instrument_services
from feeds.services.changes import Outcome
from feeds.services.interventions import (
    FIRST_SCENARIOS,
    LEAD,
    MOST_OPEN,
    cancel_interventions,
    delete_scenario,
    intervene,
    run_scenario,
    save_scenario,
    seed_scenarios,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def actor():
    return User.objects.create_user("olga")


@pytest.fixture(autouse=True)
def feed():
    services.seed_exchange(12, 200)
    AuditEntry.objects.all().delete()
    return Feed.objects.get()


def shock(feed, **changes):
    values = {"kind": "shock", "size": -6, "sector": "Technology", "duration_s": 90}
    return Intervention(feed=feed, reason="news", **values | changes)


def crash(feed, *steps, name="Crash"):
    scenario = Scenario(feed=feed, name=name)
    made = [
        ScenarioStep(offset_s=offset, kind=kind, size=size, duration_s=30)
        for offset, kind, size in steps
    ]
    save_scenario(scenario, made, actor=None)
    return scenario


def test_an_intervention_reaches_the_feed_in_a_moment(
    feed, actor, monkeypatch, django_capture_on_commit_callbacks
):
    calls = []
    monkeypatch.setattr(control, "poke_feeds", lambda: calls.append("feeds"))
    before = timezone.now()
    with django_capture_on_commit_callbacks(execute=True):
        row = intervene(shock(feed), actor=actor)
        assert calls == []
    assert calls == ["feeds"]
    assert before + LEAD <= row.starts_at <= timezone.now() + LEAD
    [plan] = read_plans()
    [effect] = plan.effects
    assert (effect.kind, effect.size, effect.sector) == (EffectKind.SHOCK, -0.06, "Technology")
    assert effect.end_ms - effect.start_ms == 90_000
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.target, entry.reason) == ("shock", "feed demo", "news")
    assert entry.actor == actor
    assert entry.after["interventions"] == [row.pk]
    assert entry.after["what"][0].startswith("shock -6 % of Technology over 90 s, from ")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"size": -90.5}, "size"),
        ({"size": 101}, "size"),
        ({"size": float("nan")}, "size"),
        ({"size": None}, "size"),
        ({"kind": "regime", "size": 0.05}, "size"),
        ({"kind": "regime", "size": -2}, "size"),
        ({"kind": "storm"}, "kind"),
        ({"sector": "Nowhere"}, "sector"),
        ({"sector": "", "symbol": "NONE"}, "symbol"),
        ({"symbol": "NVX"}, "symbol"),
        ({"duration_s": 0}, "duration_s"),
        ({"duration_s": 86_401}, "duration_s"),
        ({"reason": ""}, "reason"),
    ],
)
def test_what_no_market_could_do_is_refused_and_nothing_is_written(feed, changes, field):
    row = shock(feed)
    for name, value in changes.items():
        setattr(row, name, value)
    with pytest.raises(ValidationError) as caught:
        intervene(row, actor=None)
    assert field in caught.value.message_dict
    assert not Intervention.objects.exists()
    assert not AuditEntry.objects.exists()


def test_what_has_happened_is_not_changed(feed):
    with pytest.raises(ValidationError, match="past"):
        intervene(shock(feed), starts_at=timezone.now() - timedelta(seconds=1), actor=None)


def test_only_a_simulated_feed_can_be_shocked(feed):
    Feed.objects.update(kind="upstream")
    with pytest.raises(ChangeRefused, match="not simulated"):
        intervene(shock(feed), actor=None)


@pytest.mark.slow
def test_there_is_an_end_to_what_is_open_at_once(feed):
    for _ in range(MOST_OPEN):
        intervene(shock(feed), actor=None)
    with pytest.raises(ChangeRefused, match="open interventions"):
        intervene(shock(feed), actor=None)


def test_what_is_called_off_is_no_part_of_the_plan_and_is_called_off_once(feed, actor):
    row, other = intervene(shock(feed), actor=None), intervene(shock(feed, size=3), actor=None)
    cancel_interventions(feed, [row.pk], actor=actor, reason="enough")
    [plan] = read_plans()
    assert [effect.size for effect in plan.effects] == [0.03]
    row.refresh_from_db()
    assert row.cancelled_by == actor
    assert not row.is_open
    with pytest.raises(ChangeRefused):
        cancel_interventions(feed, [row.pk], actor=actor)
    assert cancel_interventions(feed, [row.pk, other.pk], actor=actor) == [other]
    said = AuditEntry.objects.order_by("pk").values_list("action", flat=True)
    assert list(said) == ["shock", "shock", "call off", "call off"]


def test_what_is_over_is_no_part_of_the_plan(feed):
    row = intervene(shock(feed), actor=None)
    over = timezone.now() - timedelta(minutes=2)
    Intervention.objects.update(starts_at=over - timedelta(seconds=90), ends_at=over)
    [plan] = read_plans()
    assert plan.effects == ()
    with pytest.raises(ChangeRefused):
        cancel_interventions(feed, [row.pk], actor=None)


def test_a_scenario_does_its_steps_each_in_its_time(feed, actor):
    scenario = crash(feed, (0, "shock", -7), (30, "regime", 3), (60, "shock", 5))
    at = timezone.now() + timedelta(minutes=5)
    AuditEntry.objects.all().delete()
    rows = run_scenario(scenario, starts_at=at, actor=actor, reason="drill")
    assert [(row.starts_at - at).seconds for row in rows] == [0, 30, 60]
    assert {row.scenario for row in rows} == {"Crash"}
    [plan] = read_plans()
    assert len(plan.effects) == 3
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.after["scenario"], entry.reason) == ("run", "Crash", "drill")
    assert entry.after["interventions"] == [row.pk for row in rows]
    assert {entry.actor, *(row.made_by for row in rows)} == {actor}


def test_a_scenario_that_does_not_fit_any_more_does_nothing(feed):
    scenario = crash(feed, (0, "shock", -7))
    ScenarioStep.objects.update(symbol="NONE")
    with pytest.raises(ValidationError):
        run_scenario(scenario, actor=None, reason="drill")
    with pytest.raises(ChangeRefused, match="no steps"):
        run_scenario(crash(feed, name="Empty"), actor=None, reason="drill")
    assert not Intervention.objects.exists()


def test_every_change_of_a_scenario_is_written_down(feed, actor):
    scenario = crash(feed, (0, "shock", -7))
    step = scenario.steps.get()
    step.size = -9
    save_scenario(scenario, [step], actor=actor)
    save_scenario(scenario, [], [step], actor=actor)
    save_scenario(scenario, [], actor=actor)
    delete_scenario(scenario, actor=actor)
    entries = AuditEntry.objects.order_by("pk")
    assert [entry.action for entry in entries] == ["add", "change", "change", "delete"]
    assert {entry.target for entry in entries} == {"scenario demo Crash"}
    assert entries[1].before["steps"] != entries[1].after["steps"]


@pytest.mark.parametrize("wrong", [{"name": ""}, {"name": "x" * 61}, {"note": "x" * 201}])
def test_a_scenario_that_cannot_be_is_refused_and_nothing_is_written(feed, wrong):
    scenario = Scenario(feed=feed, **{"name": "Crash", **wrong})
    with pytest.raises(ValidationError):
        save_scenario(scenario, [ScenarioStep(size=-7)], actor=None)
    with pytest.raises(ValidationError):
        crash(feed, (0, "shock", -91))
    assert not Scenario.objects.exists()
    assert not AuditEntry.objects.exists()


def test_the_first_scenarios_can_be_run_and_come_once(feed):
    Feed.objects.all().delete()
    seeded = services.seed_exchange(60, 200)
    seed_scenarios(seeded)
    scenarios = list(Scenario.objects.all())
    assert len(scenarios) == len(FIRST_SCENARIOS)
    for scenario in scenarios:
        assert run_scenario(scenario, actor=None, reason="drill")
        delete_scenario(scenario, actor=None)
    seed_scenarios(seeded)
    assert not Scenario.objects.exists()


def test_a_step_runs_a_paused_feed_for_a_second(feed, actor):
    with pytest.raises(ChangeRefused):
        services.step_feed(feed, actor=actor)
    services.pause_feed(feed, actor=actor)
    services.step_feed(feed, actor=actor)
    later = F("runs_until") + timedelta(minutes=1)  # on a busy machine the second may be over
    Feed.objects.update(runs_until=later)
    [plan] = read_plans()
    assert plan.state == "RUNNING"
    assert plan.until_ms is not None
    Feed.objects.update(runs_until=timezone.now())
    [plan] = read_plans()
    assert (plan.state, plan.until_ms) == ("PAUSED", None)
    assert AuditEntry.objects.first().action == "step"


def test_a_pause_in_the_middle_of_a_step_is_a_pause(feed):
    services.pause_feed(feed, actor=None)
    services.step_feed(feed, actor=None)
    services.start_feed(feed, actor=None)
    services.pause_feed(feed, actor=None)
    [plan] = read_plans()
    assert (plan.state, plan.until_ms) == ("PAUSED", None)


def test_many_are_halted_and_resumed_as_one(feed, actor):
    symbols = sorted(feed.instruments.values_list("symbol", flat=True))
    rows = feed.instruments.all()
    first = rows.filter(symbol__in=symbols[:2])
    instrument_services.halt_instruments(first, actor=actor, reason="news")
    outcome = instrument_services.halt_instruments(rows, actor=actor, reason="more")
    assert outcome == Outcome(changed=tuple(symbols[2:]), unchanged=tuple(symbols[:2]))
    [plan] = read_plans()
    assert plan.halts == dict.fromkeys(symbols[:2], "news") | dict.fromkeys(symbols[2:], "more")
    outcome = instrument_services.halt_instruments(rows, actor=actor, reason="again")
    assert outcome == Outcome(unchanged=tuple(symbols))
    outcome = instrument_services.resume_instruments(rows, actor=actor)
    assert outcome == Outcome(changed=tuple(symbols))
    entries = AuditEntry.objects.order_by("pk")
    assert [(entry.action, entry.before, entry.after) for entry in entries] == [
        ("halt", {"halted": []}, {"halted": symbols[:2]}),
        ("halt", {"halted": []}, {"halted": symbols[2:]}),
        ("resume", {"halted": symbols}, {"halted": []}),
    ]
    with pytest.raises(ValidationError):
        instrument_services.halt_instruments(rows, actor=actor, reason="")
    assert entries.count() == 3
