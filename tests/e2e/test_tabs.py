"""Tabs of one browser share one connection; whatever becomes of the one that leads, prices go on."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Error, Page, expect

from tests.e2e.conftest import People, press
from tests.e2e.test_live import agrees, moving, shown
from tests.served import Served, serve

TAKEOVER_MS = 2_000
WATCH = """() => {
  globalThis.moves = [];
  const note = () => moves.push(performance.timeOrigin + performance.now());
  new MutationObserver(note).observe(document.querySelector("tbody"), {
    subtree: true, childList: true, characterData: true, attributes: true,
  });
}"""
"""Note when anything in the table changes, by the page's own clock."""
FIRST_AFTER = "(ms) => globalThis.moves.find((at) => at > ms) ?? null"
LONGEST_REST = """(ms) => {
  const times = [ms, ...globalThis.moves.filter((at) => at > ms)];
  return Math.max(...times.slice(1).map((at, index) => at - times[index]));
}"""
LEADER = """async () => {
  const {held} = await navigator.locks.query();
  const names = held.filter(({name}) => /^market-tabs-\\d+\\/[^/]+$/.test(name));
  return names.map(({clientId}) => clientId);
}"""
OWN = """async () => {
  const name = `probe ${Math.random()}`;
  return navigator.locks.request(name, async () => {
    const {held} = await navigator.locks.query();
    return held.find((lock) => lock.name === name).clientId;
  });
}"""


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that nobody else uses, so that its seats can be counted."""
    with serve(tmp_path_factory.mktemp("tabs"), MARKET_PING_S="1") as alone:
        yield alone


@pytest.fixture(scope="module")
def folk(browser: Any, alone: Served) -> People:
    """The accounts of that server."""
    return People(browser, alone)


@pytest.fixture
def open_tabs(folk: People, alone: Served) -> Iterator[Callable[..., list[Page]]]:
    """Open tabs in one browser; what they complain of fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_tabs(
        count: int, *, user: str = "viewer", path: str = "", script: str = "", **options: Any
    ) -> list[Page]:
        context = folk.context(user, **options)
        contexts.append(context)
        context.add_init_script(script)
        return [open_tab(context, path) for _ in range(count)]

    def open_tab(context: BrowserContext, path: str) -> Page:
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(alone.url + path)
        expect(page.locator("#link-badge")).to_contain_text("Live")
        return page

    yield open_tabs
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def paused(folk: People, alone: Served) -> Iterator[Callable[[], None]]:
    """Pause the feed when called; run it again in the end."""
    context = folk.context("admin")
    page = context.new_page()
    page.goto(f"{alone.url}admin/")
    yield lambda: press(page, "feed", "Demo Exchange", "Pause") and None
    press(page, "feed", "Demo Exchange", "Start")
    context.close()


def seats(served: Served) -> int:
    return served.census()["seats"]


def leader_of(tabs: list[Page]) -> Page:
    """Return the tab that holds the lock of the leader; there is one."""
    [holder] = tabs[0].evaluate(LEADER)
    [leader] = [tab for tab in tabs if tab.evaluate(OWN) == holder]
    return leader


def kill(page: Page) -> None:
    """Crash the page, as an out-of-memory does."""
    with pytest.raises(Error):
        page.goto("chrome://crash", timeout=2_000)


def test_ten_tabs_are_one_seat(
    open_tabs: Callable[..., list[Page]],
    alone: Served,
    paused: Callable[[], None],
    eventually: Callable[..., None],
) -> None:
    tabs = open_tabs(10)
    assert seats(alone) == 1
    for tab in tabs:
        eventually(moving(tab))
    assert seats(alone) == 1
    paused()
    for tab in tabs:
        eventually(lambda tab=tab: agrees(tab, alone))


@pytest.mark.parametrize("death", [Page.close, kill])
def test_when_the_leader_dies_the_others_go_on(
    open_tabs: Callable[..., list[Page]],
    alone: Served,
    paused: Callable[[], None],
    eventually: Callable[..., None],
    death: Callable[[Page], None],
) -> None:
    tabs = open_tabs(5)
    for _ in range(2):
        leader = leader_of(tabs)
        tabs.remove(leader)
        for tab in tabs:
            tab.evaluate(WATCH)
            eventually(lambda tab=tab: tab.evaluate("moves.length > 5"))
        died_ms = tabs[0].evaluate("performance.timeOrigin + performance.now()")
        death(leader)
        eventually(lambda: all(tab.evaluate(FIRST_AFTER, died_ms + TAKEOVER_MS) for tab in tabs))
        assert max(tab.evaluate(LONGEST_REST, died_ms) for tab in tabs) < TAKEOVER_MS
        eventually(lambda: seats(alone) == 1)
        assert leader_of(tabs)
    paused()
    for tab in tabs:
        eventually(lambda tab=tab: agrees(tab, alone))
