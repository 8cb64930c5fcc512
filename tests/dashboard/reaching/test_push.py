"""Pushes: encrypted for one browser, signed by this site, for as long as the sign-in lasts."""

import asyncio
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path

import http_ece
import pytest
from channels.db import database_sync_to_async
from cryptography.exceptions import InvalidSignature
from django.contrib.auth.models import User
from django.test import Client

from dashboard.exceptions import DestinationRefused
from dashboard.models import Destination, Dispatch, Notification
from dashboard.pages.reaching import push
from dashboard.people.account_deletion import delete_account
from dashboard.people.session_service import end_sessions
from dashboard.reaching import devices
from dashboard.reaching.claims import SendOutcome, note_outcome
from dashboard.reaching.courier import Courier
from dashboard.reaching.endpoints import ReachRules
from dashboard.reaching.outgoing import Outgoing
from dashboard.reaching.pushing import are_push_keys
from dashboard.reaching.sending import Sender
from dashboard.reaching.vapid import VapidKey
from feeds.clock import SystemClock
from feeds.models import AuditEntry
from tests.support.destinations import claim_all, make_due, states
from tests.support.personal_rows import notify
from tests.support.push_browser import PushBrowser, claims_of, to_text
from tests.support.receiver import Receiver, receiving
from tests.support.waiting import until, until_found

LOOPBACK = ReachRules(http=True, networks=(ip_network("127.0.0.0/8"),))
CENTRE = "/notifications/"
ON = "/notifications/push/"
SERVICE = "https://push.example/send/abc"


@pytest.fixture
def vapid(tmp_path: Path) -> VapidKey:
    return VapidKey(tmp_path / "vapid_key.pem", subject="mailto:market@m.example")


def signed_in(user: User) -> Client:
    """A browser in which somebody is signed in; the first page notes its session."""
    client = Client(headers={"User-Agent": "Mozilla Firefox/141 Windows"})
    client.force_login(user)
    client.get(CENTRE)
    return client


def subscribe(client: Client, address: str = SERVICE, browser: PushBrowser | None = None) -> int:
    return client.post(ON, (browser or PushBrowser()).fields(address)).status_code


# --- keys ---


def test_the_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    file = tmp_path / "vapid_key.pem"
    keys = [VapidKey(file, subject="mailto:a@m.example") for _ in range(8)]
    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(lambda key: key.public, keys))
    assert len(found) == 1
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["vapid_key.pem"]
    assert VapidKey(file, subject="mailto:a@m.example").public in found


def test_nothing_is_made_before_somebody_wants_it(vapid: VapidKey, tmp_path: Path) -> None:
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("push_key", ""),
        ("push_key", "not base64 ä"),
        ("push_key", to_text(b"\4" + bytes(64))),
        ("push_key", to_text(bytes(65))),
        ("push_auth", to_text(bytes(15))),
        ("push_auth", ""),
    ],
)
def test_what_is_no_key_of_a_browser_is_refused(name: str, value: str) -> None:
    good = PushBrowser().fields(SERVICE)
    assert are_push_keys(good["push_key"], good["push_auth"])
    bad = good | {name: value}
    assert not are_push_keys(bad["push_key"], bad["push_auth"])


# --- from the row to the browser ---


def sender_of(vapid: VapidKey, rules: ReachRules = LOOPBACK) -> Courier:
    clock = SystemClock()
    return Courier(Sender(Outgoing(rules, clock=clock), vapid, clock=clock).send)


@asynccontextmanager
async def pushed(vapid: VapidKey, receiver: Receiver):
    courier = sender_of(vapid)
    task = asyncio.create_task(courier.run())
    await until(lambda: receiver.arrivals)
    yield courier
    assert not task.done(), task.exception()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def reached(courier: Courier, *wanted: str) -> None:
    async def are_reached() -> bool:
        courier.wake()
        return await database_sync_to_async(states)() == list(wanted)

    await until_found(are_reached)


@pytest.mark.django_db(transaction=True)
async def test_a_push_is_read_by_its_browser_alone_and_signed_by_this_site(vapid) -> None:
    browser, other = PushBrowser(), PushBrowser()
    async with receiving() as receiver:
        receiver.answers = ["HTTP/1.1 201 Created\r\n\r\n"]

        def make_rows() -> None:
            ada = User.objects.create_user("ada")
            key = signed_in(ada).session.session_key
            devices.add_device(
                ada, session_key=key, name="Firefox", facts=browser.fields(receiver.url)
            )
            notify(title="Maintenance", body="ä" * 2000, level="critical")

        await database_sync_to_async(make_rows)()
        async with pushed(vapid, receiver) as courier:
            await reached(courier, "delivered")
    (arrival,) = receiver.arrivals
    said = browser.read(arrival)
    row = await Notification.objects.aget()
    assert said["id"] == f"notification_{row.pk}"
    assert said["tag"] == f"notice-{row.pk}"
    assert (said["title"], said["level"], said["url"]) == ("Maintenance", "critical", CENTRE)
    assert said["body"] == "ä" * 499 + "…"
    assert len(arrival.body) <= 4096
    with pytest.raises(http_ece.ECEException):
        other.read(arrival)
    assert (arrival.headers["ttl"], arrival.headers["urgency"]) == ("86400", "high")
    claims = claims_of(arrival, vapid.public)
    assert claims["aud"] == f"http://127.0.0.1:{receiver.port}"
    assert claims["sub"] == "mailto:market@m.example"
    assert 0 < claims["exp"] - time.time() <= 86_400
    passed = arrival.headers["authorization"]
    end = passed.index(",k=")  # the last letters of a signature; one before them is changed
    letter = "A" if passed[end - 9] != "A" else "B"
    changed = passed[: end - 9] + letter + passed[end - 8 :]
    forged = arrival._replace(headers=arrival.headers | {"authorization": changed})
    with pytest.raises(InvalidSignature):
        claims_of(forged, vapid.public)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("status", [404, 410])
async def test_a_browser_that_is_gone_is_forgotten(vapid, status: int) -> None:
    async with receiving() as receiver:
        receiver.answers = [f"HTTP/1.1 {status} Gone\r\n\r\n"]

        def make_rows() -> None:
            ada = User.objects.create_user("ada")
            key = signed_in(ada).session.session_key
            devices.add_device(
                ada, session_key=key, name="x", facts=PushBrowser().fields(receiver.url)
            )
            notify()

        await database_sync_to_async(make_rows)()
        async with pushed(vapid, receiver) as courier:
            await reached(courier)
        assert not await Destination.objects.aexists()
    assert await Notification.objects.acount() == 1


@pytest.mark.django_db
def test_the_longest_texts_fit_into_a_push(ada):
    subscribe(signed_in(ada))
    notify(title="😀" * 120, body="😀" * 2000)
    (parcel,) = claim_all()
    assert len(parcel.body) < 3900


# --- rights, and the end of a sign-in ---


@pytest.fixture
def browser(ada):
    client = signed_in(ada)
    assert subscribe(client) == 200
    return client


def sends(count: int = 1) -> bool:
    """Say whether something would be pushed now."""
    make_due()
    notify()
    return len(claim_all()) == count


@pytest.mark.django_db
def test_a_browser_gets_pushes_while_its_sign_in_lasts(ada, browser):
    assert Destination.objects.get().name == "Firefox on Windows"
    assert sends()


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["sign-out", "elsewhere", "password", "expiry", "inactive", "gone"])
def test_the_end_of_a_sign_in_ends_the_pushes(ada, browser, how):
    if how == "sign-out":
        browser.post("/accounts/logout/")
        assert not Destination.objects.exists()
    if how == "elsewhere":
        end_sessions(ada.browser_sessions.all(), actor=ada)
    if how == "password":
        ada.set_password("another horse battery")
        ada.save()
    if how == "expiry":
        session = browser.session
        session.set_expiry(-1)
        session.save()
    if how == "inactive":
        User.objects.update(is_active=False)
    if how == "gone":
        delete_account(ada, actor=ada)
        assert not Destination.objects.exists()
    notify()
    make_due()
    assert claim_all() == []
    assert how == "inactive" or not Destination.objects.exists()
    assert not Dispatch.objects.filter(state="delivered").exists()


@pytest.mark.django_db
def test_a_browser_that_is_added_or_renewed_is_audited_by_its_name(ada):
    key = signed_in(ada).session.session_key
    row = devices.add_device(
        ada, session_key=key, name="x" * 61, facts=PushBrowser().fields(SERVICE)
    )
    devices.renew_device(ada, session_key=key, facts=PushBrowser().fields(SERVICE + "2"))
    row.refresh_from_db()
    assert (row.name, row.address) == ("x" * 60, SERVICE + "2")
    entries = AuditEntry.objects.filter(action__contains="push").order_by("pk")
    assert [entry.action for entry in entries] == ["add push", "renew push"]
    for entry in entries:
        facts = (entry.target, entry.actor, entry.after)
        assert facts == ("user ada", ada, {"browser": "x" * 60})


@pytest.mark.django_db
def test_the_browsers_of_a_person_are_those_still_signed_in(ada, bob, browser):
    other, bobs = signed_in(ada), signed_in(bob)
    assert [subscribe(other, SERVICE + "2"), subscribe(bobs, SERVICE + "3")] == [200, 200]
    assert {row.address for row in devices.devices_of(ada)} == {SERVICE, SERVICE + "2"}
    ended = ada.browser_sessions.exclude(key=other.session.session_key)
    end_sessions(ended, actor=ada)
    assert [row.address for row in devices.devices_of(ada)] == [SERVICE + "2"]
    assert subscribe(other, SERVICE + "4") == 200
    left = set(Destination.objects.values_list("address", flat=True))
    assert left == {SERVICE + "2", SERVICE + "3", SERVICE + "4"}, "the one that ended went"


@pytest.mark.django_db
def test_a_sign_out_leaves_the_pushes_to_other_browsers(ada, browser):
    other = signed_in(ada)
    subscribe(other, SERVICE + "2")
    browser.post("/accounts/logout/")
    assert Destination.objects.get().address == SERVICE + "2"
    assert sends()


@pytest.mark.django_db
def test_a_browser_belongs_to_who_signed_in_last(ada, bob, browser):
    assert subscribe(signed_in(bob)) == 200
    assert Destination.objects.get().user == bob


# --- another subscription ---


def renew(client: Client, address: str) -> int:
    fields = PushBrowser().fields(address) | {"renewed": "1"}
    token = client.get(f"{ON}key/").json()["token"]
    return client.post(ON, fields, headers={"X-CSRFToken": token}).status_code


@pytest.mark.django_db
def test_a_browser_with_another_subscription_stays_the_same_browser(ada, browser, monkeypatch):
    monkeypatch.setattr(devices, "DEVICES_PER_USER", 1)
    before = Destination.objects.get()
    browser.handler.enforce_csrf_checks = True
    assert renew(browser, SERVICE + "new") == 200
    after = Destination.objects.get()
    assert (after.pk, after.name, after.address) == (before.pk, before.name, SERVICE + "new")
    assert after.push_key != before.push_key
    assert browser.post(ON, {"address": SERVICE, "renewed": "1"}).status_code == 403
    assert sends()


@pytest.mark.django_db
def test_what_the_person_turned_off_is_not_renewed(ada, bob, browser):
    other, bobs = signed_in(ada), signed_in(bob)
    assert [renew(each, SERVICE + "new") for each in (other, bobs)] == [409, 409]
    browser.post(f"{ON}off/", {"address": SERVICE})
    assert renew(browser, SERVICE + "new") == 409
    assert not Destination.objects.exists()


@pytest.mark.django_db
def test_the_new_address_of_a_browser_is_its_own_alone(ada, bob, browser):
    assert subscribe(signed_in(bob), SERVICE + "2") == 200
    assert renew(browser, SERVICE + "2") == 200
    assert Destination.objects.get().user == ada


# --- pages ---


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "status"),
    [
        (SERVICE, 200),
        ("http://push.example/", 400),
        ("https://127.0.0.1/", 400),
        ("https://[::ffff:10.0.0.1]/", 400),
        ("https://ada:secret@push.example/", 400),
        ("", 400),
    ],
)
def test_where_a_browser_may_be_pushed_to(ada, address, status):
    client = signed_in(ada)
    assert subscribe(client, address) == status
    assert Destination.objects.exists() is (status == 200)


@pytest.mark.django_db
def test_keys_that_are_none_are_refused_in_words(ada):
    answer = signed_in(ada).post(ON, {"address": SERVICE, "push_key": "a", "push_auth": "b"})
    assert answer.status_code == 400
    assert "no keys of a browser" in answer.json()["error"]["message"]


@pytest.mark.django_db
def test_browsers_have_a_quota(ada, monkeypatch):
    monkeypatch.setattr(devices, "DEVICES_PER_USER", 2)
    client = signed_in(ada)
    assert [subscribe(client, f"{SERVICE}{number}") for number in range(3)] == [200, 200, 409]
    assert subscribe(client, f"{SERVICE}1") == 200  # the same one once more


@pytest.mark.django_db
def test_the_centre_lists_browsers_and_their_buttons_work(ada, browser):
    row = Destination.objects.get()
    page = browser.get(CENTRE).content.decode()
    assert f'data-address="{SERVICE}"' in page
    assert "Firefox on Windows</strong> (this browser)" in page
    assert f'data-address="{SERVICE}"' not in signed_in(ada).get(CENTRE).content.decode()
    assert browser.post(f"{ON}{row.pk}/test/").status_code == 303
    (parcel,) = claim_all()
    note_outcome(parcel, SendOutcome(status=201), chance=0)
    assert "delivered" in browser.get(CENTRE).content.decode()
    assert browser.post(f"{ON}{row.pk}/explode/").status_code == 404
    assert browser.post(f"{ON}{row.pk}/remove/").status_code == 303
    assert not Destination.objects.exists()


@pytest.mark.django_db
def test_another_persons_browser_is_not_found(ada, bob, browser):
    row, other = Destination.objects.get(), signed_in(bob)
    assert other.post(f"{ON}{row.pk}/remove/").status_code == 404
    other.post(f"{ON}off/", {"address": SERVICE})
    assert Destination.objects.exists()
    assert Client().post(ON, {}).status_code == 302
    browser.post(f"{ON}off/", {"address": SERVICE})
    assert not Destination.objects.exists()


@pytest.mark.django_db
def test_the_script_of_the_browser_comes_to_everybody_and_caches_nothing_of_the_market():
    answer = Client().get(f"{CENTRE}worker.js")
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert "no-cache" in answer.headers["Cache-Control"]
    assert '"fetch"' not in answer.content.decode()


@pytest.mark.django_db
def test_the_key_is_for_people_who_are_signed_in(ada):
    assert Client().get(f"{ON}key/").status_code == 302
    answer = signed_in(ada).get(f"{ON}key/")
    assert (len(answer.json()["key"]), bool(answer.json()["token"])) == (87, True)
    assert answer["Cache-Control"] == "no-store", "the token is that of one browser"


@pytest.mark.django_db
def test_a_test_that_is_refused_says_why(browser, monkeypatch):
    def refuse(row: Destination) -> None:
        raise DestinationRefused("too many tests at once")

    monkeypatch.setattr(push, "send_test", refuse)
    row = Destination.objects.get()
    answer = browser.post(f"{ON}{row.pk}/test/")
    assert (answer.status_code, answer["Location"]) == (303, CENTRE)
    assert "Too many tests at once." in browser.get(CENTRE).content.decode()
