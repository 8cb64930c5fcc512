"""People watch a market move: every browser and program shows the engine's board."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Error, Page, expect
from websockets.sync.client import connect

from dashboard.loadtest.reader import Gap, Reader
from dashboard.personal.selectors import DEFAULT_WATCHLIST
from feeds.market.events import Position
from tests.e2e.conftest import Open, press
from tests.support.people import People, close
from tests.support.price_table import agrees, moving, shown
from tests.support.proxy import Proxy
from tests.support.served import Served
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.slow

MISSING = "–"
OUTAGE_EVENTS = 2000
"""At the rate of the tests, 200 ticks/s, an outage of ten seconds."""


def rests(page: Page, served: Served) -> bool:
    """Say whether the page shows nothing new while the market goes on."""
    changed = moving(page)
    served.wait_for_events(300)
    return not changed()


@pytest.fixture
def paused(admin: Page) -> Iterator[Callable[[], None]]:
    """Pause the feed when called; run it again in the end."""
    yield lambda: press(admin, "feed", "Demo Exchange", "Pause") and None
    press(admin, "feed", "Demo Exchange", "Start")


class Program:
    """A plain program at the WebSocket that resumes from its position when it was cut."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.reader = Reader()
        self.resumed: list[bool] = []

    def read_until(self, position: str) -> None:
        """Read until the reader stands at a position."""
        with connect(self.url, compression=None) as socket:
            for channel in ("status", "ticker"):
                symbols = ["*"] if channel == "ticker" else []
                params = {
                    "channel": channel,
                    "symbols": symbols,
                    "since": self.reader.since(channel),
                }
                socket.send(json.dumps({"method": "subscribe", "params": params, "id": channel}))
            while not self._has_reached(Position.parse(position)):
                frame = json.loads(socket.recv(timeout=PATIENCE_S))
                if frame.get("id") == "ticker":
                    self.resumed.append(frame["result"]["resumed"])
                try:
                    self.reader.apply(frame)
                except Gap as gap:
                    raise AssertionError(f"a hole: {gap}") from gap

    def _has_reached(self, target: Position) -> bool:
        mine = self.reader.positions.get("ticker")
        return mine is not None and mine.epoch == target.epoch and mine >= target


def test_prices_move(open_page: Open, eventually: Callable[..., None]) -> None:
    page = open_page()
    expect(page.locator("#link-badge")).to_contain_text("Live")
    eventually(moving(page))


def test_two_browsers_and_a_program_show_the_board_of_the_engine(
    open_page: Open,
    served: Served,
    line: Proxy,
    paused: Callable[[], None],
    eventually: Callable[..., None],
) -> None:
    """Also after one browser was cut, and one frozen, for ten seconds; and the program as well."""
    near, far = open_page(), open_page(url=line.url, user="admin")
    program = Program(served.socket_url)
    program.read_until(served.board()["position"])
    eventually(moving(near))
    eventually(moving(far))
    line.cut()
    expect(far.locator("#link-badge")).not_to_contain_text("Live")
    has_moved = moving(near)
    served.wait_for_events(OUTAGE_EVENTS)
    assert has_moved()
    line.mend()
    expect(far.locator("#link-badge")).to_contain_text("Live")
    eventually(moving(far))
    line.freeze()
    served.wait_for_events(OUTAGE_EVENTS)
    line.mend()
    expect(far.locator("#link-badge")).to_contain_text("Live")
    eventually(moving(far))
    paused()
    eventually(lambda: agrees(near, served))
    eventually(lambda: agrees(far, served))
    board = served.board()
    program.read_until(board["position"])
    rows = {
        symbol: {k: v for k, v in row.items() if k != "s"} for symbol, row in board["rows"].items()
    }
    assert program.reader.rows == rows
    assert program.resumed == [False, True]


def test_both_pages_show_the_same_prices(
    open_page: Open, served: Served, paused: Callable[[], None], eventually: Callable[..., None]
) -> None:
    live, polling = open_page(), open_page("polling/?interval=1")
    eventually(moving(polling))
    paused()
    eventually(lambda: agrees(live, served))
    eventually(lambda: agrees(polling, served))
    assert shown(live) == shown(polling)
    assert int(polling.locator("[data-meter=requests]").inner_text()) > 1
    expect(polling.locator("[data-meter=unchanged]")).not_to_have_text("0")


def test_without_javascript_the_polling_page_renews_itself(
    open_page: Open, served: Served, eventually: Callable[..., None]
) -> None:
    page = open_page("polling/?interval=1", java_script_enabled=False)

    seen: list[list[str]] = []

    def has_moved() -> bool:
        with suppress(Error):  # it is just being renewed
            cells = page.locator("[data-field=bid], [data-field=last]").all_inner_texts()
            if len(cells) == 2 * DEFAULT_WATCHLIST:  # all of the page has come
                seen.append(cells)
        return any(cells != seen[0] for cells in seen)

    eventually(has_moved)


def test_a_hidden_tab_catches_up(
    open_page: Open, served: Served, eventually: Callable[..., None]
) -> None:
    """The page is told that it is hidden, as browsers do; its prices stop, and come back."""
    page = open_page()
    eventually(moving(page))
    page.evaluate(
        """() => {
          globalThis.isHidden = true;
          Object.defineProperty(document, "hidden", {get: () => globalThis.isHidden});
          Object.defineProperty(document, "visibilityState",
            {get: () => globalThis.isHidden ? "hidden" : "visible"});
          document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    eventually(lambda: rests(page, served), 30)
    page.evaluate(
        "globalThis.isHidden = false; document.dispatchEvent(new Event('visibilitychange'))"
    )
    expect(page.locator("#link-badge")).to_contain_text("Live")
    eventually(moving(page))


LINES = """async (count) => {
  const {TapeView} = await import("/static/js/screen/trades/tape_view.js");
  const view = new TapeView(document.querySelector("#trades"));
  const body = document.querySelector("#trades tbody");
  const lineOf = (at) => at % 5
    ? {key: `${at}`, trade: {s: "NVX", p: 1.5, q: 1000, side: at % 2 ? "BUY" : "SELL", i: at, t: 0}}
    : {key: `${at}`, trade: null};
  const lines = Array.from({length: count + 4}, (_, at) => lineOf(at + 1));
  view.show(lines.slice(0, count), () => 3);
  const before = new Set(body.children);
  view.show(lines.slice(4), () => 3);
  const now = [...body.children];
  const texts = now.map((row) => row.innerText || row.textContent);
  const made = now.filter((row) => !before.has(row)).length;
  view.show([], () => 3);
  return {texts, made, left: body.children.length};
}"""


def test_lines_of_trades_are_made_once_and_say_what_is_missing(open_page: Open) -> None:
    """Four newer ones: three trades take the elements of old ones, the mark is a new one."""
    outcome = open_page().evaluate(LINES, 6)
    assert [text.replace("\t", "")[8:] for text in outcome["texts"]] == [
        "issing here", "NVX1.5001,000Buy", "NVX1.5001,000Sell", "NVX1.5001,000Buy",
        "NVX1.5001,000Sell", "issing here",
    ]  # fmt: skip
    assert (outcome["made"], outcome["left"]) == (1, 0)


def test_trades_are_of_the_chosen_line_and_only_while_somebody_looks(
    open_page: Open, eventually: Callable[..., None]
) -> None:
    page = open_page()
    expect(page.locator("#link-badge")).to_contain_text("Live")
    panel = page.locator("#trades")
    symbols = panel.locator("tbody .tape-symbol")
    assert panel.get_attribute("open") is None
    page.keyboard.press("t")
    eventually(lambda: len(set(symbols.all_inner_texts())) > 2)
    row = page.locator("tr[data-symbol]").nth(3)
    symbol = row.get_attribute("data-symbol")
    row.locator("th").focus()
    page.keyboard.press("Enter")
    expect(row).to_have_attribute("aria-selected", "true")
    expect(panel.locator("[data-part=scope]")).to_have_text(str(symbol))
    eventually(lambda: set(symbols.all_inner_texts()) == {symbol})
    page.locator("#transport").select_option("longpoll")
    expect(page.locator("#link [data-meter=transport]")).to_have_text("Long poll")
    before = symbols.count()
    eventually(lambda: symbols.count() > before)
    assert panel.get_by_text("Trades missing here").count() == 0
    page.keyboard.press("p")
    expect(panel.locator("[data-part=note]")).to_contain_text("Paused")
    page.keyboard.press("p")
    panel.get_by_role("button", name="Show all symbols").click()
    eventually(lambda: len(set(symbols.all_inner_texts())) > 2)
    page.reload()
    expect(symbols.first).to_be_visible()
    with page.expect_request(lambda asked: "channels=" in asked.url and "trades" not in asked.url):
        panel.locator("summary").click()
    expect(symbols).to_have_count(0)


def test_signing_out_ends_the_stream_of_every_tab(
    open_page: Open, people: object, served: Served
) -> None:
    page = open_page(user=None)
    people.sign_in(page, "viewer")
    tab, quiet = page.context.new_page(), page.context.new_page()
    quiet.goto(f"{served.url}alerts/")
    quiet.wait_for_load_state("networkidle")
    tab.goto(f"{served.url}?list=all")
    expect(tab.locator("#link-badge")).to_contain_text("Live")
    page.locator("#account summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/accounts/login/**")
    for each in (tab, quiet):
        expect(each.get_by_role("heading", name="You are signed out")).to_be_visible()
        expect(each.get_by_role("alert")).to_contain_text("signed out in another tab")
        expect(each.locator("#watchlist, .alert-page, #account, #notices")).to_have_count(0)
    tab.get_by_role("link", name="Sign in").click()
    tab.wait_for_url("**/accounts/login/?next=%2F%3Flist%3Dall")


def test_the_lab_and_the_deck_tell_why_they_stopped(people: People, served: Served) -> None:
    """It has a browser of its own, because the 401 of the server is no complaint here."""
    context = people.context(None)
    page = context.new_page()
    complaints: list[str] = []
    people.sign_in(page, "admin")
    pages = {
        "lab/": "#lab-form",
        "admin/flightdeck/": "#people",
        "admin/feeds/feed/": "#result_list",
    }
    tabs = {path: context.new_page() for path in pages}
    for path, tab in tabs.items():
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.goto(served.url + path)
        expect(tab.locator(pages[path])).to_be_visible()
    expect(tabs["lab/"].locator("body")).to_have_attribute("data-lab", "running")
    expect(tabs["admin/flightdeck/"].locator("#deck")).to_have_attribute("data-state", "open")
    page.locator("#account summary").click()
    page.get_by_role("button", name="Sign out").click()
    for path, tab in tabs.items():
        expect(tab.get_by_role("heading", name="You are signed out")).to_be_visible()
        expect(tab.get_by_role("alert")).to_contain_text("signed out in another tab")
        expect(tab.locator(f"{pages[path]}, #account")).to_have_count(0)
    # What still works on a page that lost its parts would complain now.
    tabs["lab/"].evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    tabs["lab/"].get_by_role("link", name="Sign in").click()
    tabs["lab/"].wait_for_url("**/accounts/login/?next=%2Flab%2F")
    assert complaints == []
    close(context)


def test_a_watchlist_follows_its_owner_into_every_browser(open_page: Open, served: Served) -> None:
    first, second = open_page(), open_page()
    symbol = next(symbol for symbol in served.board()["display"] if symbol not in shown(first))
    search = first.get_by_placeholder("Find or add a symbol")
    search.fill(symbol)
    search.press("Enter")
    row = f"tr[data-symbol={symbol}]"
    expect(first.locator(row)).to_be_visible()
    expect(second.locator(row)).to_be_visible()
    expect(second.locator(f"{row} [data-field=bid]")).not_to_have_text(MISSING)
    second.locator(f"{row} .remove").click()
    expect(first.locator(row)).to_have_count(0)
    expect(second.locator(row)).to_have_count(0)


def test_pasted_symbols_come_in_one_request_and_a_removed_one_comes_back(
    open_page: Open, served: Served, eventually: Callable[..., None]
) -> None:
    page = open_page()
    title = page.locator("#watchlist-title")
    listed = list(shown(page))
    expect(title).to_contain_text(f"{len(listed)} of 200")
    search = page.get_by_placeholder("Find or add a symbol")
    strange = sorted(set(served.board()["rows"]) - set(listed))[:3]
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    search.fill(", ".join(strange).lower())
    lines = page.locator("tbody tr[data-symbol]:visible")
    assert lines.count() == len(listed), "the search emptied the list"
    search.press("Enter")
    expect(title).to_contain_text(f"{len(listed) + 3} of 200")
    assert len([url for url in requests if "watchlist/add" in url]) == 1
    for symbol in strange:
        page.get_by_role("button", name=f"Remove {symbol}").click()
    expect(title).to_contain_text(f"{len(listed)} of 200")
    page.get_by_role("button", name=f"Remove {listed[1]}").click()
    eventually(lambda: listed[1] not in shown(page))
    page.locator(".toast", has_text=f"{listed[1]} removed").get_by_role("button").first.click()
    eventually(lambda: list(shown(page)) == listed)


def test_what_a_key_or_a_line_opens_is_in_view(open_page: Open) -> None:
    page = open_page()
    page.set_viewport_size({"width": 1280, "height": 600})
    page.keyboard.press("t")
    expect(page.locator("#trades-title")).to_be_in_viewport()
    page.locator("tbody tr[data-symbol]").first.click()
    expect(page.locator("#trades [data-part=scope]")).to_be_in_viewport()
    expect(page.locator("tbody tr[data-symbol]").first).to_be_in_viewport()
    expect(page.locator("#market-day")).to_contain_text("Demo Exchange")
