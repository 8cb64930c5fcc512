"""The transport lab runs all transports at once, and its figures agree with those of others."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open
from tests.support.people import DESKTOP, PHONE, People, close
from tests.support.proxy import Proxy
from tests.support.served import Served

pytestmark = pytest.mark.slow

KEYS = ("websocket", "sse", "longpoll", "poll")
NAMES = {"websocket": "WebSocket", "sse": "SSE", "longpoll": "Long poll", "poll": "Polling"}
HIDE = """(isHidden) => {
  Object.defineProperty(document, "hidden", {configurable: true, get: () => isHidden});
  document.dispatchEvent(new Event("visibilitychange"));
}"""
Wait = Callable[..., None]
Lines = dict[tuple[str, str], dict[str, str]]
"""By transport and period, the values by the names of their columns."""


def number(text: str) -> float:
    """Return a figure as a number; what is not known is 0."""
    return float(text.replace(",", "").replace("\u2212", "-").strip("–") or 0)


def figure(page: Page, key: str, transport: str) -> float:
    cell = page.locator(f"td[data-figure={key}][data-transport={transport}]")
    return number(cell.inner_text())


def is_live(page: Page) -> None:
    for key in KEYS:
        expect(page.locator(f"[data-state={key}]")).to_have_text("live")


@pytest.fixture
def many(served: Served) -> str:
    """Enough symbols for figures that do not depend on chance."""
    return ",".join(sorted(served.board()["rows"])[:40])


@pytest.fixture
def exported(tmp_path: Path) -> Callable[[Page], Lines]:
    """Press the button, and return the lines by transport and period."""

    def export(page: Page) -> Lines:
        with page.expect_download() as download:
            page.get_by_role("button", name="CSV").click()
        file = tmp_path / download.value.suggested_filename
        download.value.save_as(file)
        with file.open(newline="") as text:
            lines = list(csv.DictReader(text))
        return {(line["transport"], line["period"]): line for line in lines}

    return export


def test_all_transports_run_and_their_figures_move(open_page: Open, eventually: Wait) -> None:
    page = open_page("lab/?interval=0.5")
    is_live(page)
    for key in KEYS:
        eventually(lambda key=key: figure(page, "ticks", key) > 30)
        before = figure(page, "ticks", key)
        page.get_by_text("Since start", exact=True).click()
        eventually(lambda key=key, before=before: figure(page, "ticks", key) > before)
        assert figure(page, "receipt_p50_ms", key) > 0
        assert figure(page, "paint_p50_ms", key) > 0
        assert figure(page, "age_ms", key) > 0
        assert figure(page, "missed", key) == 0
        eventually(lambda key=key: figure(page, "server_us_per_update", key) > 0)
    assert page.locator("#lab-verdicts li").count() == 6
    expect(page.locator("#lab-headline")).to_contain_text("the fastest here: half of all ticks")
    expect(page.locator("#lab-verdicts [data-holds=null]")).to_have_count(0)
    expect(page.locator("#lab-plot path[d^=M]")).to_have_count(4)
    assert number(page.locator("#lab-process").inner_text().split()[0]) > 0
    cores = page.locator("[data-fleet=cores][data-transport=poll]")
    few = number(cores.inner_text())
    page.locator("#lab-users").fill("500")
    expect(page.locator("#lab-fleet [data-part=users]")).to_have_text("100,000")
    eventually(lambda: number(cores.inner_text()) > 10 * few)


def test_ticks_are_the_same_over_every_transport(
    open_page: Open, eventually: Wait, exported: Any
) -> None:
    """By receipt nothing is missed: readers of the same symbols see the same ticks."""
    page = open_page("lab/?interval=0.25")
    is_live(page)
    page.get_by_role("button", name="Reset").click()
    eventually(lambda: figure(page, "ticks", "websocket") > 300)

    def are_alike() -> bool:
        lines = exported(page)
        seen = [float(lines[name, "since start"]["Ticks seen"]) for name in NAMES.values()]
        return min(seen) > 0.9 * max(seen)

    # What is on its way over a slow transport weighs less and less; what is lost does not.
    eventually(are_alike)


def test_the_export_has_a_line_for_each_transport_and_period(
    open_page: Open, eventually: Wait, exported: Any
) -> None:
    page = open_page("lab/?interval=0.5")
    is_live(page)
    eventually(lambda: figure(page, "ticks", "poll") > 30)
    lines = exported(page)
    assert {name for name, _ in lines} == set(NAMES.values())
    assert {period for _, period in lines} == {"since start", "last 10 s"}
    for line in lines.values():
        assert float(line["Tick to receipt, p50 [ms]"]) > 0
        assert float(line["bytes received [B]"]) > 0
        assert float(line["poll interval [s]"]) == 0.5
        assert line["ended at [UTC]"].endswith("Z")


def test_the_address_holds_all_settings(open_page: Open, served: Served) -> None:
    first, second, *_ = sorted(served.board()["rows"])
    page = open_page(f"lab/?symbols={first}&interval=0.75&rate=5&users=20000")
    expect(page.get_by_label("Symbols")).to_have_value(first)
    expect(page.get_by_label("Poll every, s")).to_have_value("0.75")
    expect(page.get_by_label("Updates per s, at most")).to_have_value("5")
    expect(page.locator("#lab-fleet [data-part=users]")).to_have_text("20,000")
    is_live(page)
    page.get_by_label("Symbols").fill(f"{second.lower()}, nothere")
    page.get_by_label("Poll every, s").fill("99")
    page.get_by_label("Poll every, s").press("Tab")
    page.get_by_label("Updates per s, at most").select_option("2")
    page.reload()
    expect(page.get_by_label("Symbols")).to_have_value(f"{second}, NOTHERE")
    expect(page.get_by_label("Poll every, s")).to_have_value("10")
    expect(page.get_by_label("Updates per s, at most")).to_have_value("2")
    expect(page.locator("#lab-rejected")).to_contain_text("NOTHERE")
    expect(page.locator("#lab-mirror tbody tr")).to_have_count(2)


def test_junk_in_the_address_is_the_default(open_page: Open) -> None:
    page = open_page("lab/?symbols=<b>&interval=abc&rate=999&users=-5")
    expect(page.get_by_label("Poll every, s")).to_have_value("2")
    expect(page.get_by_label("Updates per s, at most")).to_have_value("10")
    expect(page.locator("#lab-fleet [data-part=users]")).to_have_text("1")
    watchlist = page.locator("body").get_attribute("data-symbols")
    assert watchlist
    expect(page.get_by_label("Symbols")).to_have_value(watchlist.replace(",", ", "))


def test_it_stops_and_starts_and_begins_anew(
    open_page: Open, served: Served, eventually: Wait
) -> None:
    before = served.census()["connections"]
    page = open_page("lab/?interval=0.25")
    is_live(page)
    page.get_by_text("Since start", exact=True).click()
    eventually(lambda: figure(page, "ticks", "poll") > 60)
    page.get_by_role("button", name="Reset").click()
    assert figure(page, "ticks", "poll") < 60
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("[data-state=sse]")).to_have_text("closed")
    eventually(lambda: served.census()["connections"] <= before + 1)  # the clock keeps its own
    ticks = figure(page, "ticks", "websocket")
    page.get_by_role("button", name="Start").click()
    is_live(page)
    eventually(lambda: figure(page, "ticks", "websocket") > ticks)


def test_a_hidden_tab_pauses_the_measure(open_page: Open, eventually: Wait) -> None:
    page = open_page("lab/?interval=0.25")
    is_live(page)
    page.get_by_text("Since start", exact=True).click()
    eventually(lambda: figure(page, "ticks", "poll") > 20)
    page.evaluate(HIDE, True)
    expect(page.locator("#lab-hidden")).to_be_visible()
    begun_ms = page.evaluate("performance.now()")
    ticks = figure(page, "ticks", "websocket")
    page.wait_for_function("(begun) => performance.now() > begun + 3000", arg=begun_ms)
    assert figure(page, "ticks", "websocket") == ticks
    page.evaluate(HIDE, False)
    expect(page.locator("#lab-hidden")).to_be_hidden()
    eventually(lambda: figure(page, "ticks", "websocket") > ticks)
    assert figure(page, "receipt_p99_ms", "websocket") < 2500


def test_a_command_over_sse_takes_another_request(open_page: Open, eventually: Wait) -> None:
    page = open_page("lab/?interval=0.5")
    is_live(page)
    page.get_by_text("Since start", exact=True).click()
    page.get_by_role("button", name="Reset").click()
    page.get_by_label("Updates per s, at most").select_option("5")
    eventually(lambda: figure(page, "more_requests", "sse") == 1)
    assert figure(page, "more_requests", "websocket") == 0
    assert figure(page, "commands", "websocket") == figure(page, "commands", "sse") == 1
    is_live(page)
    assert figure(page, "gaps", "sse") == figure(page, "missed", "sse") == 0


def test_bytes_agree_with_those_on_the_line(
    open_page: Open, line: Proxy, many: str, eventually: Wait, exported: Any
) -> None:
    """The page estimates what it cannot see; a proxy sees it, and they differ by less than 5 %."""
    page = open_page(f"lab/?interval=0.5&symbols={many}", url=line.url)
    is_live(page)
    eventually(lambda: figure(page, "ticks", "poll") > 200)
    page.get_by_text("Since start", exact=True).click()
    # The page begins and ends its count between two looks at the proxy.
    looks = [counted(line)]
    page.get_by_role("button", name="Reset").click()
    looks.append(counted(line))
    eventually(lambda: figure(page, "ticks", "poll") > 4000, timeout_s=60)
    looks.append(counted(line))
    lines = exported(page)
    looks.append(counted(line))
    for key in KEYS:
        for verb in ("received", "sent") if key in ("longpoll", "poll") else ("received",):
            said = float(lines[NAMES[key], "since start"][f"bytes {verb} [B]"])
            early, begun, ending, late = (look[verb, key] for look in looks)
            assert 0.95 * (ending - begun) < said < 1.05 * (late - early), (key, verb)


def counted(line: Proxy) -> dict[tuple[str, str], int]:
    """Return how many bytes each transport has received and sent over a line so far."""
    sums = {"received": line.received, "sent": line.sent}
    return {(verb, key): bytes_of[key] for verb, bytes_of in sums.items() for key in KEYS}


def test_polling_is_half_an_interval_later(open_page: Open, many: str, eventually: Wait) -> None:
    page = open_page(f"lab/?interval=2&symbols={many}")
    is_live(page)
    page.get_by_text("Since start", exact=True).click()
    page.get_by_role("button", name="Reset").click()
    eventually(lambda: figure(page, "ticks", "poll") > 1500, timeout_s=40)
    later_ms = figure(page, "receipt_p50_ms", "poll") - figure(page, "receipt_p50_ms", "websocket")
    assert 700 < later_ms < 1400


def test_a_signed_out_user_hears_why_and_is_led_to_sign_in(people: People, served: Served) -> None:
    """It has a browser of its own, because the 401 of the server is no complaint here."""
    context = people.context("viewer")
    page = context.new_page()
    page.goto(f"{served.url}lab/?interval=5")
    is_live(page)
    context.clear_cookies()
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("in another browser")
    expect(page.locator("#lab-form")).to_have_count(0)
    page.get_by_role("link", name="Sign in").click()
    page.wait_for_url("**/accounts/login/?next=%2Flab%2F%3Finterval%3D5")
    close(context)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("where", "size"), [("desktop", DESKTOP), ("phone", PHONE)])
def test_the_lab_fits_its_screen(
    open_page: Open, tmp_path: Path, where: str, size: dict[str, int], theme: str
) -> None:
    page = open_page("lab/?interval=0.5", viewport=size, color_scheme=theme)
    is_live(page)
    expect(page.locator("#lab-verdicts [data-holds=null]")).to_have_count(0)
    page.screenshot(path=tmp_path / f"lab-{where}-{theme}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    expect(page.get_by_role("link", name="Lab", exact=True)).to_have_attribute(
        "aria-current", "page"
    )
