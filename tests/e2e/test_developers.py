"""The reference in a browser: it fits, samples can be copied, and the console speaks the wire."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from dashboard.protocol.examples import COMMANDS
from tests.e2e.conftest import Open
from tests.support.people import DESKTOP, PHONE
from tests.support.schemas import schemas_of

pytestmark = pytest.mark.slow

PING = json.dumps(COMMANDS["ping"][0], separators=(",", ":"))


@pytest.fixture
def page(open_page: Open) -> Page:
    return open_page("developers/")


@pytest.fixture
def console(page: Page) -> Page:
    page.get_by_role("button", name="Connect", exact=True).click()
    expect(page.locator("[data-part=state]")).to_have_text("Connected")
    return page


def send(page: Page, text: str) -> None:
    page.get_by_label("Command", exact=True).fill(text)
    page.get_by_role("button", name="Send").click()


def lines(page: Page, kind: str = "received"):
    return page.locator(f".console-log [data-kind={kind}] summary code")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("where", "size"), [("desktop", DESKTOP), ("phone", PHONE)])
def test_the_reference_fits_its_screen(
    open_page: Open, tmp_path: Path, where: str, size: dict[str, int], theme: str
) -> None:
    page = open_page("developers/", viewport=size, color_scheme=theme)
    page.evaluate("document.querySelectorAll('.schema').forEach((one) => (one.open = true))")
    page.screenshot(path=tmp_path / f"developers-{where}-{theme}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_the_page_is_found_from_the_dashboard(open_page: Open) -> None:
    page = open_page()
    page.get_by_role("link", name="Developers").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The wire, for programs")


def test_the_console_shows_frames_of_the_wire(console: Page) -> None:
    expect(lines(console).last).to_contain_text('"welcome"')
    send(console, json.dumps(COMMANDS["subscribe"][0]))
    expect(lines(console, "sent")).to_have_count(1)
    expect(lines(console).filter(has_text='"snapshot"').first).to_be_visible()
    expect(lines(console).filter(has_text='"from"').first).to_be_visible()
    console.get_by_role("button", name="Pause").click()
    frame = console.locator(".console-log details").filter(has_text='"from"').first
    frame.locator("summary").click()
    assert schemas_of(frame.locator("pre").inner_text()) == ["TickerUpdate"]


def test_what_the_server_refuses_is_seen(console: Page) -> None:
    send(console, "<b>not JSON</b>")
    expect(lines(console, "sent")).to_have_text("<b>not JSON</b>")
    expect(lines(console).filter(has_text='"bad_frame"')).to_have_count(1)
    assert console.locator(".console-log b").count() == 0


def test_an_example_is_tried(console: Page) -> None:
    row = console.locator("#commands .sample").filter(has_text='"ping"')
    row.get_by_role("button", name="Try").click()
    expect(console.get_by_label("Command", exact=True)).to_have_value(PING)
    console.keyboard.press("Enter")
    expect(lines(console).filter(has_text='"pong"')).to_have_count(1)


def test_an_example_is_picked_and_sent_with_the_keyboard(console: Page) -> None:
    console.get_by_label("Example", exact=True).select_option(label=PING)
    console.get_by_label("Command", exact=True).press("Control+Enter")
    expect(lines(console).filter(has_text='"pong"')).to_have_count(1)


def test_the_console_pauses_clears_and_stays_small(console: Page) -> None:
    params = {"channel": "ticker", "symbols": ["*"], "max_rate": 20}
    send(console, json.dumps({"method": "subscribe", "params": params, "id": 1}))
    console.get_by_role("button", name="Pause").click()
    expect(console.locator("[data-part=count]")).to_have_text(re.compile(r"[1-9]\d* waiting"))
    console.get_by_role("button", name="Clear").click()
    expect(console.locator(".console-log li")).to_have_count(0)
    expect(console.locator("[data-part=count]")).to_have_text(re.compile(r"[1-9]\d* waiting"))
    expect(console.locator(".console-log li")).to_have_count(0)
    console.get_by_role("button", name="Resume").click()
    console.wait_for_function(
        "() => parseInt(document.querySelector('[data-part=count]').textContent) > 210",
        timeout=60_000,  # twenty frames a second at best, and a busy server sends fewer
    )
    assert console.locator(".console-log li").count() == 200


def test_the_console_disconnects_and_connects_again(console: Page) -> None:
    console.get_by_role("button", name="Disconnect").click()
    expect(console.locator("[data-part=state]")).to_have_text("Disconnected")
    expect(console.get_by_role("button", name="Send")).to_be_disabled()
    console.get_by_role("button", name="Connect", exact=True).click()
    expect(lines(console).filter(has_text='"welcome"')).to_have_count(2)


def test_a_link_to_a_schema_unfolds_it(page: Page) -> None:
    answer = page.locator("#SubscribeAnswer table")
    expect(answer).to_be_hidden()
    page.locator("a[href='#SubscribeAnswer']").click()
    expect(answer).to_be_visible()


def test_a_sample_is_copied(open_page: Open) -> None:
    page = open_page("developers/", permissions=["clipboard-read", "clipboard-write"])
    sample = page.locator(".sample", has=page.locator("[data-sample=python]"))
    sample.get_by_role("button", name="Copy").click()
    expect(sample.get_by_role("button")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == sample.locator("code").text_content()
    assert copied.startswith("import asyncio\n")


def test_the_browser_example_prints_prices(page: Page) -> None:
    source = page.locator("[data-sample=browser]").text_content()
    with page.expect_console_message(lambda message: message.type == "table"):
        page.evaluate(f"() => {{ {source} }}")
