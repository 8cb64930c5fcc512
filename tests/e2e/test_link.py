"""The rooms of link/ by themselves, in a browser, with clocks and roads that the test holds."""

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.e2e.conftest import People
from tests.support.served import Served

pytestmark = pytest.mark.slow

WORLD = """
  const {NamedTimers} = await import("/static/js/connection/timers.js");
  const {Connection} = await import("/static/js/connection/connection.js");
  const {Ladder} = await import("/static/js/connection/ladder.js");
  const NAMES = ["websocket", "sse", "longpoll", "poll"];

  /** Time that stands still until it is moved. */
  class Time {
    now_ms = 0;
    due = new Map();
    next = 1;
    setTimeout = (run, wait_ms) => {
      this.due.set(this.next, {at_ms: this.now_ms + wait_ms, run});
      return this.next++;
    };
    clearTimeout = (id) => this.due.delete(id);
    advance(span_ms) {
      const end_ms = this.now_ms + span_ms;
      for (;;) {
        const [first] = [...this.due].filter(([, {at_ms}]) => at_ms <= end_ms)
          .sort(([a, one], [b, other]) => one.at_ms - other.at_ms || a - b);
        if (!first) break;
        const [id, {at_ms, run}] = first;
        this.now_ms = at_ms;
        this.due.delete(id);
        run();
      }
      this.now_ms = end_ms;
    }
  }

  /** A transport that does as `roads` says: a wait in ms, "refuse", "hang" or a close code. */
  class Fake {
    quiet_ms = 0;
    constructor(name, world) { Object.assign(this, {name, world}); }
    open() {
      const {time, log, roads} = this.world;
      log.push(`${time.now_ms} open ${this.name}`);
      const road = roads[this.name];
      const end = (code) => this.onclose({code, reason: "", retry_ms: 0});
      if (road === "hang") return;
      const isGood = typeof road === "number" && road < 4000;
      const tell = () => isGood ? this.onopen() : end(road === "refuse" ? 1006 : road);
      this.timer = time.setTimeout(tell, isGood ? road : 0);
    }
    send() {}
    close() {
      this.world.time.clearTimeout(this.timer);
      this.world.log.push(`${this.world.time.now_ms} close ${this.name}`);
    }
  }

  function worldOf(roads) {
    const world = {time: new Time(), log: [], roads, won: []};
    world.candidates = NAMES.map((key) => ({key, name: key, make: () => new Fake(key, world)}));
    world.timers = new NamedTimers(world.time);
    world.ladder = new Ladder({
      candidates: world.candidates, timers: world.timers, random: () => 0.5, positions: () => ({}),
      onwin: (transport) => {
        world.log.push(`${world.time.now_ms} won ${transport.name}`);
        world.won.push(transport);
      },
      onfail: ({code}) => {
        world.log.push(`${world.time.now_ms} failed ${code}`);
        world.ladder.rest();
      },
    });
    return world;
  }
"""


@pytest.fixture(scope="module")
def bare(people: People, served: Served) -> Iterator[Page]:
    """A page from which modules can be loaded, and which runs none of them."""
    context = people.context(None)
    page = context.new_page()
    page.goto(f"{served.url}accounts/login/")
    yield page
    context.close()


def play(page: Page, script: str, *, roads: dict[str, Any] | None = None) -> Any:
    """Run a script in the world of fakes and return what it returns."""
    return page.evaluate(f"async (roads) => {{ {WORLD} {script} }}", roads or {})


def ladder_log(page: Page, script: str, **roads: Any) -> list[str]:
    """Return what the ladder did, each line with its time in ms; all roads work unless said."""
    good = dict.fromkeys(("websocket", "sse", "longpoll", "poll"), 20)
    whole = (
        f"const world = worldOf(roads); const {{time, ladder}} = world; {script} return world.log;"
    )
    return play(page, whole, roads=good | roads)


def test_the_best_transport_wins_and_no_other_is_tried(bare: Page) -> None:
    log = ladder_log(bare, "ladder.begin(); time.advance(60_000);")
    assert log == ["0 open websocket", "20 won websocket"]


def test_a_refusal_lets_the_next_one_try_at_once(bare: Page) -> None:
    log = ladder_log(bare, "ladder.begin(); time.advance(500);", websocket="refuse")
    assert log == ["0 open websocket", "0 open sse", "20 won sse"]


def test_one_that_hangs_is_passed_by_and_closed(bare: Page) -> None:
    log = ladder_log(bare, "ladder.begin(); time.advance(1500);", websocket="hang")
    expected = ["0 open websocket", "1200 open sse", "1220 close websocket", "1220 won sse"]
    assert log == expected


def test_a_late_first_still_wins_over_a_hanging_second(bare: Page) -> None:
    log = ladder_log(bare, "ladder.begin(); time.advance(1500);", websocket=1400, sse="hang")
    assert log[-2:] == ["1400 close sse", "1400 won websocket"]


def test_the_last_rung_is_reached_within_five_seconds_when_all_others_hang(bare: Page) -> None:
    script = "ladder.begin(); time.advance(5000);"
    log = ladder_log(bare, script, websocket="hang", sse="hang", longpoll="hang")
    assert "3620 won poll" in log


def test_a_server_that_is_down_is_tried_once_by_each(bare: Page) -> None:
    down = dict.fromkeys(("websocket", "sse", "longpoll", "poll"), "refuse")
    log = ladder_log(bare, "ladder.begin(); time.advance(60_000);", **down)
    assert [line for line in log if "open" in line] == [
        f"0 open {name}" for name in ("websocket", "sse", "longpoll", "poll")
    ]
    assert log[-1] == "0 failed 1006"


def test_silence_everywhere_ends(bare: Page) -> None:
    silent = dict.fromkeys(("websocket", "sse", "longpoll", "poll"), "hang")
    log = ladder_log(bare, "ladder.begin(); time.advance(60_000);", **silent)
    assert log[-1] == "8000 failed 1006"
    assert sum("close" in line for line in log) == 4


@pytest.mark.parametrize("code", [4401, 4429, 4503])
def test_what_the_server_itself_says_is_not_asked_again(bare: Page, code: int) -> None:
    log = ladder_log(bare, "ladder.begin(); time.advance(60_000);", websocket=code)
    assert log == ["0 open websocket", f"0 failed {code}"]


def test_better_ones_are_tried_more_and_more_seldom(bare: Page) -> None:
    script = "ladder.begin(); time.advance(120_000);"
    log = ladder_log(bare, script, websocket="refuse")
    tries = [int(line.split()[0]) for line in log if line.endswith("open websocket")]
    waits = [later - sooner for sooner, later in pairwise(tries)]
    assert 1000 < waits[0] < 2500
    assert waits == sorted(waits)
    assert 10_000 < waits[-1] <= 20_500
    assert sum("won" in line for line in log) == 1


def test_a_better_one_that_works_again_is_told_of(bare: Page) -> None:
    script = """
      ladder.begin();
      time.advance(1000);
      roads.websocket = 20;
      time.advance(10_000);
    """
    log = ladder_log(bare, script, websocket="refuse")
    assert [line.split()[2] for line in log if "won" in line] == ["sse", "websocket"]
    assert "close" not in " ".join(log), "the ladder ended one that worked"


def test_a_pinned_transport_never_falls_back(bare: Page) -> None:
    script = "ladder.pin('websocket'); ladder.begin(); time.advance(60_000);"
    log = ladder_log(bare, script, websocket="refuse")
    assert log == ["0 open websocket", "0 failed 1006"]
    assert ladder_log(bare, "ladder.pin('poll'); ladder.begin(); time.advance(60_000);") == [
        "0 open poll",
        "20 won poll",
    ]


def test_pinning_moves_one_that_works(bare: Page) -> None:
    script = """
      ladder.begin();
      time.advance(100);
      for (const key of ["poll", "sse", "websocket", "longpoll", ""]) {
        ladder.pin(key);
        time.advance(100);
      }
    """
    won = [line.split()[2] for line in ladder_log(bare, script) if "won" in line]
    assert won == ["websocket", "poll", "sse", "websocket", "longpoll", "websocket"]


def test_a_pin_that_does_not_work_fails(bare: Page) -> None:
    script = "ladder.begin(); time.advance(100); ladder.pin('sse'); time.advance(60_000);"
    log = ladder_log(bare, script, sse="refuse")
    assert log[-1] == "100 failed 1006"


def test_one_that_never_lasts_is_tried_after_the_others(bare: Page) -> None:
    script = """
      for (let times = 0; times < 3; times += 1) {
        ladder.begin();
        time.advance(100);
        if (world.won.at(-1).name === "websocket") ladder.slip();
      }
    """
    won = [line.split()[2] for line in ladder_log(bare, script) if "won" in line]
    assert won == ["websocket", "websocket", "sse"]
    again = script.replace("ladder.slip()", "ladder.slip(), ladder.steady()")
    won = [line.split()[2] for line in ladder_log(bare, again) if "won" in line]
    assert won == ["websocket"] * 3


def test_a_server_that_is_down_is_not_hammered(bare: Page) -> None:
    """At most about one try of each transport per second, and fewer with time."""
    script = """
      const {time, log, candidates} = worldOf(roads);
      const connection = new Connection({
        candidates, positions: () => ({}), deliver: () => true,
        random: () => 0.5, now: () => time.now_ms, timers: time,
      });
      connection.open();
      time.advance(60_000);
      return log;
    """
    down = dict.fromkeys(("websocket", "sse", "longpoll", "poll"), "refuse")
    log = play(bare, script, roads=down)
    tries = [int(line.split()[0]) for line in log if line.endswith("open websocket")]
    assert all(later - sooner >= 700 for sooner, later in pairwise(tries))
    assert 3 < len(tries) < 15
    assert sum("open poll" in line for line in log) == len(tries)


# --- server-sent events ---

PARSE = """async (cuts) => {
  const {EventParser} = await import("/static/js/transports/event_parser.js");
  return cuts.map((pieces) => {
    const parser = new EventParser();
    return pieces.flatMap((piece) => parser.push(piece));
  });
}"""
STREAM = (
    ": hello\n\ndata: one\n\nid: e:7\nevent: close\ndata:two\ndata: three\n\n"
    "retry: 5\nid\ndata\n\nid: lost\n\ndata:  spaced\nunknown: x\n\ndata: unfinished"
)
EVENTS = [
    {"kind": "message", "data": "one", "id": None},
    {"kind": "close", "data": "two\nthree", "id": "e:7"},
    {"kind": "message", "data": "", "id": ""},
    {"kind": "message", "data": " spaced", "id": None},
]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_events_are_read_however_the_network_cuts_them(bare: Page, end: str) -> None:
    text = STREAM.replace("\n", end)
    cuts = [[text], list(text), *([text[:at], "", text[at:]] for at in range(1, len(text)))]
    for cut, events in zip(cuts, bare.evaluate(PARSE, cuts), strict=True):
        assert events == EVENTS, cut


def test_an_event_without_end_is_given_up(bare: Page) -> None:
    script = """async () => {
      const {EventParser} = await import("/static/js/transports/event_parser.js");
      const parser = new EventParser();
      const piece = "data: " + "x".repeat(100_000) + "\\n";
      try {
        for (let count = 0; count < 50; count += 1) parser.push(piece);
      } catch (error) {
        return String(error);
      }
    }"""
    assert bare.evaluate(script) == "RangeError: the event has no end"


# --- the question ---

ASK = """async ({positions, commands, frames}) => {
  const {Query} = await import("/static/js/transports/query.js");
  const question = new Query(() => positions);
  const isNew = commands.map((command) => question.take(command));
  for (const frame of frames) question.hear(frame);
  const asked = question.ask();
  return {
    isNew, query: Object.fromEntries(asked.parameters), isWhole: asked.isWhole,
    commands: asked.commands.map(({id}) => id),
    left: [question.ask(), question.settle(asked.commands), question.ask()]
      .map((again) => again?.commands.length),
  };
}"""
TICKER = {"channel": "ticker", "symbols": ["NVX", "ORB"], "fields": ["p", "b"]}
SUBSCRIBES = [
    {"method": "subscribe", "params": TICKER, "id": 1},
    {"method": "subscribe", "params": {"channel": "status"}, "id": 2},
    {"method": "subscribe", "params": {"channel": "notifications"}, "id": 3},
]
POSITIONS = {"ticker": "e:7", "status": "e:9", "notifications": "4", "trades": "e:1"}


def question(page: Page, *commands: dict[str, Any], frames: Any = (), **positions: Any) -> Any:
    asked = {"positions": POSITIONS | positions, "commands": commands, "frames": list(frames)}
    return page.evaluate(ASK, asked)


def test_a_question_says_what_is_wanted_and_where_each_channel_stands(bare: Page) -> None:
    frames = [
        {"channel": "notifications", "type": "snapshot", "seq": 4, "unread": 2, "data": []},
        {"channel": "watchlist", "type": "snapshot", "data": ["NVX", "ORB"]},
    ]
    outcome = question(bare, *SUBSCRIBES, frames=frames)
    assert outcome == {
        "isNew": [True] * 3,
        "query": {
            "channels": "ticker,status,notifications",
            "symbols": "NVX,ORB",
            "fields": "p,b",
            "ticker_since": "e:7",
            "status_since": "e:9",
            "notifications_since": "4",
            "unread": "2",
            "watchlist": "NVX,ORB",
        },
        "isWhole": True,
        "commands": [1, 2, 3],
        "left": [3, None, 0],
    }


def test_a_channel_without_a_place_asks_for_a_snapshot(bare: Page) -> None:
    query = question(bare, *SUBSCRIBES, ticker=None)["query"]
    assert "ticker_since" not in query
    assert query["status_since"] == "e:9"


def test_a_question_that_wants_nothing_only_proves_the_road(bare: Page) -> None:
    outcome = question(bare)
    assert (outcome["query"], outcome["isWhole"]) == ({"channels": "watchlist"}, False)


def test_a_pause_leaves_the_prices_out_and_may_raise_no_position(bare: Page) -> None:
    pause = {"method": "set", "params": {"paused": True, "max_rate": 5}, "id": 4}
    outcome = question(bare, *SUBSCRIBES, pause, pause)
    assert outcome["isNew"] == [True, True, True, True, False]
    assert outcome["query"]["channels"] == "status,notifications"
    assert not {"symbols", "fields", "ticker_since"} & outcome["query"].keys()
    assert not outcome["isWhole"]


def test_the_last_symbol_takes_its_channel_along(bare: Page) -> None:
    drop = {"method": "unsubscribe", "params": {"channel": "ticker", "symbols": ["NVX"]}, "id": 5}
    assert question(bare, *SUBSCRIBES, drop)["query"]["symbols"] == "ORB"
    drop = {"method": "unsubscribe", "params": TICKER, "id": 5}
    assert question(bare, *SUBSCRIBES, drop)["query"]["channels"] == "status,notifications"


def test_an_acknowledgement_makes_no_other_question(bare: Page) -> None:
    outcome = question(bare, {"method": "ack", "params": {"position": "e:7"}})
    assert (outcome["isNew"], outcome["commands"]) == ([False], [])


def test_frames_stand_for_the_answers(bare: Page) -> None:
    script = """async ([commands, frames]) => {
      const {answersTo} = await import("/static/js/transports/query.js");
      const parameters = new URLSearchParams("status_since=e:7&trades_since=e:1");
      return answersTo({commands, parameters}, frames).map(({id, result}) => ({id, ...result}));
    }"""
    resume = {"method": "subscribe", "params": {"channel": "status", "since": "e:7"}, "id": 2}
    snapshot = {"channel": "ticker", "type": "snapshot", "data": [{"s": "NVX"}]}
    more = {"method": "subscribe", "params": {"channel": "trades", "symbols": ["ORB"]}, "id": 3}
    outcome = bare.evaluate(script, [[SUBSCRIBES[0], resume, more], [snapshot]])
    untraded = {"channel": "trades", "type": "snapshot", "data": []}
    begun = bare.evaluate(script, [[more], [untraded]])
    assert begun == [{"id": 3, "channel": "trades", "resumed": False, "rejected": {}}]
    rejected = {"ORB": "unknown symbol"}
    assert outcome == [
        {"id": 1, "channel": "ticker", "resumed": False, "rejected": rejected},
        {"id": 2, "channel": "status", "resumed": True, "rejected": {}},
        {"id": 3, "channel": "trades", "resumed": True, "rejected": {}},
    ]


# --- asking again and again ---

ASKING = """
  const {LongPollTransport} = await import("/static/js/transports/longpoll.js");
  const {PollTransport} = await import("/static/js/transports/poll.js");
  const {kind, answers_ms, max_rate, paused, span_ms, status} = roads;
  const time = new Time();
  const asked = [], heard = [], endings = [];
  const heartbeat = {channel: "heartbeat", seq: 7, ts: 1};
  const body = new TextEncoder().encode(JSON.stringify({position: "e:7", frames: [heartbeat]}));
  const fetch = (address, {signal}) => new Promise((resolve, reject) => {
    asked.push([time.now_ms, new URL(address, location.href).searchParams.get("wait")]);
    const headers = new Headers({"Retry-After": "7"});
    const json = async () => ({error: {code: 429}});
    const answer = {status, headers, json, arrayBuffer: async () => body};
    time.setTimeout(() => resolve(answer), answers_ms);
    signal.addEventListener("abort", () => reject(signal.reason));
  });
  const means = {url: "/poll/v1/", fetch, now: () => time.now_ms, timers: time};
  const transport = kind === "poll"
    ? new PollTransport({...means, interval_ms: 1000}) : new LongPollTransport(means);
  transport.onframe = (frame) => heard.push(`${frame.type} ${frame.seq ?? ""}`.trim());
  transport.onclose = (ending) => endings.push(ending);
  transport.onopen = () => {
    heard.push("open");
    transport.send({method: "set", params: {max_rate, paused}, id: 1});
    transport.send({method: "subscribe", params: {channel: "status"}, id: 2});
    transport.send({method: "subscribe", params: {channel: "ticker", symbols: ["NVX"]}, id: 3});
  };
  transport.open(() => ({}));
  for (let passed_ms = 0; passed_ms < span_ms; passed_ms += 10) {
    time.advance(10);
    for (let turns = 0; turns < 20; turns += 1) await null;
  }
  return {asked, heard, endings, meter: transport.meter};
"""


def asking(page: Page, **facts: Any) -> Any:
    """Let a poll ask a server that answers after so many ms, and return what it did."""
    plain = {"kind": "longpoll", "answers_ms": 10, "max_rate": 10, "span_ms": 3000, "status": 200}
    plain["paused"] = False
    return play(page, ASKING, roads=plain | facts)


def test_a_long_poll_asks_again_at_once_but_no_faster_than_the_pace(bare: Page) -> None:
    done = asking(bare, max_rate=5)
    times = [at for at, _ in done["asked"]]
    rests = [later - sooner for sooner, later in pairwise(times[1:])]
    assert all(200 <= rest <= 220 for rest in rests)
    assert len(rests) > 10
    done = asking(bare, max_rate=5, answers_ms=400)
    assert all(400 <= rest <= 420 for rest in [b - a for (a, _), (b, _) in pairwise(done["asked"])])


def test_only_a_question_without_commands_waits_for_news(bare: Page) -> None:
    done = asking(bare)
    assert [wait for _, wait in done["asked"][:4]] == ["10", None, "10", "10"]
    assert {wait for _, wait in asking(bare, kind="poll")["asked"]} == {None}


def test_the_first_answer_proves_the_road_and_carries_nothing(bare: Page) -> None:
    outcome = asking(bare)["heard"]
    assert outcome[:5] == ["open", "answer", "answer", "answer", "heartbeat 7"]


@pytest.mark.parametrize("kind", ["poll", "longpoll"])
def test_while_paused_an_answer_raises_no_position(bare: Page, kind: str) -> None:
    """It left the prices out: to stand where it stands would be to lose them."""
    outcome = asking(bare, kind=kind, paused=True)["heard"]
    assert {line for line in outcome if "heartbeat" in line} == {"heartbeat 0"}


@pytest.mark.parametrize(("max_rate", "interval_ms"), [(10, 1000), (0.5, 2000)])
def test_a_poll_keeps_its_interval(bare: Page, max_rate: float, interval_ms: int) -> None:
    done = asking(bare, kind="poll", max_rate=max_rate, span_ms=9000)
    times = [at for at, _ in done["asked"]][1:]
    assert [later - sooner for sooner, later in pairwise(times)] == [interval_ms] * (len(times) - 1)
    assert len(times) > 3
    assert done["meter"]["requests"] == len(times) + 1


@pytest.mark.parametrize("kind", ["poll", "longpoll"])
def test_a_poll_says_when_it_may_come_back(bare: Page, kind: str) -> None:
    done = asking(bare, kind=kind, status=429)
    assert done["endings"] == [{"code": 4429, "reason": "HTTP 429", "retry_ms": 7000}]
    assert len(done["asked"]) == 1


def test_a_poll_without_news_says_that_the_server_lives(bare: Page) -> None:
    done = asking(bare, kind="poll", status=304)
    assert done["heard"][:5] == ["open", "answer", "answer", "answer", "heartbeat 0"]
    assert done["meter"]["unchanged"] == done["meter"]["requests"] > 2


def test_a_poll_that_is_not_answered_is_given_up(bare: Page) -> None:
    done = asking(bare, kind="poll", answers_ms=60_000, span_ms=9000)
    assert [ending["code"] for ending in done["endings"]] == [1006]


# --- what a stream hands over ---

FOLLOW = """async (pieces) => {
  const {SseTransport} = await import("/static/js/transports/sse.js");
  const heard = [], addresses = [];
  const fetch = async (address) => {
    addresses.push(new URL(address, location.href).search);
    const text = pieces.shift();
    if (typeof text === "string") return new Response(text);
    return new Response('{"error":{"code":429}}', {status: text, headers: {"Retry-After": "7"}});
  };
  const transport = new SseTransport({url: "/sse/v1/", fetch});
  const ended = new Promise((resolve) => { transport.onclose = resolve; });
  transport.onopen = () => heard.push("open");
  transport.onframe = (frame, bytes) => heard.push(`${frame.type} ${frame.seq ?? ""}`.trim());
  transport.open(() => ({}));
  return {ending: await ended, heard, addresses};
}"""
WELCOME = {"channel": "status", "type": "welcome", "server_time": 5, "heartbeat_ms": 5000}


def event(frame: dict[str, Any], **fields: str) -> str:
    lines = [f"{name}: {value}\n" for name, value in fields.items()]
    return "".join(lines) + f"data: {json.dumps(frame)}\n\n"


def test_a_stream_is_closed_with_the_servers_code(bare: Page) -> None:
    goodbye = event({"code": 4401, "reason": "signed out"}, event="close")
    text = event(WELCOME) + event({"channel": "heartbeat", "seq": 9, "ts": 6}) + goodbye
    outcome = bare.evaluate(FOLLOW, [text])
    assert outcome["ending"] == {"code": 4401, "reason": "signed out", "retry_ms": 0}
    assert outcome["heard"] == ["open", "welcome", "heartbeat 0"], (
        "the first question proves the road"
    )


def test_a_stream_that_breaks_off_is_lost(bare: Page) -> None:
    assert bare.evaluate(FOLLOW, [event(WELCOME)])["ending"]["code"] == 1006


def test_a_refused_stream_says_when_to_come_back(bare: Page) -> None:
    outcome = bare.evaluate(FOLLOW, [429])
    assert outcome["ending"] == {"code": 4429, "reason": "HTTP 429", "retry_ms": 7000}
    assert outcome["addresses"] == ["?channels=watchlist"]
