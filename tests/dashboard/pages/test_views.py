"""Pages ask the market in the loop and rows in the thread; edits touch own rows only."""

import asyncio
from decimal import Decimal
from urllib.parse import quote

import pytest
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import path, reverse

from dashboard import urls
from dashboard.alerts.hindsight import Hindsight
from dashboard.models import Notification, Watchlist
from dashboard.pages import cached_scripts, views
from dashboard.personal import notifications
from dashboard.personal import watchlist_lines as watchlists
from dashboard.personal.selectors import DEFAULT_WATCHLIST, personal_of
from dashboard.personal.watchlists import create_watchlist
from feeds.market.symbols import SYMBOL_RULE
from feeds.models import Feed, Instrument

EDITS = ("watchlist_add", "watchlist_remove", "notifications_read")
PAGES = ("dashboard", "polling")
every_edit = pytest.mark.parametrize("edit", EDITS)
every_page = pytest.mark.parametrize("page", PAGES)


class FakeMarket:
    """Fixed answers; unlike the real one it insists on being asked in an event loop."""

    def seen_rows(self, access):
        return {}

    def rows(self, symbols, access):
        assert asyncio.get_running_loop()
        seen = (symbol for symbol in symbols if symbol != "HIDDEN")
        return [{"symbol": symbol, "last": "101.25"} for symbol in seen]

    has_begun = True

    def catalogue(self, access):
        return [{"s": "NVX", "name": "Novexa Systems", "sector": "Technology"}]

    def feeds(self, access):
        return [{"name": "Demo Exchange", "state": "RUNNING", "reason": ""}]

    def age_text(self):
        return "0.1 s old"


urlpatterns = [
    path("", views.DashboardView.as_view(market=FakeMarket()), name="dashboard"),
    path("i/<path:symbol>/", views.InstrumentView.as_view(market=FakeMarket()), name="instrument"),
    path("polling/", views.PollingView.as_view(market=FakeMarket()), name="polling"),
    path("places/", views.PlacesView.as_view(market=FakeMarket()), name="places"),
    *urls.urlpatterns,
]
pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@pytest.fixture(autouse=True)
def plain_templates(settings):
    """Replace the page templates: their looks are tested in a browser, here only the context."""
    pages = {
        "dashboard.html": "live {{ age_text }}{% if has_scripts %} again{% endif %}",
        "polling.html": "polling {{ age_text }}",
        "instrument.html": "{{ row.symbol }} {{ row.last }}{% if has_scripts %} again{% endif %}",
        "404.html": "nowhere",
        "lab.html": "lab {{ watchlist_symbols|join:',' }}",
        "403_csrf.html": "too old",
    }
    (engine,) = settings.TEMPLATES
    loaders = [
        ("django.template.loaders.locmem.Loader", pages),
        "django.template.loaders.app_directories.Loader",
    ]
    options = {**engine["OPTIONS"], "loaders": loaders}
    settings.TEMPLATES = [{**engine, "APP_DIRS": False, "OPTIONS": options}]


@pytest.fixture(autouse=True)
def market():
    feed = Feed.objects.create(slug="demo", name="Demo Exchange")
    for number in range(28):
        symbol = f"A{number:02}"
        Instrument.objects.create(
            feed=feed, symbol=symbol, name=symbol, sector="Energy", reference_price=Decimal(10)
        )


def notify(*users):
    recipients = User.objects.filter(pk__in=[user.pk for user in users])
    notifications.send_notification(
        title="Hello", body="", level="info", actor=None, recipients=recipients
    )


def symbols_of(user):
    return personal_of([user.pk])[user.pk].watchlist


def as_script(client, edit, data=None):
    return client.post(reverse(edit), data or {}, headers={"accept": "application/json"})


# --- pages ----------------------------------------------------------------------------------


def test_the_places_are_those_of_the_person_who_asks(browser, ada, client):
    create_watchlist(ada, "Mine & more")
    answer = browser.get(reverse("places"))
    places = answer.json()
    assert answer["Cache-Control"] == "no-store"
    assert places["instruments"] == [{"s": "NVX", "name": "Novexa Systems"}]
    lists = {each["name"]: each["url"] for each in places["lists"]}
    assert lists["Mine & more"] == f"/?list={ada.watchlists.get(name='Mine & more').pk}"
    assert (lists["Gainers"], lists["Technology"]) == (
        "/?list=gainers",
        "/?list=sector%3ATechnology",
    )
    assert (places["instrument"], places["alert"]) == ("/i/~/", "/alerts/?symbol=~")
    assert client.get(reverse("places")).status_code == 302


def test_a_list_is_shown_with_its_place_among_the_lists(browser, ada):
    places = [(create_watchlist(ada, name)[0], place)
              for place, name in enumerate(("Second", "Third"), 1)]  # fmt: skip
    for list_id, place in places:
        context = browser.get("/", {"list": list_id}).context
        assert (context["place"], context["last_place"]) == (place, 2)


@every_page
def test_a_page_has_everything_its_template_needs(browser, ada, page):
    notify(ada)
    context = browser.get(reverse(page)).context
    symbols = [f"A{number:02}" for number in range(DEFAULT_WATCHLIST)]
    assert context["watchlist_symbols"] == symbols
    assert [row["symbol"] for row in context["rows"]] == symbols
    assert context["catalogue"][0]["s"] == "NVX"
    assert context["feeds"][0]["state"] == "RUNNING"
    assert context["age_text"] == "0.1 s old"
    assert [notice.title for notice in context["notifications"]] == ["Hello"]
    assert context["unread"] == 1
    assert context["interval_s"] == 2


def test_the_page_of_an_instrument_has_its_line(browser):
    response = browser.get("/i/NVX/")
    assert response.content == b"NVX 101.25"
    assert response["Cache-Control"] == "no-store"


FORECAST = {
    "forecast": "1", "kind_0": "above", "value_0": "100", "match": "all", "ends": "30",
    "frequency": "every_time", "cooldown_s": "10", "hysteresis_percent": "0", "symbol": "ORB",
}  # fmt: skip


def test_the_page_of_an_instrument_shows_where_an_alert_would_have_fired(browser, ada, monkeypatch):
    asked = []

    def found(user, facts):
        asked.append((user, facts.symbol))
        return Hindsight("Twice.", (1_000, 2_000))

    monkeypatch.setattr(views, "hindsight", found)
    context = browser.get("/i/NVX/", FORECAST).context
    assert (context["forecast"], context["fired"]) == ("Twice.", "1000,2000")
    assert browser.get("/i/NVX/", FORECAST | {"value_0": "-1"}).context["fired"] == ""
    assert browser.get("/i/NVX/").context["fired"] == ""
    # The symbol of the page counts, and the rights are those of the reader.
    assert asked == [(ada, "NVX")]


@pytest.mark.parametrize("symbol", ["BTC/USD", "M&M", "BRK.B", "^GSPC", "ES=F", "A_B", "A/B/C"])
def test_the_page_of_a_symbol_of_the_world_has_one_address(browser, symbol):
    address = reverse("instrument", args=[symbol])
    for spelling in (address, f"/i/{quote(symbol, safe='')}/"):
        assert browser.get(spelling).context["row"]["symbol"] == symbol
    small = browser.get(f"/i/{quote(symbol.lower(), safe='')}/")
    assert (small.status_code, small.url) == (302, address)
    assert browser.get(address.rstrip("/"), follow=True).context["row"]["symbol"] == symbol


@pytest.mark.parametrize(
    "wrong", ["A//B", "A/", ".A", "A%2FB", "<script>", "BTC/USD~15", "ORB@5m", "A" * 60, "ß"]
)
def test_what_is_no_symbol_has_no_page(browser, wrong):
    assert browser.get(f"/i/{quote(wrong, safe='')}/").status_code == 404


@pytest.mark.parametrize("typed", ["btc/usd", "m&m", "^gspc"])
def test_a_symbol_of_the_world_is_watched_and_removed(browser, ada, typed):
    Instrument.objects.create(
        feed=Feed.objects.get(), symbol=typed.upper(), name="A", sector="B", reference_price=1
    )
    as_script(browser, "watchlist_add", {"symbol": f" {typed} "})
    assert list(symbols_of(ada))[-1] == typed.upper()
    as_script(browser, "watchlist_remove", {"symbol": typed})
    assert typed.upper() not in symbols_of(ada)


@pytest.mark.parametrize("wrong", ["..", "A//B", "<script>", "BTC/USD~15", "A" * 60, "ß"])
def test_one_that_is_no_symbol_is_refused_with_what_is_one(browser, wrong):
    response = as_script(browser, "watchlist_add", {"symbol": wrong})
    assert SYMBOL_RULE in response.json()["error"]["message"]


def test_an_instrument_that_is_not_seen_is_not_found(browser):
    """One that does not exist and one that is hidden look the same."""
    response = browser.get("/i/HIDDEN/")
    assert (response.status_code, response.content) == (404, b"nowhere")


def test_before_the_market_begins_the_page_of_any_instrument_waits_for_it(browser, monkeypatch):
    monkeypatch.setattr(FakeMarket, "has_begun", False)
    monkeypatch.setattr(FakeMarket, "rows", lambda *_: [])
    response = browser.get("/i/NVX/")
    assert (response.status_code, response.content.decode()) == (200, "NVX \u2013")
    assert (response.context["has_begun"], browser.get("/").context["has_begun"]) == (False, False)
    assert browser.get("/i/.A/").status_code == 404


def test_the_polling_page_polls_and_the_live_page_chooses(browser):
    assert browser.get("/").context["transport"] == "auto"
    assert browser.get("/polling/").context["transport"] == "poll"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "interval_s"),
    [
        *(("1", 1), ("2", 2), ("5", 5), ("10", 10)),
        *((junk, 2) for junk in ("", "0", "3", "-1", "1.0", "x", "5\n", "9" * 5000, "\x00")),
    ],
)
def test_the_interval_is_one_of_four_or_the_default(browser, text, interval_s):
    assert browser.get("/polling/", {"interval": text}).context["interval_s"] == interval_s


def test_a_page_knows_whether_the_browser_has_shown_it_with_this_build(browser, monkeypatch):
    again = lambda address: "again" in browser.get(address).content.decode()
    assert [again("/"), again("/"), again("/i/NVX/"), again("/i/ORB/")] == [
        *(False, True),  # the dashboard, twice
        *(False, True),  # pages of instruments have the same scripts
    ]
    assert not browser.get("/").cookies
    monkeypatch.setattr(cached_scripts, "current_build", lambda: "a later build")
    assert [again("/"), again("/")] == [False, True]


@pytest.mark.parametrize("is_secure", [False, True])
def test_what_a_browser_remembers_of_scripts_is_for_the_server_alone(browser, is_secure):
    cookie = browser.get("/", secure=is_secure).cookies["scripts-dashboard"]
    assert (cookie["httponly"], cookie["samesite"], cookie["secure"] or False) == (
        *(True, "Lax"),
        is_secure,
    )
    assert cookie["max-age"] == cached_scripts.YEAR_S


@every_page
def test_a_page_is_never_stored(browser, page):
    assert browser.get(reverse(page))["Cache-Control"] == "no-store"


@every_page
def test_a_page_is_for_those_who_signed_in(page):
    response = Client().get(reverse(page))
    assert response.status_code == 302
    assert response.url == f"/accounts/login/?next={reverse(page)}"


@every_page
def test_a_page_shows_nothing_of_anybody_else(browser, page):
    bob = User.objects.create_user("bob")
    notify(bob)
    watchlists.add_to_watchlist(bob, "A27")
    context = browser.get(reverse(page)).context
    assert list(context["notifications"]) == []
    assert context["unread"] == 0
    assert "A27" not in context["watchlist_symbols"]


@every_page
def test_looking_at_a_page_writes_nothing(browser, page):
    browser.get(reverse(page))
    assert not Watchlist.objects.exists()


@every_page
def test_a_page_takes_no_posts(browser, page):
    assert browser.post(reverse(page)).status_code == 405


@every_page
def test_a_page_tells_browsers_to_run_only_our_own_code(browser, page):
    policy = browser.get(reverse(page))["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


def test_an_address_that_is_not_there_is_not_found(browser):
    assert browser.get("/nowhere/").status_code == 404


def test_the_icon_that_browsers_ask_for_is_found_without_signing_in():
    response = Client().get("/favicon.ico")
    assert (response.status_code, response.url) == (301, "/static/images/favicon.svg")
    assert finders.find("images/favicon.svg")


# --- edits ----------------------------------------------------------------------------------


def test_a_form_adds_a_symbol_and_comes_back(browser, ada):
    sent = {"symbol": " a27 ", "next": "/polling/?interval=5"}
    response = browser.post("/watchlist/add/", sent)
    assert (response.status_code, response.url) == (303, "/polling/?interval=5")
    assert symbols_of(ada)[-1] == "A27"


@pytest.mark.parametrize(
    "text", ["A27, a26,A25", "A27 A26 A25", "A27;A26;A25", "A27\r\nA26\tA25\n", ["A27,A26", "A25"]]
)
def test_pasted_symbols_are_one_request(browser, ada, text):
    assert browser.post("/watchlist/add/", {"symbol": text}).status_code == 303
    assert list(symbols_of(ada))[-3:] == ["A27", "A26", "A25"]


def test_a_script_hears_what_was_not_added(browser, ada):
    response = as_script(browser, "watchlist_add", {"symbol": "A27,NOPE"})
    said = "Added 1. No instrument is called 'NOPE'"
    assert (response.status_code, response.json()) == (200, {"ok": True, "message": said})
    response = browser.post("/watchlist/add/", {"symbol": "A26 NOPE"})
    assert [str(message) for message in response.wsgi_request._messages] == [said]


def test_a_removed_symbol_is_put_back_where_it_was(browser, ada):
    watchlists.watchlist_of(ada)
    before = symbols_of(ada)
    as_script(browser, "watchlist_remove", {"symbol": "A02"})
    assert as_script(browser, "watchlist_add", {"symbol": "A02", "place": 2}).json() == {"ok": True}
    assert symbols_of(ada) == before


def test_a_form_removes_a_symbol(browser, ada):
    response = browser.post("/watchlist/remove/", {"symbol": "A00"})
    assert (response.status_code, response.url) == (303, "/")
    assert "A00" not in symbols_of(ada)


def test_a_page_that_offers_to_undo_reloads_itself_late(browser, ada):
    browser.post("/watchlist/remove/", {"symbol": "A03"})
    pages = [browser.get("/polling/", {"interval": "1"}).context for _ in range(2)]
    assert [(page["interval_s"], page["reload_s"]) for page in pages] == [(1, 30), (1, 1)]


def test_a_removal_by_a_form_can_be_undone_by_one(browser, ada):
    before = symbols_of(ada)
    browser.post("/watchlist/remove/", {"symbol": "A03"})
    removed = browser.get("/").context["removed"]
    assert removed == {"symbol": "A03", "place": before.index("A03"), "list": ""}
    assert browser.get("/").context["removed"] is None
    undo = browser.post("/watchlist/add/", removed | {"undo": "1"}, follow=True)
    assert [str(said) for said in undo.context["messages"]] == ["A03 is back on the list."]
    assert symbols_of(ada) == before


@pytest.mark.parametrize(
    ("address", "sent", "text"),
    [
        ("/watchlist/add/", {"symbol": "A03", "undo": "1"}, "Nothing was undone: A03 is on"),
        ("/watchlist/add/", {"symbol": "GONE", "undo": "1"}, "no instrument is called 'GONE'"),
        ("/watchlist/remove/", {"symbol": "A27"}, "A27 was not on the list."),
    ],
)
def test_where_nothing_is_undone_it_is_said(browser, address, sent, text):
    said = browser.post(address, sent, follow=True).context
    assert [str(message)[: len(text)] for message in said["messages"]] == [text]
    assert said["removed"] is None


def test_a_script_hears_of_an_undo_only_when_nothing_was_undone(browser):
    assert as_script(browser, "watchlist_remove", {"symbol": "A03"}).json() == {"ok": True}
    assert browser.get("/").context["removed"] is None
    sent = {"symbol": "A03", "place": "3", "undo": "1"}
    assert as_script(browser, "watchlist_add", sent).json() == {"ok": True}
    assert as_script(browser, "watchlist_add", sent).json()["message"].startswith("Nothing was")


def test_a_script_gets_json(browser, ada):
    response = as_script(browser, "watchlist_add", {"symbol": "A27"})
    assert (response.status_code, response.json()) == (200, {"ok": True})
    assert response["Cache-Control"] == "no-store"
    assert as_script(browser, "watchlist_remove", {"symbol": "A27"}).json() == {"ok": True}
    assert "A27" not in symbols_of(ada)


def test_notifications_are_read_one_by_one_or_all(browser, ada):
    for _ in range(3):
        notify(ada)
    ids = list(Notification.objects.values_list("pk", flat=True))
    assert as_script(browser, "notifications_read", {"id": ids[:2]}).json() == {"ok": True}
    assert personal_of([ada.pk])[ada.pk].unread == 1
    assert browser.post("/notifications/read/").status_code == 303
    assert personal_of([ada.pk])[ada.pk].unread == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("edit", "sent", "status", "name"),
    [
        ("watchlist_add", {"symbol": "NOPE"}, 404, "bad_parameters"),
        ("watchlist_add", {"symbol": ""}, 400, "bad_parameters"),
        ("watchlist_add", {}, 400, "bad_parameters"),
        ("watchlist_add", {"symbol": "A\x0014"}, 400, "bad_parameters"),
        ("watchlist_add", {"symbol": "x" * 9999}, 400, "bad_parameters"),
        ("watchlist_add", {"symbol": " ,; "}, 400, "bad_parameters"),
        ("watchlist_add", {"symbol": "A27 " + "x" * 25}, 400, "bad_parameters"),
        ("watchlist_add", {"symbol": "A27 A\x0026"}, 400, "bad_parameters"),
        ("watchlist_add", {"symbol": "A27 " * 2001}, 400, "bad_parameters"),
        ("watchlist_add", {"symbol": "A27", "place": "-1"}, 400, "bad_parameters"),
        ("watchlist_add", {"symbol": "A27", "place": "x"}, 400, "bad_parameters"),
        ("watchlist_add", {"symbol": "N0 N1 N2 N3 N4 N5 N6"}, 404, "bad_parameters"),
        ("watchlist_remove", {}, 400, "bad_parameters"),
        ("notifications_read", {"id": "x"}, 400, "bad_parameters"),
        ("notifications_read", {"id": ["1", ""]}, 400, "bad_parameters"),
        ("notifications_read", {"id": "-1"}, 400, "bad_parameters"),
        ("notifications_read", {"id": "9" * 30}, 400, "bad_parameters"),
        ("notifications_read", {"id": "9" * 5000}, 400, "bad_parameters"),
        ("notifications_read", {"id": list(range(1, 600))}, 400, "bad_parameters"),
    ],
)
def test_a_wrong_edit_is_refused_with_the_error_of_the_wire(browser, ada, edit, sent, status, name):
    notify(ada)
    before = symbols_of(ada)
    response = as_script(browser, edit, sent)
    error = response.json()["error"]
    assert (response.status_code, error["name"], error["retry"]) == (status, name, False)
    assert len(error["message"]) < 200
    assert symbols_of(ada) == before
    assert personal_of([ada.pk])[ada.pk].unread == 1


def test_a_full_watchlist_is_refused(browser, monkeypatch):
    monkeypatch.setattr(watchlists, "WATCHLIST_LIMIT", DEFAULT_WATCHLIST)
    response = as_script(browser, "watchlist_add", {"symbol": "A27"})
    assert (response.status_code, response.json()["error"]["name"]) == (409, "too_many_symbols")


def test_a_wrong_form_comes_back_with_a_message(browser):
    response = browser.post("/watchlist/add/", {"symbol": "NOPE", "next": "/polling/"})
    assert (response.status_code, response.url) == (303, "/polling/")
    said = [str(message) for message in response.wsgi_request._messages]
    assert said == ["no instrument is called 'NOPE'"]


@pytest.mark.slow
@every_edit
@pytest.mark.parametrize(
    "page",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example",
        "http:///evil.example",
        "https://testserver@evil.example/",
        "javascript:alert(1)",
        "\\\\evil.example",
        "/\\evil.example",
        " //evil.example",
        "/\t/evil.example",
        "ftp://testserver/",
    ],
)
def test_nobody_is_sent_to_another_site(browser, edit, page):
    response = browser.post(reverse(edit), {"symbol": "A27", "next": page})
    assert response.status_code == 303
    assert response.url in ("/", page.strip())
    assert "evil" not in response.url
    assert response.url == "/"


def test_an_address_of_our_own_is_gone_to_in_full(browser):
    sent = {"symbol": "A27", "next": "http://testserver/polling/"}
    assert browser.post("/watchlist/add/", sent).url == sent["next"]


@every_edit
def test_an_edit_by_get_is_not_an_edit(browser, edit):
    assert browser.get(reverse(edit), {"symbol": "A27"}).url == reverse("dashboard")
    assert not Watchlist.objects.filter(entries__isnull=False).exists()


@every_edit
def test_an_edit_from_another_site_is_refused(ada, edit):
    notify(ada)
    watchlists.watchlist_of(ada)
    before = personal_of([ada.pk])
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)
    assert client.post(reverse(edit), {"symbol": "A00"}).status_code == 403
    assert as_script(client, edit, {"symbol": "A27"}).status_code == 403
    assert personal_of([ada.pk]) == before


def test_an_edit_with_the_token_of_the_page_is_taken(ada):
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)
    token = client.get("/accounts/logout/").cookies["csrftoken"].value
    headers = {"accept": "application/json", "x-csrftoken": token}
    response = client.post("/watchlist/add/", {"symbol": "A27"}, headers=headers)
    assert response.json() == {"ok": True}


@every_edit
def test_strangers_edit_nothing(edit):
    response = Client().post(reverse(edit), {"symbol": "A27", "next": "/polling/"})
    assert response.status_code == 302
    assert response.url == "/accounts/login/?next=/polling/"
    refused = as_script(Client(), edit, {"symbol": "A27"})
    assert (refused.status_code, refused.json()["error"]["name"]) == (401, "signed_out")
    assert not Watchlist.objects.exists()


@every_edit
def test_somebody_deactivated_edits_nothing(browser, ada, edit):
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert as_script(browser, edit, {"symbol": "A27"}).status_code == 401
    assert not Watchlist.objects.exists()


def test_edits_touch_no_rows_of_others(browser):
    bob = User.objects.create_user("bob")
    notify(bob)
    watchlists.watchlist_of(bob)
    before = personal_of([bob.pk])
    (note,) = Notification.objects.all()
    as_script(browser, "watchlist_add", {"symbol": "A27"})
    as_script(browser, "watchlist_remove", {"symbol": "A00"})
    assert as_script(browser, "notifications_read", {"id": note.pk}).json() == {"ok": True}
    as_script(browser, "notifications_read")
    assert personal_of([bob.pk]) == before


# --- the transport lab ---


def test_the_lab_is_for_the_signed_in():
    answer = Client().get(reverse("lab"))
    assert answer.status_code == 302
    assert reverse("account_login") in answer.url


def test_the_lab_begins_with_the_watchlist(browser, ada):
    answer = browser.get(reverse("lab"))
    assert answer.content.decode() == f"lab {','.join(personal_of([ada.pk])[ada.pk].watchlist)}"
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_costs_are_for_the_signed_in():
    answer = Client().get(reverse("lab_costs"))
    assert answer.status_code == 401
    assert answer.json()["error"]["name"] == "signed_out"
    assert "no-store" in answer.headers["Cache-Control"]


def test_the_costs_of_every_transport_are_shown(browser):
    answer = browser.get(reverse("lab_costs"))
    costs = answer.json()
    assert costs["transports"].keys() == {"websocket", "sse", "longpoll", "poll"}
    assert costs["process_cpu_s"] > 0
    assert costs["ts"] > 0
    assert "no-store" in answer.headers["Cache-Control"]


def test_the_length_of_the_header_that_was_sent_is_shown(browser):
    """A page cannot see its own header; it takes the length for that of its other requests."""
    short = browser.get(reverse("lab_costs")).json()["request_header_bytes"]
    long = browser.get(reverse("lab_costs"), HTTP_X_LONG="12345").json()["request_header_bytes"]
    assert long - short == len("X-Long: 12345\r\n")


def test_the_costs_are_only_read(browser):
    assert browser.post(reverse("lab_costs")).status_code == 405
