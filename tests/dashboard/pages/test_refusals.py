"""A request that is refused for its address gets the setting that cures it."""

import json
import logging

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import (
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.db import InterfaceError, InternalError, OperationalError, ProgrammingError
from django.test import Client, RequestFactory

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
    assert (refused.status_code, refused["Content-Type"]) == (400, "text/plain")
    assert CURE in refused.content.decode()
    [line] = lines_of(caplog, refusals)
    assert CURE in line
    assert line.isascii()


def test_the_log_has_no_traceback_of_a_foreign_host() -> None:
    assert not logging.getLogger("django.security.DisallowedHost").isEnabledFor(logging.ERROR)


TEXT, SCRIPT = "text/html", "application/json"
LIMITS = (
    (TooManyFieldsSent(), "A form has at most 10,000 fields, and this one has more. "),
    (TooManyFilesSent(), "A form has at most 1,000 files, and this one has more. "),
    (RequestDataTooBig(), "A form has at most 2,621,440 bytes, and this one has more. "),
)


@pytest.mark.parametrize(("excess", "limit"), LIMITS)
def test_a_request_over_a_limit_hears_which(settings, excess, limit) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 1_000
    page = refusals.bad_request(RequestFactory().post("/", headers={"accept": TEXT}), excess)
    assert (page.status_code, page["Content-Type"]) == (400, "text/html; charset=utf-8")
    assert f"{limit}Nothing was changed." in page.content.decode()
    said = refusals.bad_request(RequestFactory().post("/", headers={"accept": SCRIPT}), excess)
    assert (said.status_code, said["Content-Type"]) == (400, "application/json")
    assert json.loads(said.content)["error"]["message"] == f"{limit}Nothing was changed."


def test_a_request_that_is_refused_for_something_else_names_no_limit() -> None:
    wrong = SuspiciousOperation("wrong")
    page = refusals.bad_request(RequestFactory().get("/", headers={"accept": TEXT}), wrong)
    assert (page.status_code, b"at most" in page.content) == (400, False)
    said = refusals.bad_request(RequestFactory().get("/", headers={"accept": SCRIPT}), wrong)
    assert json.loads(said.content)["error"] == {
        "code": 404, "name": "bad_parameters", "message": "the request cannot be read",
        "retry": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (OperationalError("database is locked"), 503),
        (InterfaceError("connection already closed"), 503),
        (InternalError("cannot execute INSERT in a read-only transaction"), 503),
        (InternalError("cache lookup failed"), 500),
        (ProgrammingError("no such column"), 500),
        (KeyError("x"), 500),
    ],
)
def test_only_a_database_that_cannot_be_used_is_to_be_asked_again(error, status) -> None:
    try:
        raise error
    except Exception:
        answer = refusals.server_error(RequestFactory().get("/"))
    finally:
        reason = refusals.writability.error
        refusals.writability.note("")
    assert answer.status_code == status
    assert ("Retry-After" in answer) is (status == 503)
    assert reason == (str(error) if status == 503 else "")


@pytest.mark.slow
def test_another_bad_request_is_not_blamed_on_the_host(caplog) -> None:
    refused = Client(raise_request_exception=False).post(LOGIN, {f"a{n}": 1 for n in range(10_100)})
    assert refused.status_code == 400
    assert CURE not in refused.content.decode()


@pytest.mark.slow
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
@pytest.mark.parametrize(
    ("sent", "limit"),
    [
        ({f"a{n}": "1" for n in range(10_001)}, "10,000 fields"),
        ({"_selected_action": [str(n) for n in range(10_001)]}, "10,000 fields"),
        ({"text": "x" * 3_000_000}, "2,621,440 bytes"),
    ],
)
@pytest.mark.parametrize(
    "page", [LOGIN, "/watchlist/add/", "/alerts/", "/admin/feeds/instrument/", "/lists/create/"]
)
def test_the_answer_to_a_form_over_a_limit_names_the_limit(
    admin_client, page, sent, limit, accept
) -> None:
    admin_client.raise_request_exception = False
    client = Client(raise_request_exception=False) if page == LOGIN else admin_client
    refused = client.post(page, sent, headers={"accept": accept})
    assert refused.status_code == 400
    assert f"at most {limit}" in refused.content.decode()
    if accept == "application/json":
        assert "Nothing was changed" in refused.json()["error"]["message"]
    else:
        assert "<h1>The request was refused</h1>" in refused.content.decode()


@pytest.mark.parametrize(
    ("accept", "is_error"),
    [("application/json", True), ("*/*", False), ("text/html,*/*;q=0.8", False), ("", False)],
)
def test_a_script_gets_words_that_it_can_show_while_the_database_fails(accept, is_error) -> None:
    request = RequestFactory().post("/watchlist/add/", headers={"accept": accept})
    try:
        raise OperationalError("database is locked")
    except OperationalError:
        answer = refusals.server_error(request)
    finally:
        refusals.writability.note("")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    wanted = "application/json" if is_error else "text/plain; charset=utf-8"
    assert (answer["Content-Type"], answer["Cache-Control"]) == (wanted, "no-store")
    text = json.loads(answer.content)["error"]["message"] if is_error else answer.content.decode()
    assert "Nothing was changed: try again" in text
    assert "locked" not in text
