"""A live page changes its transport: by itself when one is blocked, and when somebody says so."""

import json
import time
from collections.abc import Callable, Iterator
from itertools import pairwise, permutations
from typing import Any

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.e2e.conftest import Open, press
from tests.support.people import PHONE, close
from tests.support.proxy import Blockade, Proxy, TransportName
from tests.support.served import Served

pytestmark = pytest.mark.slow

NAMES = {"websocket": "WebSocket", "sse": "SSE", "longpoll": "Long poll", "poll": "Polling"}
HUNG_MS = 10_000
"""No busy machine makes a step this slow: whatever takes longer waits for something."""
TABLE = """() => Object.fromEntries(
  [...document.querySelectorAll("tbody tr[data-symbol]")].map((row) => [
    row.dataset.symbol,
    row.querySelector("[data-field=last]").innerText.replace(/[^0-9.,]/g, ""),
  ]),
)"""


def transport_of(page: Page) -> str:
    """Return what the page says it is carried by."""
    return page.locator("#link [data-meter=transport]").text_content() or ""


def moving(page: Page) -> Callable[[], bool]:
    before = page.evaluate(TABLE)
    return lambda: page.evaluate(TABLE) != before


def agrees(page: Page, served: Served) -> bool:
    shown = page.evaluate(TABLE)
    display = served.board()["display"]
    return bool(shown) and all(display[symbol]["last"] == last for symbol, last in shown.items())


@pytest.fixture
def paused(admin: Page) -> Iterator[Callable[[], None]]:
    """Pause the feed when called; run it again in the end."""
    yield lambda: press(admin, "feed", "Demo Exchange", "Pause") and None
    press(admin, "feed", "Demo Exchange", "Start")


# --- fallback and promotion ---


@pytest.mark.parametrize("blockade", ["refuse", "hang"])
@pytest.mark.parametrize(
    ("blocked", "left"),
    [
        (("websocket",), "SSE"),
        (("websocket", "sse"), "Long poll"),
        (("websocket", "sse", "longpoll"), "Polling"),
    ],
)
def test_what_is_blocked_is_passed_by_and_taken_up_again(
    open_page: Open, served: Served, line: Proxy, eventually: Callable[..., None],
    blockade: Blockade, blocked: tuple[TransportName, ...], left: str,
) -> None:  # fmt: skip
    line.block(blockade, *blocked)
    page = open_page(url=line.url)
    # `race.test.js` says how long each transport may take; here a busy machine takes its time.
    eventually(moving(page))
    assert transport_of(page) == left
    expect(page.locator("#link-badge")).to_contain_text("Live")
    line.mend()
    eventually(lambda: transport_of(page) == "WebSocket", 30)
    expect(page.locator("#link-badge")).to_contain_text("Live")
    eventually(moving(page))


def test_a_live_page_falls_back_and_climbs_with_the_right_prices(
    open_page: Open, served: Served, line: Proxy, paused: Callable[[], None],
    eventually: Callable[..., None],
) -> None:  # fmt: skip
    page = open_page(url=line.url)
    eventually(lambda: transport_of(page) == "WebSocket")
    line.block("refuse", "websocket")
    line.cut()
    line.mend()
    line.block("refuse", "websocket")
    eventually(lambda: transport_of(page) == "SSE")
    eventually(moving(page))
    line.mend()
    eventually(lambda: transport_of(page) == "WebSocket", 30)
    paused()
    eventually(lambda: agrees(page, served))


# --- any to any, nothing lost and nothing twice ---

JOURNEY = """async (stops) => {
  const {Board, Gap} = await import("/static/js/market/board.js");
  const {Connection} = await import("/static/js/connection/connection.js");
  const {PollTransport} = await import("/static/js/transports/poll.js");
  const {candidatesOf} = await import("/static/js/transports/catalogue.js");
  const board = new Board();
  const seen = {gaps: [], snapshots: 0, states: [], slowest_ms: 0, updates: 0};
  let heard_ms = null;
  let pauses = 0;
  const deliver = (frame) => {
    if (frame.type === "answer" && frame.method === "set") pauses += frame.result.paused ? 1 : 0;
    if (["answer", "welcome", "shutdown", "pace"].includes(frame.type)) return true;
    if (!["ticker", "status", "heartbeat"].includes(frame.channel)) return true;
    const gap = board.apply(frame);
    if (gap instanceof Gap) {
      seen.gaps.push(`${connection.state.transport} ${gap.channel} ${gap.from} ${gap.sequence}`);
      return false;
    }
    if (frame.channel !== "ticker") return true;
    if (frame.type === "snapshot") seen.snapshots += 1;
    const now_ms = performance.now();
    if (heard_ms !== null) seen.slowest_ms = Math.max(seen.slowest_ms, now_ms - heard_ms);
    heard_ms = now_ms;
    seen.updates += 1;
    return true;
  };
  const socket = new URL("/ws/v1/", location.href);
  socket.protocol = "ws:";
  const connection = new Connection({
    candidates: candidatesOf({
      socketUrl: socket.href, sseUrl: "/sse/v1/", pollUrl: "/poll/v1/",
      poll: new PollTransport({url: "/poll/v1/", interval_ms: 300}),
    }),
    positions: () => ({ticker: board.position("ticker"), status: board.position("status")}),
    deliver,
    onstate: ({name}) => seen.states.push(name),
  });
  connection.subscriptions.add("status");
  connection.subscriptions.add("ticker", ["*"]);
  const until = async (isDone) => {
    const end_ms = performance.now() + 15_000;
    while (!isDone()) {
      if (performance.now() > end_ms) throw new Error(`${isDone}: ${JSON.stringify(seen)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const end = async () => {
    const {reconnects} = connection;
    await fetch("/end/");
    await until(() => connection.reconnects > reconnects);
  };
  const reach = async ([key, name]) => {
    if (key === "end") await end();
    else connection.pin(key);
    await until(() => connection.state.transport === name);
    const updates = seen.updates;
    await until(() => seen.updates > updates + 4);
  };
  const rest = async () => {
    const before = pauses;
    connection.setPaused("a test", true);
    await until(() => pauses > before);
    heard_ms = null;
    connection.setPaused("a test", false);
  };
  connection.pin(stops[0][0]);
  connection.open();
  for (const [index, stop] of stops.entries()) {
    await reach(stop);
    if (index < 4) await rest();
  }
  const states = [...new Set(seen.states)];
  connection.close();
  return {...seen, states, ticks: board.ticks, rows: board.rows.size, end: connection.state.name};
}"""


def test_every_transport_moves_to_every_other(open_page: Open) -> None:
    """One position carries over: no gap, no second snapshot, prices come all the while.

    At the first stops the prices are paused and go on, which loses nothing either.
    """
    page = open_page("accounts/password/change/")
    stops = list(NAMES)
    for transport, other in permutations(NAMES, 2):
        stops += [transport] if stops[-1] != transport else []
        stops += [other]
    seen = page.evaluate(JOURNEY, [[stop, NAMES[stop]] for stop in stops])
    assert {frozenset(pair) for pair in pairwise(stops)} >= {
        frozenset(pair) for pair in permutations(NAMES, 2)
    }
    assert seen["gaps"] == []
    assert seen["snapshots"] == 1
    assert seen["states"] == ["connecting", "live", "paused"]
    assert seen["slowest_ms"] < HUNG_MS
    assert (seen["ticks"] > 100, seen["rows"] > 50) == (True, True)


def test_a_socket_ended_with_1000_is_resumed(open_page: Open) -> None:
    """Servers and proxies end old connections like that: it is no reason to stop."""
    page = open_page("accounts/password/change/")
    stops = [("websocket", "WebSocket"), ("end", "WebSocket"), ("end", "WebSocket")]
    seen = page.evaluate(JOURNEY, stops)
    assert (seen["gaps"], seen["snapshots"]) == ([], 1)
    assert set(seen["states"]) == {"connecting", "live", "paused", "reconnecting"}


def test_a_person_moves_a_live_page(open_page: Open, eventually: Callable[..., None]) -> None:
    page = open_page()
    expect(page.locator("#link-badge")).to_contain_text("Live")
    select = page.locator("#transport")
    for key in ("sse", "poll", "websocket", "longpoll"):
        select.select_option(key)
        eventually(lambda name=NAMES[key]: transport_of(page) == name)
        eventually(moving(page))
        expect(page.locator("#link-badge")).to_contain_text("Live")
    page.reload()
    eventually(lambda: transport_of(page) == "Long poll")
    expect(select).to_have_value("longpoll")
    select.select_option("")
    eventually(lambda: transport_of(page) == "WebSocket")


def test_the_address_pins_a_transport(open_page: Open, eventually: Callable[..., None]) -> None:
    page = open_page("?transport=sse")
    eventually(lambda: transport_of(page) == "SSE")
    expect(page.locator("#transport")).to_have_value("sse")
    page.goto(page.url.replace("sse", "nonsense"))
    eventually(lambda: transport_of(page) == "WebSocket")


def test_a_pinned_transport_says_that_it_fails(
    open_page: Open, line: Proxy, eventually: Callable[..., None]
) -> None:
    line.block("refuse", "websocket")
    page = open_page("?transport=websocket", url=line.url)
    expect(page.locator("#link-banner")).to_contain_text("WebSocket is pinned and does not work")
    assert set(line.tried) == {"websocket"}
    page.locator("#transport").select_option("")
    eventually(lambda: transport_of(page) == "SSE")
    expect(page.locator("#link-banner")).to_be_hidden()


def test_the_polling_page_only_polls(
    open_page: Open, line: Proxy, eventually: Callable[..., None]
) -> None:
    page = open_page("polling/?interval=1", url=line.url)
    eventually(moving(page))
    assert set(line.tried) == {"poll"}


# --- pace, and a market that is silent ---


class Wire:
    """The socket of a page: the test reads it, and adds frames, on its way to the real server."""

    def __init__(self) -> None:
        self.commands: list[dict[str, Any]] = []
        self.heard_s: list[float] = []
        self._routes: list[WebSocketRoute] = []
        self.is_mute = False
        self.hides_pace = False

    def attach(self, route: WebSocketRoute) -> None:
        server = route.connect_to_server()
        self._routes.append(route)

        def forward(message: str | bytes) -> None:
            self.commands.append(json.loads(message))
            self.heard_s.append(time.monotonic())
            server.send(message)

        route.on_message(forward)
        server.on_message(lambda message: None if self._hides(message) else route.send(message))

    def _hides(self, message: str | bytes) -> bool:
        return self.is_mute or (self.hides_pace and json.loads(message).get("type") == "pace")

    def say(self, **frame: Any) -> None:
        """Say a frame to the page, as its server would."""
        self._routes[-1].send(json.dumps(frame))

    def sent(self, method: str) -> list[dict[str, Any]]:
        """Return the commands of one method."""
        return [command for command in self.commands if command["method"] == method]


@pytest.fixture
def open_wired(people: Any, served: Served) -> Iterator[Callable[..., tuple[Page, Wire]]]:
    """Open a page whose socket the test controls."""
    contexts = []

    def open_wired(path: str = "", script: str = "", **options: Any) -> tuple[Page, Wire]:
        context = people.context("viewer", **options)
        contexts.append(context)
        context.add_init_script(script)
        page, wire = context.new_page(), Wire()
        page.route_web_socket("**/ws/v1/", wire.attach)
        page.goto(served.url + path)
        expect(page.locator("#link-badge")).to_contain_text("Live")
        return page, wire

    yield open_wired
    for context in contexts:
        close(context)


def pace_of(page: Page) -> str:
    return page.locator(".panel-foot [data-meter=pace]").inner_text()


def test_what_is_painted_is_acknowledged(open_wired, eventually: Callable[..., None]) -> None:
    page, wire = open_wired()
    # Playwright hands over what a page sent only while it is asked something.
    eventually(lambda: page.title() and len(wire.sent("ack")) > 3)
    for command in wire.sent("ack"):
        assert command.keys() == {"method", "params"}, "an answer nobody reads was asked for"
        assert 0 <= command["params"]["paint_ms"] < HUNG_MS
    assert any(command["params"]["paint_ms"] > 0 for command in wire.sent("ack"))
    times = [
        at
        for at, command in zip(wire.heard_s, wire.commands, strict=True)
        if command["method"] == "ack"
    ]
    assert len(times) <= times[-1] - times[0] + 1.5
    [ticker] = [
        command["params"]
        for command in wire.sent("subscribe")
        if command["params"]["channel"] == "ticker"
    ]
    assert set(ticker["fields"]) == {"p", "b", "a", "o", "h", "l", "pc", "v", "ph"}


def test_the_page_says_its_pace_and_why(open_wired, eventually: Callable[..., None]) -> None:
    page, wire = open_wired()
    eventually(lambda: pace_of(page) == "auto 10/s")
    wire.hides_pace = True  # a busy machine paints slowly, so the server has news of its own
    wire.say(channel="status", type="pace", rate=4, reason="paint 38 ms")
    eventually(lambda: pace_of(page) == "auto 4/s: paint 38 ms")
    wire.say(channel="status", type="pace", rate=10, reason="")
    eventually(lambda: pace_of(page) == "auto 10/s")
    page.get_by_label("Pace").select_option("20")
    eventually(lambda: pace_of(page) == "20/s")
    assert wire.sent("set")[-1]["params"]["max_rate"] == 20
    page.get_by_role("button", name="Pause").click()
    eventually(lambda: pace_of(page) == "paused: by hand")


def test_saving_data_is_respected_unless_people_choose(
    open_wired, eventually: Callable[..., None]
) -> None:
    saving = """Object.defineProperty(Navigator.prototype, "connection", {
      get: () => ({saveData: true}), configurable: true,
    })"""
    page, wire = open_wired(script=saving)
    eventually(lambda: pace_of(page) == "auto 1/s: Save-Data")
    assert wire.sent("set")[0]["params"]["max_rate"] == 1
    page.get_by_label("Pace").select_option("5")
    eventually(lambda: pace_of(page) == "5/s")
    page.get_by_label("Pace").select_option("")
    eventually(lambda: pace_of(page) == "auto 1/s: Save-Data")


@pytest.mark.parametrize("size", [None, PHONE])
def test_a_silent_market_greys_the_prices_though_the_link_lives(
    open_wired, eventually: Callable[..., None], size: dict[str, int] | None
) -> None:
    page, wire = open_wired(**({"viewport": size} if size else {}))
    wire.is_mute = True
    silent_ms = int(time.time() * 1000) - 60_000
    heartbeat = {"channel": "heartbeat", "seq": 0, "ts": silent_ms + 60_000}
    wire.say(**heartbeat, stale=silent_ms)
    banner = page.locator("#link-banner")
    clock = page.evaluate("(ms) => new Date(ms).toLocaleTimeString('en-GB')", silent_ms)
    expect(banner).to_contain_text(f"The market’s feed has been silent since {clock}.")
    expect(page.locator("body.is-not-live")).to_have_count(1)
    expect(page.locator("#link-badge")).to_contain_text("Stale")
    wire.say(**heartbeat)
    expect(page.locator("#link-badge")).to_contain_text("Live")
    expect(banner).to_be_hidden()
    wire.say(**heartbeat, stale=silent_ms)
    expect(page.locator("#link-badge")).to_contain_text("Stale")
    wire.is_mute = False
    expect(page.locator("#link-badge")).to_contain_text("Live")
    eventually(moving(page))
