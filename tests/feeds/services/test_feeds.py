"""Every change leaves its row, one audit entry and one poke, or nothing at all."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feeds.bus import control
from feeds.clock import ms_of
from feeds.exceptions import ChangeRefused
from feeds.models import AuditEntry, Feed, Halt, Instrument, StoredBar
from feeds.services import feeds as services
from feeds.services import instruments as instrument_services
from feeds.services.changes import Outcome
from tests.support.examples import examples

pytestmark = pytest.mark.django_db


@pytest.fixture
def actor():
    return User.objects.create_user("olga")


@pytest.fixture
def feed():
    return Feed.objects.create(slug="demo", name="Demo Exchange", rate=200)


@pytest.fixture
def instrument(feed):
    return Instrument.objects.create(
        feed=feed,
        symbol="NVX",
        name="Novexa Systems",
        sector="Technology",
        reference_price=Decimal("101.25"),
    )


@pytest.fixture
def pokes(monkeypatch, django_capture_on_commit_callbacks):
    """Count the pokes of a call once its transaction commits, which no test's transaction does."""
    calls = []
    monkeypatch.setattr(control, "poke_feeds", lambda: calls.append("feeds"))

    def count(call, *args, **options):
        calls.clear()
        with django_capture_on_commit_callbacks(execute=True):
            call(*args, **options)
            assert calls == [], "poked before the commit"
        return len(calls)

    return count


def only_entry():
    return AuditEntry.objects.get()


def facts(entry):
    return (entry.actor_name, entry.action, entry.target, entry.before, entry.after, entry.reason)


# --- running a feed -------------------------------------------------------------------------


def test_pausing_a_feed_changes_the_row_and_says_who_and_why(feed, actor, pokes):
    assert pokes(services.pause_feed, feed, actor=actor, reason="lunch") == 1

    feed.refresh_from_db()
    assert (feed.state, feed.reason) == ("PAUSED", "lunch")
    before = {"state": "RUNNING", "reason": ""}
    after = {"state": "PAUSED", "reason": "lunch"}
    assert facts(only_entry()) == ("olga", "pause", "feed demo", before, after, "lunch")
    assert only_entry().actor == actor


def test_the_audit_entry_holds_only_the_fields_that_changed(feed, actor):
    services.close_feed(feed, actor=actor)
    assert only_entry().before == {"state": "RUNNING"}
    assert only_entry().after == {"state": "CLOSED"}


def test_starting_a_feed_clears_the_reason_of_the_pause(feed, actor):
    services.pause_feed(feed, actor=actor, reason="lunch")
    services.start_feed(feed, actor=actor)
    feed.refresh_from_db()
    assert (feed.state, feed.reason) == ("RUNNING", "")


@pytest.mark.parametrize(
    ("state", "service"),
    [
        ("RUNNING", services.start_feed),
        ("PAUSED", services.pause_feed),
        ("CLOSED", services.close_feed),
    ],
)
def test_a_feed_that_is_so_already_is_left_alone(feed, actor, pokes, state, service):
    Feed.objects.update(state=state, reason="as before")
    assert pokes(service, feed, actor=actor, reason="again") == 0
    feed.refresh_from_db()
    assert (feed.state, feed.reason) == (state, "as before")
    assert not AuditEntry.objects.exists()


def test_a_closed_feed_cannot_be_paused(feed, actor, pokes):
    services.close_feed(feed, actor=actor)
    with pytest.raises(ChangeRefused, match="Demo Exchange is closed"):
        services.pause_feed(feed, actor=actor)
    feed.refresh_from_db()
    assert feed.state == "CLOSED"
    assert only_entry().action == "close"


def test_a_stale_copy_of_a_feed_is_compared_with_the_row_of_now(feed, actor):
    stale = Feed.objects.get()
    services.close_feed(feed, actor=actor)
    assert services.close_feed(stale, actor=actor) is False
    assert AuditEntry.objects.count() == 1


@pytest.mark.parametrize(
    "service",
    [
        services.start_recording,
        services.pause_feed,
        lambda feed, **by: services.set_rate(feed, 5, **by),
    ],
)
def test_what_another_operator_did_meanwhile_is_not_done_again(feed, actor, service):
    stale = Feed.objects.get()
    assert service(feed, actor=actor) is True
    assert service(stale, actor=actor) is False
    assert AuditEntry.objects.count() == 1


def test_a_recording_that_another_operator_stopped_is_not_stopped_again(feed, actor):
    services.start_recording(feed, actor=actor)
    stale = Feed.objects.get()
    assert services.stop_recording(feed, actor=actor) is True
    assert services.stop_recording(stale, actor=actor) is False


def test_a_step_lasts_a_second_and_only_a_paused_feed_makes_it(feed, actor):
    stale = Feed.objects.get()
    services.pause_feed(feed, actor=actor)
    before = timezone.now()
    services.step_feed(stale, actor=actor, reason="look")
    after = timezone.now()
    second = timedelta(seconds=1)
    assert before + second <= Feed.objects.get().runs_until <= after + second
    assert facts(AuditEntry.objects.first())[1] == "step"
    running = Feed.objects.get()
    services.start_feed(feed, actor=actor)
    with pytest.raises(ChangeRefused, match="Demo Exchange is not paused"):
        services.step_feed(running, actor=actor)


def test_the_rate_is_set_and_the_state_stays(feed, actor, pokes):
    services.pause_feed(feed, actor=actor, reason="lunch")
    assert pokes(services.set_rate, feed, 750.5, actor=actor, reason="load") == 1
    feed.refresh_from_db()
    assert (feed.rate, feed.state, feed.reason) == (750.5, "PAUSED", "lunch")
    entry = AuditEntry.objects.get(action="set rate")
    assert facts(entry)[3:] == ({"rate": 200.0}, {"rate": 750.5}, "load")


def test_the_same_rate_again_changes_nothing(feed, actor, pokes):
    assert pokes(services.set_rate, feed, 200, actor=actor) == 0
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("rate", [0, -1, 0.09, 50_001, float("nan"), float("inf"), "fast", None])
def test_a_rate_that_no_feed_can_run_is_refused(feed, actor, rate):
    with pytest.raises(ValidationError) as refusal:
        services.set_rate(feed, rate, actor=actor)
    assert list(refusal.value.message_dict) == ["rate"]
    feed.refresh_from_db()
    assert feed.rate == 200
    assert not AuditEntry.objects.exists()


def test_a_reason_too_long_for_the_audit_changes_nothing(feed, actor, pokes):
    with pytest.raises(ValidationError):
        services.set_rate(feed, 300, actor=actor, reason="x" * 201)
    feed.refresh_from_db()
    assert feed.rate == 200
    assert not AuditEntry.objects.exists()


def test_nobody_in_particular_is_called_system(feed):
    services.pause_feed(feed, actor=None)
    assert (only_entry().actor, only_entry().actor_name) == (None, "system")


def test_an_audit_entry_keeps_the_name_of_an_account_that_is_gone(feed, actor):
    services.pause_feed(feed, actor=actor)
    actor.delete()
    assert (only_entry().actor, only_entry().actor_name) == (None, "olga")


def test_a_change_that_is_rolled_back_leaves_no_entry_and_no_poke(feed, actor, pokes):
    def fail_after_the_change():
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            services.pause_feed(feed, actor=actor)
            raise ZeroDivisionError

    assert pokes(fail_after_the_change) == 0
    feed.refresh_from_db()
    assert feed.state == "RUNNING"
    assert not AuditEntry.objects.exists()


# --- halting --------------------------------------------------------------------------------


def test_a_halt_is_open_until_it_is_resumed(instrument, actor, pokes):
    assert (
        pokes(instrument_services.halt_instruments, [instrument], actor=actor, reason="news") == 1
    )
    halt = Halt.objects.get()
    assert (halt.instrument, halt.reason, halt.started_by) == (instrument, "news", actor)
    assert halt.started_at is not None
    assert halt.ended_at is None
    assert instrument.feed.plan().halts == {"NVX": "news"}

    assert (
        pokes(instrument_services.resume_instruments, [instrument], actor=actor, reason="news") == 1
    )
    halt.refresh_from_db()
    assert halt.ended_by == actor
    assert halt.ended_at >= halt.started_at
    assert Feed.objects.get().plan().halts == {}


def test_halt_and_resume_leave_one_entry_each(instrument, actor):
    instrument_services.halt_instruments([instrument], actor=actor, reason="news")
    instrument_services.resume_instruments([instrument], actor=actor, reason="news")
    no, yes = {"halted": []}, {"halted": ["NVX"]}
    assert [facts(entry) for entry in AuditEntry.objects.order_by("id")] == [
        ("olga", "halt", "instrument NVX", no, yes, "news"),
        ("olga", "resume", "instrument NVX", yes, no, "news"),
    ]


def test_a_halted_instrument_stays_as_it_is(instrument, actor):
    instrument_services.halt_instruments([instrument], actor=actor, reason="news")
    outcome = instrument_services.halt_instruments([instrument], actor=actor, reason="more news")
    assert outcome == Outcome(unchanged=("NVX",))
    assert Halt.objects.get().reason == "news"
    assert AuditEntry.objects.count() == 1


def test_only_a_halted_instrument_is_resumed(instrument, actor):
    outcome = instrument_services.resume_instruments([instrument], actor=actor)
    assert outcome == Outcome(unchanged=("NVX",))
    assert not AuditEntry.objects.exists()


def test_a_resume_ends_the_open_halt_and_no_older_one(instrument, actor):
    for who in (actor, None):
        instrument_services.halt_instruments([instrument], actor=actor, reason="news")
        ended = Halt.objects.filter(ended_by=actor).values_list("ended_at", flat=True).first()
        instrument_services.resume_instruments([instrument], actor=who)
    newer, older = Halt.objects.order_by("-pk")
    assert (newer.ended_by, older.ended_by, older.ended_at) == (None, actor, ended)


def test_instruments_of_several_feeds_leave_an_entry_of_each_feed(instrument, feed, actor):
    other = Feed.objects.create(slug="other", name="Other")
    facts = {"name": "X", "sector": "Energy", "reference_price": Decimal(10)}
    for symbol, its_feed in (("ABC", feed), ("XYZ", other)):
        Instrument.objects.create(feed=its_feed, symbol=symbol, **facts)
    rows = Instrument.objects.order_by("-symbol")
    outcome = instrument_services.halt_instruments(rows, actor=actor, reason="news")
    assert outcome == Outcome(changed=("ABC", "NVX", "XYZ"))
    about = [
        (entry.target, set(entry.subjects.values_list("name", flat=True)))
        for entry in AuditEntry.objects.order_by("pk")
    ]
    assert about == [
        ("feed demo", {"feed demo", "instrument ABC", "instrument NVX"}),
        ("instrument XYZ", {"feed other", "instrument XYZ"}),
    ]


def test_an_instrument_that_was_deleted_meanwhile_is_left_out(instrument, actor):
    stale = Instrument.objects.get()
    instrument.delete()
    outcome = instrument_services.halt_instruments([stale], actor=actor, reason="news")
    assert outcome == Outcome()


def test_a_halt_of_many_takes_as_many_queries_as_a_halt_of_two(
    feed, actor, django_assert_num_queries
):
    facts = {"name": "X", "sector": "Energy", "reference_price": Decimal(10)}
    for number in range(30):
        Instrument.objects.create(feed=feed, symbol=f"A{number}", **facts)
    rows = list(Instrument.objects.all())
    with CaptureQueriesContext(connection) as queries:
        instrument_services.halt_instruments(rows[:2], actor=actor, reason="news")
    with django_assert_num_queries(len(queries)):
        instrument_services.halt_instruments(rows[2:], actor=actor, reason="news")


@pytest.mark.parametrize("reason", ["", "x" * 201])
def test_a_halt_needs_a_reason_that_fits(instrument, actor, pokes, reason):
    with pytest.raises(ValidationError) as refusal:
        instrument_services.halt_instruments([instrument], actor=actor, reason=reason)
    assert list(refusal.value.message_dict) == ["reason"]
    assert not Halt.objects.exists()
    assert not AuditEntry.objects.exists()


# --- what there is --------------------------------------------------------------------------


def test_a_new_feed_is_recorded_with_all_it_is(actor, pokes):
    feed = Feed(slug="alpha", name="Alpha", rate=5, state="CLOSED")
    assert pokes(services.save_feed, feed, actor=actor) == 1
    entry = only_entry()
    assert (entry.action, entry.target, entry.before) == ("add", "feed alpha", {})
    assert entry.after["state"] == "CLOSED"
    assert entry.after["rate"] == 5


def test_saving_a_feed_never_overwrites_what_operators_did_meanwhile(feed, actor):
    stale = Feed.objects.get()
    services.close_feed(feed, actor=actor, reason="done")
    services.set_rate(feed, 9, actor=actor)
    stale.name = "Renamed"
    services.save_feed(stale, actor=actor)
    row = Feed.objects.get()
    assert (row.name, row.state, row.reason, row.rate) == ("Renamed", "CLOSED", "done", 9)


def test_a_changed_instrument_is_recorded_before_and_after(instrument, actor, pokes):
    instrument.tick_size = Decimal("0.05")
    instrument.name = "Novexa"
    assert pokes(instrument_services.save_instrument, instrument, actor=actor) == 1
    assert only_entry().before == {"name": "Novexa Systems", "tick_size": "0.01"}
    assert only_entry().after == {"name": "Novexa", "tick_size": "0.05"}
    about = only_entry().subjects.order_by("name").values_list("name", flat=True)
    assert list(about) == ["feed demo", "instrument NVX"]


def test_saving_without_a_change_leaves_nothing(instrument, feed, actor, pokes):
    assert pokes(instrument_services.save_instrument, instrument, actor=actor) == 0
    assert pokes(services.save_feed, feed, actor=actor) == 0
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("symbol", "N VX"),
        ("symbol", "NVX~15"),
        ("symbol", "A//B"),
        ("symbol", "ß"),
        ("symbol", ""),
        ("symbol", "A" * 25),
        ("name", ""),
        ("tick_size", Decimal(0)),
        ("tick_size", Decimal(-1)),
        ("reference_price", Decimal("101.255")),
        ("reference_price", Decimal(0)),
        ("reference_price", Decimal("10000000.01")),
        ("volatility", float("nan")),
        ("volatility", 0),
        ("activity", 1001),
    ],
)
def test_an_instrument_that_cannot_be_traded_is_refused_at_its_field(
    instrument, actor, field, value
):
    setattr(instrument, field, value)
    with pytest.raises(ValidationError) as refusal:
        instrument_services.save_instrument(instrument, actor=actor)
    assert field in refusal.value.message_dict
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("typed", ["btc/usd", " brk.b ", "m&m", "^gspc", "es=f", "bf-b", "7203.t"])
def test_a_symbol_of_the_world_is_saved_in_capitals(feed, actor, typed):
    made = Instrument(feed=feed, symbol=typed, name="A", sector="B", reference_price=Decimal(10))
    instrument_services.save_instrument(made, actor=actor)
    assert Instrument.objects.filter(symbol=typed.strip().upper()).exists()
    assert made.definition().symbol == typed.strip().upper()


def test_a_symbol_is_listed_once_on_all_feeds(instrument, actor):
    other = Feed.objects.create(slug="other", name="Other")
    twin = Instrument(
        feed=other, symbol="NVX", name="Twin", sector="Energy", reference_price=Decimal(10)
    )
    with pytest.raises(ValidationError, match="already exists"):
        instrument_services.save_instrument(twin, actor=actor)


def test_deleting_an_instrument_records_what_it_was(instrument, actor, pokes):
    assert pokes(instrument_services.delete_instrument, instrument, actor=actor) == 1
    assert not Instrument.objects.exists()
    assert (only_entry().action, only_entry().after) == ("delete", {})
    assert only_entry().before["reference_price"] == "101.25"
    assert (only_entry().before["feed"], only_entry().before["bars"]) == ("demo", 0)


def test_deleting_a_feed_records_the_symbols_that_went_with_it(instrument, feed, actor, pokes):
    instrument_services.halt_instruments([instrument], actor=None, reason="news")
    assert pokes(services.delete_feed, feed, actor=actor) == 1
    assert not Feed.objects.exists()
    assert not Instrument.objects.exists()
    assert AuditEntry.objects.get(action="delete").before["instruments"] == ["NVX"]


# --- the demo exchange ----------------------------------------------------------------------


@pytest.mark.slow
def test_the_first_start_makes_an_exchange_that_can_be_run(pokes):
    assert pokes(services.seed_exchange, 60, 200) == 1
    feed = Feed.objects.get()
    plan = feed.plan()
    assert (feed.slug, plan.state, plan.rate, len(plan.definitions)) == ("demo", "RUNNING", 200, 60)
    for instrument in feed.instruments.all():
        instrument.full_clean()
    assert only_entry().after["instruments"] == 60


def test_seeding_again_returns_the_feed_that_is_there(pokes):
    first = services.seed_exchange(5, 200)
    assert pokes(services.seed_exchange, 9, 100) == 0
    assert services.seed_exchange(9, 100) == first
    assert Instrument.objects.count() == 5
    after = only_entry().after
    assert (after["slug"], after["rate"], after["instruments"]) == ("demo", 200, 5)


def test_seeding_beside_another_feed_adds_nothing(feed):
    assert services.seed_exchange(5, 100) == feed
    assert not Instrument.objects.exists()


def test_an_exchange_with_a_rate_no_feed_can_run_is_not_made():
    with pytest.raises(ValidationError):
        services.seed_exchange(5, 0)
    assert not Feed.objects.exists()


# --- for all --------------------------------------------------------------------------------

COMMANDS = {
    "start": lambda market: services.start_feed(market[0], actor=None),
    "pause": lambda market: services.pause_feed(market[0], actor=None, reason="why"),
    "close": lambda market: services.close_feed(market[0], actor=None),
    "slower": lambda market: services.set_rate(market[0], 100, actor=None),
    "faster": lambda market: services.set_rate(market[0], 200, actor=None),
    "halt": lambda market: instrument_services.halt_instruments(
        [market[1]], actor=None, reason="news"
    ),
    "resume": lambda market: instrument_services.resume_instruments([market[1]], actor=None),
}


@pytest.mark.slow
@settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(commands=st.lists(st.sampled_from(sorted(COMMANDS)), max_size=12))
def test_the_audit_replays_to_the_rows_whatever_was_done(feed, instrument, commands):
    with transaction.atomic():
        follow(feed, instrument, commands)
        transaction.set_rollback(True)


def follow(feed, instrument, commands):
    opened_at = said(Feed.objects.get(pk=feed.pk).opened_at)
    for command in commands:
        try:
            COMMANDS[command]((feed, instrument))
        except ChangeRefused:
            continue
    replayed = {"state": "RUNNING", "rate": 200, "reason": "", "halted": []}
    replayed["opened_at"] = opened_at
    for entry in AuditEntry.objects.order_by("id"):
        assert entry.before != entry.after
        assert entry.before == {name: replayed[name] for name in entry.after}
        replayed |= entry.after
    feed.refresh_from_db()
    halts = Halt.objects.filter(ended_at=None)
    halted = list(halts.values_list("instrument__symbol", flat=True))
    found = {"state": feed.state, "rate": feed.rate, "reason": feed.reason, "halted": halted}
    assert found | {"opened_at": said(feed.opened_at)} == replayed


def said(moment):
    return moment.isoformat(timespec="milliseconds")


def test_a_feed_that_is_started_again_trades_on_after_its_stored_days(feed, instrument):
    """Compressed days run ahead of the calendar; a new first day in their past had no history."""
    ahead = timezone.now() + timedelta(days=40)
    start_ms = ms_of(ahead)
    StoredBar.objects.create(
        instrument=instrument, interval="1m", start_ms=start_ms, recorded_ms=0,
        **dict.fromkeys(("open", "high", "low", "close", "volume", "trades"), 1),
    )  # fmt: skip
    services.close_feed(feed, actor=None)
    services.start_feed(feed, actor=None)
    feed.refresh_from_db()
    assert feed.first_day == ahead.date() + timedelta(days=1)
    assert feed.schedule().at(ms_of(feed.opened_at)).exchange_ms > start_ms
    assert StoredBar.objects.count() == 1


def test_a_feed_without_bars_begins_with_the_present_day(feed):
    services.close_feed(feed, actor=None)
    services.start_feed(feed, actor=None)
    assert feed.first_day is None
