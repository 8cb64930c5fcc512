"""The flight deck's page and forms: rights, what happens, and that a refusal does nothing."""

import re

import pytest
from django.contrib.auth.models import User

from feeds.bus import control
from feeds.models import AuditEntry, Feed, Halt
from feeds.services.feeds import seed_exchange
from tests.support.staff import staff

pytestmark = pytest.mark.django_db
DECK = "/admin/flightdeck/"
FEED = f"{DECK}feeds/demo/"
END = f"{DECK}disconnect/"
JSON = {"HTTP_ACCEPT": "application/json"}


@pytest.fixture(autouse=True)
def feed():
    seed_exchange(6, 200)
    AuditEntry.objects.all().delete()
    return Feed.objects.get()


@pytest.mark.parametrize(
    ("permissions", "status"),
    [
        (["run_feed"], 200),
        (["halt_instrument"], 200),
        (["view_feed", "change_user"], 403),
        ([], 403),
    ],
)
def test_the_deck_is_seen_by_who_may_operate_something(permissions, status):
    assert staff(*permissions).get(DECK).status_code == status


def test_only_the_staff_comes_in():
    assert staff("run_feed", is_staff=False).get(DECK).status_code == 302


def test_the_admin_links_to_the_deck_for_operators_only():
    assert DECK in staff("run_feed").get("/admin/").content.decode()
    User.objects.all().delete()
    assert DECK not in staff("view_feed").get("/admin/").content.decode()


@pytest.mark.parametrize(
    ("permission", "shown", "hidden"),
    [
        ("run_feed", "Set the rate", "Halt</button>"),
        ("halt_instrument", "Halt</button>", "Set the rate"),
    ],
)
def test_each_button_needs_its_own_permission(permission, shown, hidden):
    page = staff(permission).get(DECK).content.decode()
    assert shown in page
    assert hidden not in page
    assert 'id="people"' not in page


@pytest.mark.parametrize(
    ("state", "is_recorded", "labels"),
    [
        ("RUNNING", False, {"Pause", "Record", "Close…"}),
        ("PAUSED", False, {"Start", "Step", "Record", "Close…"}),
        ("CLOSED", True, {"Start", "Stop recording"}),
    ],
)
def test_only_the_buttons_that_can_do_something_are_shown(feed, state, is_recorded, labels):
    Feed.objects.filter(pk=feed.pk).update(state=state, is_recorded=is_recorded)
    page = staff("run_feed").get(DECK).content.decode()
    found = re.findall(r'data-in="([^"]*)"( hidden)?>(?:<summary>)?([^<]+)<', page)
    assert {label for _, hidden, label in found if not hidden} == labels
    word = f"{state}+recorded" if is_recorded else state
    assert {label for states, _, label in found if word in states.split()} == labels


def test_the_first_page_of_the_admin_begins_with_the_feeds_and_the_deck(feed):
    page = staff("run_feed").get("/admin/").content.decode()
    assert page.index('id="feed-list"') < page.index('id="content-main"')
    assert 'data-feed="demo" data-live="rate"' in page
    assert 'id="feed-list"' not in staff("view_feed").get("/admin/").content.decode()


def test_people_are_shown_to_who_may_see_accounts():
    page = staff("run_feed", "view_user").get(DECK).content.decode()
    assert 'id="people"' in page
    assert 'id="disconnect"' not in page


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "permission", "fields"),
    [
        *((f"{FEED}{name}/", "halt_instrument", {}) for name in ("start", "pause", "close")),
        (f"{FEED}rate/", "halt_instrument", {"rate": "5"}),
        (f"{FEED}halt/", "run_feed", {"reason": "news"}),
        (f"{FEED}resume/", "run_feed", {}),
        (END, "run_feed", {"user": "1", "reason": "abuse"}),
    ],
)
def test_a_command_without_its_permission_is_refused_and_nothing_is_written(
    path, permission, fields
):
    assert staff(permission).post(path, fields, **JSON).status_code == 403
    assert not AuditEntry.objects.exists()
    assert not Halt.objects.exists()
    assert Feed.objects.get().state == "RUNNING"


def test_a_disconnection_without_its_permission_is_refused_and_sent_to_nobody(monkeypatch):
    sent = []
    monkeypatch.setattr(control, "disconnect", lambda *arguments: sent.append(arguments))
    ada = User.objects.create_user("ada")
    form = {"user": ada.pk, "reason": "abuse"}
    assert staff("run_feed", "view_user").post(END, form, **JSON).status_code == 403
    assert not AuditEntry.objects.exists()
    assert sent == []


def test_an_undo_takes_the_permission_of_what_it_undoes():
    staff("halt_instrument").post(f"{FEED}halt/", {"reason": "news"}, **JSON)
    undo = f"{DECK}entries/{AuditEntry.objects.get().pk}/undo/"
    for permissions in (["run_feed", "view_auditentry"], ["halt_instrument"]):
        assert staff(*permissions).post(undo, **JSON).status_code == 403
    assert Halt.objects.filter(ended_at=None).exists()
    answer = staff("halt_instrument", "view_auditentry").post(undo, **JSON)
    assert answer.status_code == 200
    assert answer.json()["message"].startswith("Undone: ")
    assert not Halt.objects.filter(ended_at=None).exists()


def test_a_feed_is_paused_started_and_given_a_rate(feed):
    client = staff("run_feed")
    for name, fields in (
        ("pause", {"reason": "lunch"}), ("start", {}), ("rate", {"rate": "50"}), ("close", {}),
    ):  # fmt: skip
        answer = client.post(f"{FEED}{name}/", fields, **JSON)
        assert answer.status_code == 200, answer.content
    feed.refresh_from_db()
    assert (feed.state, feed.rate) == ("CLOSED", 50)
    said = list(AuditEntry.objects.order_by("id").values_list("action", flat=True))
    assert said == ["pause", "start", "set rate", "close"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "fields", "words"),
    [
        ("rate", {"rate": "-1"}, "0.1"),
        ("rate", {}, "required"),
        ("start", {}, "Demo Exchange is already running."),
        ("halt", {}, "A halt needs a reason"),
        ("halt", {"reason": "x", "symbol": "NONE"}, "This feed has no NONE"),
        ("halt", {"reason": "x", "sector": "Nowhere"}, "Select a valid choice"),
        ("resume", {}, "and 1 more are not halted."),
    ],
)
def test_a_wrong_command_is_refused_with_its_reason(name, fields, words):
    answer = staff("run_feed", "halt_instrument").post(f"{FEED}{name}/", fields, **JSON)
    assert answer.status_code == 400
    assert words in answer.json()["error"]["message"]
    assert not AuditEntry.objects.exists()


def test_a_symbol_a_sector_or_the_whole_feed_is_halted_and_resumed(feed):
    client = staff("halt_instrument")
    first = feed.instruments.order_by("symbol").first()
    in_sector = feed.instruments.filter(sector=first.sector).count()
    halted = lambda: Halt.objects.filter(ended_at=None).count()
    client.post(f"{FEED}halt/", {"reason": "news", "symbol": first.symbol.lower()}, **JSON)
    assert halted() == 1
    client.post(f"{FEED}halt/", {"reason": "news", "sector": first.sector}, **JSON)
    assert halted() == in_sector
    client.post(f"{FEED}halt/", {"reason": "news"}, **JSON)
    assert halted() == feed.instruments.count()
    client.post(f"{FEED}resume/", {}, **JSON)
    assert halted() == 0


def test_a_halt_of_many_says_which_were_halted_before(feed):
    client = staff("halt_instrument")
    first, second, *_ = feed.instruments.order_by("symbol").values_list("symbol", flat=True)
    client.post(f"{FEED}halt/", {"reason": "news", "symbol": first}, **JSON)
    answer = client.post(f"{FEED}halt/", {"reason": "storm"}, **JSON)
    message = answer.json()["message"]
    assert message.startswith(f"Halted: {second}, ")
    assert message.endswith(f". {first} is already halted.")


def test_without_a_script_the_next_page_says_what_was_done():
    answer = staff("run_feed").post(f"{FEED}pause/", {"reason": ""}, follow=True)
    assert answer.redirect_chain == [(DECK, 302)]
    assert "Paused: Demo Exchange." in answer.content.decode()


def test_disconnecting_is_written_down_and_sent_to_every_process(
    monkeypatch, django_capture_on_commit_callbacks
):
    sent = []
    monkeypatch.setattr(control, "disconnect", lambda *arguments: sent.append(arguments))
    ada = User.objects.create_user("ada")
    client = staff("change_user")
    with django_capture_on_commit_callbacks(execute=True):
        answers = [
            client.post(END, {"user": ada.pk, "reason": "abuse"} | which, **JSON)
            for which in ({"connection": "p-1"}, {})
        ]
        refused = client.post(END, {"user": ada.pk}, **JSON)
    assert [answer.json()["message"] for answer in answers] == [
        "Disconnected ada.", "Disconnected ada everywhere.",
    ]  # fmt: skip
    assert refused.status_code == 400
    assert sent == [(ada.pk, "p-1"), (ada.pk, "")]
    entries = AuditEntry.objects.order_by("id")
    assert [(entry.action, entry.target, entry.reason) for entry in entries] == [
        ("disconnect", "user ada", "abuse")
    ] * 2
    assert [entry.after["connection"] for entry in entries] == ["p-1", "all"]


def test_what_was_done_is_shown_to_who_may_read_the_audit():
    client = staff("run_feed", "view_auditentry")
    client.post(f"{FEED}pause/", {"reason": "lunch"}, **JSON)
    [entry] = client.get(f"{DECK}entries/").json()["entries"]
    assert entry["texts"][1:] == ["user0", "pause feed demo", "lunch"]
    assert "<td>pause feed demo</td>" in client.get(DECK).content.decode()
    User.objects.all().delete()
    client = staff("run_feed")
    assert client.get(f"{DECK}entries/").status_code == 403
    assert "pause feed demo" not in client.get(DECK).content.decode()


def test_an_unknown_command_and_an_unknown_feed_are_not_found():
    client = staff("run_feed")
    assert client.post(f"{FEED}explode/").status_code == 404
    assert client.post(f"{DECK}feeds/none/start/").status_code == 404
    assert client.get(f"{FEED}explode/").status_code == 404


def test_a_get_of_a_command_shows_the_deck():
    client = staff("run_feed")
    for ask in (client.get, client.head):
        assert (ask(f"{FEED}pause/").status_code, ask(f"{FEED}pause/").url) == (302, DECK)
    assert client.put(f"{FEED}pause/").status_code == 405
    assert not AuditEntry.objects.exists()
