/** A connection that comes and goes, with transports that do as they are told and a clock that is moved by hand. */

import {Connection} from "/static/js/connection/connection.js";
import {CLOSE_TEXT, TAPE_CHANNELS} from "/static/js/wire/frames.js";
import {each, equal, ok, steps, test} from "../harness.js";
import {all, triesOf, worldOf} from "./transports.js";

function connected(behaviours, options = {}) {
  const world = worldOf(behaviours);
  world.states = [];
  world.connection = new Connection({
    candidates: world.candidates, positions: () => ({}), deliver: () => true, random: () => 0.5,
    now: () => world.clock.now_ms, timers: world.clock, onstate: ({name}) => world.states.push(name), ...options,
  });
  world.connection.open();
  return world;
}

test("a server that is down is not hammered", () => {
  const world = connected(all("refuse"));
  world.clock.advance(60_000);
  const tries = triesOf(world, "websocket");
  ok(steps(tries).every((wait_ms) => wait_ms >= 700), () => `tries at ${tries}`);
  ok(3 < tries.length && tries.length < 15, () => `${tries.length} tries`);
  equal(triesOf(world, "poll").length, tries.length);
});

test("the wait that a refusal asks for is kept", () => {
  const world = connected(all(4429));
  world.retry_ms = 7_000;
  world.clock.advance(60_000);
  const waits = steps(triesOf(world, "websocket"));
  ok(waits.length > 2, () => `${waits.length} waits`);
  ok(waits.every((wait_ms) => wait_ms >= 7_000), () => `waits of ${waits} ms`);
});

test("the wait that a shutdown announces is kept", () => {
  const world = connected();
  world.clock.advance(1_000);
  const [transport] = world.opened;
  transport.onframe({channel: "status", type: "shutdown", retry_ms: 9_000}, 10);
  transport.onclose({code: 4503, reason: "", retry_ms: 0});
  equal(world.states.at(-1), "reconnecting");
  world.clock.advance(8_999);
  equal(triesOf(world, "websocket"), [0]);
  world.clock.advance(1_000);
  equal(triesOf(world, "websocket").length, 2);
  equal(world.states.at(-1), "live");
});

test("a heartbeat confirms the channels that are open", () => {
  const confirmed = [];
  const world = connected({}, {deliver: (frame) => frame.type === "heartbeat" ? confirmed.push(frame.confirms) : true});
  world.connection.subscriptions.add("ticker", ["A"]);
  world.connection.subscriptions.add("trades", ["A"]);
  world.clock.advance(20);
  const [transport] = world.opened;
  const beat = () => transport.onframe({channel: "heartbeat", type: "heartbeat", seq: 9, ts: 1, stale: null, confirms: TAPE_CHANNELS}, 10);
  const answer = ({id}) => transport.onframe(
    {channel: "answer", type: "answer", method: "subscribe", id, success: true, result: {}, error: null}, 10,
  );
  const subscribes = () => world.commands.filter(({method}) => method === "subscribe");
  beat();
  answer(subscribes()[0]);
  beat();
  answer(subscribes()[1]);
  beat();
  world.connection.subscriptions.remove("ticker", ["A"]);
  beat();
  equal(confirmed, [[], ["ticker"], ["ticker", "trades"], ["trades"]]);
});

test("what a former subscription still brings says nothing of the new one", () => {
  const heard = [];
  const world = connected({}, {deliver: (frame) => { heard.push(frame.seq ?? frame.type); return true; }});
  const {subscriptions} = world.connection;
  subscriptions.add("trades", ["A"]);
  world.clock.advance(20);
  const say = (frame) => world.opened[0].onframe(frame, 10);
  const answer = ({id, method}) => say({channel: "answer", type: "answer", method, id, success: true, result: {}, error: null});
  const trades = (seq, type = "snapshot") => say({channel: "trades", type, epoch: "e", from: seq - 1, seq, ts: 1, data: []});
  answer(world.commands.at(-1));
  trades(1);
  subscriptions.add("trades", ["B"]);
  const added = world.commands.at(-1);
  subscriptions.remove("trades", ["A", "B"]);
  subscriptions.add("trades", ["A", "B"]);
  const renewed = world.commands.at(-1);
  trades(2, "update");
  answer(added);
  trades(3);
  answer(renewed);
  trades(4);
  equal(heard, ["answer", 1, "answer", "answer", 4]);
});

test("a wait that is over does not bind the next one", () => {
  const world = connected();
  world.clock.advance(1_000);
  const lose = (code) => world.opened.at(-1).onclose({code, reason: "", retry_ms: 0});
  world.opened.at(-1).onframe({channel: "status", type: "shutdown", retry_ms: 9_000}, 10);
  lose(4503);
  world.clock.advance(20_000);
  const before = triesOf(world, "websocket").length;
  lose(1006);
  world.clock.advance(1_500);
  equal(triesOf(world, "websocket").length, before + 1);
});

test("a connection that was signed out does not come back", () => {
  const world = connected();
  world.clock.advance(1_000);
  world.opened[0].onclose({code: 4401, reason: "", retry_ms: 0});
  world.clock.advance(60_000);
  equal(world.states.at(-1), "signed_out");
  equal(triesOf(world, "websocket"), [0]);
});

test("silence makes prices stale, and then ends the connection", () => {
  const world = connected();
  world.clock.advance(20);
  world.opened[0].onframe({channel: "status", type: "welcome", heartbeat_ms: 1_000}, 10);
  world.clock.advance(1_400);
  equal(world.states.at(-1), "live");
  world.clock.advance(500);
  equal(world.states.at(-1), "stale");
  world.clock.advance(900);
  equal(world.states.at(-1), "reconnecting");
});

test("a close code says whether to come back", () =>
  each(Object.entries(CLOSE_TEXT), ([code, [, mayComeBack]]) => {
    const world = connected();
    world.clock.advance(1_000);
    world.opened[0].onclose({code: Number(code), reason: "", retry_ms: 0});
    world.clock.advance(60_000);
    equal(triesOf(world, "websocket").length > 1, mayComeBack);
    equal(["live", "stopped", "signed_out"].includes(world.states.at(-1)), true);
    equal(world.states.at(-1) === "live", mayComeBack);
  }));

test("what a transport asks for counts although a shutdown announced less", () => {
  const world = connected();
  world.clock.advance(1_000);
  const [transport] = world.opened;
  transport.onframe({channel: "status", type: "shutdown", retry_ms: 1_000}, 10);
  transport.onclose({code: 4503, reason: "", retry_ms: 9_000});
  world.clock.advance(8_999);
  equal(triesOf(world, "websocket"), [0]);
  world.clock.advance(1_500);
  equal(triesOf(world, "websocket").length, 2);
});

test("a try now ends a wait, and does nothing without one", () => {
  const world = connected();
  world.clock.advance(1_000);
  world.connection.tryNow();
  world.connection.open();
  equal(triesOf(world, "websocket"), [0]);
  world.opened[0].onclose({code: 1006, reason: "", retry_ms: 9_000});
  world.connection.tryNow();
  equal(triesOf(world, "websocket"), [0, 1_000]);
});

test("a closed connection stays closed", () => {
  const world = connected();
  world.clock.advance(1_000);
  world.connection.close();
  world.connection.tryNow();
  world.connection.setOnline(true);
  world.clock.advance(60_000);
  equal([world.states.at(-1), triesOf(world, "websocket")], ["closed", [0]]);
});

test("a page that is hidden for a while pauses, and catches up when it is seen", () => {
  const world = connected();
  const pass = (seconds) => {
    for (let second = 0; second < seconds; second += 1) {
      world.clock.advance(1_000);
      world.opened[0].onframe({channel: "heartbeat", type: "heartbeat", seq: 1, ts: 1, stale: null, confirms: TAPE_CHANNELS}, 10);
    }
  };
  const settings = () => world.commands.filter(({method}) => method === "set").map(({params}) => params.paused);
  pass(1);
  world.connection.setHidden(true);
  pass(9);
  world.connection.setHidden(false);
  pass(30);
  equal(settings(), []);
  world.connection.setHidden(true);
  pass(10);
  equal(settings(), [true]);
  world.connection.setHidden(false);
  equal([settings(), world.states.at(-1)], [[true, false], "live"]);
});

test("a painted position is acknowledged once a second", () => {
  const world = connected();
  world.clock.advance(2_000);
  const acks = () => world.commands.filter(({method}) => method === "ack").map(({params}) => params);
  world.connection.acknowledge(null, 1);
  for (let times = 0; times < 5; times += 1) {
    world.connection.acknowledge(`e:${times}`, times);
    world.clock.advance(250);
  }
  equal(acks(), [{position: "e:0", paint_ms: 0}, {position: "e:4", paint_ms: 4}]);
});

test("a gap is told with its length, and how it was filled", () =>
  each([true, false], (resumed) => {
    const recoveries = [];
    const world = connected({}, {onrecovery: (recovery) => recoveries.push(recovery)});
    world.connection.subscriptions.add("ticker", ["A"]);
    world.clock.advance(1_000);
    world.opened[0].onframe({channel: "ticker", type: "update", from: 1, seq: 2}, 10);
    world.opened[0].onclose({code: 1006, reason: "", retry_ms: 3_000});
    world.clock.advance(6_000);
    const {id} = world.commands.findLast(({method}) => method === "subscribe");
    const answer = {channel: "answer", type: "answer", method: "subscribe", id, success: true, result: {resumed}, error: null};
    world.opened.at(-1).onframe(answer, 10);
    equal(recoveries, [{gap_ms: 6_000, resumed}]);
    equal(world.connection.reconnects, 1);
  }));
