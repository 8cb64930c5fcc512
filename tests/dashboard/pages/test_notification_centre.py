"""The page of all notifications: own ones only, filtered, page by page."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from dashboard.models import Destination, Notification
from dashboard.pages import notification_centre

pytestmark = pytest.mark.django_db
PAGE = "/notifications/"


def notify(user: User, *titles: str, level: str = "info", read: bool = False, symbol: str = ""):
    for title in titles:
        Notification.objects.create(
            user=user, title=title, level=level, symbol=symbol,
            read_at=timezone.now() if read else None,
        )  # fmt: skip


def titles(browser: Client, query: str = "") -> list[str]:
    return [notice.title for notice in browser.get(f"{PAGE}{query}").context["found"]]


def test_everybody_sees_their_own_newest_first(browser, ada):
    notify(User.objects.create_user("bob"), "of bob")
    notify(ada, "first", "second")
    assert titles(browser) == ["second", "first"]
    assert Client().get(PAGE).status_code == 302


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("?level=warning", ["w"]),
        ("?level=critical&unread=1", []),
        ("?unread=1", ["w", "i"]),
        ("?level=odd&before=x", ["c", "w", "i"]),
        ("?before=99999999999999999999999", ["c", "w", "i"]),
        ("?before=%C2%B2", ["c", "w", "i"]),
        (f"?before={'0' * 5000}", ["c", "w", "i"]),
        ("?before=0", []),
    ],
)
def test_filters_choose_among_them(browser, ada, query, wanted):
    notify(ada, "i")
    notify(ada, "w", level="warning")
    notify(ada, "c", level="critical", read=True)
    assert titles(browser, query) == wanted


def test_the_history_comes_page_by_page_and_keeps_the_filter(browser, ada, monkeypatch):
    monkeypatch.setattr(notification_centre, "PER_PAGE", 3)
    notify(ada, *"abcdefg")
    seen, query = [], "?level=info"
    while query:
        seen += titles(browser, query)
        query = browser.get(f"{PAGE}{query}").context["older_query"]
        assert not query or "level=info" in query
    assert seen == [*"gfedcba"]


def test_a_full_page_without_older_ones_leads_no_further(browser, ada, monkeypatch):
    monkeypatch.setattr(notification_centre, "PER_PAGE", 3)
    notify(ada, *"abc")
    assert browser.get(PAGE).context["older_query"] == ""
    notify(ada, "d")
    oldest_shown = Notification.objects.get(title="b").pk
    assert browser.get(PAGE).context["older_query"] == f"?before={oldest_shown}"


def test_the_page_knows_the_newest_of_all_whatever_is_shown(browser, ada):
    """What its script hears of later than that is new."""
    assert browser.get(PAGE).context["newest"] == 0
    notify(ada, "w", level="warning")
    notify(ada, "i")
    newest = Notification.objects.get(title="i").pk
    for query in ("", "?level=warning", "?before=1"):
        assert browser.get(f"{PAGE}{query}").context["newest"] == newest
    assert f'data-newest="{newest}"' in browser.get(PAGE).content.decode()


def test_only_the_first_page_is_the_newest(browser, ada):
    notify(ada, "a")
    shown = [browser.get(f"{PAGE}{query}").context["is_newest"] for query in ("", "?before=9")]
    assert shown == [True, False]


def test_a_notification_links_to_what_it_is_about(browser, ada):
    notify(ada, "fired", symbol="BTC/USD")
    assert 'href="/i/BTC/USD/"' in browser.get(PAGE).content.decode()


def test_one_and_all_are_marked_as_read_and_the_page_comes_back(browser, ada):
    notify(ada, "a", "b", "c")
    row = Notification.objects.get(title="b")
    answer = browser.post(f"{PAGE}read/", {"id": row.pk, "next": PAGE})
    assert answer.url == PAGE
    assert titles(browser, "?unread=1") == ["c", "a"]
    browser.post(f"{PAGE}read/", {"next": PAGE})
    assert titles(browser, "?unread=1") == []


# --- pushes ---------------------------------------------------------------------------------
PUSH = f"{PAGE}push/"


def test_a_get_of_the_pushes_leads_to_the_page_with_their_button(browser, ada):
    for address in ("", "off/", "1/test/", "1/remove/"):
        answer = browser.get(f"{PUSH}{address}")
        assert (answer.status_code, answer.url) == (302, PAGE)


def test_the_buttons_of_a_browser_say_what_they_did(browser, ada, bob):
    own, foreign = (
        Destination.objects.create(user=user, kind="push", address=f"https://push.example/{user}")
        for user in (ada, bob)
    )
    Destination.objects.update(session_key=browser.session.session_key)
    for action, text in (
        ("test", "A test is on its way."),
        ("remove", "Nothing more is pushed to that browser."),
    ):
        assert browser.post(f"{PUSH}{foreign.pk}/{action}/").status_code == 404
        answer = browser.post(f"{PUSH}{own.pk}/{action}/", follow=True)
        assert answer.redirect_chain == [(PAGE, 303)]
        assert [str(message) for message in answer.context["messages"]] == [text]
    assert list(Destination.objects.all()) == [foreign]
    assert browser.post(f"{PUSH}off/", {"address": foreign.address}).json() == {"ok": True}
    assert browser.post(f"{PUSH}off/").json() == {"ok": True}
    assert list(Destination.objects.all()) == [foreign]
    refused = browser.post(PUSH, {"address": ""})
    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == 404, "that of bad parameters on the wire"
