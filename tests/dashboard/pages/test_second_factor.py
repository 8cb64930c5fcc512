"""The pages of second factors: where staff are led, and that the code that adds an app is spent."""

import time
from types import SimpleNamespace

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpResponse
from django.test import Client

from dashboard.pages.second_factor import SecondFactorMiddleware, _page_for
from dashboard.people.second_factor import has_shown, spend
from tests.support.codes import PERIOD_S, code_of

pytestmark = pytest.mark.django_db
KEY = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
ROOT = "/accounts/second-factor/"
RECORDS = "account_authentication_methods"
"""allauth's name in a session for how, and when, somebody said who they are."""


@pytest.fixture
def now_s(monkeypatch):
    """A time that stands, so that no code ends in the middle of a test."""
    now_s = time.time() // PERIOD_S * PERIOD_S + 1
    monkeypatch.setattr(time, "time", lambda: now_s)
    return now_s


@pytest.fixture
def adding(ada, now_s):
    """A browser that has shown the password, and the key of the app that it is about to add."""
    client = Client()
    client.force_login(ada)
    session = client.session
    session[RECORDS] = [{"method": "password", "at": now_s, "username": "ada"}]
    session[SECRET_SESSION_KEY] = KEY
    session.save()
    return client


def test_the_code_that_adds_an_app_counts_as_shown_and_never_again(adding, ada, bob):
    Authenticator.objects.create(user=bob, type="totp", data={"secret": "of bob"})
    assert not has_shown(adding.session, ada)
    answer = adding.post(f"{ROOT}app/activate/", {"code": code_of(KEY)})
    assert (answer.status_code, answer.url) == (302, f"{ROOT}codes/")
    app = Authenticator.objects.get(user=ada, type="totp")
    assert not spend(app)
    assert has_shown(adding.session, ada)
    record = adding.session[RECORDS][-1]
    assert (record["method"], record["type"], record["id"]) == ("mfa", "totp", app.pk)
    assert record["reauthenticated"] is True


def test_a_wrong_code_adds_no_app(adding):
    answer = adding.post(f"{ROOT}app/activate/", {"code": "000000"})
    assert answer.context["form"].errors
    assert not Authenticator.objects.exists()


def test_the_picture_of_a_key_is_drawn_while_its_app_is_added(adding):
    picture = adding.get(f"{ROOT}app/picture.svg")
    assert (picture.status_code, picture["Content-Type"]) == (200, "image/svg+xml")
    assert picture["Cache-Control"] == "no-store"
    assert b"<svg" in picture.content
    assert adding.post(f"{ROOT}app/picture.svg").status_code == 405
    session = adding.session
    del session[SECRET_SESSION_KEY]
    session.save()
    assert adding.get(f"{ROOT}app/picture.svg").status_code == 404


@pytest.mark.parametrize(
    ("types", "page"),
    [
        (set(), f"{ROOT}?needed=1"),
        ({"totp"}, f"{ROOT}reauthenticate/?next=%2Fa%3Fb%3D1"),
        ({"totp", "webauthn"}, f"{ROOT}reauthenticate/?next=%2Fa%3Fb%3D1"),
        ({"webauthn"}, f"{ROOT}passkeys/reauthenticate/?next=%2Fa%3Fb%3D1"),
    ],
)
def test_each_is_led_to_the_factor_they_have(types, page):
    assert _page_for(types, "/a?b=1") == page


@pytest.mark.parametrize(
    ("types", "open_pages"),
    [
        ([], {"mfa_index", "mfa_add_webauthn", "account_reauthenticate", "version"}),
        (
            ["recovery_codes"],
            {"mfa_index", "mfa_add_webauthn", "account_reauthenticate", "version"},
        ),
        (["webauthn"], {"mfa_reauthenticate", "mfa_reauthenticate_webauthn", "version"}),
    ],
)
def test_staff_get_the_pages_of_a_factor_and_are_led_away_from_others(
    rf, settings, ada, types, open_pages
):
    settings.MARKET_STAFF_SECOND_FACTOR = True
    for kind in types:
        Authenticator.objects.create(user=ada, type=kind, data={})
    request = rf.get("/a?b=1")
    request.user, request.session = ada, SessionBase()
    asked = SecondFactorMiddleware(lambda request: HttpResponse()).process_view

    def is_open(name):
        request.resolver_match = SimpleNamespace(url_name=name)
        return asked(request) is None

    names = ("mfa_index", "mfa_add_webauthn", "account_reauthenticate", "mfa_reauthenticate")
    names += ("mfa_reauthenticate_webauthn", "version", "account_tokens", None)
    assert {name for name in names if is_open(name)} == set(names)
    ada.is_staff = True
    assert {name for name in names if is_open(name)} == open_pages
    led = asked(request).url
    assert led == (
        f"{ROOT}passkeys/reauthenticate/?next=%2Fa%3Fb%3D1"
        if "webauthn" in types
        else f"{ROOT}?needed=1"
    )
    request.resolver_match = None
    assert asked(request).url == led
