"""The sizes, scopes and times that an intervention may have, and when it counts."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from feeds.models import Feed, Instrument, Intervention, Scenario, ScenarioStep

BEGIN = datetime(2026, 3, 6, 20, 0, tzinfo=UTC)


def refusal(call, *inputs: object) -> dict[str, list[str]]:
    try:
        call(*inputs)
    except ValidationError as error:
        return error.message_dict
    return {}


PERCENT = "A shock is -90 to 100 percent."
TIMES = "A regime is 0.1 to 10 times the usual volatility."


@pytest.mark.parametrize(
    ("kind", "size", "said"),
    [
        *(("shock", -90, ""), ("shock", 100, ""), ("shock", 0, "")),
        *(("shock", -90.1, PERCENT), ("shock", 100.1, PERCENT)),
        *(("regime", 0.1, ""), ("regime", 10, "")),
        *(("regime", 0.09, TIMES), ("regime", 10.1, TIMES)),
        # Other checks have a word for these.
        *(("shock", None, ""), ("storm", 5_000, "")),
    ],
)
def test_a_size_out_of_the_range_of_its_kind_is_refused(
    kind: str, size: float | None, said: str
) -> None:
    row = Intervention(kind=kind, size=size)
    assert refusal(row.refuse_size) == ({"size": [said]} if said else {})


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("scope", "faults"),
    [
        ({}, {}),
        ({"sector": "Lab"}, {}),
        ({"symbol": "NVX"}, {}),
        (
            {"sector": "Lab", "symbol": "NVX"},
            {"symbol": ["Choose a sector or a symbol, not both."]},
        ),
        ({"sector": "NVX"}, {"sector": ["This feed has no NVX."]}),
        ({"symbol": "ORB"}, {"symbol": ["This feed has no ORB."]}),
    ],
)
def test_a_scope_that_the_feed_does_not_have_is_refused(
    scope: dict[str, str], faults: dict[str, list[str]]
) -> None:
    feeds = [Feed.objects.create(slug=slug, name=slug) for slug in ("demo", "other")]
    for feed, symbol, sector in zip(feeds, ("NVX", "ORB"), ("Lab", "Food"), strict=True):
        Instrument.objects.create(
            feed=feed, symbol=symbol, name="N", sector=sector, reference_price=1
        )
    for row in (
        Intervention(feed=feeds[0], size=-5, **scope),
        ScenarioStep(scenario=Scenario(feed=feeds[0], name="Crash"), size=-5, **scope),
    ):
        assert refusal(row.clean) == faults


def test_a_step_of_a_scenario_without_a_feed_is_checked_for_its_size_alone() -> None:
    steps = [ScenarioStep(scenario=Scenario(), size=size, sector="Lab") for size in (-5, -91)]
    assert [list(refusal(step.clean)) for step in steps] == [[], ["size"]]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"size": 6}, "shock +6 % of the whole feed over 60 s"),
        ({"size": -6.5, "sector": "Lab", "duration_s": 9}, "shock -6.5 % of Lab over 9 s"),
        ({"size": 3, "kind": "regime", "symbol": "NVX"}, "regime x 3 of NVX over 60 s"),
    ],
)
def test_an_intervention_is_put_in_words(values: dict[str, object], words: str) -> None:
    assert Intervention(**values).summary() == words


@pytest.mark.parametrize(
    ("after_ms", "is_open", "is_coming"),
    [(-60_000, True, True), (-1, True, True), (0, False, True), (4_999, False, True),
     (5_000, False, False)],
)  # fmt: skip
def test_an_intervention_is_open_to_its_end_and_in_the_plan_for_five_seconds_more(
    monkeypatch: pytest.MonkeyPatch, after_ms: int, is_open: bool, is_coming: bool
) -> None:
    row = Intervention(size=-5, duration_s=60)
    row.place(BEGIN)
    now = BEGIN + timedelta(seconds=60, milliseconds=after_ms)
    monkeypatch.setattr(timezone, "now", lambda: now)
    assert (row.is_open, row.is_coming) == (is_open, is_coming)
    row.cancelled_at = BEGIN
    assert (row.is_open, row.is_coming) == (False, False)
