"""The page of webhooks: own ones only, a secret shown once, buttons that do what they say."""

import html

import pytest
from django.contrib.auth.models import User
from django.test import Client

from dashboard.models import Destination, Dispatch
from dashboard.reaching.claims import SendOutcome, note_outcome
from dashboard.reaching.destinations import WEBHOOKS_PER_USER
from tests.support.destinations import claim_all, hook
from tests.support.personal_rows import notify

pytestmark = pytest.mark.django_db
PAGE = "/notifications/webhooks/"


def text_of(response) -> str:
    return html.unescape(response.content.decode())


def add(browser: Client, **facts: str):
    return browser.post(PAGE, {"name": "chat", "address": "https://hook.example/x", **facts})


def test_only_people_who_are_signed_in_have_it(ada):
    assert Client().get(PAGE).status_code == 302
    assert Client().post(PAGE, {"name": "a", "address": "https://a.example"}).status_code == 302
    assert not Destination.objects.exists()


def test_the_secret_is_shown_once(browser, ada):
    made = add(browser)
    secret = ada.destinations.get().secret
    assert secret in text_of(made)
    assert made.headers["Cache-Control"] == "no-store"
    assert secret not in text_of(browser.get(PAGE))
    assert "https://hook.example/x" in text_of(browser.get(PAGE))


def test_a_new_secret_is_shown_once(browser, ada):
    row = hook(ada)
    answer = browser.post(PAGE, {"renew": str(row.pk)})
    assert row.secret not in text_of(answer)
    former, row = row.secret, Destination.objects.get()
    assert row.secret in text_of(answer)
    assert (row.former_secret, row.secret != former) == (former, True)


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("http://hook.example/", "must begin with https://"),
        ("https://127.0.0.1/", "private or reserved network"),
        ("https://169.254.169.254/latest/meta-data/", "private or reserved network"),
        ("https://ada:secret@hook.example/", "no user name"),
        ("", "This field is required"),
    ],
)
def test_a_bad_address_is_refused_beside_its_field(browser, address, why):
    answer = add(browser, address=address)
    assert why in text_of(answer)
    assert not Destination.objects.exists()


def test_the_quota_is_said(browser, ada):
    for _ in range(WEBHOOKS_PER_USER):
        hook(ada)
    assert "the most that a person may have" in text_of(browser.get(PAGE))
    refused = add(browser).context["form"]
    assert refused.non_field_errors() == ["You have 5 webhooks, remove one first."]
    assert Destination.objects.count() == WEBHOOKS_PER_USER


def test_the_log_says_what_became_of_each_message(browser, ada):
    row = hook(ada)
    notify(title="<b>Maintenance</b>")
    note_outcome(claim_all()[0], SendOutcome(status=500, error="The answer was 500."), chance=0)
    page = browser.get(PAGE).content.decode()
    assert "&lt;b&gt;Maintenance" in page
    assert "Tried 1 time, next" in page
    assert "The answer was 500." in page
    Dispatch.objects.update(state="delivered", status=204, error="")
    assert "Delivered (204)" in text_of(browser.get(PAGE))
    assert f'id="webhook-{row.pk}"' in text_of(browser.get(PAGE))


def test_buttons_do_what_they_say(browser, ada):
    row = hook(ada)

    def press(action: str) -> None:
        assert browser.post(f"{PAGE}{row.pk}/{action}/").status_code == 303

    press("test")
    assert Dispatch.objects.get().notification is None
    press("pause")
    assert Destination.objects.get().state == "paused"
    press("resume")
    assert Destination.objects.get().state == "active"
    press("remove")
    assert not Destination.objects.exists()


def test_too_many_tests_are_refused_in_words(browser, ada):
    row = hook(ada)
    for _ in range(6):
        browser.post(f"{PAGE}{row.pk}/test/")
    assert "tests within a minute" in text_of(browser.get(PAGE))
    assert Dispatch.objects.count() == 5


@pytest.mark.parametrize("action", ["test", "pause", "resume", "remove"])
def test_another_persons_webhook_is_not_found(browser, action):
    row = hook(User.objects.create_user("bob"))
    assert browser.post(f"{PAGE}{row.pk}/{action}/").status_code == 404
    assert browser.post(PAGE, {"renew": str(row.pk)}).status_code == 404
    assert Destination.objects.get().secret == row.secret


def test_an_unknown_action_and_a_reload_do_nothing(browser, ada):
    row = hook(ada)
    assert browser.post(f"{PAGE}{row.pk}/explode/").status_code == 404
    assert browser.get(f"{PAGE}{row.pk}/remove/").url == PAGE
    assert browser.post(PAGE, {"renew": "9" * 5000}).status_code == 404
    assert Destination.objects.exists()
