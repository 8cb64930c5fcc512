"""The rows of alerts: who writes what, once, and with whose rights."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group, User
from django.utils import timezone

from dashboard.alerts import services
from dashboard.alerts.judge import Judge
from dashboard.alerts.reading import RuleReader, _is_over
from dashboard.alerts.rules import Condition, Frequency, Kind, Match, Rule
from dashboard.alerts.services import AlertFacts, Judgement
from dashboard.exceptions import AlertsFull, UnknownLine, UnknownSymbol, UnknownWatchlist
from dashboard.models import Alert, AlertBook, AlertFiring, Notification, Watchlist
from dashboard.personal.list_text import read_list
from dashboard.personal.watchlist_lines import add_to_watchlist, remove_from_watchlist
from dashboard.personal.watchlists import create_watchlist, delete_watchlist, move_watchlist
from feeds.bus import control
from feeds.clock import SystemClock
from feeds.market.events import Batch, Carryover, Phase, Side, Status, Trade
from feeds.models import Entitlement, Feed, Instrument
from tests.support.market_script import NOW, listing

pytestmark = pytest.mark.django_db
ABOVE = (Condition(Kind.ABOVE, Decimal(100)),)


@pytest.fixture(autouse=True)
def market():
    """List NVX and ORB."""
    feed = Feed.objects.create(slug="demo", name="Demo Exchange")
    for symbol in ("NVX", "ORB"):
        Instrument.objects.create(
            feed=feed, symbol=symbol, name=symbol, sector="Energy", reference_price=Decimal(10)
        )
    services.take_over_alerts("e")
    return feed


@pytest.fixture
def ada():
    return User.objects.create_user("ada")


@pytest.fixture
def reader():
    return RuleReader(SystemClock())


def facts(symbol="NVX", **more) -> AlertFacts:
    return AlertFacts(symbol=symbol, conditions=ABOVE, **more)


def judged(rules: list[Rule], *prices: int, key: str = "NVX") -> Judgement:
    """Return what is judged when these prices follow each other."""
    judge = Judge()
    judge.replace(rules)
    trades = [Trade(key, price, 1, Side.BUY, NOW) for price in prices]
    events = (listing(key), Status(key, Phase.OPEN, "", NOW, 1), *trades)
    return Judgement(9, judge.take(Batch("e", 1, events), NOW), judge.changes())


def test_a_firing_becomes_a_row_and_a_notification_of_the_owner(ada, reader):
    alert = services.make_alert(ada, facts(name="dear"))
    assert services.store_judgements("e", [judged(reader.read().rules, 10_100)], None)
    firing = AlertFiring.objects.get()
    assert (firing.alert, firing.epoch, firing.sequence) == (alert, "e", 3)
    assert firing.fired_at == datetime.fromtimestamp(NOW // 1000, UTC)
    assert (firing.symbol, firing.text) == ("NVX", "NVX is above 100, at 101.00")
    notice = Notification.objects.get(user=ada)
    assert (notice.title, notice.body) == ("NVX is above 100, at 101.00", "Alert “dear”.")
    assert (notice.level, notice.symbol) == ("warning", "NVX")
    alert.refresh_from_db()
    assert alert.state == Alert.State.TRIGGERED
    assert AlertBook.objects.get().sequence == 9


def test_what_is_handed_in_twice_is_stored_once(ada, reader):
    services.make_alert(ada, facts(frequency=Frequency.EVERY_TIME))
    judgement = judged(reader.read().rules, 10_100, 9_900, 10_100)
    for _ in range(2):
        services.store_judgements("e", [judgement], None)
    assert AlertFiring.objects.count() == Notification.objects.count() == 2


def test_a_firing_is_a_change_of_the_alert_that_ends(ada, reader):
    alert = services.make_alert(ada, facts())
    services.store_judgements("e", [judged(reader.read().rules, 10_100)], None)
    alert.refresh_from_db()
    assert (alert.revision, AlertBook.objects.get().revision) == (2, 2)
    assert reader.read().rules == []


def test_an_alert_that_is_not_active_stores_nothing(ada, reader):
    services.make_alert(ada, facts())
    judgement = judged(reader.read().rules, 10_100)
    Alert.objects.update(state=Alert.State.PAUSED)
    services.store_judgements("e", [judgement], None)
    assert not AlertFiring.objects.exists()
    assert Alert.objects.get().progress == {}


def test_only_the_present_market_stores(ada, reader):
    services.make_alert(ada, facts())
    judgement = judged(reader.read().rules, 10_100)
    services.take_over_alerts("f")
    assert not services.store_judgements("e", [judgement], None)
    assert not AlertFiring.objects.exists()


@pytest.mark.parametrize("change", ["change", "pause", "delete", "snooze"])
def test_a_change_that_came_first_wins(ada, reader, change):
    alert = services.make_alert(ada, facts())
    judgement = judged(reader.read().rules, 10_100)
    match change:
        case "change":
            services.change_alert(alert, facts("ORB"))
        case "pause":
            services.pause_alert(alert)
        case "delete":
            services.delete_alert(alert)
        case "snooze":
            services.snooze_alert(alert, 5)
    services.store_judgements("e", [judgement], None)
    assert not Notification.objects.exists()


def test_progress_is_kept_for_the_next_life(ada, reader):
    services.make_alert(ada, facts(frequency=Frequency.EVERY_TIME))
    services.store_judgements("e", [judged(reader.read().rules, 10_100)], None)
    (rule,) = RuleReader(SystemClock()).read().rules
    assert not judged([rule], 10_100).firings
    assert judged([rule], 10_100, 9_900, 10_100).firings


def test_measures_that_cannot_be_read_are_as_none():
    AlertBook.objects.update(measures=b"\x93")
    assert services.take_over_alerts("f") == {}
    assert AlertBook.objects.get().epoch == "f"


def test_a_market_begins_at_no_place_of_the_one_before():
    services.store_judgements("e", [Judgement(9, [], {}), Judgement(7, [], {})], None)
    assert AlertBook.objects.get().sequence == 9
    services.take_over_alerts("f")
    assert AlertBook.objects.get().sequence == 0


def test_measures_are_kept_for_the_next_life():
    judge = Judge()
    judge.take(Batch("e", 1, (listing("NVX"), Trade("NVX", 10_000, 5, Side.BUY, NOW))), NOW)
    services.store_judgements("e", [], judge.state())
    assert services.take_over_alerts("f") == judge.state()


class SetClock(SystemClock):
    """A clock that stands until it is moved."""

    now_s = 0.0

    def monotonic(self) -> float:
        return self.now_s


def test_the_reader_says_only_what_changed(ada, reader):
    assert reader.read().rules == []
    assert reader.read() is None
    alert = services.make_alert(ada, facts())
    assert [rule.id for rule in reader.read().rules] == [alert.pk]
    assert reader.read() is None
    services.pause_alert(alert)
    assert reader.read().rules == []
    services.resume_alert(alert)
    assert len(reader.read().rules) == 1
    services.delete_alert(alert)
    assert reader.read().rules == []


def test_the_judge_gets_all_that_a_person_said(ada, reader):
    conditions = (Condition(Kind.RISES, Decimal("1.50"), 300), Condition(Kind.HALT))
    end = datetime(2100, 1, 1, tzinfo=UTC)
    said = AlertFacts(
        symbol="NVX", conditions=conditions, match=Match.ANY, frequency=Frequency.ONCE_PER_BAR,
        cooldown_s=90, hysteresis_percent=Decimal("2.5"), expires_at=end, name="dear",
    )  # fmt: skip
    alert = services.make_alert(ada, said)
    (rule,) = reader.read().rules
    assert rule == Rule(
        id=alert.pk, revision=alert.revision, keys=("NVX",), conditions=conditions,
        match=Match.ANY, frequency=Frequency.ONCE_PER_BAR, cooldown_ms=90_000,
        hysteresis=Decimal("0.025"), expires_ms=4_102_444_800_000,
    )  # fmt: skip
    assert alert.name == "dear"


def test_a_snooze_reaches_the_judge_and_ends_with_no_minutes(ada, reader, monkeypatch):
    alert = services.make_alert(ada, facts())
    monkeypatch.setattr(services.timezone, "now", lambda: datetime(2030, 1, 1, 12, tzinfo=UTC))
    services.snooze_alert(alert, 5)
    (rule,) = reader.read().rules
    assert rule.snoozed_ms == 1_893_499_500_000  # 12:05
    services.snooze_alert(alert, 0)
    assert reader.read().rules[0].snoozed_ms == 0


def test_all_rows_are_read_again_in_ten_seconds_whoever_changed_them(ada):
    clock = SetClock()
    reader = RuleReader(clock)
    services.make_alert(ada, facts())
    reader.read()
    Alert.objects.update(cooldown_s=7)
    Instrument.objects.filter(symbol="NVX").update(symbol="NVY")
    clock.now_s = 9.9
    assert reader.read() is None
    clock.now_s = 10
    assert [(rule.cooldown_ms, rule.keys) for rule in reader.read().rules] == [(7000, ("NVY",))]


def test_the_very_first_alert_is_read(ada, reader):
    AlertBook.objects.all().delete()
    reader.read()
    services.make_alert(ada, facts())
    assert len(reader.read().rules) == 1


def test_without_alerts_a_look_takes_one_query(reader, django_assert_num_queries):
    reader.read()
    with django_assert_num_queries(1):
        assert reader.read() is None


def test_an_alert_on_the_watchlist_follows_it(ada, reader):
    services.make_alert(ada, facts(""))
    add_to_watchlist(ada, "NVX")
    assert {*reader.read().rules[0].keys} == {"NVX", "ORB"}
    remove_from_watchlist(ada, "ORB")
    assert reader.read().rules[0].keys == ("NVX",)


def test_an_alert_is_about_the_list_that_was_chosen_wherever_it_stands(ada, reader):
    add_to_watchlist(ada, "ORB")
    chosen, _ = create_watchlist(ada, "Mine", read_list("NVX"))
    services.make_alert(ada, facts("", list_id=chosen))
    assert reader.read().rules[0].keys == ("NVX",)
    move_watchlist(ada, chosen, 0)
    remove_from_watchlist(ada, "NVX", list_id=chosen)
    add_to_watchlist(ada, "ORB", list_id=chosen)
    assert reader.read().rules[0].keys == ("ORB",)


def test_an_alert_of_a_deleted_list_stops_and_says_so(ada):
    chosen, _ = create_watchlist(ada, "Mine", read_list("NVX"))
    alert = services.make_alert(ada, facts("", list_id=chosen))
    delete_watchlist(ada, chosen)
    reading = RuleReader(SystemClock()).read()
    assert (reading.rules, reading.empty) == ([], [alert.pk])
    services.stop_alerts(reading.empty)
    alert.refresh_from_db()
    assert alert.state == Alert.State.STOPPED
    assert "list was deleted" in Notification.objects.get(user=ada).body


def test_an_empty_list_is_no_reason_to_stop(ada, reader):
    chosen, _ = create_watchlist(ada, "Mine")
    services.make_alert(ada, facts("", list_id=chosen))
    reading = reader.read()
    assert (reading.rules, reading.empty) == ([], [])


def test_nobody_makes_an_alert_on_the_list_of_another(ada):
    other = User.objects.create_user("bob")
    theirs, _ = create_watchlist(other, "Mine", read_list("NVX"))
    with pytest.raises(UnknownWatchlist):
        services.make_alert(ada, facts("", list_id=theirs))
    assert not Alert.objects.filter(user=ada).exists()


def test_delayed_people_have_delayed_alerts_and_a_right_that_ends_stops_them(ada, market, reader):
    group = Group.objects.create(name="late")
    ada.groups.add(group)
    Feed.objects.filter(pk=market.pk).update(is_restricted=True)
    right = Entitlement.objects.create(feed=market, group=group, delay_minutes=15)
    alert = services.make_alert(ada, facts())
    assert reader.read().rules[0].keys == ("NVX~15",)
    right.delete()
    reading = reader.read()
    assert (reading.rules, reading.empty) == ([], [alert.pk])
    services.stop_alerts(reading.empty)
    alert.refresh_from_db()
    assert alert.state == Alert.State.STOPPED
    assert "stopped" in Notification.objects.get(user=ada).title


@pytest.fixture
def announced(monkeypatch, django_capture_on_commit_callbacks):
    """Return whom an action announces after its commit, in order."""

    def announced(act):
        heard: list[list[int]] = []
        monkeypatch.setattr(control, "poke_people", heard.append)
        with django_capture_on_commit_callbacks(execute=True):
            act()
        return heard

    return announced


def test_all_that_is_stored_together_is_announced_once(ada, reader, announced):
    owners = [ada, User.objects.create_user("bob")]
    for owner in owners * 2:
        services.make_alert(owner, facts(frequency=Frequency.EVERY_TIME))
    both = [judged(reader.read().rules, 10_100, 9_900, 10_100)]
    store = lambda: services.store_judgements("e", both, None)
    assert announced(store) == [[owner.pk for owner in owners]]
    assert AlertFiring.objects.count() == 8
    assert announced(lambda: services.store_judgements("e", [Judgement(9, [], {})], None)) == []


def test_an_alert_that_is_stopped_is_announced(ada, announced):
    alert = services.make_alert(ada, facts())
    assert announced(lambda: services.stop_alerts([alert.pk])) == [[ada.pk]]
    assert announced(lambda: services.stop_alerts([alert.pk])) == []


def test_nobody_makes_an_alert_on_what_they_may_not_see(ada, market):
    Feed.objects.filter(pk=market.pk).update(is_restricted=True)
    with pytest.raises(UnknownSymbol):
        services.make_alert(ada, facts())


def test_an_account_that_is_closed_has_no_rules(ada, reader):
    services.make_alert(ada, facts())
    assert reader.read().rules
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert reader.read().rules == []


def test_an_alert_is_paused_only_while_it_is_active(ada):
    alert = services.make_alert(ada, facts())
    for state, after in ((Alert.State.TRIGGERED, "triggered"), (Alert.State.ACTIVE, "paused")):
        Alert.objects.update(state=state)
        services.pause_alert(alert)
        assert Alert.objects.get().state == after


@pytest.mark.parametrize("end", [services.stop_alerts, services.expire_alerts])
def test_only_active_alerts_end_and_only_those_that_are_meant(ada, end):
    first, second, third = (services.make_alert(ada, facts()) for _ in range(3))
    services.pause_alert(second)
    end([first.pk, second.pk])
    ended = "stopped" if end is services.stop_alerts else "expired"
    states = dict(Alert.objects.values_list("pk", "state"))
    assert states == {first.pk: ended, second.pk: "paused", third.pk: "active"}
    revision = AlertBook.objects.get().revision
    assert Alert.objects.get(pk=first.pk).revision == revision


@pytest.mark.parametrize(
    ("name", "symbol", "title"),
    [
        ("", "", "The alert on a list has stopped"),
        ("dear", "", "The alert “dear” has stopped"),
        ("dear", "NVX", "The alert on NVX has stopped"),
    ],
)
def test_who_has_an_alert_that_stopped_learns_which_and_why(ada, name, symbol, title):
    alert = services.make_alert(ada, facts(symbol, name=name))
    if not symbol:
        Watchlist.objects.filter(pk=alert.watchlist_id).delete()
    services.stop_alerts([alert.pk])
    notice = Notification.objects.get(user=ada)
    why = "You may no longer see NVX, so the alert cannot fire."
    body = why if symbol else "Its list was deleted. Choose another one."
    assert (notice.title, notice.body) == (title, body)
    assert (notice.level, notice.symbol) == ("warning", "")


def test_an_alert_that_is_changed_begins_anew(ada):
    alert = services.make_alert(ada, facts(frequency=Frequency.EVERY_TIME))
    anew = {"state": "triggered", "progress": {"NVX": [False]}, "snoozed_until": timezone.now()}
    for change in (
        lambda row: services.change_alert(row, facts("ORB")),
        lambda row: services.move_alert(row, 0, Decimal(90)),
        services.resume_alert,
    ):
        Alert.objects.update(**anew)
        change(Alert.objects.get(pk=alert.pk))
        row = Alert.objects.get()
        assert (row.state, row.progress, row.snoozed_until) == ("active", {}, None)
        assert row.revision == AlertBook.objects.get().revision
    assert (row.instrument.symbol, row.conditions[0]["value"]) == ("ORB", "90")


@pytest.mark.parametrize("index", [-1, 1, 2])
def test_only_a_condition_that_waits_for_a_price_is_moved(ada, index):
    conditions = (*ABOVE, Condition(Kind.RISES, Decimal(5), 60))
    alert = services.make_alert(ada, AlertFacts(symbol="NVX", conditions=conditions))
    with pytest.raises(UnknownLine):
        services.move_alert(alert, index, Decimal(90))
    services.move_alert(alert, 0, Decimal(90))
    alert.delete()
    with pytest.raises(UnknownLine):
        services.move_alert(Alert(pk=99), 0, Decimal(90))


def test_a_change_of_an_alert_leaves_the_others_as_they_are(ada):
    first, second, third = (services.make_alert(ada, facts()) for _ in range(3))
    services.move_alert(second, 0, Decimal(90))
    services.snooze_alert(second, 5)
    rows = Alert.objects.order_by("pk")
    assert [row.conditions[0]["value"] for row in rows] == ["100", "90", "100"]
    assert [row.snoozed_until is None for row in rows] == [True, False, True]
    changed = AlertBook.objects.get().revision
    assert [row.revision for row in rows] == [first.revision, changed, third.revision]


def test_the_price_of_an_alert_on_a_list_is_moved_as_well(ada):
    alert = services.make_alert(ada, facts(""))
    services.move_alert(alert, 0, Decimal(90))
    assert Alert.objects.get().conditions[0]["value"] == "90"


def test_nobody_moves_the_price_of_what_they_may_no_longer_see(ada, market):
    alert = services.make_alert(ada, facts())
    Feed.objects.filter(pk=market.pk).update(is_restricted=True)
    with pytest.raises(UnknownSymbol):
        services.move_alert(alert, 0, Decimal(90))
    assert Alert.objects.get().conditions[0]["value"] == "100"


def test_an_alert_expires(ada, reader):
    alert = services.make_alert(ada, facts(expires_at=timezone.now()))
    services.expire_alerts(reader.read().expired)
    alert.refresh_from_db()
    assert alert.state == Alert.State.EXPIRED
    services.resume_alert(alert)
    assert (alert.state, alert.expires_at) == (Alert.State.ACTIVE, None)


def test_the_time_of_an_alert_is_over_at_its_end_and_not_before():
    end = datetime(2030, 1, 1, tzinfo=UTC)
    instants = (end - timedelta(microseconds=1), end)
    assert [_is_over(Alert(expires_at=end), now) for now in instants] == [False, True]
    assert not _is_over(Alert(), end)


def test_a_user_has_a_quota(ada, monkeypatch):
    monkeypatch.setattr(services, "ALERTS_PER_USER", 1)
    services.make_alert(ada, facts())
    with pytest.raises(AlertsFull):
        services.make_alert(ada, facts())


@pytest.mark.parametrize("killed_after", range(6))
def test_a_kill_at_any_batch_neither_loses_nor_doubles_a_firing(ada, killed_after):
    """The next life begins with the price of the last batch that was published."""
    services.make_alert(ada, facts(frequency=Frequency.EVERY_TIME))
    prices = [10_100, 9_900, 10_100, 10_200, 9_800, 10_300]
    live("e", prices[:killed_after])
    last = prices[killed_after - 1] if killed_after else 9_000
    live("f", prices[killed_after:], Carryover("NVX", NOW, 1, Phase.OPEN, last=last))
    assert AlertFiring.objects.count() == Notification.objects.count() == 3


def live(epoch: str, prices: list[int], *left: Carryover) -> None:
    """Judge and store batch by batch, as a market does before it publishes each."""
    judge = Judge(services.take_over_alerts(epoch))
    judge.replace(RuleReader(SystemClock()).read().rules)
    begin = (listing("NVX"), *left, Status("NVX", Phase.OPEN, "", NOW, 1))
    batches = [begin, *((Trade("NVX", price, 1, Side.BUY, NOW),) for price in prices)]
    sequence = 0
    for events in batches:
        batch = Batch(epoch, sequence + 1, events)
        sequence = batch.last
        judgement = Judgement(sequence, judge.take(batch, NOW), judge.changes())
        services.store_judgements(epoch, [judgement], judge.state())
