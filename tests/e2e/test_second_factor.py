"""Second factors in a real browser: an app's code, and a passkey of a virtual authenticator."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open
from tests.support.codes import code_of, lasting_code_of
from tests.support.people import PHONE
from tests.support.served import Served
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow
PASSWORD = "correct horse battery"
MAKE = "from django.contrib.auth.models import User; User.objects.create_user({!r}, password={!r})"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
FACTORS = "accounts/second-factor/"


def arrive(page: Page, root: str, user: str) -> None:
    """Show name and password."""
    page.goto(root + "accounts/login/")
    page.get_by_label("Username").fill(user)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def leave(page: Page, root: str) -> None:
    page.goto(root + "accounts/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def confirm(page: Page) -> None:
    """Show the password once more."""
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()


def local(served: Served) -> str:
    """Return the site under a name: passkeys belong to names, never to addresses."""
    return f"http://localhost:{served.port}/"


def test_an_app_is_added_and_its_code_signs_in(open_page: Open, served: Served) -> None:
    served.manage("shell", "-v0", "-c", MAKE.format("app", PASSWORD))
    page = open_page("accounts/login/", user=None, viewport=PHONE)
    arrive(page, served.url, "app")
    page.wait_for_url(served.url)
    page.goto(served.url + FACTORS)
    page.get_by_role("link", name="Add an app").click()
    confirm(page)
    picture = page.get_by_alt_text("QR code of the key below")
    page.wait_for_load_state("load")
    assert picture.evaluate("image => image.naturalWidth") > 0
    key = page.locator("#totp-key").inner_text()
    used = lasting_code_of(key)
    page.get_by_label("code").fill(used)
    page.get_by_role("button", name="Add the app").click()
    codes = page.get_by_role("list", name="Codes that are left").get_by_role("listitem")
    expect(codes).to_have_count(10)
    spare = codes.first.inner_text()
    for answer in (lambda: spare, lambda: lasting_code_of(key)):
        leave(page, served.url)
        arrive(page, served.url, "app")
        expect(page.get_by_role("heading", name="Second factor")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        wait_until(lambda: code_of(key) != used, 60)  # a code counts once
        page.get_by_label("Code").fill(answer())
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(served.url)
    expect(page.locator("#link-badge")).to_contain_text("Live")


def test_a_passkey_is_added_and_signs_in(open_page: Open, served: Served) -> None:
    served.manage("shell", "-v0", "-c", MAKE.format("key", PASSWORD))
    root = local(served)
    page = open_page("accounts/login/", user=None, url=root)
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    added = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    arrive(page, root, "key")
    page.wait_for_url(root)
    page.goto(root + FACTORS)
    page.get_by_role("link", name="Add a passkey").click()
    confirm(page)
    page.get_by_label("Name").fill("laptop")
    page.get_by_label("Passwordless").check()
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.goto(root + FACTORS)
    expect(page.get_by_text("Passkey: signs in without the password")).to_be_visible()

    leave(page, root)
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(root)
    expect(page.locator("#link-badge")).to_contain_text("Live")

    leave(page, root)
    arrive(page, root, "key")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(root)

    leave(page, root)
    devtools.send(
        "WebAuthn.removeVirtualAuthenticator", {"authenticatorId": added["authenticatorId"]}
    )
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.locator("#passkey-note")).to_contain_text("Nothing was done")
