"""Forgotten passwords: links that work once and end, and nobody learns who has an account."""

import base64
import logging
import re
import threading
from datetime import UTC, datetime, timedelta
from smtplib import SMTPAuthenticationError

import pytest
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.totp.internal.auth import TOTP
from asgiref.sync import async_to_sync
from django.conf import settings as site
from django.contrib.auth.models import User
from django.core import mail
from django.core.mail import EmailMessage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dashboard import runtime
from dashboard.exceptions import LinkEnded
from dashboard.people import forgotten_password
from dashboard.people.accounts import AccountAdapter
from dashboard.people.admission import SIGNED_OUT, identify
from dashboard.people.forgotten_password import (
    MOST_AT_ONCE,
    NewPasswordForm,
    ResetRequests,
    set_forgotten_password,
)
from dashboard.people.identity import find_revoked
from dashboard.people.reset_tokens import ResetTokens
from dashboard.wire.registry import Close
from feeds.models import AuditEntry
from tests.support.log_lines import lines_of
from tests.support.tokens import make_token

pytestmark = pytest.mark.django_db(transaction=True)
ORIGIN = "https://market.example.com"
ASK, LOGIN = "/accounts/password/reset/", "/accounts/login/"
OLD, NEW = "correct horse battery", "staple gun seventy"
MAIL = "ada@example.org"
UNKNOWN = "eve@example.org"


@pytest.fixture(autouse=True)
def sending(settings):
    settings.MARKET_SENDS_MAIL = True
    settings.MARKET_PUBLIC_ORIGINS = (ORIGIN, "https://other.example.com")


@pytest.fixture(autouse=True)
def later(monkeypatch):
    """Return the work that was put off; none of it runs by itself."""
    begun, requests = [], runtime.current().reset_requests
    monkeypatch.setattr(requests, "begin", begun.append)
    yield begun
    monkeypatch.setattr(requests, "send", lambda address: None)
    for work in begun:
        work()


@pytest.fixture
def ada():
    return User.objects.create_user("ada", email=MAIL, password=OLD)


def ask(address=MAIL, client=None, **options):
    return (client or Client()).post(ASK, {"email": address}, **options)


def sent(later):
    """Do the work that was put off, and return all e-mail so far."""
    while later:
        later.pop()()
    return mail.outbox


def link_for(later, address=MAIL):
    """Ask for a link, and return where it leads on this site."""
    ask(address)
    return re.search(rf"{ORIGIN}(/\S+)", sent(later)[-1].body)[1]


def open_link(client, link):
    """Open a link as a browser does: the key goes into the session, not into the next address."""
    return client.get(link, follow=True)


def use(link, password=NEW, client=None):
    client = client or Client()
    page = open_link(client, link)
    if has_failed(page):
        return page
    form = {"password1": password, "password2": password}
    return client.post(page.request["PATH_INFO"], form, follow=True)


def has_failed(page):
    return bool(page.context.get("token_fail"))


def sign_in(client, password):
    return client.post(LOGIN, {"login": "ada", "password": password})


def is_signed_in(client):
    return "_auth_user_id" in client.session


# --- the way of somebody who forgot ---------------------------------------------------------
@pytest.mark.slow
def test_a_link_sets_a_new_password_that_signs_in(ada, later):
    assert ASK in Client().get(LOGIN).content.decode()
    assert "form" in Client().get(ASK).context
    answer = ask()
    assert (answer.status_code, answer.url) == (302, f"{ASK}done/")
    assert mail.outbox == []
    [message] = sent(later)
    assert message.to == [MAIL]
    assert "ada" in message.body
    page = use(re.search(rf"{ORIGIN}(/\S+)", message.body)[1])
    assert page.redirect_chain[-1][0] == LOGIN
    client = Client()
    assert not is_signed_in(client)
    sign_in(client, OLD)
    assert not is_signed_in(client)
    sign_in(client, NEW)
    assert is_signed_in(client)
    assert AuditEntry.objects.get(action="reset password").target == "user ada"


@pytest.mark.parametrize("host", ["localhost:1234", "127.0.0.1", "[::1]:99"])
def test_a_link_leads_to_the_public_origin_whatever_host_was_named(ada, later, host):
    ask(headers={"host": host})
    [message] = sent(later)
    assert set(re.findall(r"\w+://[\w.:\[\]-]*\w", message.body)) == {ORIGIN}
    assert host not in message.body


def test_the_e_mail_goes_to_the_address_of_the_account(ada, later):
    ask("ADA@Example.ORG")
    [message] = sent(later)
    assert message.to == [MAIL]


def test_every_account_of_an_address_gets_a_link(ada, later):
    User.objects.create_user("ada2", email=MAIL, password=OLD)
    ask()
    assert [message.to for message in sent(later)] == [[MAIL], [MAIL]]
    assert "ada2" in mail.outbox[1].body


@pytest.mark.slow
def test_a_weak_password_is_refused_and_the_link_goes_on_working(ada, later):
    link, client = link_for(later), Client()
    assert use(link, "123", client).context["form"].errors
    assert use(link, NEW, client).redirect_chain[-1][0] == LOGIN


def nobody(ada):
    User.objects.all().delete()


def change_password(ada):
    ada.set_password("a third password")
    ada.save()


def change_address(ada):
    ada.email = UNKNOWN
    ada.save()


def deactivate(ada):
    ada.is_active = False
    ada.save()


def come_back(ada):
    assert sign_in(Client(), OLD).url == "/"


# --- links end ------------------------------------------------------------------------------
@pytest.mark.slow
def test_a_link_works_once(ada, later):
    link = link_for(later)
    other = Client()
    open_link(other, link)
    use(link)
    assert has_failed(use(link, "another staple gun"))
    form = {"password1": "another staple", "password2": "another staple"}
    late = other.post(re.sub(r"(key/\w+)-.*", r"\1-set-password/", link), form)
    assert has_failed(late), "the page of before was open"
    assert User.objects.get().check_password(NEW)


@pytest.mark.slow
def test_two_pages_of_one_link_at_once_set_one_password(ada, later, monkeypatch):
    """The first is stored while the second, which was checked before, waits for its turn."""
    link, slow = link_for(later), Client()
    page = open_link(slow, link)
    clean = NewPasswordForm.clean

    def overtake(form):
        monkeypatch.setattr(NewPasswordForm, "clean", clean)
        use(link)
        return clean(form)

    monkeypatch.setattr(NewPasswordForm, "clean", overtake)
    form = {"password1": "another staple gun", "password2": "another staple gun"}
    answer = slow.post(page.request["PATH_INFO"], form)
    assert answer.status_code == 409
    assert has_failed(answer)
    assert "This link no longer works" in answer.content.decode()
    assert User.objects.get().check_password(NEW)
    assert AuditEntry.objects.filter(action="reset password").count() == 1


def test_a_key_sets_one_password_and_forgets_failed_sign_ins(ada, monkeypatch):
    key, forgotten = ResetTokens().make_token(ada), []
    monkeypatch.setattr(
        AccountAdapter, "forget_failures", lambda self, user: forgotten.append(user)
    )
    form = NewPasswordForm({"password1": NEW, "password2": NEW}, user=ada, temp_key=key)
    assert form.is_valid()
    form.save()
    assert User.objects.get().check_password(NEW)
    assert forgotten == [ada]
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.target, entry.actor_name) == ("reset password", "user ada", "ada")
    with pytest.raises(LinkEnded):
        set_forgotten_password(ada, "another staple gun", key=key)


@pytest.mark.parametrize("change", [nobody, deactivate, change_address])
def test_an_account_that_changed_meanwhile_gets_no_password(ada, change):
    key = ResetTokens().make_token(ada)
    change(User.objects.get())
    with pytest.raises(LinkEnded):
        set_forgotten_password(ada, NEW, key=key)
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(("age_s", "is_over"), [(3600, False), (3601, True)])
def test_a_link_works_for_an_hour(ada, later, monkeypatch, age_s, is_over):
    made = datetime(2026, 11, 28, 12, tzinfo=UTC).replace(tzinfo=None)
    monkeypatch.setattr(ResetTokens, "_now", lambda _: made)
    link = link_for(later)
    monkeypatch.setattr(ResetTokens, "_now", lambda _: made + timedelta(seconds=age_s))
    assert has_failed(open_link(Client(), link)) is is_over


@pytest.mark.slow
@pytest.mark.parametrize("change", [change_password, change_address, deactivate, come_back])
def test_a_link_ends_when_the_account_changes(ada, later, change):
    link = link_for(later)
    change(ada)
    assert has_failed(use(link))


@pytest.mark.slow
@pytest.mark.parametrize(
    "part", ["1-set-password", "1-x-y", "zz-x-y", "1-", "99999999999999-x-y", "zzzzzzzzzzzzz-x"]
)
def test_a_link_that_nobody_made_opens_nothing(ada, part):
    client = Client()
    page = client.get(f"{ASK}key/{part}/")
    assert page.status_code == 404 or has_failed(page)
    form = {"password1": NEW, "password2": NEW}
    client.post(f"{ASK}key/{part}/", form)
    assert User.objects.get().check_password(OLD)


def test_the_link_of_one_account_does_not_open_another(ada, later):
    bob = User.objects.create_user("bob", email="bob@example.org", password=OLD)
    link = re.sub(r"key/\w+-", f"key/{user_pk_to_url_str(bob)}-", link_for(later), count=1)
    assert has_failed(use(link))


# --- what a new password ends ---------------------------------------------------------------
def come(*headers):
    pairs = [(name.encode(), value.encode()) for name, value in headers]
    return async_to_sync(identify)({"scheme": "ws", "headers": pairs})


@pytest.mark.slow
def test_a_new_password_ends_sessions_tokens_and_connections(ada, later):
    browser, secret = Client(), make_token(ada)
    sign_in(browser, OLD)
    cookie = f"{site.SESSION_COOKIE_NAME}={browser.cookies[site.SESSION_COOKIE_NAME].value}"
    page = [("host", "localhost"), ("origin", "http://localhost"), ("cookie", cookie)]
    basic = base64.b64encode(f"ada:{secret}".encode()).decode()
    program = [("authorization", f"Basic {basic}")]
    readers = [come(*page), come(*program)]
    assert {reader.user_id for reader in readers} == {ada.pk}

    link = link_for(later)
    assert async_to_sync(find_revoked)(readers) == {}
    use(link)
    assert async_to_sync(find_revoked)(readers) == dict.fromkeys(readers, Close.SIGNED_OUT)
    assert [come(*page), come(*program)] == [SIGNED_OUT, SIGNED_OUT]
    assert browser.get("/accounts/tokens/").status_code == 302


@pytest.mark.slow
def test_a_second_factor_is_still_asked_for(ada, later):
    TOTP.activate(ada, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    client = Client()
    use(link_for(later), client=client)
    assert not is_signed_in(client)
    assert sign_in(client, NEW).url == "/accounts/second-factor/authenticate/"
    assert not is_signed_in(client)


@pytest.mark.slow
def test_the_new_password_need_not_wait_after_failed_sign_ins(ada, later):
    for _ in range(5):
        sign_in(Client(), "wrong")
    use(link_for(later))
    client = Client()
    sign_in(client, NEW)
    assert is_signed_in(client)


# --- nobody learns who has an account -------------------------------------------------------
def without_password(ada):
    ada.set_unusable_password()
    ada.save()


@pytest.mark.slow
@pytest.mark.parametrize("change", [nobody, deactivate, without_password, change_address])
def test_an_address_without_a_usable_account_gets_no_message(ada, later, change):
    change(ada)
    assert ask().url == f"{ASK}done/"
    assert sent(later) == []


def test_the_answer_is_the_same_and_costs_the_same_for_every_address(ada, later):
    answers, costs = [], []
    for address in (MAIL, UNKNOWN):
        with CaptureQueriesContext(connection) as queries:
            answer = ask(address)
        costs.append([query["sql"] for query in queries])
        assert not [sql for sql in costs[-1] if "auth_user" in sql or "emailaddress" in sql]
        done = Client().get(answer.url)  # which empties the log of queries
        answers.append((answer.status_code, answer.url, answer.content, done.content))
    assert answers[0] == answers[1]
    assert len(costs[0]) == len(costs[1])
    assert mail.outbox == []


@pytest.mark.slow
@pytest.mark.parametrize("address", [MAIL, UNKNOWN])
def test_an_address_gets_five_links_an_hour(ada, later, address):
    spellings = [address, address.upper(), f" {address} ", address.title(), address]
    for number, spelling in enumerate(spellings):
        assert ask(spelling, REMOTE_ADDR=f"203.0.113.{number}").status_code == 302
    assert ask(address, REMOTE_ADDR="203.0.113.9").status_code == 429
    assert ask("other@example.org").status_code == 302


@pytest.mark.slow
def test_a_client_asks_for_twenty_links_an_hour(later):
    for number in range(20):
        assert ask(f"a{number}@example.org").status_code == 302
    answer = ask("another@example.org", headers={"host": "localhost:99"})
    assert answer.status_code == 429
    assert "Too many attempts" in answer.content.decode()
    assert ask("another@example.org", REMOTE_ADDR="203.0.113.5").status_code == 302


@pytest.mark.slow
@pytest.mark.parametrize("address", ["", "ada", "ada@", "a\nb@example.org", "a" * 400 + "@b.org"])
def test_what_is_no_address_is_refused(later, address):
    assert ask(address).context["form"].errors
    assert later == []


def test_a_form_of_another_site_is_refused(later):
    assert ask(client=Client(enforce_csrf_checks=True)).status_code == 403
    assert later == []


# --- without e-mail -------------------------------------------------------------------------
@pytest.mark.parametrize("method", ["get", "post"])
def test_without_e_mail_the_page_says_whom_to_ask(ada, later, settings, method):
    settings.MARKET_SENDS_MAIL = False
    answer = getattr(Client(), method)(ASK, {"email": MAIL})
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "Ask an admin" in text
    assert "<form" not in text
    assert later == []
    assert ASK in Client().get(LOGIN).content.decode()


# --- the thread -----------------------------------------------------------------------------
def test_a_e_mail_that_cannot_be_sent_is_logged_and_holds_up_no_other(
    ada, later, monkeypatch, caplog
):
    other = User.objects.create_user("bob", email=MAIL, password=OLD)
    tried = []

    def fail_once(self):
        tried.append(self)
        if len(tried) == 1:
            raise SMTPAuthenticationError(535, f"no {MAIL} long-secret".encode())

    monkeypatch.setattr(EmailMessage, "send", fail_once)
    assert ask().status_code == 302
    with caplog.at_level(logging.INFO):
        sent(later)
    assert lines_of(caplog, forgotten_password) == [
        f"e-mail was not sent user_id={ada.pk} error=SMTPAuthenticationError 535",
        f"link for a new password was sent user_id={other.pk}",
    ]
    assert MAIL not in caplog.text
    assert "/key/" not in caplog.text


def test_a_failure_is_logged_without_the_address(caplog):
    def answer(address):
        raise OSError(address)

    ResetRequests(answer, begin=lambda work: work()).add(MAIL)
    assert lines_of(caplog, forgotten_password) == ["password request failed error=OSError"]


def test_no_address_waits_for_another():
    begun, answered = [], []
    requests = ResetRequests(answered.append, begin=begun.append)
    requests.add("a")
    requests.add("b")
    begun[1]()
    assert answered == ["b"]
    begun[0]()
    assert answered == ["b", "a"]


@pytest.mark.parametrize("answer", [str, int])
def test_too_many_at_once_are_dropped_until_one_is_done(answer, caplog):
    begun = []
    requests = ResetRequests(answer, begin=begun.append)
    for _ in range(MOST_AT_ONCE + 2):
        requests.add("a")
    assert len(begun) == MOST_AT_ONCE
    assert (
        lines_of(caplog, forgotten_password)
        == [f"password request dropped open={MOST_AT_ONCE}"] * 2
    )
    begun[0]()
    requests.add("a")
    requests.add("a")
    assert len(begun) == MOST_AT_ONCE + 1


def test_the_work_has_a_thread_of_its_own_that_keeps_no_process_alive(monkeypatch):
    monkeypatch.setattr(forgotten_password, "DELAY_S", 0)
    threads, is_done = [], threading.Event()

    def answer(address):
        threads.append(threading.current_thread())
        is_done.set()

    ResetRequests(answer).add("a")
    assert is_done.wait(30)
    [thread] = threads
    assert thread is not threading.current_thread()
    assert thread.daemon
    thread.join(30)
