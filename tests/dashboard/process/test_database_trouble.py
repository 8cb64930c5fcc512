"""Staff read in plain words why the database takes no writes, and other people do not."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from dashboard.process.database_trouble import MEANWHILE, explain
from feeds.database import writability


@pytest.mark.parametrize(
    ("error", "fact"),
    [
        ("attempt to write a readonly database", "The database is read-only."),
        ("cannot execute UPDATE in a read-only transaction", "The database is read-only."),
        ("database or disk is full", "The database is full."),
        ("could not extend file: No space left on device", "The database is full."),
        ("database is locked", "The database is locked."),
        ("canceling statement due to lock timeout", "The database is locked."),
        ("connection refused", "The database cannot be used (connection refused)."),
    ],
)
def test_an_error_is_explained_with_its_cure(error: str, fact: str) -> None:
    text = explain(error)
    assert text.startswith(fact)
    assert text.endswith(MEANWHILE)
    assert len(text) > len(fact) + len(MEANWHILE) + 10, "a cure stands between"


def test_without_an_error_nothing_is_explained() -> None:
    assert explain("") == ""


@pytest.mark.django_db
@pytest.mark.parametrize("is_staff", [True, False])
def test_only_staff_read_on_pages_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch, is_staff: bool
) -> None:
    browser = Client()
    browser.force_login(User.objects.create_user("ada", is_staff=is_staff))
    monkeypatch.setattr(writability, "error", "disk is full")
    during = browser.get("/notifications/").content.decode()
    assert ("The database is full." in during) is is_staff
    assert ('id="database-trouble"' in during) is is_staff
    monkeypatch.setattr(writability, "error", "")
    after = browser.get("/notifications/").content.decode()
    assert "The database is" not in after
    assert ('role="alert" hidden></p>' in after) is is_staff
