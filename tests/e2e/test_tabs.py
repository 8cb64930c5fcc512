"""Tabs of one browser share one connection; when the leading tab dies, prices go on."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Error, Page, expect

from tests.e2e.conftest import press
from tests.support.people import PHONE, People, close
from tests.support.price_table import agrees, moving, shown
from tests.support.served import Served, serve

pytestmark = pytest.mark.slow

TAKEOVER_MS = 2_000
NOTICED_MS = 10_000
"""A tab that only notices the silence of its leader needs 2.5 heartbeats of 5 s."""
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
PAINTED = """() => new Promise((done) => {
  requestAnimationFrame(() => requestAnimationFrame(done));
})"""
"""Return when the page has painted what it had got."""
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
    """A server that nobody else uses, so that its connections can be counted."""
    with serve(tmp_path_factory.mktemp("tabs"), MARKET_PING_S="3") as alone:
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
        close(context)
    assert complaints == []


@pytest.fixture
def paused(folk: People, alone: Served) -> Iterator[Callable[[], None]]:
    """Pause the feed when called; run it again in the end."""
    pressed: list[str] = []

    def operate(button: str) -> None:
        # Not kept open: some pages of the admin have a connection of their own.
        context = folk.context("admin")
        page = context.new_page()
        page.goto(f"{alone.url}admin/")
        press(page, "feed", "Demo Exchange", button)
        close(context)
        pressed.append(button)

    yield lambda: operate("Pause")
    if pressed:
        operate("Start")


def connections(served: Served) -> int:
    return served.census()["connections"]


def leader_of(tabs: list[Page]) -> Page:
    """Return the tab that holds the lock of the leader; there is one."""
    [holder] = tabs[0].evaluate(LEADER)
    [leader] = [tab for tab in tabs if tab.evaluate(OWN) == holder]
    return leader


def kill(page: Page) -> None:
    """Crash the page, as an out-of-memory does."""
    with pytest.raises(Error):
        page.goto("chrome://crash", timeout=2_000)


def test_ten_tabs_are_one_connection(
    open_tabs: Callable[..., list[Page]],
    alone: Served,
    paused: Callable[[], None],
    eventually: Callable[..., None],
) -> None:
    tabs = open_tabs(10)
    assert connections(alone) == 1
    for tab in tabs:
        eventually(moving(tab))
    assert connections(alone) == 1
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
        later_ms = died_ms + TAKEOVER_MS
        for tab in tabs:
            eventually(lambda tab=tab, at=later_ms: tab.evaluate(FIRST_AFTER, at))
        assert max(tab.evaluate(LONGEST_REST, died_ms) for tab in tabs) < NOTICED_MS
        eventually(lambda: connections(alone) == 1)
        assert leader_of(tabs)
    paused()
    for tab in tabs:
        eventually(lambda tab=tab: agrees(tab, alone))


def test_another_person_has_another_stream(
    open_tabs: Callable[..., list[Page]], alone: Served, eventually: Callable[..., None]
) -> None:
    tab, _ = open_tabs(2)
    other, _ = open_tabs(2, user="admin")
    eventually(lambda: connections(alone) == 2)
    assert tab.evaluate("document.body.dataset.share") != other.evaluate(
        "document.body.dataset.share"
    )
    leader_of([other])


def test_a_new_sign_in_shares_with_no_tab_of_the_one_before(
    folk: People, alone: Served, eventually: Callable[..., None]
) -> None:
    context = folk.context(None)
    page = context.new_page()
    folk.sign_in(page, "viewer")
    before = page.evaluate("document.body.dataset.share")
    tab = context.new_page()
    tab.goto(alone.url)
    expect(tab.locator("#link-badge")).to_contain_text("Live")
    page.locator("#account summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(tab.get_by_role("heading", name="You are signed out")).to_be_visible()
    eventually(lambda: connections(alone) == 0)
    folk.sign_in(page, "viewer")
    expect(page.locator("#link-badge")).to_contain_text("Live")
    assert page.evaluate("document.body.dataset.share") not in ("", before)
    close(context)


FOLLOW = """async ([key, symbols]) => {
  const {Connection} = await import("/static/js/connection/connection.js");
  const {shared} = await import("/static/js/tabs/sharing.js");
  const {Board} = await import("/static/js/market/board.js");
  const {Replica} = await import("/static/js/market/replica.js");
  const board = globalThis.board = new Board();
  const connection = globalThis.connection = new Connection({
    candidates: shared([], {key, known: () => new Replica(), onready: () => connection.tryNow()}),
    positions: () => ({ticker: board.position("ticker", symbols)}),
    deliver: (frame) => {
      if (["ticker", "heartbeat"].includes(frame.channel)) board.apply(frame);
      return true;
    },
  });
  connection.subscriptions.add("ticker", symbols);
  connection.open();
}"""


def test_a_tab_with_other_symbols_gets_them_and_takes_them_away_again(
    open_tabs: Callable[..., list[Page]],
    alone: Served,
    paused: Callable[[], None],
    eventually: Callable[..., None],
) -> None:
    [leader] = open_tabs(1)
    other = leader.context.new_page()
    other.goto(f"{alone.url}accounts/password/change/")
    strange = sorted(set(alone.board()["rows"]) - set(shown(leader)))[:2]
    mine = [*strange, *list(shown(leader))[:1]]
    entries = alone.census()["symbols"]
    other.evaluate(FOLLOW, [leader.evaluate("document.body.dataset.share"), mine])
    eventually(lambda: sorted(other.evaluate("[...board.rows.keys()]")) == sorted(mine))
    assert other.evaluate("connection.state.transport") == "WebSocket"
    assert (connections(alone), alone.census()["symbols"]) == (1, entries + 2)
    eventually(lambda: other.evaluate("board.ticks") > 20)
    assert set(strange).isdisjoint(shown(leader))
    other.evaluate("(symbols) => connection.subscriptions.remove('ticker', symbols)", strange[:1])
    eventually(lambda: alone.census()["symbols"] == entries + 1)
    paused()
    last = mine[1]
    eventually(
        lambda: (
            other.evaluate("(s) => board.rows.get(s)", last)
            == {"s": last} | alone.board()["rows"][last]
        )
    )
    other.close()
    eventually(lambda: alone.census()["symbols"] == entries)


def test_a_pause_in_one_tab_is_its_own(
    open_tabs: Callable[..., list[Page]], alone: Served, eventually: Callable[..., None]
) -> None:
    tabs = open_tabs(2)
    leader = leader_of(tabs)
    [other] = [tab for tab in tabs if tab is not leader]
    leader.get_by_role("button", name="Pause").click()
    expect(leader.locator("#link-badge")).to_contain_text("Paused")
    eventually(lambda: alone.census()["paused"] == 0)
    # What was on its way when the button was pressed is still shown.
    eventually(moving(other))
    leader.evaluate(PAINTED)
    before = shown(leader)
    eventually(moving(other))
    eventually(moving(other))
    leader.evaluate(PAINTED)
    assert shown(leader) == before
    other.get_by_role("button", name="Pause").click()
    eventually(lambda: alone.census()["paused"] == 1)
    leader.get_by_role("button", name="Resume").first.click()
    eventually(lambda: alone.census()["paused"] == 0)
    eventually(moving(leader))


@pytest.mark.parametrize("missing", ["navigator.locks", "BroadcastChannel"])
def test_where_tabs_cannot_share_each_has_its_own(
    open_tabs: Callable[..., list[Page]],
    alone: Served,
    eventually: Callable[..., None],
    missing: str,
) -> None:
    script = {
        "navigator.locks": "delete Navigator.prototype.locks;",
        "BroadcastChannel": "delete globalThis.BroadcastChannel;",
    }[missing]
    tabs = open_tabs(3, script=script)
    assert connections(alone) == 3
    for tab in tabs:
        eventually(moving(tab))


def test_seven_tabs_that_pin_streams_are_one_stream(
    open_tabs: Callable[..., list[Page]], alone: Served, eventually: Callable[..., None]
) -> None:
    """A browser opens six connections per host over HTTP/1.1: the seventh stream would hang."""
    tabs = open_tabs(7, path="?transport=sse")
    assert connections(alone) == 1
    expect(tabs[6].locator("#link [data-meter=transport]")).to_have_text("SSE")
    for tab in tabs:
        eventually(moving(tab))


def test_without_web_locks_the_fifth_pinned_tab_waits_for_a_stream(
    open_tabs: Callable[..., list[Page]], alone: Served, eventually: Callable[..., None]
) -> None:
    """Over plain http from another machine there are no locks, and tabs share nothing."""
    script = "Object.defineProperty(Navigator.prototype, 'locks', {value: undefined});"
    tabs = open_tabs(4, path="?transport=sse", script=script)
    fifth = tabs[0].context.new_page()
    fifth.goto(f"{alone.url}?transport=sse")
    expect(fifth.locator("body")).to_contain_text("holds 4 streams")
    eventually(lambda: connections(alone) == 4)
    tabs[0].close()
    expect(fifth.locator("#link-badge")).to_contain_text("Live")
    # The server hears of the end of a stream a little later, and streams change their symbols.
    eventually(lambda: connections(alone) == 4)


def test_labs_leave_the_browser_connections_for_everything_else(
    open_tabs: Callable[..., list[Page]], alone: Served, tmp_path: Path
) -> None:
    """Each lab wants two streams. The third gets none, says why, and pages still open."""
    [tab] = open_tabs(1)
    labs = [tab.context.new_page() for _ in range(4)]
    for lab in labs:
        lab.goto(f"{alone.url}lab/")
        expect(lab.locator("[data-state=websocket]")).to_have_text("live")
    for lab in labs[:2]:
        expect(lab.locator("[data-state=sse]")).to_have_text("live")
    troubles = labs[3].locator("#lab-troubles")
    expect(troubles).to_contain_text("SSE is ")
    expect(troubles).to_contain_text(": this browser holds 4 streams already.")
    expect(labs[0].locator("#lab-troubles")).to_be_hidden()
    labs[3].set_viewport_size(PHONE)
    labs[3].screenshot(path=tmp_path / "lab-troubles.png", full_page=True)
    assert labs[3].evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    expect(labs[3].locator("[data-state=poll]")).to_have_text("live")
    [another] = open_tabs(1)
    another.locator("#transport").select_option("poll")
    expect(another.locator("#link [data-meter=transport]")).to_have_text("Polling")


def test_a_pinned_tab_goes_its_own_way_and_comes_back(
    open_tabs: Callable[..., list[Page]], alone: Served, eventually: Callable[..., None]
) -> None:
    tabs = open_tabs(3)
    leader = leader_of(tabs)
    leader.locator("#transport").select_option("sse")
    expect(leader.locator("#link [data-meter=transport]")).to_have_text("SSE")
    eventually(lambda: connections(alone) == 2)
    others = [tab for tab in tabs if tab is not leader]
    assert leader_of(tabs) in others
    for tab in tabs:
        eventually(moving(tab))
    leader.locator("#transport").select_option("")
    eventually(lambda: connections(alone) == 1)
    eventually(moving(leader))
