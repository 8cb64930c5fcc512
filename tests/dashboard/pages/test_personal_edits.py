"""Edits of lists over their addresses, as a person and as an enemy would send them."""

import pytest
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from dashboard.personal import watchlists
from dashboard.personal.columns import columns_of
from dashboard.personal.list_text import read_list, write_list
from dashboard.personal.preferences import preferences_of
from dashboard.personal.selectors import personal_of
from feeds.models import Feed
from tests.support.entitlements import entitle
from tests.support.personal_rows import list_instruments

pytestmark = pytest.mark.django_db

OF_A_LIST = {
    "watchlist_add": {"symbol": "A05"},
    "watchlist_remove": {"symbol": "A01"},
    "watchlist_move": {"symbol": "A01", "place": "0"},
    "list_rename": {"name": "Other"},
    "list_delete": {},
    "list_move": {"to": "0"},
    "list_share": {},
    "list_end_sharing": {},
    "section_add": {"name": "Energy"},
    "section_rename": {"section": "Late", "name": "Energy"},
    "section_move": {"section": "Late", "place": "0"},
    "section_remove": {"section": "Late"},
}
EDITS = OF_A_LIST | {"list_create": {"name": "New"}}
every_edit = pytest.mark.parametrize(("name", "sent"), EDITS.items(), ids=EDITS)
every_edit_of_a_list = pytest.mark.parametrize(("name", "sent"), OF_A_LIST.items(), ids=OF_A_LIST)


@pytest.fixture(autouse=True)
def market() -> None:
    feed = Feed.objects.create(slug="demo", name="Demo Exchange")
    list_instruments(feed, (f"A{number:02}" for number in range(10)))


@pytest.fixture
def mine(ada: User) -> int:
    """Return the id of a second list of ada, with two symbols."""
    return watchlists.create_watchlist(ada, "Mine", read_list("A00,A01,###Late"))[0]


def as_script(client: Client, name: str, sent: dict[str, str]):
    return client.post(reverse(name), sent, headers={"Accept": "application/json"})


def lists_of(user: User):
    return personal_of([user.pk])[user.pk].lists


@every_edit
def test_nobody_who_is_not_signed_in_edits(ada: User, mine: int, name: str, sent) -> None:
    before = lists_of(ada)
    answer = as_script(Client(), name, sent | {"list": str(mine)})
    assert (answer.status_code, answer.json()["error"]["name"]) == (401, "signed_out")
    form = Client().post(reverse(name), sent | {"list": str(mine)})
    assert form.status_code == 302
    assert lists_of(ada) == before


@every_edit_of_a_list
def test_a_list_of_somebody_else_looks_like_none(ada: User, mine: int, name: str, sent) -> None:
    before = lists_of(ada)
    client = Client()
    client.force_login(User.objects.create_user("bob"))
    answers = [as_script(client, name, sent | {"list": key}) for key in (str(mine), "999999")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json() == answers[1].json()
    assert lists_of(ada) == before


@every_edit_of_a_list
@pytest.mark.parametrize("key", ["-1", "x", "1.5", str(2**63), "9" * 50, "\x00"])
def test_what_names_no_list_is_refused_by_name(browser: Client, name: str, sent, key: str) -> None:
    answer = as_script(browser, name, sent | {"list": key})
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("list: ")


@pytest.mark.parametrize("name", ["", "   ", "x" * 41, "###Energy", "a\x07b", "a\x00b", "a\u202eb"])
def test_a_name_that_cannot_be_read_is_refused(browser: Client, mine: int, name: str) -> None:
    for edit in ("list_create", "list_rename"):
        answer = as_script(browser, edit, {"name": name, "list": str(mine)})
        assert answer.status_code == 400
        assert answer.json()["error"]["message"].startswith("name: ")


@pytest.mark.parametrize("name", ["", " ", "x" * 41, "###Late", "Oil, gas", "a;b", "a\x07b"])
def test_a_title_that_a_list_as_text_cannot_hold_is_refused(browser: Client, mine: int, name: str):
    for edit in ("section_add", "section_rename"):
        answer = as_script(browser, edit, {"name": name, "section": "Late", "list": str(mine)})
        assert answer.status_code == 400
        assert answer.json()["error"]["message"].startswith("name: ")


@pytest.mark.parametrize("name", ["section_rename", "section_move"])
def test_a_section_that_is_not_there_is_not_found(browser: Client, mine: int, name: str) -> None:
    sent = {"section": "Nope", "name": "Energy", "place": "0", "list": str(mine)}
    answer = as_script(browser, name, sent)
    assert (answer.status_code, answer.json()["error"]["message"][:9]) == (404, "this list")


def test_a_form_makes_and_removes_a_section_without_a_script(browser: Client, mine: int) -> None:
    address = f"/?list={mine}"
    sent = {"list": str(mine), "next": address}
    made = browser.post(reverse("section_add"), sent | {"name": "Energy", "above": "a01"})
    assert (made.status_code, made["Location"]) == (303, address)
    page = browser.get(address).content.decode()
    assert 'data-section="Energy"' in page
    gone = browser.post(reverse("section_remove"), sent | {"section": "Energy"})
    assert (gone.status_code, gone["Location"]) == (303, address)
    assert 'data-section="Energy"' not in browser.get(address).content.decode()


def test_forms_rename_and_move_lines_without_a_script(browser: Client, ada: User) -> None:
    text = read_list("A00,A01,###Early,A02,###Late,A03")
    list_id = watchlists.create_watchlist(ada, "Lines", text)[0]
    address = f"/?list={list_id}"
    page = browser.get(address).content.decode()
    for name in ("watchlist_move", "section_rename", "section_move"):
        assert f'action="{reverse(name)}"' in page
    sent = {"list": str(list_id), "next": address}
    for name, fields in (
        ("watchlist_move", {"symbol": "a01", "above": "a00"}),
        ("section_rename", {"section": "Late", "name": "Last"}),
        ("section_move", {"section": "Last", "above": "Early"}),
        ("watchlist_move", {"symbol": "A00", "above": ""}),
    ):
        answer = browser.post(reverse(name), sent | fields)
        assert (answer.status_code, answer["Location"]) == (303, address), name
    lines = write_list(lists_of(ada)[-1]).split()
    assert lines == ["A01", "###Last", "A03", "###Early", "A02", "A00"]


@pytest.mark.parametrize(
    "sent",
    [{}, {"place": ""}, {"place": "x"}, {"place": "-1"}, {"place": "1.5"}, {"above": "x" * 99}],
)
@pytest.mark.parametrize("name", ["watchlist_move", "section_move"])
def test_a_line_that_would_go_nowhere_is_refused(browser: Client, ada, mine, name, sent) -> None:
    before = lists_of(ada)
    line = {"list": str(mine), "symbol": "A01", "section": "Late"}
    answer = as_script(browser, name, line | sent)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(("place: ", "above: "))
    assert lists_of(ada) == before


def test_a_line_goes_above_none_that_is_not_on_the_list(browser: Client, mine: int) -> None:
    moves = [("watchlist_move", {"symbol": "A01", "above": "A07"}),
             ("section_move", {"section": "Late", "above": "Never"})]  # fmt: skip
    answers = [as_script(browser, name, sent | {"list": str(mine)}) for name, sent in moves]
    assert [answer.status_code for answer in answers] == [404, 404]


def test_a_name_is_text_and_never_markup(browser: Client, ada: User) -> None:
    name = "<script>alert(1)</script>"
    page = browser.post(reverse("list_create"), {"name": name}, follow=True).content.decode()
    assert name in [named.name for named in lists_of(ada)]
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_new_list_is_shown_next(browser: Client, ada: User) -> None:
    answer = browser.post(reverse("list_create"), {"name": "New", "text": "a03 nope"})
    made = lists_of(ada)[-1]
    assert (answer.status_code, answer["Location"]) == (303, f"/?list={made.id}")
    assert made.symbols == ("A03",)
    said = as_script(browser, "list_create", {"name": "More", "text": "A01"}).json()
    assert said == {"ok": True, "page": f"/?list={lists_of(ada)[-1].id}"}


@pytest.mark.parametrize(
    ("name", "sent"), [("list_create", {"name": "mine"}), ("list_rename", {"name": "MINE"})]
)
def test_a_name_that_is_taken_is_refused_in_words(browser: Client, mine: int, name: str, sent):
    answer = as_script(browser, name, sent)
    assert answer.status_code == 409
    assert "you have a list called" in answer.json()["error"]["message"]


def test_a_list_is_exported_to_its_owner_alone(browser: Client, mine: int) -> None:
    address = reverse("list_text", args=[mine])
    answer = browser.get(address)
    assert answer.content == b"A00\nA01\n###Late\n"
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="Mine.txt"'
    bob = Client()
    bob.force_login(User.objects.create_user("bob"))
    assert bob.get(address).status_code == 404
    assert Client().get(address).status_code == 302


def test_a_script_hears_that_a_change_was_made(browser: Client, ada: User, mine: int) -> None:
    """What it hears is all: it shows by itself what has changed."""
    done: dict[str, object] = {"ok": True}
    for name, sent, said in (
        ("list_rename", {"name": "Other"}, done),
        ("list_move", {"to": "0"}, done),
        ("list_share", {}, done),
        ("list_end_sharing", {}, done),
        ("watchlist_move", {"symbol": "A01", "place": "0"}, done),
        ("watchlist_remove", {"symbol": "A00"}, done),
        ("columns_choose", {"column": "last"}, done),
        ("preference_choose", {"name": "theme", "value": "dark"}, done),
        ("notifications_read", {}, done),
    ):
        assert as_script(browser, name, sent | {"list": str(mine)}).json() == said, name
    changed = lists_of(ada)[0]
    assert (changed.id, changed.name, changed.symbols, changed.share) == (
        mine,
        "Other",
        ("A01",),
        "",
    )
    assert columns_of(ada.pk) == ("last",)
    assert preferences_of(ada.pk) == {"theme": "dark"}
    gone = as_script(browser, "list_delete", {"list": str(mine)})
    assert gone.json() == {"ok": True, "page": "/"}
    assert mine not in [named.id for named in lists_of(ada)]


def test_a_form_leads_on_and_has_a_message_only_if_there_is_one(browser: Client, mine: int) -> None:
    sent = {"list": str(mine), "next": f"/?list={mine}"}
    moved = browser.post(reverse("list_move"), sent | {"to": "0"})
    assert (moved.status_code, moved["Location"]) == (303, f"/?list={mine}")
    assert not list(get_messages(moved.wsgi_request))
    gone = browser.post(reverse("watchlist_remove"), sent | {"symbol": "A05"})
    assert [str(each) for each in get_messages(gone.wsgi_request)] == ["A05 was not on the list."]
    deleted = browser.post(reverse("list_delete"), sent)
    assert (deleted.status_code, deleted["Location"]) == (303, "/")


# --- a list that was shared -----------------------------------------------------------------


@pytest.fixture
def link(ada: User, mine: int) -> str:
    """Return the address of a shared list with an open and a restricted symbol."""
    hidden = Feed.objects.create(slug="dark", name="Dark Pool", is_restricted=True)
    list_instruments(hidden, ["SECRET"])
    entitle(ada, 0, feed="dark")
    text = read_list("A00,###Later,SECRET,A01")
    list_id, addition = watchlists.create_watchlist(ada, "Both", text)
    assert addition.added == ("A00", "SECRET", "A01")
    return reverse("shared_list", args=[watchlists.share_watchlist(ada, list_id)])


def test_a_shared_list_names_nothing_that_its_reader_may_not_see(link: str) -> None:
    bob = User.objects.create_user("bob")
    client = Client()
    client.force_login(bob)
    page = client.get(link)
    assert "SECRET" not in page.content.decode()
    assert page.context["shown"].symbols == ("A00", "A01")
    assert page.context["shown"].text == "A00\n###Later\nA01\n"
    entitle(bob, 15, feed="dark")
    assert client.get(link).context["shown"].symbols == ("A00", "SECRET", "A01")


def test_a_link_opens_nothing_for_strangers_and_after_its_end(ada: User, link: str) -> None:
    assert Client().get(link).status_code == 302
    client = Client()
    client.force_login(ada)
    for wrong in (link[:-2] + "/", reverse("shared_list", args=["x"])):
        assert client.get(wrong).status_code == 404
    ada.delete()
    client.force_login(User.objects.create_user("bob"))
    assert client.get(link).status_code == 404
