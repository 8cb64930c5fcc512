"""A plan has every value of the rows that it is made of: none is left at what it is without."""

from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest
from django.contrib.auth.models import Group

from feeds.market.events import FeedState
from feeds.market.instruments import Definition
from feeds.models import Entitlement, Feed, Halt, Instrument, Intervention, Recording
from feeds.plan.effects import Effect, EffectKind
from feeds.plan.plans import FeedKind, Playback

pytestmark = pytest.mark.django_db
FAR = datetime(2100, 1, 4, 15, 0, tzinfo=UTC)
FAR_MS = round(FAR.timestamp() * 1000)


@pytest.fixture
def recording() -> Recording:
    return Recording.objects.create(
        name="May", path="may/a.parquet", origin="recorded", events=1, ticks=1,
        first_at=FAR, last_at=FAR, fingerprint="f",
    )  # fmt: skip


@pytest.fixture
def feed(recording: Recording) -> Feed:
    """A feed in which everything is set to what no feed has by default."""
    feed = Feed.objects.create(
        slug="tape", name="Tape", state=FeedState.PAUSED, rate=7.5, seed=99, bands="2",
        exchange="XLON", opened_at=FAR, reason="tired", is_restricted=True, runs_until=FAR,
        kind="replay", recording=recording, speed=2.5, loops=True, start_s=4.5, prefix="R",
    )  # fmt: skip
    instrument = Instrument.objects.create(
        feed=feed, symbol="NVX", name="Novix", sector="Energy", tick_size=Decimal("0.050"),
        reference_price=Decimal("20.00"), volatility=0.3, activity=1.7,
    )  # fmt: skip
    Halt.objects.create(instrument=instrument, reason="news")
    Entitlement.objects.create(feed=feed, group=Group.objects.create(name="Late"), delay_minutes=15)
    for scope in ({"sector": "Energy"}, {"symbol": "NVX"}):
        intervention = Intervention(feed=feed, kind="regime", size=4, duration_s=60, **scope)
        intervention.place(FAR)
        intervention.save()
    return Feed.objects.get()


def test_a_plan_has_every_value_of_the_row(feed: Feed) -> None:
    plan = feed.plan()
    effect = Effect(
        kind=EffectKind.REGIME, size=4.0, start_ms=FAR_MS, end_ms=FAR_MS + 60_000, sector="Energy"
    )
    assert set(plan.effects) == {effect, msgspec.structs.replace(effect, sector="", symbol="NVX")}
    assert plan.definitions == (
        Definition(
            symbol="NVX", name="Novix", sector="Energy", tick_size=Decimal("0.05"),
            reference_ticks=400, volatility=0.3, activity=1.7,
        ),
    )  # fmt: skip
    assert plan.playback == Playback(
        path="may/a.parquet", speed=2.5, loops=True, start_s=4.5, prefix="R"
    )
    assert (plan.rate, plan.seed, plan.state) == (7.5, 99, FeedState.RUNNING)
    assert (plan.kind, plan.delays, plan.halts) == (FeedKind.REPLAY, (15,), {"NVX": "news"})
    assert (plan.reason, plan.until_ms, plan.name) == ("tired", FAR_MS, "Tape")


def test_no_value_of_the_plan_is_what_it_is_without_the_row(feed: Feed) -> None:
    plan = feed.plan()
    for value in (plan, plan.playback):
        for field in msgspec.structs.fields(value):
            assert getattr(value, field.name) != field.default, field.name


def test_the_delays_of_a_plan_are_those_of_a_restricted_feed_each_once(feed: Feed) -> None:
    for name, minutes in (("Now", 0), ("Later", 5), ("Too", 15)):
        group = Group.objects.create(name=name)
        Entitlement.objects.create(feed=feed, group=group, delay_minutes=minutes)
    assert Feed.objects.get().plan().delays == (5, 15)
    Feed.objects.update(is_restricted=False)
    assert Feed.objects.get().plan().delays == ()
