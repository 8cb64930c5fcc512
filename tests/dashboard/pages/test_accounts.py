"""The pages of one's own account: what they do, and that nobody reaches another's rows."""

import re

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from dashboard.models import ApiToken, BrowserSession
from dashboard.people import token_service
from dashboard.people.token_service import create_token

pytestmark = pytest.mark.django_db
SESSIONS, TOKENS = "/accounts/sessions/", "/accounts/tokens/"
FORM = {"name": "laptop", "scopes": ["market", "rest"], "days": "30"}


def test_a_secret_is_shown_once(browser):
    made = browser.post(TOKENS, FORM)
    secret = re.search(r"mkt_[\w-]{30,}", made.content.decode())[0]
    assert made["Cache-Control"] == "no-store"
    page = browser.get(TOKENS).content.decode()
    assert "laptop" in page
    assert secret not in page
    assert secret[:10] in page


@pytest.mark.parametrize("wrong", [{"name": ""}, {"scopes": []}, {"scopes": ["x"]}, {"days": "2"}])
def test_a_wrong_form_makes_no_token(browser, wrong):
    assert browser.post(TOKENS, FORM | wrong).context["form"].errors
    assert not ApiToken.objects.exists()


def test_one_token_more_than_an_account_may_have_is_refused_in_words(browser, monkeypatch):
    monkeypatch.setattr(token_service, "TOKENS_PER_USER", 2)
    for name in ("one", "two"):
        assert browser.post(TOKENS, FORM | {"name": name}).context["secret"]
    refused = browser.post(TOKENS, FORM)
    assert "An account has at most 2 tokens." in refused.content.decode()
    assert "secret" not in refused.context
    assert ApiToken.objects.count() == 2


def test_a_person_revokes_own_tokens_only(browser, ada):
    own, _ = create_token(ada, actor=ada, name="own")
    foreign, _ = create_token(User.objects.create_user("bob"), actor=None, name="foreign")
    answer = browser.post(f"{TOKENS}{own.pk}/revoke/", follow=True)
    assert answer.redirect_chain == [(TOKENS, 303)]
    assert "The token is revoked." in answer.content.decode()
    assert browser.post(f"{TOKENS}{foreign.pk}/revoke/").status_code == 404
    assert browser.post(f"{TOKENS}{2**40}/revoke/").status_code == 404
    assert set(ApiToken.objects.filter(revoked_at=None)) == {foreign}
    assert "foreign" not in browser.get(TOKENS).content.decode()


@pytest.mark.slow
def test_admins_see_and_revoke_all_tokens(ada):
    token, _ = create_token(ada, actor=ada, name="laptop")
    root = Client()
    root.force_login(User.objects.create_superuser("root"))
    address = "/admin/dashboard/apitoken/"
    for page in (root.get(address), root.get(f"{address}{token.pk}/change/")):
        assert "laptop" in page.content.decode()
        assert token.digest not in page.content.decode()
    root.post(address, {"action": "revoke", "_selected_action": [token.pk]})
    token.refresh_from_db()
    assert token.revoked_at is not None


@pytest.mark.parametrize(("codename", "status"), [("view_apitoken", None), ("view_user", 403)])
def test_staff_without_the_permission_revoke_nothing(ada, codename, status):
    token, _ = create_token(ada, actor=ada, name="laptop")
    staff = User.objects.create_user("staff", is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(codename=codename))
    client = Client()
    client.force_login(staff)
    form = {"action": "revoke", "_selected_action": [token.pk]}
    response = client.post("/admin/dashboard/apitoken/", form)
    assert status is None or response.status_code == status
    token.refresh_from_db()
    assert token.revoked_at is None


# --- browsers -------------------------------------------------------------------------------
def test_signing_out_elsewhere_leads_back_to_the_list_of_browsers(browser, ada):
    foreign = BrowserSession.objects.create(
        user=User.objects.create_user("bob"), key="of-bob", mark="m", seen_at=timezone.now()
    )

    def sign_out(address):
        answer = browser.post(f"{SESSIONS}{address}/", follow=True)
        assert answer.redirect_chain == [(SESSIONS, 303)]
        return [str(message) for message in answer.context["messages"]]

    def add(key):
        return BrowserSession.objects.create(user=ada, key=key, mark="m", seen_at=timezone.now())

    browser.get(SESSIONS)
    own = {browser.session.session_key, "of-bob"}
    assert sign_out(f"{add('there').pk}/end") == ["Signed out there."]
    assert set(BrowserSession.objects.values_list("key", flat=True)) == own
    add("elsewhere")
    assert sign_out("end-others") == ["Signed out everywhere else."]
    assert set(BrowserSession.objects.values_list("key", flat=True)) == own
    assert browser.post(f"{SESSIONS}{foreign.pk}/end/").status_code == 404


# --- who may ask ----------------------------------------------------------------------------
PAGES = [TOKENS]
ACTIONS = [f"{TOKENS}1/revoke/"]


@pytest.mark.parametrize("address", PAGES + ACTIONS)
def test_nobody_gets_there_without_signing_in(address):
    for answer in (Client().get(address), Client().post(address)):
        assert answer.status_code == 302
        assert answer.url.startswith("/accounts/login/")


@pytest.mark.parametrize("address", ACTIONS)
def test_no_link_changes_anything(browser, address):
    assert browser.get(address).url == TOKENS


@pytest.mark.parametrize("address", PAGES + ACTIONS)
def test_a_form_of_another_page_is_refused(ada, address):
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)
    assert client.post(address).status_code == 403
