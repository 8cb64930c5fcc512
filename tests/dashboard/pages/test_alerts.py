"""The page of alerts: own rows only, and forms that say what is wrong."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from dashboard.alerts import services
from dashboard.alerts.rules import Condition, Kind
from dashboard.alerts.services import AlertFacts, make_alert
from dashboard.models import Alert
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
ACTIONS = ("pause", "resume", "snooze", "wake", "delete")


@pytest.fixture(autouse=True)
def nvx():
    feed = Feed.objects.create(slug="demo", name="Demo Exchange")
    return Instrument.objects.create(
        feed=feed, symbol="NVX", name="Novexa", sector="Energy", reference_price=Decimal(10)
    )


@pytest.fixture
def ada():
    return User.objects.create_user("ada", password="correct horse battery")


@pytest.fixture
def browser(ada):
    client = Client()
    client.force_login(ada)
    return client


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
    assert browser.get(f"{PAGE}{alert_of(ada).pk}/delete/").status_code == 405
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
