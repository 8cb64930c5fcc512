"""The form for e-mail on the page of notifications: plain HTML, so it works without any script."""

import html
import re

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client

from dashboard.models import Destination, Dispatch
from dashboard.reaching.claims import SendOutcome, note_outcome
from dashboard.reaching.mailing import send_now
from dashboard.reaching.own_mail import mail_of
from tests.support.destinations import claim_all
from tests.support.personal_rows import notify

pytestmark = pytest.mark.django_db
PAGE = "/notifications/"
ON, OFF, TEST = f"{PAGE}email/", f"{PAGE}email/off/", f"{PAGE}email/test/"
ADDRESS = "ada@example.org"


@pytest.fixture(autouse=True)
def set_up(settings):
    settings.MARKET_SENDS_MAIL = True


@pytest.fixture
def ada():
    return User.objects.create_user("ada", email=ADDRESS)


def shown(browser: Client) -> str:
    """Return the part of the page that is about e-mail."""
    page = html.unescape(browser.get(PAGE).content.decode())
    return page.partition('id="email"')[2].partition("</section>")[0]


def press(browser: Client, address: str, **fields: str) -> str:
    """Press the button of a form that the page has, and return what is said afterwards."""
    assert f'action="{address}"' in shown(browser)
    answer = browser.post(address, fields)
    assert (answer.status_code, answer.url) == (303, f"{PAGE}#email")
    return html.unescape(browser.get(PAGE).content.decode())


def test_a_person_turns_it_on_gets_an_e_mail_and_turns_it_off(browser, ada):
    assert f"They can be sent to <strong>{ADDRESS}</strong>" in shown(browser)
    assert re.findall(r'<option value="(\w+)" selected>', shown(browser)) == ["all"]
    assert ADDRESS in press(browser, ON, which="all")
    notify(title="Maintenance")
    (parcel,) = claim_all()
    assert send_now(parcel).is_good
    assert mail.outbox[0].to == [ADDRESS]
    press(browser, ON, which="warnings")
    assert re.findall(r'<option value="(\w+)" selected>', shown(browser)) == ["warnings"]
    assert mail_of(ada).only_warnings
    press(browser, TEST)
    assert Dispatch.objects.filter(notification=None).count() == 1
    assert "Nothing more is sent by e-mail." in press(browser, OFF)
    assert mail_of(ada).state == "paused"
    assert f'action="{OFF}"' not in shown(browser)


def test_the_log_says_what_became_of_each_e_mail(browser):
    browser.post(ON, {"which": "all"})
    assert "nothing was sent yet" in shown(browser)
    notify(title="<b>first</b>")
    note_outcome(claim_all()[0], SendOutcome(error="The mail server hung."), chance=0)
    notify(title="second")
    page = browser.get(PAGE).content.decode().partition('id="email"')[2]
    assert "Last 2 e-mails" in page
    assert "&lt;b&gt;first" in page
    assert "second" in page
    assert "The mail server hung." in page


def test_without_e_mail_set_up_the_page_says_so(browser, ada, settings):
    settings.MARKET_SENDS_MAIL = False
    said = shown(browser)
    assert "This site has no e-mail set up. An operator sets <code>EMAIL_URL</code>." in said
    assert "<form" not in said
    browser.post(ON, {"which": "all"})
    assert "This site has no e-mail set up." in browser.get(PAGE).content.decode()
    assert not Destination.objects.exists()


def test_without_an_address_the_page_says_who_enters_it(browser):
    User.objects.update(email="")
    assert "no e-mail address. An admin of this site can enter one." in shown(browser)
    assert "<form" not in shown(browser)
    browser.post(ON, {"which": "all"})
    assert not Destination.objects.exists()


@pytest.mark.parametrize("fields", [{}, {"which": ""}, {"which": "none"}])
def test_an_odd_choice_changes_nothing(browser, fields):
    browser.post(ON, fields)
    browser.post(OFF)
    browser.post(TEST)
    assert not Destination.objects.exists()


def test_each_persons_e_mail_is_their_own(browser, ada):
    browser.post(ON, {"which": "all"})
    bob = Client()
    bob.force_login(User.objects.create_user("bob", email="bob@example.org"))
    bob.post(OFF)
    assert mail_of(ada).state == "active"
    assert ADDRESS not in shown(bob)


@pytest.mark.parametrize("address", [ON, OFF, TEST])
def test_only_people_who_are_signed_in_change_it(ada, browser, address):
    assert Client().post(address, {"which": "all"}).status_code == 302
    assert browser.get(address).url == PAGE
    assert not Destination.objects.exists()
