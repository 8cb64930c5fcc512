"""What one person's browsers get of that person's rows."""

import pytest
from django.contrib.auth.models import User

from dashboard.models import Notification
from dashboard.personal import selectors
from dashboard.personal.notifications import mark_notifications_read
from dashboard.personal.selectors import personal_of
from dashboard.personal.watchlist_lines import watchlist_of
from dashboard.wire.personal import Personal
from tests.support.personal_rows import notify as send

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]


def test_personal_has_the_latest_fifty_newest_first_and_counts_all_unread(ada, bob):
    Notification.objects.bulk_create(
        Notification(user=ada, title=f"note {number}") for number in range(55)
    )
    send(User.objects.filter(pk=bob.pk), title="for bob")
    oldest = Notification.objects.filter(user=ada).last()
    mark_notifications_read(ada, [oldest.pk])

    personal = personal_of([ada.pk, bob.pk])

    titles = [notice.title for notice in personal[ada.pk].notices]
    assert titles == [f"note {number}" for number in range(54, 4, -1)]
    assert personal[ada.pk].unread == 54
    assert [notice.title for notice in personal[bob.pk].notices] == ["for bob"]


def test_a_notice_says_when_it_was_made_in_milliseconds(ada):
    send()
    Notification.objects.update(symbol="NVX")
    row = Notification.objects.get()
    (notice,) = personal_of([ada.pk])[ada.pk].notices
    assert notice.t == int(row.created_at.timestamp() * 1000)
    assert (notice.id, notice.level, notice.read) == (row.pk, "info", False)
    assert (notice.title, notice.body, notice.symbol) == ("Maintenance", "at noon", "NVX")
    mark_notifications_read(ada, None)
    assert personal_of([ada.pk])[ada.pk].notices[0].read


@pytest.mark.parametrize("most", [1, 2, 3])
def test_people_who_are_read_in_parts_are_all_there(ada, bob, monkeypatch, most):
    monkeypatch.setattr(selectors, "PEOPLE_PER_READ", most)
    eve = User.objects.create_user("eve")
    send(User.objects.filter(pk=eve.pk))
    personal = personal_of([ada.pk, bob.pk, eve.pk])
    assert {pk: state.unread for pk, state in personal.items()} == {ada.pk: 0, bob.pk: 0, eve.pk: 1}
    assert {len(state.watchlist) for state in personal.values()} == {20}


def test_somebody_unknown_has_nothing_but_the_default(ada):
    send()
    personal = personal_of([10**6])
    assert personal[10**6].notices == ()
    assert personal[10**6].unread == 0


def test_nobody_is_nothing():
    assert personal_of([]) == {}


@pytest.mark.slow
def test_personal_of_many_is_read_in_few_queries(django_assert_max_num_queries):
    User.objects.bulk_create(User(username=f"user{number}") for number in range(600))
    send()
    people = list(User.objects.all())
    for user in people[:3]:
        watchlist_of(user)
    with django_assert_max_num_queries(10):
        personal = personal_of([user.pk for user in people])
    assert len(personal) == 600
    assert all(isinstance(state, Personal) and state.unread == 1 for state in personal.values())
