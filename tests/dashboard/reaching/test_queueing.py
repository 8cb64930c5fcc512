"""Dispatches of new notifications: how many may wait, how few queries they take, and the log."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from dashboard.models import Destination, Dispatch, Notification
from dashboard.personal.notifications import prune_notifications, send_notification
from dashboard.reaching import pruning, queueing
from dashboard.reaching.destinations import resume_destination
from dashboard.reaching.pruning import prune_dispatches
from dashboard.reaching.selectors import destinations_of
from tests.support.destinations import hook
from tests.support.personal_rows import notify

pytestmark = pytest.mark.django_db


def test_more_than_may_wait_is_counted_and_not_sent(ada, monkeypatch):
    monkeypatch.setattr(queueing, "MOST_WAITING", 2)
    row = hook(ada)
    for _ in range(4):
        notify()
    row.refresh_from_db()
    assert (row.missed, Dispatch.objects.count()) == (2, 2)
    resume_destination(row)
    assert row.missed == 0


def test_of_those_that_come_together_as_many_are_sent_as_may_wait(ada, monkeypatch):
    monkeypatch.setattr(queueing, "MOST_WAITING", 2)
    full = hook(ada)
    notify()
    other = hook(ada)
    rows = [Notification(user=ada, title=title) for title in "abc"]
    queueing.queue_dispatches(Notification.objects.bulk_create(rows))
    found = Dispatch.objects.exclude(notification__title="Maintenance").order_by("pk")
    sent = [(row.destination_id, row.notification.title) for row in found]
    assert sent == [(full.pk, "a"), (other.pk, "a"), (other.pk, "b")]
    assert [row.missed for row in Destination.objects.order_by("pk")] == [2, 1]


@pytest.mark.slow
def test_very_many_people_are_reached_in_few_queries(django_assert_max_num_queries):
    users = User.objects.bulk_create(User(username=f"user{number}") for number in range(1200))
    Destination.objects.bulk_create(
        Destination(user=user, kind="webhook", name="x", address="https://a.example/")
        for user in users
    )
    with django_assert_max_num_queries(40):
        notify()
    assert Dispatch.objects.count() == 1200


def test_nothing_is_sent_twice_to_one_webhook(ada):
    """`send_notification` may not write two dispatches of a notification."""
    row = hook(ada)
    send_notification(
        title="a", body="", level="info", actor=None, recipients=User.objects.filter(pk=ada.pk)
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        queueing.queue_dispatches([Notification.objects.get()])
    assert row.dispatches.count() == 1


# --- retention ---


def test_the_log_is_pruned_and_what_waits_stays(ada):
    row = hook(ada)
    for _ in range(3):
        notify()
    old = timezone.now() - timedelta(days=20)
    first, second, third = Dispatch.objects.order_by("pk")
    Dispatch.objects.filter(pk=first.pk).update(state="delivered", ended_at=old, created_at=old)
    Dispatch.objects.filter(pk=second.pk).update(state="delivered", ended_at=timezone.now())
    Dispatch.objects.filter(pk=third.pk).update(created_at=old)
    assert list(prune_dispatches(timezone.now() - timedelta(days=14))) == [1]
    assert set(row.dispatches.all()) == {second, third}


def test_the_log_of_a_destination_has_its_last_twenty_dispatches(ada, bob):
    first, second = hook(ada, name="first"), hook(ada, name="second")
    hook(bob)
    Destination.objects.create(user=ada, kind="push", name="x", address="https://p.example/")
    rows = [Dispatch(destination=first) for _ in range(21)]
    made = [row.pk for row in Dispatch.objects.bulk_create(rows)]
    found = destinations_of(ada, "webhook")
    assert [each.destination for each in found] == [first, second]
    assert [[row.pk for row in each.log] for each in found] == [made[:0:-1], []]


def test_the_log_is_pruned_in_short_steps(ada, monkeypatch):
    monkeypatch.setattr(pruning, "ROWS_PER_DELETE", 2)
    old = timezone.now() - timedelta(days=20)
    rows = [Dispatch(destination=hook(ada), state="delivered", ended_at=old) for _ in range(5)]
    Dispatch.objects.bulk_create(rows)
    assert list(prune_dispatches(old)) == []
    assert list(prune_dispatches(old + timedelta(seconds=1))) == [2, 2, 1]


def test_pruning_counts_notifications_alone(ada):
    hook(ada)
    notify()
    Notification.objects.update(created_at=timezone.now() - timedelta(days=100))
    assert list(prune_notifications(timezone.now() - timedelta(days=90))) == [1]
    assert not Dispatch.objects.exists()
