"""Notifications by e-mail: who gets which, what is written, and what becomes of failures."""

import threading
from datetime import timedelta
from pathlib import Path
from smtplib import SMTPDataError, SMTPRecipientsRefused, SMTPServerDisconnected

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.core import mail
from django.core.mail.backends import locmem
from django.utils import timezone

from dashboard.exceptions import DestinationRefused
from dashboard.models import Destination, Dispatch, Notification
from dashboard.reaching import mailing
from dashboard.reaching.claims import MAIL_PACE, SendOutcome, claim_parcels, note_outcome
from dashboard.reaching.destinations import TESTS_PER_MINUTE, send_test
from dashboard.reaching.endpoints import ReachRules
from dashboard.reaching.outgoing import Outgoing
from dashboard.reaching.own_mail import mail_of, turn_mail_off, turn_mail_on
from dashboard.reaching.queueing import queue_dispatches
from dashboard.reaching.sending import Sender
from dashboard.reaching.vapid import VapidKey
from feeds.clock import SystemClock
from feeds.models import AuditEntry
from tests.support.destinations import claim_all, make_due, states
from tests.support.personal_rows import notify

pytestmark = pytest.mark.django_db
ADDRESS = "ada@example.org"
PAGE = "https://market.example/notifications/"


@pytest.fixture(autouse=True)
def set_up(settings):
    settings.MARKET_SENDS_MAIL = True


@pytest.fixture
def ada():
    return User.objects.create_user("ada", email=ADDRESS)


def carry() -> SendOutcome:
    """Send the one parcel that is due, and write what became of it."""
    clock = SystemClock()
    outgoing = Outgoing(ReachRules(), clock=clock)
    sender = Sender(outgoing, VapidKey(Path("unused"), subject=""), clock=clock)
    (parcel,) = claim_all()
    outcome = async_to_sync(sender.send)(parcel)
    note_outcome(parcel, outcome, chance=0)
    return outcome


def fail_with(monkeypatch, error: Exception) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(locmem.EmailBackend, "send_messages", fail)


# --- what is sent ---


def test_a_notification_is_sent_to_the_address_of_the_account(ada):
    turn_mail_on(ada, only_warnings=False)
    notify(title="Maintenance", body="at noon")
    assert carry().status == 250
    assert states() == ["delivered"]
    [sent] = mail.outbox
    assert (sent.subject, sent.to, sent.cc, sent.bcc) == ("Maintenance", [ADDRESS], [], [])
    assert sent.body.startswith(f"Maintenance\n\nat noon\n\n{PAGE}\n\n-- \n")
    assert sent.body.endswith(f"Turn it off at the end of this page: {PAGE}\n")
    written = sent.message()
    assert written["List-Unsubscribe"] == f"<{PAGE}>"
    assert written["Auto-Submitted"] == "auto-generated"
    assert written.get_content_type() == "text/plain"


def test_the_link_of_a_firing_leads_to_its_instrument(ada, monkeypatch):
    turn_mail_on(ada, only_warnings=False)
    row = Notification.objects.create(user=ada, title="NVX is above 3", symbol="NVX")
    queue_dispatches([row])
    monkeypatch.setattr("dashboard.reaching.claims._why_withheld", lambda _: "")
    carry()
    assert "\nhttps://market.example/i/NVX/\n" in mail.outbox[0].body


def test_the_address_is_that_of_the_account_when_it_is_sent(ada):
    turn_mail_on(ada, only_warnings=False)
    notify()
    User.objects.update(email="new@example.org")
    carry()
    assert mail.outbox[0].to == ["new@example.org"]


@pytest.mark.parametrize(
    "title",
    [
        *("Hi\r\nBcc: eve@example.org", "Hi\nBcc: eve@example.org", "Hi\rBcc: eve@example.org"),
        *(
            "Hi\u2028Bcc: eve@example.org",
            "Hi\x85Bcc: eve@example.org",
        ),
        *("Hi\x0b\x0cBcc: eve@example.org", "\r\n\r\nHi Bcc: eve@example.org"),
    ],
)
def test_a_title_cannot_begin_a_header(ada, title):
    turn_mail_on(ada, only_warnings=False)
    notify(title=title)
    carry()
    [sent] = mail.outbox
    assert sent.subject == "Hi Bcc: eve@example.org"
    written = sent.message()
    assert written["Bcc"] is None
    assert sent.recipients() == [ADDRESS]


@pytest.mark.parametrize("only_warnings", [True, False])
def test_a_person_chooses_all_or_only_warnings_and_critical(ada, only_warnings):
    turn_mail_on(ada, only_warnings=only_warnings)
    for level in ("info", "warning", "critical"):
        notify(level=level)
    rows = Dispatch.objects.order_by("pk").values_list("notification__level", flat=True)
    assert list(rows) == ["info", "warning", "critical"][only_warnings:]


def test_each_attempt_has_the_same_id(ada, monkeypatch):
    turn_mail_on(ada, only_warnings=False)
    notify()
    (first,) = claim_all()
    make_due()
    (second,) = claim_all()
    assert first.message_id == second.message_id
    assert first.message_id.endswith("@market.example>")


# --- failures ---


@pytest.mark.parametrize(
    ("error", "status", "why"),
    [
        (SMTPDataError(451, b"later"), 451, "The mail server refused the message (451)."),
        (
            SMTPRecipientsRefused({ADDRESS: (550, b"unknown")}),
            550,
            "The mail server refused the address (550).",
        ),
        (SMTPServerDisconnected("gone"), None, "could not be used: SMTPServerDisconnected."),
        (ConnectionRefusedError(111, "no"), None, "could not be used: ConnectionRefusedError."),
        (TimeoutError("slow"), None, "could not be used: TimeoutError."),
        (SMTPDataError(250, b"odd"), None, "refused the message (250)"),
        (SMTPDataError(399, b"odd"), None, "refused the message (399)"),
        (SMTPDataError(400, b"odd"), 400, "refused the message (400)"),
        (SMTPDataError(599, b"odd"), 599, "refused the message (599)"),
        (SMTPDataError(600, b"odd"), None, "refused the message (600)"),
    ],
)
def test_a_failure_of_the_mail_server_is_tried_again(ada, error, status, why):
    turn_mail_on(ada, only_warnings=False)
    notify()
    with pytest.MonkeyPatch.context() as patch:
        fail_with(patch, error)
        assert not carry().is_good
    row = Dispatch.objects.get()
    assert (row.state, row.status, row.attempts) == ("waiting", status, 1)
    assert why in row.error
    assert row.next_at > timezone.now()
    make_due()
    carry()
    assert states() == ["delivered"]
    assert len(mail.outbox) == 1


def test_an_address_that_is_none_is_a_failure_and_no_crash(ada):
    turn_mail_on(ada, only_warnings=False)
    notify()
    User.objects.update(email="ada@example.org\nBcc: eve@example.org")
    assert "could not be written" in carry().error
    assert mail.outbox == []


def test_a_mail_server_that_hangs_holds_nothing_up(ada, monkeypatch):
    ended, threads = threading.Event(), []

    def hang(*_: object) -> int:
        threads.append(threading.current_thread())
        ended.wait(10)
        return 1

    turn_mail_on(ada, only_warnings=False)
    monkeypatch.setattr(locmem.EmailBackend, "send_messages", hang)
    ended.set()
    notify()
    assert carry().is_good
    assert threads[0].name.startswith("mail")
    ended.clear()
    notify()
    monkeypatch.setattr(mailing, "TOTAL_S", 0.05)
    try:
        assert carry().error.startswith("The mail server did not end")
    finally:
        ended.set()


def test_e_mail_that_fails_for_a_day_is_paused_and_the_page_says_so(ada, monkeypatch):
    turn_mail_on(ada, only_warnings=False)
    notify()
    Destination.objects.update(failing_since=timezone.now() - timedelta(hours=25))
    fail_with(monkeypatch, SMTPDataError(550, b"no"))
    carry()
    assert mail_of(ada).state == "failed"
    notice = Notification.objects.first()
    assert notice.title == "E-mail of your notifications is paused"
    assert notice.body == (
        "Nothing arrived there for a day. "
        "The last time: The mail server refused the message (550). "
        "Ask an admin about your address, send a test and turn it on again."
    )
    turn_mail_on(ada, only_warnings=False)
    assert (mail_of(ada).state, mail_of(ada).failing_since) == ("active", None)


# --- who gets none ---


def test_without_e_mail_set_up_nothing_is_queued(ada, settings):
    turn_mail_on(ada, only_warnings=False)
    settings.MARKET_SENDS_MAIL = False
    notify()
    assert not Dispatch.objects.exists()
    with pytest.raises(DestinationRefused, match="no e-mail set up"):
        turn_mail_on(ada, only_warnings=False)


def test_what_waits_when_e_mail_is_no_longer_set_up_is_withheld(ada, settings):
    turn_mail_on(ada, only_warnings=False)
    notify()
    settings.MARKET_SENDS_MAIL = False
    assert claim_all() == []
    assert states() == ["withheld"]


def test_an_account_without_an_address_gets_none(ada, bob):
    with pytest.raises(DestinationRefused, match="no e-mail address"):
        turn_mail_on(bob, only_warnings=False)
    turn_mail_on(ada, only_warnings=False)
    notify()
    User.objects.update(email="")
    assert claim_all() == []
    assert Dispatch.objects.get().error == "The account has no e-mail address."


def test_somebody_deactivated_gets_none(ada):
    turn_mail_on(ada, only_warnings=False)
    notify()
    User.objects.update(is_active=False)
    assert claim_all() == []
    assert states() == ["withheld"]
    assert mail.outbox == []


# --- limits ---


def test_a_person_gets_one_e_mail_in_ten_seconds_also_after_off_and_on(ada):
    turn_mail_on(ada, only_warnings=False)
    notify()
    (parcel,) = claim_parcels(origin="", limit=10)
    note_outcome(parcel, SendOutcome(status=250), chance=0)
    turn_mail_off(ada)
    turn_mail_on(ada, only_warnings=False)
    notify()
    assert claim_parcels(origin="", limit=10) == []
    ahead = mail_of(ada).next_at - timezone.now()
    assert MAIL_PACE - timedelta(seconds=5) < ahead <= MAIL_PACE


def test_tests_have_a_quota_also_after_off_and_on(ada):
    turn_mail_on(ada, only_warnings=False)
    for _ in range(TESTS_PER_MINUTE):
        send_test(mail_of(ada))
    turn_mail_off(ada)
    turn_mail_on(ada, only_warnings=False)
    with pytest.raises(DestinationRefused):
        send_test(mail_of(ada))


def test_off_gives_up_what_waits_and_each_change_is_audited(ada):
    turn_mail_on(ada, only_warnings=True)
    notify(level="critical")
    turn_mail_off(ada)
    notify(level="critical")
    assert states() == ["given up"]
    assert Dispatch.objects.get().error == "E-mail was paused."
    actions = list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))
    assert [action for action in actions if "email" in action] == ["turn on email", "pause email"]
    entry = AuditEntry.objects.get(action="turn on email")
    assert (entry.target, entry.actor, entry.after) == ("user ada", ada, {"only warnings": True})
    turn_mail_off(ada)
    assert AuditEntry.objects.filter(action="pause email").count() == 1, "it was off before"


def test_off_makes_no_row_of_e_mail_that_was_never_on(ada):
    turn_mail_off(ada)
    assert mail_of(ada) is None
    assert not AuditEntry.objects.exists()
