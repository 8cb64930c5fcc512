"""Only people with an account and its password get in; many tries do not help."""

import pytest
from allauth.core.context import request_context
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.test import Client, RequestFactory

from dashboard.people.accounts import AccountAdapter

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"
PASSWORD = "correct horse battery"


@pytest.fixture
def ada():
    return User.objects.create_user("ada", password=PASSWORD)


def sign_in(client, name="ada", password=PASSWORD, **options):
    return client.post(LOGIN, {"login": name, "password": password}, **options)


def is_signed_in(client):
    return "_auth_user_id" in client.session


def errors_of(response):
    return response.context["form"].errors


def test_the_right_password_opens_the_dashboard(ada):
    client = Client()
    response = sign_in(client)
    assert (response.status_code, response.url) == (302, "/")
    assert is_signed_in(client)


def test_signing_in_leads_to_the_page_that_asked_for_it(ada):
    client = Client()
    response = client.post(f"{LOGIN}?next=/polling/", {"login": "ada", "password": PASSWORD})
    assert response.url == "/polling/"


@pytest.mark.parametrize("page", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_signing_in_never_leads_to_another_site(ada, page):
    client = Client()
    response = client.post(LOGIN, {"login": "ada", "password": PASSWORD, "next": page})
    assert (response.status_code, response.url) == (302, "/")


def test_signing_in_makes_a_new_session_key(ada):
    client = Client()
    client.session.save()
    planted = client.session.session_key
    client.cookies["sessionid"] = planted
    sign_in(client)
    assert client.session.session_key != planted


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(ada):
    wrong = sign_in(Client(), password="wrong")
    unknown = sign_in(Client(), name="nobody", password="wrong")
    assert wrong.status_code == unknown.status_code == 200
    assert errors_of(wrong)
    assert errors_of(wrong) == errors_of(unknown)


def test_a_wrong_password_and_an_unknown_name_cost_the_same_work(ada, monkeypatch):
    hashed = []
    encode = PBKDF2PasswordHasher.encode

    def count(self, password, *args, **options):
        hashed.append(password)
        return encode(self, password, *args, **options)

    monkeypatch.setattr(PBKDF2PasswordHasher, "encode", count)
    sign_in(Client(), password="wrong")
    assert len(hashed) == 1
    sign_in(Client(), name="nobody", password="wrong")
    assert len(hashed) == 2


@pytest.mark.slow
def test_after_five_failures_even_the_right_password_has_to_wait(ada):
    for _ in range(5):
        sign_in(Client(), password="wrong")
    client = Client()
    response = sign_in(client)
    assert "Too many failed login attempts" in str(errors_of(response))
    assert not is_signed_in(client)


def test_failures_of_one_account_from_one_address_are_forgotten(ada):
    places = (("ada", "::1"), ("ada", "203.0.113.5"), ("bob", "::1"))

    def is_refused(name, address):
        request = RequestFactory().post(LOGIN, REMOTE_ADDR=address)
        with request_context(request):
            try:
                AccountAdapter().pre_authenticate(request, username=name)
            except ValidationError:
                return True
            return False

    assert [is_refused(*place) for place in places * 5] == [False] * 15
    with request_context(RequestFactory().post(LOGIN, REMOTE_ADDR="::1")):
        AccountAdapter().forget_failures(ada)
    assert [is_refused(*place) for place in places] == [False, True, True]


@pytest.mark.slow
def test_an_unknown_name_has_to_wait_just_the_same(ada):
    for _ in range(5):
        sign_in(Client(), name="nobody", password="wrong")
    response = sign_in(Client(), name="nobody", password="wrong")
    assert "Too many failed login attempts" in str(errors_of(response))


@pytest.mark.slow
@pytest.mark.parametrize("host", ["localhost:1234", "127.0.0.1", "[::1]:99"])
def test_another_host_header_gives_no_more_attempts(ada, host):
    for _ in range(5):
        sign_in(Client(), password="wrong")
    client = Client()
    sign_in(client, headers={"host": host})
    assert not is_signed_in(client)


@pytest.mark.slow
def test_another_spelling_of_the_name_gives_no_more_attempts(ada):
    for name in ("ada", "Ada", "ADA", " ada", "aDa"):
        sign_in(Client(), name=name, password="wrong")
    client = Client()
    sign_in(client)
    assert not is_signed_in(client)


@pytest.mark.slow
def test_a_forged_address_gives_no_more_attempts(ada):
    for number in range(5):
        sign_in(Client(), password="wrong", headers={"x-forwarded-for": f"10.0.0.{number}"})
    client = Client()
    sign_in(client, headers={"x-forwarded-for": "10.0.0.99"})
    assert not is_signed_in(client)


@pytest.mark.slow
def test_failures_from_elsewhere_do_not_lock_anybody_out(ada):
    for _ in range(6):
        sign_in(Client(), password="wrong", REMOTE_ADDR="198.51.100.7")
    client = Client()
    sign_in(client, REMOTE_ADDR="203.0.113.5")
    assert is_signed_in(client)


@pytest.mark.slow
def test_signing_in_well_is_not_counted_as_a_failure(ada):
    for _ in range(7):
        client = Client()
        sign_in(client)
        assert is_signed_in(client)


def test_somebody_deactivated_does_not_get_in(ada):
    User.objects.update(is_active=False)
    client = Client()
    sign_in(client)
    assert not is_signed_in(client)


def test_signing_out_takes_a_post_and_ends_the_session(ada):
    client = Client()
    sign_in(client)
    client.get("/accounts/logout/")
    assert is_signed_in(client)
    response = client.post("/accounts/logout/")
    assert response.url == LOGIN
    assert not is_signed_in(client)


def test_signing_out_from_another_site_is_refused(ada):
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)
    assert client.post("/accounts/logout/").status_code == 403
    assert is_signed_in(client)


def test_signing_in_from_another_site_is_refused(ada):
    client = Client(enforce_csrf_checks=True)
    assert sign_in(client).status_code == 403


NEWCOMER = {"username": "eve", "password1": PASSWORD, "password2": PASSWORD}


def test_nobody_signs_up_by_default():
    client = Client()
    assert client.get("/accounts/signup/").status_code == 200
    assert "form" not in client.get("/accounts/signup/").context
    client.post("/accounts/signup/", NEWCOMER)
    assert not User.objects.exists()
    assert not is_signed_in(client)


def test_anybody_signs_up_when_the_setting_says_so(settings):
    settings.MARKET_OPEN_SIGNUP = True
    client = Client()
    client.post("/accounts/signup/", NEWCOMER)
    assert User.objects.get().username == "eve"
    assert not User.objects.get().is_staff


def test_the_sign_up_says_that_nobody_can_be_sent_a_new_password(settings):
    settings.MARKET_OPEN_SIGNUP = True
    page = Client().get("/accounts/signup/").content.decode()
    assert "The account will have no e-mail address" in page
    Client().post("/accounts/signup/", NEWCOMER)
    assert User.objects.get().email == ""


def test_the_admin_sends_everybody_to_the_counted_sign_in(ada):
    for page in ("/admin/", "/admin/login/", "/admin/feeds/feed/", "/admin/auth/user/"):
        steps = Client().get(page, follow=True).redirect_chain
        assert steps[-1][0].startswith(f"{LOGIN}?next=")
    User.objects.update(is_staff=True)
    client = Client()
    client.post("/admin/login/", {"username": "ada", "password": PASSWORD})
    assert not is_signed_in(client)


def test_the_admin_is_closed_to_those_who_are_not_staff(ada):
    client = Client()
    client.force_login(ada)
    assert client.get("/admin/", follow=True).status_code == 403


def test_signing_out_of_the_admin_ends_the_session(ada):
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    client.post("/admin/logout/")
    assert not is_signed_in(client)


CLOSED_PAGES = [
    "",
    "email/",
    "confirm-email/",
    "confirm-email/some-key/",
    "login/code/",
    "login/code/confirm/",
]


@pytest.mark.parametrize("page", CLOSED_PAGES)
def test_a_page_that_this_site_does_not_need_is_not_there(ada, page):
    User.objects.update(email="ada@example.org")
    stranger, known = Client(), Client()
    known.force_login(ada)
    for client in (stranger, known):
        assert client.get(f"/accounts/{page}").status_code == 404
        assert client.post(f"/accounts/{page}", {"email": ada.email}).status_code == 404


PAGES = [
    *("login", "logout", "signup", "inactive", "password/change"),
    *("password/reset", "password/reset/done"),
    "password/reset/key/1-set-password",
]


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("is_open", [True, False])
def test_every_account_page_shows_itself_to_somebody(ada, settings, page, is_open):
    settings.MARKET_OPEN_SIGNUP = is_open
    stranger, known = Client(), Client()
    known.force_login(ada)
    client = known if page in ("logout", "password/change") else stranger
    response = client.get(f"/accounts/{page}/")
    assert response.status_code == 200


def test_a_password_is_changed_by_who_knows_it(ada):
    client = Client()
    client.force_login(ada)
    sent = {"oldpassword": PASSWORD, "password1": "staple gun 77", "password2": "staple gun 77"}
    wrong = client.post("/accounts/password/change/", sent | {"oldpassword": "guess"})
    assert "oldpassword" in errors_of(wrong)
    assert client.post("/accounts/password/change/", sent).status_code == 302
    assert User.objects.get().check_password("staple gun 77")
    assert client.get("/accounts/password/change/").status_code == 200


def test_somebody_without_a_password_is_led_to_set_one(ada):
    ada.set_unusable_password()
    ada.save()
    client = Client()
    client.force_login(ada)
    response = client.get("/accounts/password/change/", follow=True)
    assert response.redirect_chain == [("/accounts/password/set/", 302)]
    assert response.status_code == 200


def test_somebody_deactivated_reads_so_on_a_page(ada):
    User.objects.update(is_active=False)
    response = sign_in(Client(), follow=True)
    assert response.redirect_chain == [("/accounts/inactive/", 302)]
    assert response.status_code == 200
