"""The pages of forgotten passwords: what they answer, also when a link ended meanwhile."""

import pytest
from allauth.account.utils import user_pk_to_url_str
from allauth.account.views import INTERNAL_RESET_SESSION_KEY
from django.test import Client

from dashboard.exceptions import LinkEnded
from dashboard.people.forgotten_password import NewPasswordForm
from dashboard.people.reset_tokens import ResetTokens

pytestmark = pytest.mark.django_db
ASK = "/accounts/password/reset/"
NEW = {"password1": "staple gun seventy", "password2": "staple gun seventy"}


@pytest.fixture(autouse=True)
def _sends_mail(settings):
    settings.MARKET_SENDS_MAIL = True


@pytest.fixture
def opened(ada):
    """A browser that has opened a link, and the page with the form."""
    ada.set_password("correct horse battery")
    ada.email = "ada@example.org"
    ada.save()
    client = Client()
    session = client.session
    session[INTERNAL_RESET_SESSION_KEY] = ResetTokens().make_token(ada)
    session.save()
    return client, f"{ASK}key/{user_pk_to_url_str(ada)}-set-password/"


def test_a_new_password_leads_to_the_sign_in(opened, ada):
    client, page = opened
    answer = client.post(page, NEW)
    assert (answer.status_code, answer.url) == (302, "/accounts/login/")
    ada.refresh_from_db()
    assert ada.check_password("staple gun seventy")


def test_a_link_that_ended_while_its_page_was_open_sets_nothing_and_says_so(
    opened, ada, monkeypatch
):
    def end(form):
        raise LinkEnded("the link was used")

    monkeypatch.setattr(NewPasswordForm, "save", end)
    client, page = opened
    answer = client.post(page, NEW)
    assert (answer.status_code, answer.context["token_fail"]) == (409, True)
    assert "This link no longer works" in answer.content.decode()
    ada.refresh_from_db()
    assert ada.check_password("correct horse battery")


def test_without_e_mail_there_is_no_form(settings):
    settings.MARKET_SENDS_MAIL = False
    for answer in (Client().get(ASK), Client().post(ASK, {"email": "ada@example.org"})):
        assert (answer.status_code, "form" in answer.context) == (200, False)
