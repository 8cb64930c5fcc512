"""What a person may not see looks on every page and form like what does not exist."""

import re

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dashboard.models import Alert
from dashboard.personal.watchlists import create_watchlist
from feeds.models import Feed, Instrument, StoredBar
from tests.support.entitlements import entitle

pytestmark = pytest.mark.django_db
HIDDEN, NONE, OPEN = "ZQX", "QJJ", "OPN"
ALERT = {
    "symbol": HIDDEN, "kind_0": "above", "value_0": "100.5", "match": "all", "frequency": "once",
    "cooldown_s": "60", "hysteresis_percent": "0.1", "ends": "30", "name": "",
}  # fmt: skip
POSTS = {
    "add": ("watchlist_add", {"symbol": HIDDEN}),
    "add several": ("watchlist_add", {"symbol": f"{HIDDEN}, {OPEN}"}),
    "remove": ("watchlist_remove", {"symbol": HIDDEN}),
    "import": ("list_create", {"name": "Mine", "text": f"{OPEN}\n{HIDDEN}\n"}),
    "line": ("alert_line_make", {"symbol": HIDDEN, "kind": "above", "price": "9"}),
    "alert": ("alerts", ALERT),
    "forecast": ("alerts", ALERT | {"forecast": "1"}),
}
GETS = {
    "alerts": ("/alerts/", {"symbol": HIDDEN}),
    "lines": ("/alerts/lines/", {"symbol": HIDDEN}),
    "places": ("/places/", {}),
    "list": ("/", {"list": HIDDEN}),
    "sector": ("/", {"list": "sector:Secrets"}),
    "market": ("/", {"list": "all"}),
    "gainers": ("/", {"list": "gainers"}),
}


@pytest.fixture
def browser(ada: User) -> Client:
    """Return ada's browser; she has no right to one of two feeds."""
    for slug, symbol in (("secret", HIDDEN), ("open", OPEN)):
        feed = Feed.objects.create(slug=slug, name=slug.title(), is_restricted=slug == "secret")
        row = Instrument.objects.create(
            feed=feed, symbol=symbol, name=f"{symbol} Works", sector="Secrets", reference_price=100
        )
        StoredBar.objects.create(
            instrument=row, interval="1m", start_ms=60_000, open=1, high=2, low=1, close=2,
            volume=5, trades=3, recorded_ms=120_000,
        )  # fmt: skip
    client = Client()
    client.force_login(ada)
    return client


def said(text: str, symbol: str) -> str:
    """Return a text with a place where the symbol stands, and without what is new every time."""
    lines = text.replace(symbol, "?").replace(symbol.lower(), "?").splitlines()
    return "\n".join(line for line in lines if "csrf" not in line)


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
@pytest.mark.parametrize("form", POSTS)
def test_a_form_answers_the_same_of_a_hidden_symbol_and_of_none(browser, form, accept) -> None:
    name, sent = POSTS[form]
    browser.get(reverse("alerts"))  # the first page that a browser gets names more scripts
    answers = []
    for symbol in (HIDDEN, NONE):
        filled = {key: value.replace(HIDDEN, symbol) for key, value in sent.items()}
        with transaction.atomic():
            response = browser.post(reverse(name), filled, headers={"accept": accept})
            answers.append(
                (
                    response.status_code,
                    said(re.sub(r"list=\d+", "list=", response.content.decode()), symbol),
                )
            )
            transaction.set_rollback(True)
    [(status, text), (status_of_none, text_of_none)] = answers
    differences = [
        pair
        for pair in zip(text.splitlines(), text_of_none.splitlines(), strict=True)
        if pair[0] != pair[1]
    ]
    assert (status, differences) == (status_of_none, [])
    assert "? Works" not in answers[0][1]


@pytest.mark.parametrize("page", GETS)
def test_a_page_tells_nothing_of_a_hidden_symbol(browser, page) -> None:
    address, query = GETS[page]
    text = browser.get(address, query).content.decode()
    assert f"{HIDDEN} Works" not in text
    if not query:
        assert HIDDEN not in text


def test_the_same_forms_work_with_the_right(browser, ada) -> None:
    entitle(ada, 0, feed="secret")
    browser.post(reverse("alerts"), ALERT)
    assert Alert.objects.get().instrument.symbol == HIDDEN


def test_an_alert_that_lost_its_right_shows_no_newer_price(browser, ada) -> None:
    entitle(ada, 0, feed="secret")
    browser.post(reverse("alerts"), ALERT)
    ada.groups.clear()
    assert browser.post(reverse("alerts"), ALERT | {"forecast": "1"}).context["forecast"] == (
        f"No instrument is called {HIDDEN}."
    )
    [row] = browser.get("/alerts/").context["rows"]
    assert (row.last, row.distance) == ("–", "–")


def test_a_list_of_ones_own_keeps_no_name_of_a_hidden_symbol(browser, ada) -> None:
    entitle(ada, 0, feed="secret")
    browser.post(reverse("watchlist_add"), {"symbol": HIDDEN})
    ada.groups.clear()
    assert f"{HIDDEN} Works" not in browser.get("/").content.decode()
    create_watchlist(ada, f"At {timezone.now():%H}")
    assert f"{HIDDEN} Works" not in browser.get("/places/").content.decode()
