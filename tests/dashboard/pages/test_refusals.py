"""A request that is refused by its address is told the setting that cures it."""

import logging

import pytest
from django.contrib.auth.models import User
from django.test import Client

from dashboard.pages import refusals
from tests.support.log_lines import lines_of

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"
CURE = "MARKET_PUBLIC_ORIGINS"


@pytest.fixture
def form():
    """A browser with the sign-in form of this site, and the form's token."""
    client = Client(enforce_csrf_checks=True)
    client.get(LOGIN)
    return client, {"csrfmiddlewaretoken": client.cookies["csrftoken"].value}


def test_a_form_of_another_origin_names_the_setting(form) -> None:
    client, data = form
    refused = client.post(LOGIN, data, headers={"origin": "https://market.example.com"})
    assert refused.status_code == 403
    assert CURE in refused.content.decode()


def test_a_public_origin_may_send_forms(form, settings) -> None:
    client, data = form
    settings.CSRF_TRUSTED_ORIGINS = ["https://market.example.com"]
    answer = client.post(LOGIN, data, headers={"origin": "https://market.example.com"})
    assert answer.status_code == 200


def test_a_form_that_is_only_too_old_names_no_setting() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_user("ada"))
    refused = client.post("/accounts/logout/")
    assert refused.status_code == 403
    assert "too old" in refused.content.decode()
    assert CURE not in refused.content.decode()


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "", "a b", "\u00e5"])
def test_a_foreign_host_is_one_line_and_names_the_setting(host, caplog) -> None:
    with caplog.at_level(logging.WARNING):
        refused = Client(raise_request_exception=False).get(LOGIN, headers={"host": host})
    assert refused.status_code == 400
    assert CURE in refused.content.decode()
    [line] = lines_of(caplog, refusals)
    assert CURE in line
    assert line.isascii()


def test_the_log_has_no_traceback_of_a_foreign_host() -> None:
    assert not logging.getLogger("django.security.DisallowedHost").isEnabledFor(logging.ERROR)


@pytest.mark.slow
def test_another_bad_request_is_not_blamed_on_the_host(caplog) -> None:
    refused = Client(raise_request_exception=False).post(LOGIN, {f"a{n}": 1 for n in range(10_100)})
    assert refused.status_code == 400
    assert CURE not in refused.content.decode()
