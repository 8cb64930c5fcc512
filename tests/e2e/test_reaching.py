"""Notifications outside the pages: a webhook made by form, and what is pushed to a browser."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.e2e.conftest import Open
from tests.support.people import DESKTOP, PHONE
from tests.support.push_browser import PushBrowser
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow
LOOKS = [
    (where, size, theme)
    for where, size in (("desktop", DESKTOP), ("phone", PHONE))
    for theme in ("light", "dark")
]


def look(page: Page, folder: Path, name: str) -> None:
    """Take pictures in both themes and sizes; no page is wider than its window."""
    for where, size, theme in LOOKS:
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=theme)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        page.screenshot(path=folder / f"{name}-{where}-{theme}.png", full_page=True)


@pytest.mark.parametrize("has_script", [True, False])
def test_a_webhook_is_made_tested_and_removed(
    open_page: Open, tmp_path: Path, has_script: bool
) -> None:
    page = open_page("notifications/", java_script_enabled=has_script)
    page.get_by_role("link", name="Webhooks").click()
    page.get_by_label("Address").fill("https://10.0.0.1/hook")
    page.get_by_label("Name").fill("team chat")
    page.get_by_role("button", name="Add the webhook").click()
    expect(page.get_by_text("private or reserved network")).to_be_visible()
    page.get_by_label("Address").fill("https://hook.invalid/services/T024BE7LD/secret")
    page.get_by_role("button", name="Add the webhook").click()
    expect(page.locator("#secret")).to_contain_text("whsec_")
    page.get_by_role("button", name="Send a test to team chat").click()
    expect(page.locator("#secret")).to_have_count(0)
    error = page.get_by_text("The name of the host has no address.")
    wait_until(lambda: page.reload() and error.is_visible())
    if has_script:
        look(page, tmp_path, "webhooks")
    page.get_by_role("button", name="Pause team chat").click()
    expect(page.get_by_role("button", name="Resume team chat")).to_be_visible()
    page.get_by_role("button", name="New secret for team chat").click()
    expect(page.locator("#secret")).to_contain_text("whsec_")
    if has_script:
        look(page, tmp_path, "secret")
    page.get_by_role("button", name="Remove team chat").click()
    expect(page.get_by_text("You have no webhooks.")).to_be_visible()


# --- pushes ---

REGISTER = """async () => {
  const registration = await navigator.serviceWorker.register("/notifications/worker.js");
  const worker = registration.installing ?? registration.waiting ?? registration.active;
  while (worker.state !== "activated") {
    await new Promise((resolve) => worker.addEventListener("statechange", resolve, {once: true}));
  }
  return registration.scope;
}"""
# To ask for notifications while one is on its way makes Chromium forget that one. So wait first.
NOTE_SHOWN = """() => {
  globalThis.shown = [];
  const show = registration.showNotification.bind(registration);
  registration.showNotification = async (title, options) => {
    await show(title, options);
    shown.push(title);
  };
}"""
SHOWN = """async () => {
  const registration = await navigator.serviceWorker.getRegistration("/notifications/");
  const shown = await registration.getNotifications();
  return shown.map(({title, body, tag, data}) => ({title, body, tag, data}));
}"""
DISMISS = """async () => {
  const registration = await navigator.serviceWorker.getRegistration("/notifications/");
  for (const each of await registration.getNotifications()) each.close();
}"""
CLICK = """async () => {
  const [notification] = await registration.getNotifications();
  const opened = new Promise((resolve) => {
    clients.openWindow = async (url) => resolve(url);
  });
  dispatchEvent(new NotificationEvent("notificationclick", {notification}));
  return opened;
}"""


class PushService:
    """Delivers pushes through the browser itself, as its push service does."""

    def __init__(self, page: Page, cdp: CDPSession) -> None:
        self._page = page
        self._cdp = cdp
        self._registrations: list[str] = []
        cdp.on("ServiceWorker.workerRegistrationUpdated", self._note)
        cdp.send("ServiceWorker.enable")
        page.evaluate(REGISTER)
        wait_until(lambda: page.evaluate("1") and page.context.service_workers)
        (self._worker,) = page.context.service_workers
        self._worker.evaluate(NOTE_SHOWN)

    def _note(self, news: dict[str, list[dict[str, str]]]) -> None:
        self._registrations += [each["registrationId"] for each in news["registrations"]]

    def push(self, number: int, title: str, url: str = "/i/NVX/") -> None:
        wait_until(lambda: self._page.evaluate("1") and self._registrations)
        said = {
            "id": f"notification_{number}", "tag": f"notice-{number}", "title": title,
            "body": "Alert “breakout”.", "level": "warning", "symbol": "NVX", "url": url,
        }  # fmt: skip
        self._cdp.send(
            "ServiceWorker.deliverPushMessage",
            {
                "origin": self._page.evaluate("location.origin"),
                "registrationId": self._registrations[-1],
                "data": json.dumps(said),
            },
        )

    def wait_for(self, *titles: str) -> None:
        """Wait until the worker has shown these, in any order, and nothing else."""
        wait_until(lambda: sorted(self._worker.evaluate("shown")) == sorted(titles))

    def titles(self) -> list[str]:
        return [each["title"] for each in self._page.evaluate(SHOWN)]


@pytest.fixture
def page(open_page: Open) -> Page:
    return open_page("notifications/", permissions=["notifications"])


@pytest.fixture
def service(page: Page) -> PushService:
    return PushService(page, page.context.new_cdp_session(page))


def test_a_push_is_shown_once_and_opens_its_link(page: Page, service: PushService) -> None:
    service.push(7, "NVX is above 101.5")
    service.wait_for("NVX is above 101.5")
    (shown,) = page.evaluate(SHOWN)
    assert shown == {
        "title": "NVX is above 101.5", "body": "Alert “breakout”.", "tag": "notice-7",
        "data": "/i/NVX/",
    }  # fmt: skip
    # The push service brings it again: while it is shown, and after it was dismissed.
    service.push(7, "NVX is above 101.5")
    page.evaluate(DISMISS)
    service.push(7, "NVX is above 101.5")
    service.push(8, "NVX is halted", "/i/NVX/")
    service.wait_for("NVX is above 101.5", "NVX is halted")
    assert service.titles() == ["NVX is halted"]
    (worker,) = page.context.service_workers
    assert worker.evaluate(CLICK).endswith("/i/NVX/")
    kept = worker.evaluate("async () => (await caches.keys()).join()")
    assert kept == "shown-pushes"


def test_a_push_opens_no_page_of_another_site(page: Page, service: PushService) -> None:
    service.push(9, "elsewhere", "https://elsewhere.example/")
    service.push(10, "here", "/alerts/")
    service.wait_for("elsewhere", "here")
    (worker,) = page.context.service_workers
    opened = worker.evaluate(
        """async () => {
          const opened = [];
          clients.openWindow = async (url) => opened.push(new URL(url).host);
          for (const notification of await registration.getNotifications()) {
            const event = new NotificationEvent("notificationclick", {notification});
            dispatchEvent(event);
          }
          while (!opened.length) await new Promise((resolve) => setTimeout(resolve));
          return opened;
        }"""
    )
    assert opened == [page.evaluate("location.host")]


RENEW = """
async (keys) => {
  let isEnded = false;
  registration.pushManager.subscribe = async ({applicationServerKey}) => ({
    endpoint: "https://push.invalid/send/new-" + applicationServerKey.length,
    toJSON: () => ({keys}),
    unsubscribe: async () => { isEnded = true; },
  });
  const event = new ExtendableEvent("pushsubscriptionchange");
  const work = [];
  event.waitUntil = (promise) => work.push(promise);
  dispatchEvent(event);
  await Promise.all(work);
  return isEnded;
}
"""


def test_a_browser_with_another_subscription_is_pushed_to_there(
    page: Page, service: PushService
) -> None:
    fields = PushBrowser().fields("https://push.invalid/send/old")
    token = page.locator("input[name=csrfmiddlewaretoken]").first.input_value()
    on = page.url + "push/"
    sent = page.request.post(on, form=fields, headers={"X-CSRFToken": token, "Referer": page.url})
    assert sent.ok
    (worker,) = page.context.service_workers
    keys = {"p256dh": fields["push_key"], "auth": fields["push_auth"]}
    assert worker.evaluate(RENEW, keys) is False
    page.reload()
    address = page.locator("#push").get_attribute("data-address")
    assert address == "https://push.invalid/send/new-87"
    listed = page.get_by_role("list", name="Browsers with push")
    listed.get_by_role("button", name="Push no more").click()
    expect(listed).to_have_count(0)
    # Nothing is turned on again behind the back of somebody who has turned it off.
    assert worker.evaluate(RENEW, keys) is True
    page.reload()
    expect(listed).to_have_count(0)


SUBSCRIBE = """
  let current = null;
  PushManager.prototype.subscribe = async function ({userVisibleOnly, applicationServerKey}) {
    window.asked = {userVisibleOnly, length: applicationServerKey.byteLength};
    current = {
      endpoint: "https://push.invalid/send/abc",
      toJSON: () => ({keys: %s}),
      unsubscribe: async () => { current = null; },
    };
    return current;
  };
  PushManager.prototype.getSubscription = async () => current;
"""


def test_the_button_turns_pushes_on_and_off(open_page: Open, tmp_path: Path) -> None:
    page = open_page("", permissions=["notifications"])
    fields = PushBrowser().fields("")
    keys = json.dumps({"p256dh": fields["push_key"], "auth": fields["push_auth"]})
    page.add_init_script(SUBSCRIBE % keys)
    page.goto(page.url + "notifications/")
    page.get_by_role("button", name="Push to this browser").click()
    expect(page.get_by_text("Notifications are pushed to this browser.")).to_be_visible()
    assert page.evaluate("window.asked") == {"userVisibleOnly": True, "length": 65}
    look(page, tmp_path, "push-on")
    page.get_by_role("button", name="Push no more to this browser").click()
    expect(page.get_by_text("Nothing more is pushed to this browser.")).to_be_visible()
    page.get_by_role("button", name="Push to this browser").click()
    expect(page.get_by_role("button", name="Push no more to this browser")).to_be_visible()
    page.reload()
    listed = page.get_by_role("list", name="Browsers with push")
    expect(listed).to_contain_text("this browser")
    look(page, tmp_path, "push-listed")
    listed.get_by_role("button", name="Push no more").click()
    expect(listed).to_have_count(0)


def test_a_browser_that_refuses_says_what_to_do(open_page: Open) -> None:
    page = open_page("notifications/")
    page.evaluate("Notification.requestPermission = async () => 'denied'")
    page.get_by_role("button", name="Push to this browser").click()
    expect(page.get_by_text("does not let this site show notifications")).to_be_visible()
    page.add_init_script("delete window.PushManager")
    page.reload()
    expect(page.get_by_text("This browser has no push.")).to_be_visible()
    expect(page.get_by_role("button", name="Push to this browser")).to_be_hidden()
