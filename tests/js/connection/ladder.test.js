/** The ladder of transports, with transports that do as they are told and a clock that is moved by hand. */

import {Ladder} from "/static/js/connection/ladder.js";
import {NamedTimers} from "/static/js/connection/timers.js";
import {each, equal, ok, steps, test} from "../harness.js";
import {KEYS, all, triesOf, worldOf} from "./transports.js";

function ladderOf(behaviours) {
  const world = worldOf(behaviours);
  const {clock, log, candidates} = world;
  const ladder = new Ladder({
    candidates, timers: new NamedTimers(clock), random: () => 0.5, positions: () => ({}),
    onwin: ({name}) => log.push(`${clock.now_ms} won ${name}`),
    onfail: ({code}) => {
      log.push(`${clock.now_ms} failed ${code}`);
      ladder.rest();
    },
  });
  return Object.assign(world, {ladder});
}

/** Begin, let time pass, and return the world. */
function begun(span_ms, behaviours) {
  const world = ladderOf(behaviours);
  world.ladder.begin();
  world.clock.advance(span_ms);
  return world;
}

const winnersOf = ({log}) => log.filter((line) => line.includes(" won ")).map((line) => line.split(" ")[2]);

test("the best transport wins and no other is tried", () => {
  equal(begun(60_000).log, ["0 open websocket", "20 won websocket"]);
});

test("pinning lets go of what the others kept, but not of the transport in use", () => {
  const {ladder, log, candidates, clock} = ladderOf();
  for (const candidate of candidates) candidate.leave = () => log.push(`left ${candidate.key}`);
  ladder.pin("sse");
  equal(log.splice(0), ["left websocket", "left longpoll", "left poll"]);
  ladder.begin();
  clock.advance(20);
  log.length = 0;
  ladder.pin("poll");
  equal(log.filter((line) => line.startsWith("left")), ["left websocket", "left longpoll"]);
});

test("a refusal lets the next one try at once", () => {
  equal(begun(500, {websocket: "refuse"}).log, ["0 open websocket", "0 open sse", "20 won sse"]);
});

test("one that hangs is passed by and closed", () => {
  const {log} = begun(1500, {websocket: "hang"});
  equal(log, ["0 open websocket", "1200 open sse", "1220 close websocket", "1220 won sse"]);
});

test("a late first still wins over a hanging second", () => {
  equal(begun(1500, {websocket: 1400, sse: "hang"}).log.slice(-2), ["1400 close sse", "1400 won websocket"]);
});

test("the last transport is reached within five seconds when all others hang", () => {
  const {log} = begun(5000, {websocket: "hang", sse: "hang", longpoll: "hang"});
  ok(log.includes("3620 won poll"), () => log.join("\n"));
});

test("a server that is down is tried once by each", () => {
  const {log} = begun(60_000, all("refuse"));
  equal(log.filter((line) => line.includes("open")), KEYS.map((key) => `0 open ${key}`));
  equal(log.at(-1), "0 failed 1006");
});

test("silence everywhere ends", () => {
  const {log} = begun(60_000, all("hang"));
  equal(log.at(-1), "8000 failed 1006");
  equal(log.filter((line) => line.includes("close")).length, 4);
});

test("what the server itself says is not asked again", () =>
  each([4401, 4429, 4503], (code) => {
    equal(begun(60_000, {websocket: code}).log, ["0 open websocket", `0 failed ${code}`]);
  }));

test("better transports are tried more and more seldom", () => {
  const world = begun(120_000, {websocket: "refuse"});
  const waits = steps(triesOf(world, "websocket"));
  ok(1000 < waits[0] && waits[0] < 2500, `the first wait was ${waits[0]} ms`);
  equal(waits, [...waits].sort((a, b) => a - b));
  ok(10_000 < waits.at(-1) && waits.at(-1) <= 20_500, `the last wait was ${waits.at(-1)} ms`);
  equal(winnersOf(world), ["sse"]);
});

test("a better transport that works again takes over", () => {
  const world = begun(1000, {websocket: "refuse"});
  world.behaviours.websocket = 20;
  world.clock.advance(10_000);
  equal(winnersOf(world), ["sse", "websocket"]);
  ok(!world.log.join().includes("close"), "the ladder ended a transport that worked");
});

test("a pinned transport never falls back", () => {
  const pinned = (key, behaviours) => {
    const world = ladderOf(behaviours);
    world.ladder.pin(key);
    world.ladder.begin();
    world.clock.advance(60_000);
    return world.log;
  };
  equal(pinned("websocket", {websocket: "refuse"}), ["0 open websocket", "0 failed 1006"]);
  equal(pinned("poll"), ["0 open poll", "20 won poll"]);
});

test("pinning moves a transport that works", () => {
  const world = begun(100);
  for (const key of ["poll", "sse", "websocket", "longpoll", ""]) {
    world.ladder.pin(key);
    world.clock.advance(100);
  }
  equal(winnersOf(world), ["websocket", "poll", "sse", "websocket", "longpoll", "websocket"]);
});

test("the pinned transport is known by the name that people read, and an unknown key pins none", () => {
  const {ladder, candidates} = ladderOf();
  candidates[1].name = "Server-sent events";
  const names = ["sse", "poll", "nonsense", "sse", ""].map((key) => {
    ladder.pin(key);
    return ladder.pinned;
  });
  equal(names, ["Server-sent events", "poll", "", "Server-sent events", ""]);
});

test("a pin that does not work fails", () => {
  const world = begun(100, {sse: "refuse"});
  world.ladder.pin("sse");
  world.clock.advance(60_000);
  equal(world.log.at(-1), "100 failed 1006");
});

test("a transport that never lasts is tried after the others", () => {
  const winners = (isSteady) => {
    const world = ladderOf();
    for (let times = 0; times < 3; times += 1) {
      world.ladder.begin();
      world.clock.advance(100);
      if (winnersOf(world).at(-1) === "websocket") world.ladder.slip();
      if (isSteady) world.ladder.steady();
    }
    return winnersOf(world);
  };
  equal(winners(false), ["websocket", "websocket", "sse"]);
  equal(winners(true), ["websocket", "websocket", "websocket"]);
});
