"""Notifications: own rows only, and a poke for exactly those concerned."""

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError

from dashboard.models import Notification
from dashboard.personal.notifications import mark_notifications_read
from dashboard.personal.selectors import personal_of
from feeds.models import AuditEntry
from tests.support.personal_rows import notify as send

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]


def test_everyone_is_all_active_users_of_now(ada, bob, pokes):
    gone = User.objects.create_user("gone", is_active=False)
    assert pokes(send, level="warning", audience="everyone") == [[ada.pk, bob.pk]]
    assert {row.user for row in Notification.objects.all()} == {ada, bob}
    assert {row.level for row in Notification.objects.all()} == {"warning"}
    late = User.objects.create_user("late")
    assert not Notification.objects.filter(user__in=[gone, late]).exists()


def test_sending_leaves_one_audit_entry_that_says_to_how_many(ada, bob):
    assert send(actor=ada, audience="everyone") == 2
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.target) == (ada, "send", "notification to everyone")
    assert entry.before == {}
    values = {"title": "Maintenance", "body": "at noon", "level": "info", "people": 2}
    assert entry.after == values


def test_a_group_with_two_roads_to_a_user_tells_the_user_once(ada, bob):
    for name in ("traders", "night"):
        ada.groups.add(Group.objects.create(name=name))
    assert send(User.objects.filter(groups__name__in=["traders", "night"])) == 1
    assert Notification.objects.get().user == ada


@pytest.mark.slow
def test_very_many_people_are_notified_in_few_queries(django_assert_max_num_queries):
    User.objects.bulk_create(User(username=f"user{number}") for number in range(1200))
    with django_assert_max_num_queries(18):
        assert send() == 1200
    assert Notification.objects.count() == 1200


@pytest.mark.parametrize(
    "wrong", [{"title": ""}, {"title": "x" * 121}, {"body": "x" * 2001}, {"level": "loud"}]
)
def test_a_notification_that_cannot_be_shown_is_not_sent(ada, pokes, wrong):
    with pytest.raises(ValidationError) as refusal:
        send(**wrong)
    assert list(refusal.value.message_dict) == list(wrong)
    assert not Notification.objects.exists()
    assert not AuditEntry.objects.exists()


def test_reading_all_marks_own_notifications_and_no_others(ada, bob, pokes):
    send()
    send()
    assert pokes(mark_notifications_read, ada, None) == [[ada.pk]]
    assert personal_of([ada.pk])[ada.pk].unread == 0
    assert personal_of([bob.pk])[bob.pk].unread == 2


def test_reading_some_leaves_the_rest(ada):
    send(title="one")
    send(title="two")
    first = Notification.objects.get(title="one")
    assert mark_notifications_read(ada, [first.pk]) == 1
    assert [row.read_at is None for row in Notification.objects.order_by("id")] == [False, True]


def test_what_is_read_keeps_the_time_it_was_read_first(ada, pokes):
    send()
    mark_notifications_read(ada, None)
    first = Notification.objects.get().read_at
    assert pokes(mark_notifications_read, ada, None) == []
    assert Notification.objects.get().read_at == first


def test_ids_of_somebody_else_mark_nothing(ada, bob, pokes):
    send(User.objects.filter(pk=bob.pk))
    ids = list(Notification.objects.values_list("pk", flat=True))
    assert pokes(mark_notifications_read, ada, ids) == []
    assert Notification.objects.get().read_at is None


def test_no_ids_is_not_all_of_them(ada):
    send()
    assert mark_notifications_read(ada, []) == 0
    assert Notification.objects.get().read_at is None
