"""An action can be undone once, by an entry of its own; what has changed since stays as it is."""

import re

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from feeds.exceptions import ChangeRefused
from feeds.models import AuditEntry, Feed, Halt, Intervention
from feeds.services import feeds as services
from feeds.services import instruments as instrument_services
from feeds.services.interventions import intervene
from feeds.services.undo import can_be_undone, undo, undo_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def actor():
    return User.objects.create_user("olga")


@pytest.fixture(autouse=True)
def feed():
    services.seed_exchange(6, 200)
    AuditEntry.objects.all().delete()
    return Feed.objects.get()


def newest():
    return AuditEntry.objects.first()


def first(feed):
    return feed.instruments.order_by("symbol").first()


def symbols(feed):
    return list(feed.instruments.values_list("symbol", flat=True))


def state(feed):
    """Return everything that an undo may touch."""
    feed.refresh_from_db()
    halted = Halt.objects.filter(ended_at=None).values_list("instrument__symbol", flat=True)
    open_ = [row.pk for row in Intervention.objects.all() if row.is_open]
    return feed.state, feed.rate, feed.is_recorded, sorted(halted), open_


def paused(feed):
    services.pause_feed(feed, actor=None)


def halted(feed):
    rows = feed.instruments.filter(symbol__in=symbols(feed)[:3])
    instrument_services.halt_instruments(rows, actor=None, reason="news")


def recorded(feed):
    services.start_recording(feed, actor=None)


NOTHING = lambda feed: None
ACTIONS = {
    "rate": (NOTHING, lambda feed: services.set_rate(feed, 5, actor=None)),
    "pause": (NOTHING, lambda feed: services.pause_feed(feed, actor=None)),
    "start": (paused, lambda feed: services.start_feed(feed, actor=None)),
    "record": (NOTHING, lambda feed: services.start_recording(feed, actor=None)),
    "stop recording": (recorded, lambda feed: services.stop_recording(feed, actor=None)),
    "halt": (
        NOTHING,
        lambda feed: instrument_services.halt_instruments([first(feed)], actor=None, reason="x"),
    ),
    "halts": (NOTHING, halted),
    "resumes": (
        halted,
        lambda feed: instrument_services.resume_instruments(feed.instruments.all(), actor=None),
    ),
    "shock": (
        NOTHING,
        lambda feed: intervene(Intervention(feed=feed, size=-3, reason="x"), actor=None),
    ),
}
every_action = pytest.mark.parametrize(("prepare", "act"), ACTIONS.values(), ids=ACTIONS.keys())


SAYS = {
    "rate": r"Demo Exchange has 200 ticks/s again",
    "pause": r"Demo Exchange runs again",
    "start": r"Demo Exchange is paused again",
    "record": r"Demo Exchange is not recorded any more",
    "stop recording": r"Demo Exchange is recorded again",
    "halt": r"resumed \w+",
    "halts": r"resumed \w+, \w+, \w+",
    "resumes": r"halted \w+, \w+, \w+",
    "shock": r"called off shock -3 % of the whole feed over 60 s",
}


@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_is_undone_once_by_an_entry_that_says_so(feed, actor, name):
    prepare, act = ACTIONS[name]
    prepare(feed)
    before = state(feed)
    act(feed)
    entry, is_done = newest(), state(feed)
    assert is_done != before
    assert can_be_undone(entry)
    said = undo(entry, actor=actor, reason="a mistake")
    assert re.fullmatch(SAYS[name], said), said
    assert state(feed) == before
    made = newest()
    assert (made.actor, made.target) == (actor, entry.target)
    when = f"{entry.at:%H:%M:%S}"
    assert made.reason == f"Undo of {entry.action} at {when} UTC: a mistake"
    assert not can_be_undone(entry)


def test_no_undo_is_offered_where_nothing_is_left(feed):
    """An intervention that is over, a rate that came back by other means, what was deleted."""
    intervene(Intervention(feed=feed, size=-3, reason="x"), actor=None)
    over = newest()
    Intervention.objects.update(ends_at=timezone.now())
    services.set_rate(feed, 5, actor=None)
    rate = newest()
    Feed.objects.update(rate=200)
    instrument_services.halt_instruments([first(feed)], actor=None, reason="x")
    halt = newest()
    Halt.objects.update(ended_at=timezone.now())
    assert not any(map(can_be_undone, (over, rate, halt)))
    Halt.objects.update(ended_at=None)
    assert can_be_undone(halt)
    Feed.objects.all().delete()
    assert not any(map(can_be_undone, (over, rate, halt)))


def test_nothing_that_is_so_already_is_undone(feed):
    """Something else than an operator did it: no entry of the audit says so."""
    services.pause_feed(feed, actor=None)
    pause = newest()
    Feed.objects.update(state="RUNNING")
    halted(feed)
    halt = newest()
    instrument_services.resume_instruments(feed.instruments.all(), actor=None)
    resume = newest()
    Halt.objects.update(ended_at=None)
    assert not can_be_undone(resume)
    with pytest.raises(ChangeRefused, match="nothing is left to undo"):
        undo(resume, actor=None)
    AuditEntry.objects.filter(pk=resume.pk).delete()
    Halt.objects.update(ended_at=timezone.now())
    for entry in (pause, halt):
        assert not can_be_undone(entry)
        with pytest.raises(ChangeRefused, match="nothing is left to undo"):
            undo(entry, actor=None)


def test_what_is_over_of_a_scenario_is_not_called_off(feed):
    for size in (-3, -4):
        intervene(Intervention(feed=feed, size=size, reason="x"), actor=None)
    entry, (first_row, _) = newest(), Intervention.objects.order_by("pk")
    both = [row.pk for row in Intervention.objects.all()]
    AuditEntry.objects.filter(pk=entry.pk).update(after={"interventions": both})
    first_row.ends_at = timezone.now()
    first_row.save()
    entry.refresh_from_db()
    assert undo(entry, actor=None) == (
        "called off shock -4 % of the whole feed over 60 s; 1 had already ended"
    )


def test_an_undo_of_many_says_what_it_left_alone(feed):
    halted(feed)
    entry, chosen = newest(), first(feed)
    instrument_services.delete_instrument(chosen, actor=None)
    other = first(feed)
    Halt.objects.filter(instrument=other).update(ended_at=timezone.now())
    assert undo(entry, actor=None).endswith("; 1 needed no change; 1 are gone")


@pytest.mark.slow
@every_action
def test_nothing_is_undone_twice(feed, prepare, act):
    prepare(feed)
    act(feed)
    entry = newest()
    undo(entry, actor=None)
    before, entries = state(feed), AuditEntry.objects.count()
    with pytest.raises(ChangeRefused):
        undo(entry, actor=None)
    assert (state(feed), AuditEntry.objects.count()) == (before, entries)


def test_what_has_changed_since_stays(feed):
    services.set_rate(feed, 5, actor=None)
    entry = newest()
    services.set_rate(feed, 9, actor=None)
    with pytest.raises(ChangeRefused, match="changed since"):
        undo(entry, actor=None)
    assert state(feed)[1] == 9


def test_other_facts_of_a_feed_may_change_meanwhile(feed):
    services.set_rate(feed, 5, actor=None)
    entry = newest()
    services.pause_feed(feed, actor=None)
    undo(entry, actor=None)
    assert state(feed)[:2] == ("PAUSED", 200)


def test_halts_of_many_are_not_undone_when_one_was_resumed_and_halted_anew(feed):
    halted(feed)
    entry, chosen = newest(), first(feed)
    instrument_services.resume_instruments([chosen], actor=None)
    instrument_services.halt_instruments([chosen], actor=None, reason="another")
    with pytest.raises(ChangeRefused, match="changed since"):
        undo(entry, actor=None)


def test_a_symbol_that_another_feed_lists_by_now_stays_halted_there(feed):
    halted(feed)
    entry, symbol = newest(), first(feed).symbol
    other = Feed.objects.create(slug="other", name="Other")
    feed.instruments.filter(symbol=symbol).update(feed=other)
    assert undo(entry, actor=None).endswith("; 1 are gone")
    assert list(other.plan().halts) == [symbol]


def test_an_undo_can_be_undone(feed):
    services.set_rate(feed, 5, actor=None)
    undo(newest(), actor=None)
    undo(newest(), actor=None)
    assert state(feed)[1] == 5


@pytest.mark.parametrize("act", [services.close_feed, services.start_feed])
def test_a_session_that_ended_does_not_come_back(feed, act):
    if act is services.start_feed:
        services.close_feed(feed, actor=None)
    act(feed, actor=None)
    assert undo_of(newest()) is None
    with pytest.raises(ChangeRefused, match="cannot be undone"):
        undo(newest(), actor=None)


def test_what_is_gone_stays_gone(feed):
    instrument_services.halt_instruments([first(feed)], actor=None, reason="x")
    entry = newest()
    instrument_services.delete_instrument(first(feed), actor=None)
    with pytest.raises(ChangeRefused, match="is gone"):
        undo(entry, actor=None)
