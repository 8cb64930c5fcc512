"""Dispatches: written with their notification, claimed once, retried, ended, withheld."""

from datetime import timedelta
from decimal import Decimal

import msgspec
import pytest
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.utils import timezone

from dashboard.exceptions import DestinationRefused
from dashboard.models import Destination, Dispatch, Notification
from dashboard.people.account_deletion import delete_account
from dashboard.reaching import claims, queueing
from dashboard.reaching.claims import LEASE, SendOutcome, claim_parcels, note_outcome
from dashboard.reaching.destinations import (
    TESTS_PER_MINUTE,
    WEBHOOKS_PER_USER,
    add_webhook,
    pause_destination,
    remove_destination,
    renew_secret,
    resume_destination,
    send_test,
)
from dashboard.reaching.retries import ATTEMPTS
from feeds.models import AuditEntry, Entitlement, Feed, Instrument
from tests.support.destinations import claim_all, hook, make_due, states
from tests.support.personal_rows import notify

pytestmark = pytest.mark.django_db
BAD = SendOutcome(status=500, error="The answer was 500.")
GOOD = SendOutcome(status=204)


def note(parcel, outcome=GOOD, chance=0.0):
    note_outcome(parcel, outcome, chance=chance)


# --- written with the notification ---


def test_a_notification_goes_to_each_active_webhook_of_its_person(ada, bob):
    first, second, paused = hook(ada), hook(ada), hook(ada)
    hook(bob)
    pause_destination(paused)
    notify(User.objects.filter(pk=ada.pk))
    assert {row.destination_id for row in Dispatch.objects.all()} == {first.pk, second.pk}
    notify()
    assert Dispatch.objects.count() == 5


def test_no_dispatch_without_its_notification(ada):
    hook(ada)
    with pytest.raises(RuntimeError), transaction.atomic():
        notify()
        raise RuntimeError
    assert not Dispatch.objects.exists()


def test_a_firing_goes_to_the_webhook_in_the_same_transaction(ada):
    from dashboard.alerts import services
    from dashboard.models import Alert

    hook(ada)
    services._notify(Alert(user=ada, name="mine"), "NVX is above 3", "Alert “mine”.", "NVX")
    assert Dispatch.objects.get().notification.title == "NVX is above 3"


# --- claimed ---


def test_a_claim_has_all_that_is_needed_and_is_made_once(ada):
    row = hook(ada)
    notify(title="Maintenance", body="at noon")
    (parcel,) = claim_all()
    assert (parcel.address, parcel.keys, parcel.attempt) == (row.address, (row.secret,), 1)
    said = msgspec.json.decode(parcel.body)
    notification = Notification.objects.get()
    assert said["type"] == "notification"
    assert said["data"] == {
        "id": f"notification_{notification.pk}",
        "title": "Maintenance",
        "body": "at noon",
        "level": "info",
        "symbol": "",
        "url": "https://market.example/notifications/",
    }
    assert parcel.message_id == said["data"]["id"]
    assert claim_all() == []


def test_two_processes_that_look_at_once_do_not_both_claim(ada, monkeypatch):
    """The second one has read the row before the first one claimed it."""
    hook(ada)
    notify()
    make_due()
    due, again = claims._due, []

    def look_and_be_overtaken(now):
        if not again:
            again.append(True)
            again.append(claims._claim(Dispatch.objects.get().pk, ""))
            # What the second process read is still that of before.
            return Rows(stale)
        return due(now)

    class Rows:
        def __init__(self, row):
            self.row = row

        def select_related(self, *_):
            return self

        def filter(self, **_):
            return self

        def first(self):
            return self.row

    stale = Dispatch.objects.select_related("destination__user", "notification").get()
    monkeypatch.setattr(claims, "_due", look_and_be_overtaken)
    assert claims._claim(stale.pk, "") is None
    assert again[1].attempt == 1
    assert Dispatch.objects.get().attempts == 1


def test_who_read_the_rows_before_another_claimed_gets_neither_dispatch_of_the_destination(ada):
    hook(ada)
    notify()
    notify()
    make_due()
    rows = Dispatch.objects.select_related("destination").order_by("pk")
    (first, *_), (same, second) = rows.all(), rows.all()
    now = timezone.now()
    assert claims._take(first, now)
    assert Destination.objects.get().next_at == now + timedelta(seconds=1)
    assert not claims._take(same, now)
    assert not claims._take(second, now), "the pace is that of the destination"
    make_due()
    second = rows.get(pk=second.pk)
    Dispatch.objects.filter(pk=second.pk).update(attempts=1)
    assert not claims._take(second, now), "another one took it meanwhile"


def test_what_a_dead_process_had_claimed_is_sent_after_its_lease(ada):
    hook(ada)
    notify()
    (lost,) = claim_all()
    assert claim_all() == []
    assert Dispatch.objects.get().next_at - timezone.now() > LEASE - timedelta(seconds=20)
    make_due()
    (found,) = claim_all()
    assert (found.message_id, found.attempt) == (lost.message_id, 2)
    note(lost, BAD)  # the first one was only slow: its outcome comes too late to count
    assert states() == ["waiting"]
    note(found)
    assert states() == ["delivered"]


def test_a_destination_gets_one_at_a_time_and_not_faster_than_its_pace(ada, monkeypatch):
    monkeypatch.setattr(claims, "PACE", 60 * claims.PACE)  # longer than a busy machine may take
    hook(ada)
    notify()
    notify()
    make_due()
    (first,) = claim_parcels(origin="", limit=10)
    note(first)
    assert claim_parcels(origin="", limit=10) == []
    assert claim_all(busy=[first.destination_id]) == []
    assert len(claim_all()) == 1


def test_nobody_waits_for_somebody_with_much_to_send(ada, bob):
    for number in range(3):
        hook(ada, name=str(number))
    for _ in range(5):
        notify(User.objects.filter(pk=ada.pk))
    hook(bob)
    notify(User.objects.filter(pk=bob.pk))
    assert {parcel.user_id for parcel in claim_all(limit=2)} == {ada.pk, bob.pk}
    make_due()
    assert {parcel.user_id for parcel in claim_all(full=[ada.pk])} == {bob.pk}


# --- rights ---


def test_somebody_deactivated_gets_nothing_further(ada):
    hook(ada)
    notify()
    User.objects.update(is_active=False)
    assert claim_all() == []
    assert states() == ["withheld"]
    withheld = Dispatch.objects.get()
    assert withheld.error == "The account is not active."
    assert withheld.ended_at is not None


def test_who_may_no_longer_see_an_instrument_hears_nothing_of_it(ada):
    feed = Feed.objects.create(slug="lab", name="Lab", is_restricted=True)
    Instrument.objects.create(
        feed=feed, symbol="NVX", name="NVX", sector="Energy", reference_price=Decimal(10)
    )
    Instrument.objects.create(
        feed=Feed.objects.create(slug="demo", name="Demo"), symbol="ORB", name="ORB",
        sector="Energy", reference_price=Decimal(10),
    )  # fmt: skip
    group = Group.objects.create(name="traders")
    Entitlement.objects.create(group=group, feed=feed, delay_minutes=15)
    ada.groups.add(group)
    hook(ada)
    for _ in range(2):
        row = Notification.objects.create(user=ada, title="NVX is above 3", symbol="NVX")
        queueing.queue_dispatches([row])
    assert len(claim_all()) == 1
    ada.groups.clear()
    assert claim_all() == []
    assert states() == ["waiting", "withheld"]
    assert Dispatch.objects.first().error == "You may no longer see NVX."


def test_the_deletion_of_an_account_deletes_all(ada, bob):
    hook(ada)
    send_test(hook(bob))
    notify()
    delete_account(ada, actor=ada)
    assert {row.user for row in Destination.objects.all()} == {bob}
    assert {row.destination.user for row in Dispatch.objects.all()} == {bob}


# --- outcomes ---


def test_a_failure_is_tried_again_later_and_given_up_in_the_end(ada):
    row = hook(ada)
    notify()
    for attempt in range(1, ATTEMPTS + 1):
        (parcel,) = claim_all()
        assert parcel.attempt == attempt
        before = timezone.now()
        note(parcel, BAD)
        dispatch = Dispatch.objects.get()
        assert (dispatch.status, dispatch.error) == (500, "The answer was 500.")
        if attempt < ATTEMPTS:
            assert dispatch.next_at >= before + timedelta(seconds=min(3600, 5 * 2 ** (attempt - 1)))
            assert claim_all() == []
            make_due()
    assert states() == ["given up"]
    assert claim_all() == []
    row.refresh_from_db()
    assert row.failing_since is not None
    assert row.state == "active"


def test_a_success_ends_the_failing(ada):
    row = hook(ada)
    notify()
    note(claim_all()[0], BAD)
    make_due()
    note(claim_all()[0])
    row.refresh_from_db()
    assert row.failing_since is None
    assert (Dispatch.objects.get().error, states()) == ("", ["delivered"])


def test_the_wait_that_a_receiver_asks_for_is_kept(ada):
    hook(ada)
    notify()
    note(claim_all()[0], SendOutcome(status=429, error="The answer was 429.", asked_s=600))
    assert Dispatch.objects.get().next_at > timezone.now() + timedelta(seconds=500)


@pytest.mark.parametrize(
    ("outcome", "hours", "why"), [(BAD, 24, "for a day"), (SendOutcome(status=410), 0, "410")]
)
def test_a_webhook_that_fails_for_long_is_paused_and_its_owner_hears_of_it(
    ada, pokes, outcome, hours, why
):
    row, other = hook(ada, name="dead"), hook(ada, name="well")
    notify(User.objects.filter(pk=ada.pk))
    notify(User.objects.filter(pk=ada.pk))
    Destination.objects.filter(pk=row.pk).update(
        failing_since=timezone.now() - timedelta(hours=hours)
    )
    parcel = next(parcel for parcel in claim_all(full=[]) if parcel.destination_id == row.pk)
    assert pokes(note, parcel, outcome) == [[ada.pk]]
    row.refresh_from_db()
    assert row.state == "failed"
    mine = Dispatch.objects.filter(destination=row)
    assert {each.state for each in mine} == {"given up"}
    notice = Notification.objects.first()
    assert notice.title == "The webhook “dead” is paused"
    assert why in notice.body
    assert notice.body.endswith(" Mend it, send a test and resume it.")
    assert (notice.level, notice.user) == ("warning", ada)
    # The other webhook says so as well, and this one gets nothing more.
    assert Dispatch.objects.filter(notification=notice).get().destination == other
    resume_destination(row)
    assert row.failing_since is None


def test_a_webhook_that_fails_for_less_goes_on(ada):
    row = hook(ada)
    notify()
    Destination.objects.update(failing_since=timezone.now() - timedelta(hours=23))
    note(claim_all()[0], BAD)
    row.refresh_from_db()
    assert row.state == "active"


# --- by their owners ---


def test_a_test_is_tried_once_also_while_paused(ada):
    row = hook(ada)
    pause_destination(row)
    send_test(row)
    (parcel,) = claim_all()
    assert parcel.message_id.startswith("test_")
    said = msgspec.json.decode(parcel.body)
    sent = Dispatch.objects.get()
    assert (said["type"], said["timestamp"]) == ("test", sent.created_at.isoformat())
    assert said["data"] == {
        "id": f"test_{sent.pk}",
        "title": "This is a test",
        "body": "Notifications of your account arrive here.",
        "level": "info",
        "symbol": "",
        "url": "https://market.example/notifications/",
    }
    note(parcel, BAD)
    assert states() == ["given up"]


def test_tests_have_a_quota(ada, bob):
    first, second = hook(ada), hook(ada)
    for _ in range(TESTS_PER_MINUTE):
        send_test(first)
    with pytest.raises(DestinationRefused):
        send_test(second)
    send_test(hook(bob))
    Dispatch.objects.update(created_at=timezone.now() - timedelta(seconds=30))
    with pytest.raises(DestinationRefused):
        send_test(second)
    Dispatch.objects.update(created_at=timezone.now() - timedelta(seconds=60))
    send_test(second)


def test_a_test_is_announced_to_who_sends(ada, pokes):
    row = hook(ada)
    assert pokes(send_test, row) == [[ada.pk]]


def test_webhooks_have_a_quota(ada, bob):
    for _ in range(WEBHOOKS_PER_USER):
        hook(ada)
    with pytest.raises(DestinationRefused):
        hook(ada)
    hook(bob)
    remove_destination(ada.destinations.first())
    hook(ada)


def test_a_new_secret_signs_beside_the_former_one_for_a_day(ada):
    row = hook(ada)
    former = row.secret
    secret = renew_secret(row)
    notify()
    (parcel,) = claim_all()
    assert parcel.keys == (secret, former)
    Destination.objects.update(former_until=timezone.now())
    make_due()
    assert claim_all()[0].keys == (secret,)


def test_pausing_gives_up_what_waits(ada):
    row = hook(ada)
    notify()
    note(claim_all()[0])
    notify()
    before = timezone.now()
    pause_destination(row)
    assert states() == ["delivered", "given up"]
    given_up = Dispatch.objects.first()  # the newest
    assert given_up.error == "The webhook was paused."
    assert before <= given_up.ended_at <= timezone.now()
    notify()
    resume_destination(row)
    notify()
    assert states() == ["delivered", "given up", "waiting"]


def test_the_audit_has_the_host_and_no_secret(ada):
    row = add_webhook(ada, name="chat", address="https://hook.example/services/T0/secret-path")
    renew_secret(row)
    remove_destination(row)
    entries = AuditEntry.objects.order_by("pk")
    wanted = ["add webhook", "renew the secret of webhook", "remove webhook"]
    assert [entry.action for entry in entries] == wanted
    assert all(entry.after == {"host": "hook.example"} for entry in entries)
