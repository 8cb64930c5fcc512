"""The page of alerts: own rows only, and forms that say what is wrong."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from dashboard.alerts import services
from dashboard.alerts.rules import Condition, Kind
from dashboard.alerts.services import AlertFacts, make_alert
from dashboard.models import Alert, Notification
from dashboard.pages import alerts
from dashboard.personal.watchlist_lines import watchlist_of
from dashboard.personal.watchlists import create_watchlist, delete_watchlist
from feeds.clock import ms_of
from feeds.models import Feed, Instrument, StoredBar

pytestmark = pytest.mark.django_db
PAGE = "/alerts/"
FORM = {
    "symbol": "nvx",
    "kind_0": "above",
    "value_0": "100.5",
    "match": "all",
    "frequency": "once",
    "cooldown_s": "60",
    "hysteresis_percent": "0.1",
    "ends": "30",
    "name": "breakout",
}
JSON = {"accept": "application/json"}
ACTIONS = ("pause", "resume", "snooze", "wake", "delete")


@pytest.fixture(autouse=True)
def nvx():
    feed = Feed.objects.create(slug="demo", name="Demo Exchange")
    return Instrument.objects.create(
        feed=feed, symbol="NVX", name="Novexa", sector="Energy", reference_price=Decimal(10)
    )


def alert_of(user: User) -> Alert:
    conditions = (Condition(Kind.ABOVE, Decimal(100)),)
    return make_alert(user, AlertFacts(symbol="NVX", conditions=conditions))


def test_an_alert_is_made_and_listed(browser, ada):
    assert browser.post(PAGE, FORM).status_code == 303
    alert = Alert.objects.get(user=ada)
    assert alert.instrument.symbol == "NVX"
    page = browser.get(PAGE).content.decode()
    assert "NVX is above 100.5" in page
    assert "breakout" in page


def test_the_first_condition_is_needed_and_others_may_be_none(browser):
    fields = browser.get(PAGE).context["form"].fields
    for index in range(3):
        values = [value for value, _ in fields[f"kind_{index}"].choices]
        assert ("" in values, fields[f"kind_{index}"].required) == (index > 0, index == 0)


def test_what_is_new_is_counted_from_the_newest_notification_of_ones_own(browser, ada):
    assert browser.get(PAGE).context["newest"] == 0
    own = [Notification.objects.create(user=ada, title=title) for title in ("old", "new")]
    Notification.objects.create(user=User.objects.create_user("eve"), title="of another")
    assert browser.get(PAGE).context["newest"] == own[-1].pk


@pytest.mark.parametrize(
    ("more", "is_open"),
    [({}, False), ({"kind_1": "halt"}, True), ({"kind_2": "below"}, True)],
)
def test_more_conditions_are_open_when_there_are_some(browser, more, is_open):
    page = browser.post(PAGE, FORM | more | {"forecast": "1"}).content.decode()
    assert ('<details class="alert-more" open>' in page) is is_open
    assert ('<details class="alert-more">' in page) is not is_open


def test_a_line_leads_to_its_instrument_and_says_what_it_waits_for(browser, ada):
    alert = alert_of(ada)
    chosen, _ = create_watchlist(ada, "Rivers")
    browser.post(PAGE, {**FORM, "symbol": "", "list_id": str(chosen)})
    page = browser.get(PAGE).content.decode()
    assert '<li data-state="active" data-symbol="NVX" data-target="100">' in page
    assert '<a href="/i/NVX/">Open NVX</a>' in page
    assert f'<a href="/?list={chosen}">Open the list</a>' in page
    assert page.count("data-target") == 1
    services.pause_alert(alert)
    paused = browser.get(PAGE).content.decode()
    assert 'data-symbol="NVX"' in paused
    assert "data-target" not in paused


@pytest.mark.parametrize(
    ("prices", "figures"),
    [
        ({"NVX": Decimal("1250.50")}, ("1,250.50", "100", "\u221292.00%")),
        ({"ORB": Decimal(100)}, ("\u2013", "100", "\u2013")),
    ],
)
def test_a_line_has_the_last_price_and_how_far_the_target_is(ada, prices, figures):
    row = alerts._row(alert_of(ada), prices)
    assert (row.symbol, row.last, row.target, row.distance) == ("NVX", *figures)
    assert (row.frequency, row.firings, row.is_snoozed) == ("Once", [], False)


@pytest.mark.parametrize(
    ("target", "price", "text"),
    [
        ("103", "100", "+3.00%"),
        ("103", "206", "\u221250.00%"),
        ("103", "103.000001", "0.00%"),
        ("103", None, "\u2013"),
        (None, "100", "\u2013"),
    ],
)
def test_a_distance_is_in_percent_of_the_price(target, price, text):
    """The same as in tests/js/screen/alerts/alert_list.test.js."""
    numbers = [None if number is None else Decimal(number) for number in (target, price)]
    assert alerts._distance(*numbers) == text


def test_an_alert_on_a_list_names_it_and_keeps_it(browser, ada):
    watchlist_of(ada)
    chosen, _ = create_watchlist(ada, "Rivers & <Lakes>")
    form = browser.get(f"{PAGE}?list={chosen}").context["form"]
    assert form["list_id"].value() == str(chosen)
    answer = browser.post(PAGE, {**FORM, "symbol": "", "list_id": str(chosen)})
    assert answer.status_code == 303
    alert = Alert.objects.get(user=ada)
    assert (alert.instrument, alert.watchlist_id) == (None, chosen)
    assert "Any symbol of Rivers &amp; &lt;Lakes&gt; is above" in browser.get(PAGE).content.decode()
    changed = browser.get(f"{PAGE}{alert.pk}/").context["form"]
    assert changed["list_id"].value() == chosen
    delete_watchlist(ada, chosen)
    assert "Any symbol of a deleted list" in browser.get(PAGE).content.decode()


@pytest.mark.parametrize("wrong", ["99", "x", "9" * 30, "-1"])
def test_a_list_that_is_not_ones_own_is_refused_at_its_field(browser, ada, wrong):
    theirs, _ = create_watchlist(User.objects.create_user("bob"), "Theirs")
    for chosen in (wrong, str(theirs)):
        answer = browser.post(PAGE, {**FORM, "symbol": "", "list_id": chosen})
        assert "list_id" in answer.context["form"].errors
        assert browser.get(f"{PAGE}?list={chosen}").status_code == 200
    assert not Alert.objects.filter(user=ada).exists()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"symbol": "QQQ"}, "symbol"),
        ({"kind_0": ""}, "kind_0"),
        ({"value_0": ""}, "value_0"),
        ({"value_0": "0"}, "value_0"),
        ({"value_0": "-1"}, "value_0"),
        ({"kind_0": "rises", "value_0": "1001"}, "value_0"),
        ({"kind_1": "below"}, "value_1"),
        ({"hysteresis_percent": "51"}, "hysteresis_percent"),
        ({"ends": "2"}, "ends"),
    ],
)
def test_a_wrong_form_makes_no_alert(browser, wrong, field):
    form = browser.post(PAGE, FORM | wrong).context["form"]
    assert field in form.errors
    assert not Alert.objects.exists()


def test_a_form_may_be_about_several_conditions_and_the_whole_list(browser):
    several = {"symbol": "", "kind_1": "rises", "value_1": "2", "window_s_1": "900"}
    assert browser.post(PAGE, FORM | several | {"kind_2": "halt"}).status_code == 303
    alert = Alert.objects.get()
    assert alert.instrument is None
    assert [each["kind"] for each in alert.conditions] == ["above", "rises", "halt"]
    assert alert.conditions[1]["window_s"] == 900


def test_an_alert_is_changed_and_keeps_its_end(browser, ada):
    browser.post(PAGE, FORM)
    alert = Alert.objects.get()
    page = browser.get(f"{PAGE}{alert.pk}/").content.decode()
    assert 'value="100.5"' in page
    browser.post(f"{PAGE}{alert.pk}/", FORM | {"value_0": "101", "ends": "keep"})
    changed = Alert.objects.get()
    assert changed.conditions[0]["value"] == "101"
    assert (changed.expires_at, changed.pk) == (alert.expires_at, alert.pk)


def test_each_button_does_what_it_says(browser, ada):
    alert = alert_of(ada)
    for action, state in (("pause", "paused"), ("resume", "active")):
        browser.post(f"{PAGE}{alert.pk}/{action}/")
        alert.refresh_from_db()
        assert alert.state == state
    browser.post(f"{PAGE}{alert.pk}/snooze/")
    alert.refresh_from_db()
    assert alert.snoozed_until > timezone.now()
    browser.post(f"{PAGE}{alert.pk}/wake/")
    alert.refresh_from_db()
    assert alert.snoozed_until is None
    browser.post(f"{PAGE}{alert.pk}/delete/")
    assert not Alert.objects.exists()


@pytest.mark.parametrize("action", ["", *(f"{action}/" for action in ACTIONS)])
def test_nobody_touches_the_alerts_of_another(browser, action):
    alert = alert_of(User.objects.create_user("bob"))
    assert browser.post(f"{PAGE}{alert.pk}/{action}", FORM).status_code == 404
    assert browser.get(PAGE).content.decode().count("NVX is above") == 0
    alert.refresh_from_db()
    assert alert.state == "active"


@pytest.mark.parametrize("address", [PAGE, f"{PAGE}1/", f"{PAGE}1/pause/"])
def test_nobody_gets_there_without_signing_in(address):
    for answer in (Client().get(address), Client().post(address)):
        assert answer.status_code == 302
        assert answer.url.startswith("/accounts/login/")


def test_no_link_changes_anything(browser, ada):
    alert = alert_of(ada)
    assert browser.get(f"{PAGE}{alert.pk}/delete/").url == PAGE
    assert Alert.objects.filter(pk=alert.pk).exists()
    assert browser.post(f"{PAGE}{alert_of(ada).pk}/explode/").status_code == 404


def test_a_full_quota_is_an_error_of_the_form(browser, ada, monkeypatch):
    monkeypatch.setattr(services, "ALERTS_PER_USER", 1)
    alert_of(ada)
    assert browser.post(PAGE, FORM).context["form"].non_field_errors()


def store_bars(instrument: Instrument, *closes: int) -> None:
    now_ms = ms_of(timezone.now()) // 60_000 * 60_000
    StoredBar.objects.bulk_create(
        StoredBar(
            instrument=instrument, interval="1m", start_ms=now_ms - 60_000 * (len(closes) - index),
            open=close, high=close, low=close, close=close, volume=10, trades=1, recorded_ms=1,
        )
        for index, close in enumerate(closes)
    )  # fmt: skip


def test_a_form_says_how_often_it_would_have_fired(browser, nvx):
    store_bars(nvx, 10_000, 10_100, 9_900, 10_100, 9_900)
    asked = FORM | {"frequency": "every_time", "cooldown_s": "10", "forecast": "1"}
    answer = browser.post(PAGE, asked)
    assert answer.context["forecast"] == "Would have fired about 2 times in the last 5 min."
    assert len(answer.context["places"]) == 2
    assert answer.context["chart"].startswith("/i/NVX/?forecast=1&symbol=nvx&")
    assert "kind_0=above&value_0=100.5" in answer.context["chart"]
    assert not Alert.objects.exists()


@pytest.mark.parametrize("asked", [{"symbol": ""}, {"kind_0": "halt"}, {"symbol": "QQQ"}, {}])
def test_a_forecast_that_nobody_can_make_says_why(browser, asked):
    assert "o" in browser.post(PAGE, FORM | asked | {"forecast": "1"}).context["forecast"]


def test_a_forecast_shows_nothing_to_those_without_the_right(browser, nvx):
    store_bars(nvx, 10_000, 10_100)
    Feed.objects.update(is_restricted=True)
    answer = browser.post(PAGE, FORM | {"forecast": "1"})
    assert answer.context["forecast"] == "No instrument is called NVX."


def test_bars_whose_trades_were_all_cancelled_forecast_nothing(browser, nvx):
    store_bars(nvx, 10_000)
    StoredBar.objects.update(trades=0)
    answer = browser.post(PAGE, FORM | {"forecast": "1"})
    assert answer.context["forecast"] == "No bars of NVX are stored yet, so there is no forecast."


LINES = "/alerts/lines/"


def lines_of(browser: Client, symbol: str = "NVX") -> list[dict]:
    return browser.get(LINES, {"symbol": symbol}).json()["data"]


def test_the_prices_of_active_alerts_are_lines(browser, ada, nvx):
    eve = User.objects.create_user("eve", password="correct horse battery")
    alert_of(eve)
    several = (
        Condition(Kind.CROSSES_DOWN, Decimal("99.5")),
        Condition(Kind.RISES, Decimal(2), 300),
        Condition(Kind.BELOW, Decimal("0.25")),
    )
    alert = make_alert(ada, AlertFacts(symbol="NVX", conditions=several))
    services.pause_alert(alert_of(ada))
    assert lines_of(browser, " nvx ") == [
        {"alert": alert.pk, "index": 0, "kind": "crosses_down", "price": 99.5},
        {"alert": alert.pk, "index": 2, "kind": "below", "price": 0.25},
    ]
    assert lines_of(browser, "QQQ") == []


def test_a_moved_line_changes_the_alert_and_nothing_else_of_it(browser):
    browser.post(PAGE, FORM | {"kind_1": "rises", "value_1": "2"})
    before = Alert.objects.get()
    sent = {"alert": before.pk, "index": 0, "price": "101.25"}
    assert browser.post(f"{LINES}move/", sent, headers=JSON).json() == {"ok": True}
    after = Alert.objects.get()
    assert [each["value"] for each in after.conditions] == ["101.25", "2"]
    assert (after.name, after.expires_at) == (before.name, before.expires_at)
    assert after.revision > before.revision


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"price": "0"}, 400),
        ({"price": "-1"}, 400),
        ({"price": "nan"}, 400),
        ({"price": "1e30"}, 400),
        ({"price": ""}, 400),
        ({"index": "3"}, 400),
        ({"index": "-1"}, 400),
        ({"index": "1"}, 404),
        ({"index": "2"}, 404),
        ({"alert": "999"}, 404),
        ({"alert": str(2**70)}, 400),
    ],
)
def test_a_line_that_cannot_be_moved_stays(browser, wrong, status):
    browser.post(PAGE, FORM | {"kind_1": "rises", "value_1": "2"})
    alert = Alert.objects.get()
    sent = {"alert": alert.pk, "index": 0, "price": "101"} | wrong
    assert browser.post(f"{LINES}move/", sent, headers=JSON).status_code == status
    assert Alert.objects.get().conditions == alert.conditions


def test_the_line_of_another_person_is_not_moved(browser):
    eve = User.objects.create_user("eve", password="correct horse battery")
    alert = alert_of(eve)
    sent = {"alert": alert.pk, "index": 0, "price": "101"}
    assert browser.post(f"{LINES}move/", sent, headers=JSON).status_code == 404
    assert Alert.objects.get().conditions[0]["value"] == "100"


def test_the_line_of_an_instrument_that_is_not_seen_any_more_stays(browser, ada, nvx):
    alert = alert_of(ada)
    Feed.objects.update(is_restricted=True)
    sent = {"alert": alert.pk, "index": 0, "price": "101"}
    assert browser.post(f"{LINES}move/", sent, headers=JSON).status_code == 404
    assert Alert.objects.get().conditions[0]["value"] == "100"
    new = {"symbol": "NVX", "kind": "above", "price": "120"}
    assert browser.post(f"{LINES}make/", new, headers=JSON).status_code == 404
    assert Alert.objects.count() == 1


def test_a_price_of_the_chart_becomes_an_alert_as_the_form_suggests(browser, monkeypatch):
    sent = {"symbol": "nvx", "kind": "below", "price": "9.75"}
    assert browser.post(f"{LINES}make/", sent, headers=JSON).json() == {"ok": True}
    alert = Alert.objects.get()
    assert alert.conditions == [{"kind": "below", "value": "9.75", "window_s": 0}]
    assert (alert.frequency, alert.cooldown_s, str(alert.hysteresis_percent)) == (
        "once",
        60,
        "0.100",
    )
    assert 29 <= (alert.expires_at - timezone.now()).days <= 30
    for wrong in ({"kind": "rises"}, {"symbol": ""}, {"price": "0"}):
        assert browser.post(f"{LINES}make/", sent | wrong, headers=JSON).status_code == 400
    monkeypatch.setattr(services, "ALERTS_PER_USER", 1)
    answer = browser.post(f"{LINES}make/", sent, headers=JSON)
    assert (answer.status_code, "1 alerts" in answer.json()["error"]["message"]) == (409, True)


def test_lines_are_only_for_people_who_are_signed_in():
    assert Client().get(LINES, {"symbol": "NVX"}).status_code == 401
    for action in ("move", "make"):
        assert Client().post(f"{LINES}{action}/", headers=JSON).status_code == 401
