"""Every change of interventions and scenarios: row and audit entry together, the engine poked.

The only writer of these rows. Must not know requests or forms.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from feeds.exceptions import ChangeRefused
from feeds.models import AuditEntry, Feed, Intervention, Scenario, ScenarioStep
from feeds.plan.plans import FeedKind
from feeds.services.audit import facts_of, target_of
from feeds.services.changes import lock, record_market

LEAD: Final = timedelta(seconds=1)
"""How much later "at once" is: the feed must hear of an intervention before it begins."""
MOST_OPEN: Final = 100
"""Most open interventions of a feed: the engine looks at each of them in every step."""
SCENARIO_FACTS: Final = ("feed", "name", "note")
STEP_FACTS: Final = ("offset_s", "kind", "size", "duration_s", "sector")
FIRST_SCENARIOS: Final = (
    ("Flash crash", "Everything falls in a minute and comes most of the way back.", (
        (0, "regime", 3, 240, ""), (5, "shock", -6, 45, ""), (75, "shock", 4.5, 120, ""),
    )),
    ("Bad news for Technology", "A sector falls while the others look on.", (
        (0, "shock", -6, 90, "Technology"), (0, "regime", 2, 300, "Technology"),
    )),
    ("Calm before the numbers", "Next to nothing moves, and then everything does.", (
        (0, "regime", 0.3, 120, ""), (120, "regime", 4, 120, ""),
    )),
)  # fmt: skip
"""Name, note and steps."""


def intervene(
    row: Intervention, *, starts_at: datetime | None = None, actor: User | None
) -> Intervention:
    """Begin a shock or a regime, given as an unsaved row, at a time; at once if none is given.

    Raises:
        ChangeRefused: the feed is not simulated, or too much is going on there.
        ValidationError: a field is invalid, or the start is in the past.
    """
    with transaction.atomic():
        _refuse(row.feed, more=1)
        _add(row, starts_at, row.reason, actor=actor)
        record_market(
            row.kind, target_of(row.feed), after=_summary([row]), actor=actor, reason=row.reason
        )
        return row


def run_scenario(
    scenario: Scenario, *, starts_at: datetime | None = None, actor: User | None, reason: str
) -> list[Intervention]:
    """Begin the steps of a scenario, counted from a time, at once if none is given; return them.

    Raises:
        ChangeRefused: it has no steps, the feed is not simulated, or too much is going on.
        ValidationError: a step does not fit the feed any more, or the start is in the past.
    """
    with transaction.atomic():
        if not scenario.steps.exists():
            raise ChangeRefused(f"{scenario} has no steps")
        _refuse(scenario.feed, more=scenario.steps.count())
        begin = starts_at or timezone.now() + LEAD
        rows = rows_of(scenario, begin)
        for row in rows:
            _add(row, row.starts_at, reason, actor=actor)
        after = {"scenario": scenario.name} | _summary(rows)
        record_market("run", target_of(scenario.feed), after=after, actor=actor, reason=reason)
        return rows


def rows_of(scenario: Scenario, begin: datetime) -> list[Intervention]:
    """Return the steps of a scenario that begins at a time, as unsaved interventions."""
    names = ("kind", "sector", "symbol", "size", "duration_s")
    rows: list[Intervention] = []
    for step in scenario.steps.all():
        values = {name: getattr(step, name) for name in names}
        rows.append(Intervention(feed=scenario.feed, scenario=scenario.name, **values))
        rows[-1].place(begin + timedelta(seconds=step.offset_s))
    return rows


def cancel_interventions(
    feed: Feed, keys: Sequence[int], *, actor: User | None, reason: str = ""
) -> list[Intervention]:
    """Call off what is left of interventions of a feed; return those that were not over yet.

    Raises:
        ChangeRefused: all of them are over.
    """
    with transaction.atomic():
        lock(feed)
        rows = [row for row in feed.interventions.filter(pk__in=keys) if row.is_open]
        if not rows:
            raise ChangeRefused("nothing is left to call off")
        chosen = feed.interventions.filter(pk__in=[row.pk for row in rows])
        chosen.update(cancelled_at=Now(), cancelled_by=actor)
        record_market("call off", target_of(feed), _summary(rows), actor=actor, reason=reason)
        return rows


def save_scenario(
    scenario: Scenario,
    steps: Sequence[ScenarioStep],
    gone: Sequence[ScenarioStep] = (),
    *,
    actor: User | None,
) -> None:
    """Add or change a scenario: save `steps`, which are new or changed, and delete those in `gone`.

    Raises:
        ValidationError: a field is invalid.
    """
    with transaction.atomic():
        is_new = scenario._state.adding
        before = {} if is_new else _facts_of(Scenario.objects.get(pk=scenario.pk))
        scenario.full_clean()
        scenario.save()
        for step in gone:
            step.delete()
        for step in steps:
            step.scenario = scenario
            step.full_clean()
            step.save()
        action, after = "add" if is_new else "change", _facts_of(scenario)
        if before != after:
            record_market(action, target_of(scenario), before, after, actor=actor)


def delete_scenario(scenario: Scenario, *, actor: User | None) -> None:
    """Remove a scenario; interventions that it has begun go on."""
    with transaction.atomic():
        before = _facts_of(scenario)
        record_market("delete", target_of(scenario), before=before, actor=actor)
        scenario.delete()


def seed_scenarios(feed: Feed) -> None:
    """Give a feed its first scenarios, once: people who delete them do not want them back."""
    if AuditEntry.objects.filter(target__startswith="scenario ").exists():
        return
    for name, note, steps in FIRST_SCENARIOS:
        made = [ScenarioStep(**dict(zip(STEP_FACTS, step, strict=True))) for step in steps]
        save_scenario(Scenario(feed=feed, name=name, note=note), made, actor=None)


def _refuse(feed: Feed, *, more: int) -> None:
    lock(feed)
    if feed.kind != FeedKind.SIMULATED:
        raise ChangeRefused(f"{feed} is not simulated; only a simulated feed can be shocked")
    is_open = feed.interventions.filter(cancelled_at=None, ends_at__gt=timezone.now())
    if is_open.count() + more > MOST_OPEN:
        raise ChangeRefused(f"{feed} already has {is_open.count()} open interventions")


def _add(row: Intervention, starts_at: datetime | None, reason: str, *, actor: User | None) -> None:
    now = timezone.now()
    row.place(starts_at or now + LEAD)
    if row.starts_at < now:
        raise ValidationError({"starts_at": "The start is in the past."})
    row.reason, row.made_by = reason, actor
    row.full_clean()
    row.save()


def _summary(rows: Sequence[Intervention]) -> dict[str, Any]:
    """Return what an audit entry keeps of interventions."""
    texts = [f"{row.summary()}, from {row.starts_at:%Y-%m-%d %H:%M:%S} UTC" for row in rows]
    return {"interventions": [row.pk for row in rows], "what": texts}


def _facts_of(scenario: Scenario) -> dict[str, Any]:
    steps = [str(step) for step in scenario.steps.all()]
    return facts_of(scenario, SCENARIO_FACTS) | {"steps": steps}
