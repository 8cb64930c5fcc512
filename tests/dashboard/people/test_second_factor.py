"""Second factors: what a sign-in asks for, that codes count once, and what staff must show."""

import time

import pytest
from allauth.core.context import request_context
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from asgiref.sync import async_to_sync
from django.conf import settings as site
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.test import Client, RequestFactory

from dashboard.people import second_factor
from dashboard.people.admission import SIGNED_OUT, identify
from feeds.models import AuditEntry
from tests.support.codes import PERIOD_S, code_of

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "correct horse battery"
KEY = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
ROOT = "/accounts/second-factor/"
LOGIN, CODE = "/accounts/login/", f"{ROOT}authenticate/"


class Watch:
    """A clock that stands until it is moved, so that no code ends in the middle of a test."""

    def __init__(self) -> None:
        self.now_s = (time.time() // PERIOD_S) * PERIOD_S + 1

    def time(self) -> float:
        return self.now_s


@pytest.fixture(autouse=True)
def watch(monkeypatch):
    watch = Watch()
    monkeypatch.setattr(time, "time", watch.time)
    return watch


@pytest.fixture
def ada():
    return User.objects.create_user("ada", password=PASSWORD)


def add_app(user):
    return TOTP.activate(user, KEY).instance


def sign_in(client, **options):
    return client.post(LOGIN, {"login": "ada", "password": PASSWORD}, **options)


def with_password():
    """Return a browser that has shown the right password."""
    client = Client()
    assert sign_in(client).url == CODE
    return client


def is_signed_in(client):
    return "_auth_user_id" in client.session


def show(client, code, **options):
    return client.post(CODE, {"code": code}, **options)


def come(client):
    """Return the identity of a socket with the session of a browser."""
    cookie = f"{site.SESSION_COOKIE_NAME}={client.cookies[site.SESSION_COOKIE_NAME].value}"
    headers = {"host": "localhost", "origin": "http://localhost", "cookie": cookie}
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    return async_to_sync(identify)({"scheme": "ws", "headers": pairs})


@pytest.mark.slow
def test_an_app_is_added_and_asked_for_at_the_next_sign_in(ada, watch):
    client = Client()
    sign_in(client)
    asked = client.get(f"{ROOT}app/activate/")
    assert asked.url.startswith("/accounts/reauthenticate/")
    client.post(asked.url, {"password": PASSWORD})
    page = client.get(f"{ROOT}app/activate/")
    key = page.context["form"].secret
    picture = client.get(f"{ROOT}app/picture.svg")
    assert picture["Content-Type"] == "image/svg+xml"
    assert picture["Cache-Control"] == "no-store"
    made = client.post(f"{ROOT}app/activate/", {"code": code_of(key)}, follow=True)
    assert len(made.context["unused_codes"]) == 10
    assert client.get(f"{ROOT}app/picture.svg").status_code == 404

    other = with_password()
    assert not is_signed_in(other)
    assert come(other) == SIGNED_OUT
    assert other.get("/").status_code == 302
    assert show(other, code_of(key)).context["form"].errors, "it added the app"
    watch.now_s += PERIOD_S
    show(other, code_of(key))
    assert is_signed_in(other)
    assert come(other).user_id == ada.pk


@pytest.mark.parametrize("form", [second_factor.CodeForm, second_factor.ConfirmForm])
def test_a_form_takes_a_code_once_in_its_period(ada, watch, form):
    add_app(ada)
    found = []
    with request_context(RequestFactory().post(CODE)):
        for later_s in (0, PERIOD_S - 2, 2):
            watch.now_s += later_s
            sent = form({"code": code_of(KEY)}, user=ada)
            found.append((sent.is_valid(), sent.cleaned_data.get("code") == code_of(KEY)))
    assert found == [(True, True), (False, False), (True, True)]


def test_a_period_is_spent_once_whoever_asks(ada, watch):
    app = add_app(ada)
    for later_s, is_new in ((0, True), (PERIOD_S - 2, False), (2, True), (-PERIOD_S, False)):
        watch.now_s += later_s
        assert second_factor.spend(app) is is_new
    assert Authenticator.objects.get().data["secret"]


def test_a_recovery_code_is_left_to_allauth(ada):
    codes = RecoveryCodes.activate(ada).instance
    assert second_factor.spend(codes)
    assert second_factor.spend(codes)


PASSKEY_FORMS = [
    (second_factor.PasskeyForm, "clean_credential"),
    (second_factor.PasskeyLoginForm, "clean_credential"),
    (second_factor.PasskeyConfirmForm, "clean_credential"),
    (second_factor.AddPasskeyForm, "clean"),
]


@pytest.mark.parametrize(("kind", "check"), PASSKEY_FORMS)
def test_a_form_takes_the_passkey_that_was_read_and_refuses_junk(monkeypatch, kind, check):
    form, read = kind.__new__(kind), {"credential": object()}
    monkeypatch.setattr(kind.__base__, check, lambda self: read)
    assert getattr(form, check)() is read

    def stumble(self):
        raise KeyError("response")

    monkeypatch.setattr(kind.__base__, check, stumble)
    with pytest.raises(ValidationError) as refusal:
        getattr(form, check)()
    assert refusal.value.code == "incorrect_code"


@pytest.mark.slow
@pytest.mark.parametrize("code", ["", "000000", "1" * 400, "12345٣", "\x00"])
def test_a_wrong_code_lets_nobody_in(ada, code):
    add_app(ada)
    client = with_password()
    assert show(client, code).context["form"].errors
    assert not is_signed_in(client)


@pytest.mark.slow
def test_a_code_counts_once_also_in_another_process(ada, watch):
    add_app(ada)
    code, first, second = code_of(KEY), with_password(), with_password()
    show(first, code)
    assert is_signed_in(first)
    cache.clear()  # the row of the app knows it as well
    assert show(second, code).context["form"].errors
    assert not is_signed_in(second)
    watch.now_s += PERIOD_S
    assert show(second, code).context["form"].errors
    show(second, code_of(KEY))
    assert is_signed_in(second)


@pytest.mark.slow
def test_a_code_that_was_used_does_not_say_that_it_is_you(ada):
    add_app(ada)
    client = with_password()
    show(client, code_of(KEY))
    answer = client.post(f"{ROOT}reauthenticate/", {"code": code_of(KEY)})
    assert answer.context["form"].errors


@pytest.mark.slow
def test_a_recovery_code_counts_once(ada):
    add_app(ada)
    code = RecoveryCodes.activate(ada).get_unused_codes()[3]
    first, second = with_password(), with_password()
    show(first, code)
    assert is_signed_in(first)
    assert show(second, code).context["form"].errors
    assert not is_signed_in(second)


@pytest.mark.slow
def test_after_five_wrong_codes_even_the_right_one_has_to_wait(ada):
    add_app(ada)
    client = with_password()
    for number in range(5):
        show(client, "000000", headers={"x-forwarded-for": f"10.0.0.{number}"})
    show(client, code_of(KEY), headers={"x-forwarded-for": "10.0.0.99"})
    assert not is_signed_in(client)
    elsewhere = Client(REMOTE_ADDR="203.0.113.5")
    sign_in(elsewhere)
    show(elsewhere, code_of(KEY))
    assert not is_signed_in(elsewhere), "guessers with many addresses would have many attempts"


@pytest.mark.slow
def test_nobody_removes_the_key_of_another(ada):
    bob = User.objects.create_user("bob")
    key = Authenticator.objects.create(user=bob, type="webauthn", data={"name": "key"})
    client = Client()
    sign_in(client)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    for answer in (client.get, client.post):
        assert answer(f"{ROOT}passkeys/{key.pk}/remove/").status_code == 404
    assert Authenticator.objects.filter(pk=key.pk).exists()


FURTHER_JUNK = (
    *("", "[]", "1", "null", '{"id": "x"}', '{"response": null}', '{"id": 1, "rawId": 2}'),
    '{"id":"eA","rawId":"eA","type":"public-key","response":{"userHandle":"MQ"}}',
)
JUNK = [
    "{}",
    '{"id":"eA","rawId":"eA","type":"public-key","response":{"clientDataJSON":"eA",'
    '"authenticatorData":"eA","attestationObject":"eA","signature":"eA","userHandle":"MQ"}}',
    *(pytest.param(text, marks=pytest.mark.slow) for text in FURTHER_JUNK),
]
"""Passkeys that no browser makes."""


@pytest.mark.slow
@pytest.mark.parametrize("credential", JUNK)
def test_a_passkey_that_makes_no_sense_lets_nobody_in(ada, credential):
    add_app(ada)
    stranger, halfway = Client(), with_password()
    stranger.get(f"{ROOT}passkeys/login/", headers={"accept": "application/json"})
    assert "challenge" in str(dict(stranger.session))
    halfway.get(CODE)
    for client, page in ((stranger, f"{ROOT}passkeys/login/"), (halfway, CODE)):
        assert client.post(page, {"credential": credential}).status_code in (200, 302)
        assert not is_signed_in(client)


@pytest.mark.slow
@pytest.mark.parametrize("credential", JUNK)
def test_a_passkey_that_makes_no_sense_is_not_added(ada, credential):
    client = Client()
    sign_in(client)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    client.get(f"{ROOT}passkeys/add/")
    answer = client.post(f"{ROOT}passkeys/add/", {"credential": credential, "name": "x"})
    assert answer.context["form"].errors
    assert not Authenticator.objects.exists()


# --- what staff must show -------------------------------------------------------------------
@pytest.fixture
def strict(settings):
    settings.MARKET_STAFF_SECOND_FACTOR = True


@pytest.fixture
def staff(ada):
    ada.is_staff = ada.is_superuser = True
    ada.save()
    return ada


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/", "/admin/", "/accounts/tokens/", "/admin/flightdeck/"])
@pytest.mark.parametrize("first", [LOGIN, "/admin/login/"])
def test_staff_without_a_factor_get_only_where_they_add_one(strict, staff, path, first):
    client = Client()
    client.get(first, follow=True)
    sign_in(client)
    assert client.get(path).url == f"{ROOT}?needed=1"
    assert client.post(path).url == f"{ROOT}?needed=1"
    assert "asks it of its staff" in client.get(f"{ROOT}?needed=1").content.decode()
    assert come(client) == SIGNED_OUT


@pytest.mark.slow
def test_staff_without_a_factor_can_add_one_and_sign_out(strict, staff):
    client = Client()
    sign_in(client)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = client.get(f"{ROOT}app/activate/")
    client.post(f"{ROOT}app/activate/", {"code": code_of(page.context["form"].secret)})
    assert client.get("/admin/").status_code == 200
    assert come(client).user_id == staff.pk
    client.post("/accounts/logout/")
    assert not is_signed_in(client)


def test_a_session_from_before_the_factor_has_to_show_it(strict, staff):
    client = Client()
    sign_in(client)
    add_app(staff)
    for path in ("/admin/", f"{ROOT}app/deactivate/", ROOT, f"{ROOT}codes/"):
        assert client.get(path).url.startswith(f"{ROOT}reauthenticate/?next=")
    assert come(client) == SIGNED_OUT


def test_the_record_of_another_account_does_not_count(strict, staff):
    add_app(staff)
    client = with_password()
    show(client, code_of(KEY))
    session = client.session
    names = [
        name for name in dict(session.items()) if name.startswith("account_") and "user" in name
    ]
    assert len(names) == 1
    session[names[0]] = "0"
    session.save()
    assert client.get("/admin/").status_code == 302


def test_everybody_else_needs_none(strict, ada):
    client = Client()
    sign_in(client)
    assert client.get("/accounts/tokens/").status_code == 200
    assert come(client).user_id == ada.pk


def test_without_the_setting_staff_need_none(staff):
    client = Client()
    sign_in(client)
    assert client.get("/admin/").status_code == 200


# --- admins ---------------------------------------------------------------------------------
def test_recovery_codes_go_with_the_last_factor_and_with_no_other(ada):
    root, bob, eve = (User.objects.create_user(name) for name in ("root", "bob", "eve"))
    for user in (ada, bob, eve):
        add_app(user)
        RecoveryCodes.activate(user)
    Authenticator.objects.create(user=bob, type="webauthn", data={"name": "key"})
    chosen = Authenticator.objects.filter(type="totp", user__in=[ada, bob])
    assert second_factor.remove_factors(chosen, actor=root) == 2
    left = Authenticator.objects.values_list("user__username", "type")
    assert set(left) == {
        ("bob", "recovery_codes"), ("bob", "webauthn"), ("eve", "totp"), ("eve", "recovery_codes"),
    }  # fmt: skip
    entries = AuditEntry.objects.order_by("target").values_list("target", "actor_name", "before")
    assert list(entries) == [
        ("user ada", "root", {"type": "totp"}),
        ("user bob", "root", {"type": "totp"}),
    ]
    assert second_factor.remove_factors(chosen, actor=root) == 0


@pytest.mark.parametrize(
    ("is_staff", "is_superuser", "wanted", "must"),
    [
        (True, False, True, True),
        (False, True, True, True),
        (False, False, True, False),
        (True, True, False, False),
    ],
)
def test_staff_and_superusers_must_show_one_where_the_site_says_so(
    settings, is_staff, is_superuser, wanted, must
):
    settings.MARKET_STAFF_SECOND_FACTOR = wanted
    user = User(is_staff=is_staff, is_superuser=is_superuser)
    assert second_factor.must_show(user) is must


@pytest.mark.parametrize(
    ("records", "whose", "has_shown"),
    [
        ([{"method": "password"}, {"method": "mfa", "type": "totp"}], "ada", True),
        ([{"method": "mfa", "type": "totp"}, {"method": "password"}], "ada", True),
        ([{"method": "mfa", "type": "totp"}], "bob", False),
        ([{"method": "password"}, {}], "ada", False),
        ([], "ada", False),
    ],
)
def test_a_factor_counts_in_the_session_of_who_has_shown_it(ada, bob, records, whose, has_shown):
    user = {"ada": ada, "bob": bob}[whose]
    session = {
        "account_authentication_methods": records,
        "account_authentication_methods_user": str(user.pk),
    }
    assert second_factor.has_shown(session, ada) is has_shown


@pytest.mark.slow
def test_an_admin_takes_a_lost_factor_away_and_sees_no_secret(ada):
    factor = add_app(ada)
    RecoveryCodes.activate(ada)
    root = Client()
    root.force_login(User.objects.create_superuser("root"))
    address = "/admin/mfa/authenticator/"
    for page in (root.get(address), root.get(f"{address}{factor.pk}/change/")):
        assert page.status_code == 200
        assert KEY not in page.content.decode()
    root.post(address, {"action": "remove", "_selected_action": [factor.pk]})
    assert not Authenticator.objects.exists()
    assert AuditEntry.objects.get(action="remove second factor").target == "user ada"


def test_staff_without_the_permission_take_no_factor_away(ada):
    factor = add_app(ada)
    helper = User.objects.create_user("helper", is_staff=True)
    helper.user_permissions.set(Permission.objects.filter(codename="view_authenticator"))
    client = Client()
    client.force_login(helper)
    form = {"action": "remove", "_selected_action": [factor.pk]}
    client.post("/admin/mfa/authenticator/", form)
    assert Authenticator.objects.filter(pk=factor.pk).exists()
