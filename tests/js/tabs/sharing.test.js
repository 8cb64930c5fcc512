/** Tabs of one browser that share one connection, in a world where time stands still until it is moved. */

import {Connection} from "/static/js/connection/connection.js";
import {Replica} from "/static/js/market/replica.js";
import {shared} from "/static/js/tabs/sharing.js";
import {TAPE_CHANNELS} from "/static/js/wire/frames.js";
import {each, equal, ok, test, until} from "../harness.js";
import {storm} from "./storm.js";
import {TabWorld} from "./world.js";

/** A world with tabs of these names, each with prices of A. */
async function worldOf(...names) {
  const world = new TabWorld();
  const tabs = [];
  for (const name of names) tabs.push((await world.open(name)).want("A"));
  await world.settle();
  return {world, tabs};
}

const statesOf = (tabs) => tabs.map(({connection}) => connection.state.name);
const seeds = (first, last) => Array.from({length: last - first + 1}, (_, index) => first + index);

// After every frame and in the end: prices, receipts, trades, bars and status, each as from a server. In case 324 a panel
// of trades was asked anew while the answer to its last question was on the way.
test("whatever happens, every board is the market's", () => each([...seeds(1, 40), 324], storm));

test("the connection is asked for the union and no more", async () => {
  const world = new TabWorld();
  const one = (await world.open("one")).want("A", "B");
  await world.settle();
  const two = (await world.open("two")).want("B", "C");
  const three = (await world.open("three")).want("B");
  await world.settle();
  equal(world.commands, [
    "subscribe status", "subscribe watchlist", "subscribe notifications", "subscribe ticker AB", "subscribe ticker C",
  ]);
  two.unwant("C");
  two.unwant("B");
  await world.settle();
  three.connection.close();
  await world.settle();
  one.die();
  await world.settle(2000);
  equal(world.commands, ["subscribe status", "subscribe watchlist", "subscribe notifications"]);
  equal([[...two.board.rows.keys()], world.opened], [[], 2]);
});

test("a tab that goes leaves the union", () =>
  each(["close", "die"], async (way) => {
    const {world} = await worldOf("one");
    const tab = (await world.open("two")).want("A", "B");
    tab.connection.subscriptions.add("trades", ["B"]);
    await world.settle();
    const begun = world.commands.length;
    if (way === "die") tab.die();
    else tab.connection.close();
    await world.settle();
    equal(world.commands.slice(begun).sort(), ["unsubscribe ticker B", "unsubscribe trades B"]);
  }));

test("the most demanding tab sets the pace", async () => {
  const {world, tabs: [one, two]} = await worldOf("one", "two");
  const lastSet = async () => {
    await world.settle();
    return world.session.commands.filter(({method}) => method === "set").map(({params}) => params).at(-1);
  };
  one.connection.subscriptions.setRate(2);
  two.connection.subscriptions.setRate(10);
  equal(await lastSet(), {paused: false, max_rate: 10});
  two.connection.setPaused("hidden tab", true);
  equal(await lastSet(), {paused: false, max_rate: 2});
  world.market.tick("A", {p: 70});
  await world.take();
  equal([one, two].map(({board}) => board.rows.get("A").p), [70, 0]);
  one.connection.setPaused("by hand", true);
  equal(await lastSet(), {paused: true, max_rate: 10});
  two.connection.setPaused("hidden tab", false);
  equal(await lastSet(), {paused: false, max_rate: 10});
  equal(statesOf([one, two]), ["paused", "live"]);
  equal(two.board.rows.get("A").p, 70);
});

test("a slow tab gets its own pace and every tick counted", async () => {
  const {world, tabs: [slow, fast]} = await worldOf("slow", "fast");
  slow.connection.subscriptions.setRate(1);
  fast.connection.subscriptions.setRate(10);
  await world.settle();
  const frames = new Map([[slow, 0], [fast, 0]]);
  for (const tab of [slow, fast]) {
    const inspect = tab.inspect.bind(tab);
    tab.inspect = (frame) => {
      frames.set(tab, frames.get(tab) + 1);
      inspect(frame);
    };
  }
  for (let turn = 0; turn < 30; turn += 1) {
    world.market.tick("A", {p: turn});
    for (const session of world.sessions) session.take();
    await world.settle(100);
  }
  await world.settle(1500);
  equal(frames.get(fast), 30);
  ok(3 <= frames.get(slow) && frames.get(slow) <= 5, () => `${frames.get(slow)} frames`);
  equal([slow, fast].map(({board}) => board.ticksOf("A")), [30, 30]);
  equal(slow.board.rows.get("A").p, 29);
});

test("more fields are asked for when a tab wants them", async () => {
  const world = new TabWorld();
  const few = (await world.open("few", {fields: ["p"]})).want("A");
  await world.settle();
  const all = (await world.open("all", {fields: ["p", "v"]})).want("A");
  await world.settle();
  world.market.tick("A", {p: 5, v: 6});
  await world.take();
  const asked = world.session.commands.filter(({method, params}) => method === "subscribe" && params.channel === "ticker");
  equal(asked.map(({params}) => params.fields), [["p"], ["p", "v"]]);
  ok(world.commands.slice(-3).includes("unsubscribe ticker A"), () => world.commands.join("\n"));
  equal([few, all].map(({board}) => [board.rows.get("A").p, board.rows.get("A").v]), [[5, null], [5, 6]]);
});

// The connection was lost for all: what came meanwhile arrives, with every tick counted.
test("a tab that comes back goes on where it stood", async () => {
  const {world, tabs} = await worldOf("one", "two", "three");
  world.session.end(1006);
  await world.settle(1);
  equal(statesOf(tabs), ["reconnecting", "reconnecting", "reconnecting"]);
  for (let turn = 0; turn < 9; turn += 1) world.market.tick("A", {p: turn});
  await world.settle(3000);
  await world.take();
  const seen = tabs.map(({connection, board, seen: {resumed}}) => [connection.state.name, board.ticksOf("A"), resumed]);
  equal(seen, Array(3).fill(["live", 9, [true]]));
});

test("no trade is missed or doubled when the leader dies", async () => {
  const {world, tabs} = await worldOf("one", "two", "three");
  for (const tab of tabs) tab.connection.subscriptions.add("trades", tab.id === "three" ? ["A", "B"] : ["A"]);
  await world.settle();
  const trade = async (s) => {
    world.market.trade(s, 1);
    await world.take();
  };
  await trade("A");
  await trade("B");
  tabs[0].die();
  world.market.trade("A", 2);
  world.market.trade("B", 2);
  await world.settle(1000);
  await trade("A");
  const made = (symbols) => world.market.trades.filter(({s}) => symbols.includes(s)).map(({i}) => i);
  equal(tabs.slice(1).map(({seen}) => [seen.trades, seen.gaps]), [[made("A"), 0], [made("AB"), 0]]);
  equal([made("A").length, made("AB").length], [3, 5]);
});

test("signing out reaches every tab", async () => {
  const {world, tabs} = await worldOf("one", "two");
  world.session.end(4401);
  await world.settle();
  const {opened} = world;
  await world.settle(60_000);
  equal(statesOf(tabs), ["signed_out", "signed_out"]);
  equal(world.opened, opened);
});

const ENDINGS = [
  [4403, "stopped", "not permitted, or from a foreign origin"],
  [4429, "reconnecting", "too many commands or connections"],
];

test("every tab shows how the connection ended", () =>
  each(ENDINGS, async ([code, name, reason]) => {
    const {world, tabs} = await worldOf("one", "two");
    world.isDown = true;
    world.session.end(code);
    await world.settle(1);
    equal(tabs.map(({connection}) => [connection.state.name, connection.state.reason]), Array(2).fill([name, reason]));
    world.isDown = false;
    tabs[1].connection.open();
    await world.settle(3000);
    equal(statesOf(tabs)[1], "live");
  }));

// It has the lock and says nothing: after a while another tab takes the lock from it.
test("a leader that hangs is replaced", async () => {
  const {world, tabs} = await worldOf("one", "two", "three");
  const leading = () => tabs.filter(({election}) => election.isLeading).map(({id}) => id);
  tabs[0].isHung = true;
  equal(leading(), ["one"]);
  for (let turn = 0; turn < 20; turn += 1) await world.settle(1000);
  ok(["two", "three"].includes(leading().join()), () => `${leading()} lead`);
  tabs[0].isHung = false;
  for (let turn = 0; turn < 10; turn += 1) {
    await world.settle(1000);
    for (const session of world.sessions) session.heartbeat();
  }
  world.market.tick("A", {p: 44});
  await world.take();
  equal(world.sessions.size, 1);
  equal(statesOf(tabs), ["live", "live", "live"]);
  equal(tabs.map(({board}) => board.rows.get("A").p), [44, 44, 44]);
});

// The prices of the others stand still from the moment in which the leader is busy.
test("the others are live again within 20 s when the leader is busy", async () => {
  const {world, tabs: [busy, ...others]} = await worldOf("one", "two", "three");
  busy.isHung = true;
  for (let elapsed_ms = 0; elapsed_ms < 15_000; elapsed_ms += 1000) await world.settle(1000);
  world.market.tick("A", {p: 45});
  await world.take();
  equal([statesOf(others), others.map(({board}) => board.rows.get("A").p)], [["live", "live"], [45, 45]]);
  equal(others.map(({connection}) => connection.reconnects), [1, 1]);
});

test("a leader that lives keeps the lead however quiet the market is", async () => {
  const {world, tabs} = await worldOf("one", "two");
  for (let turn = 0; turn < 12; turn += 1) {
    await world.settle(1000);
    // Heartbeats prove the connection, and come only every five seconds.
    if (turn % 5 === 4) for (const session of world.sessions) session.heartbeat();
  }
  equal([tabs.map(({election}) => election.isLeading), world.opened], [[true, false], 1]);
});

/** Transports of several tabs, as `shared` hands them to a page: how often each was opened, and what is open now. */
function pinnable() {
  const [opened, open] = [[], new Set()];
  const make = (key) => {
    const transport = {name: key, quiet_ms: 0, onopen() {}, onframe() {}, onclose() {}, send() {}};
    transport.open = () => setTimeout(() => {
      opened.push(key);
      open.add(transport);
      transport.onopen();
    });
    transport.close = () => open.delete(transport);
    return transport;
  };
  const key = crypto.randomUUID();
  const candidates = ["websocket", "sse", "longpoll", "poll"].map((name) => ({key: name, name, make: () => make(name)}));
  const connect = (pin) => {
    const connection = new Connection({
      candidates: shared(candidates, {key, known: () => new Replica(), onready: () => connection.tryNow()}),
      positions: () => ({}), deliver: () => true,
    });
    connection.pin(pin);
    connection.open();
    return connection;
  };
  return {opened, connect, openNow: () => [...open].map(({name}) => name).sort()};
}

test("a tab that leads connects before it has heard its own call", async () => {
  const {BroadcastChannel: Channel} = globalThis;
  globalThis.BroadcastChannel = class extends Channel {
    postMessage() {}
  };
  const {opened, connect} = pinnable();
  const tab = connect("");
  try {
    await until(() => opened.length > 0);
    equal([opened, tab.state.name], [["websocket"], "connecting"]);
  } finally {
    tab.close();
    globalThis.BroadcastChannel = Channel;
  }
});

test("tabs that pin the same transport share it", () => each(["sse", "longpoll", "websocket"], async (pin) => {
  const {opened, connect, openNow} = pinnable();
  const tabs = [pin, pin, pin, ""].map((key) => connect(key));
  await until(() => tabs.every(({state}) => state.name === "live"));
  equal(tabs.map(({state}) => state.transport), [pin, pin, pin, "websocket"]);
  equal([opened.toSorted(), openNow()], [[pin, "websocket"].sort(), [pin, "websocket"].sort()]);
  for (const tab of tabs) tab.close();
}));

test("a tab that pins before anything is open leaves the others", async () => {
  const {connect, openNow} = pinnable();
  const tab = connect("");
  tab.pin("sse");
  await until(() => tab.state.name === "live");
  await until(() => openNow().length === 1);
  equal([tab.state.transport, openNow()], ["sse", ["sse"]]);
  tab.pin("");
  await until(() => tab.state.transport === "websocket");
  await until(() => openNow().length === 1);
  equal(openNow(), ["websocket"]);
  tab.close();
  await until(() => openNow().length === 0);
  equal(openNow(), []);
});

test("what cannot be shared is refused and nothing breaks", async () => {
  const world = new TabWorld();
  const tab = (await world.open("one")).want("A", "NOBODY");
  await world.settle();
  const {subscriptions} = tab.connection;
  subscriptions.add("trades", ["*"]);
  subscriptions.add("weather");
  subscriptions.add("ticker", Array.from({length: 500}, (_, at) => `S${at}`));
  await world.settle();
  world.market.tick("A", {p: 9});
  await world.take();
  equal(tab.seen.failed, ["bad_parameters", "unknown_channel", "too_many_symbols"]);
  equal(tab.rejected, {NOBODY: "unknown symbol"});
  equal(tab.board.rows.get("A").p, 9);
  equal(world.commands.at(-1), "subscribe ticker ANOBODY");
});

test("the cost is counted where it arises and the transport shown by its name", async () => {
  const {world, tabs: [one, two]} = await worldOf("one", "two");
  world.market.tick("A", {p: 9});
  await world.take();
  two.connection.setOnline(false);
  await world.settle(4000);
  equal([one, two].map(({connection}) => connection.bytes > 0), [true, false]);
  equal(world.commands.filter((command) => command === "ping"), ["ping"]);
  equal([one, two].map(({connection}) => connection.state.transport), ["Fake", "Fake"]);
  equal(two.connection.state.name, "live");
});

// More trades than a snapshot holds are made before another tab leads.
test("a long silence of the leader costs no trade", async () => {
  const world = new TabWorld();
  const tabs = [];
  for (const name of ["one", "two"]) {
    const tab = await world.open(name);
    tab.connection.subscriptions.add("trades", ["A"]);
    tabs.push(tab);
  }
  await world.settle();
  tabs[0].die();
  for (let at = 0; at < 80; at += 1) world.market.trade("A", at);
  await world.settle(1000);
  await world.take();
  equal([tabs[1].seen.trades.length, tabs[1].seen.gaps], [80, 0]);
});

test("trades that nobody knows any more are a gap", async () => {
  const world = new TabWorld();
  for (let at = 0; at < 60; at += 1) world.market.trade("A", at);
  const tab = await world.open("one");
  tab.connection.subscriptions.add("trades", ["A"]);
  await world.settle();
  const old = await world.open("old");
  old.trades = {epoch: "one", seq: 15};
  old.connection.subscriptions.add("trades", ["A"]);
  await world.settle();
  equal([tab, old].map(({seen}) => [seen.trades.length, seen.gaps]), [[50, 0], [50, 1]]);
});

test("when the connection is open again nobody waits on", async () => {
  const {world, tabs} = await worldOf("one", "two");
  world.session.end(1006);
  for (let turn = 0; turn < 1000 && !world.sessions.size; turn += 1) await world.settle(6);
  await world.settle(20);
  equal(statesOf(tabs), ["live", "live"]);
});

test("an earlier leader is not heard", async () => {
  const {world, tabs: [tab]} = await worldOf("one");
  const line = world.air.open("key/one", {});
  const {frames} = tab.connection;
  const frame = {channel: "heartbeat", type: "heartbeat", seq: 99, ts: 99, stale: null, confirms: TAPE_CHANNELS};
  line.postMessage({kind: "frame", term: "another", frame, bytes: 1});
  line.postMessage({kind: "closed", term: "another", ending: {code: 4401, reason: "", retry_ms: 0}});
  await world.settle();
  equal([tab.connection.frames - frames, tab.connection.state.name], [0, "live"]);
});

test("a tab that wants less when it comes back gets less", async () => {
  const world = new TabWorld();
  const tab = (await world.open("one")).want("A", "B");
  (await world.open("two")).want("B");
  await world.settle();
  world.session.end(1006);
  await world.settle(1);
  tab.unwant("B");
  await world.settle(3000);
  world.market.tick("B", {p: 5});
  world.market.tick("A", {p: 6});
  await world.take();
  await world.settle(2000);
  equal([[...tab.board.rows.keys()], tab.board.rows.get("A").p], [["A"], 6]);
});

// Nobody wanted them meanwhile, so nothing is known of them. A tab that says from where goes on.
test("a panel of trades that opens again begins with the newest", async () => {
  const world = new TabWorld();
  const tab = await world.open("one");
  const trades = (count) => { for (let at = 0; at < count; at += 1) world.market.trade("A", at); };
  trades(60);
  tab.show("A");
  await world.settle();
  equal(tab.tape.lines.length, 50);
  tab.show();
  await world.settle();
  trades(70);
  for (const session of world.sessions) session.heartbeat();
  await world.settle();
  tab.show("A");
  await world.settle();
  equal(tab.tape.lines.length, 50);
  tab.rest();
  await world.settle();
  trades(70);
  tab.wake();
  await world.settle();
  await world.take();
  tab.inspectTape();
  equal([tab.tape.lines.length, tab.tape.lines.some(({trade}) => trade === null)], [120, false]);
});

test("a choice of trades before the last one was answered loses no trade", async () => {
  const world = new TabWorld();
  const tab = await world.open("one");
  await world.settle();
  const {session} = world;
  const {say} = session;
  const delayed = [];
  session.say = (frame) => delayed.push(structuredClone(frame));
  world.market.trade("B", 1);
  tab.show("A", "B");
  await world.settle();
  world.market.trade("B", 2);
  tab.show("B");
  await world.settle();
  session.say = say;
  for (const frame of delayed) say(frame);
  await world.settle();
  tab.inspectTape();
  equal(tab.tape.lines.map(({trade}) => trade.p), [1, 2]);
});

// The tab resumes from its position, so a position beyond what is pending would lose that.
test("a heartbeat does not move a tab beyond the prices that its pace holds back", async () => {
  const {world, tabs: [slow, fast]} = await worldOf("slow", "fast");
  slow.connection.subscriptions.setRate(1);
  fast.connection.subscriptions.setRate(10);
  await world.settle(1500);
  const positions = () => [slow, fast].map(({board}) => board.position("ticker"));
  const tick = async (p) => {
    world.market.tick("A", {p});
    for (const session of world.sessions) session.take();
    await world.settle(1);
  };
  await tick(1);
  const before = world.market.seq;
  await tick(2);
  for (const session of world.sessions) session.heartbeat();
  await world.settle(1);
  equal(positions(), [`one:${before}`, `one:${before + 1}`]);
  await world.settle(1500);
  equal(positions(), Array(2).fill(`one:${before + 1}`));
  equal(slow.board.rows.get("A").p, 2);
});

// Its channels are not open yet on the new connection, so the connection's position says nothing about them.
test("a heartbeat says nothing to a tab that has not asked again", async () => {
  const {world, tabs: [tab]} = await worldOf("one");
  world.session.end(1006);
  await world.settle(1);
  world.market.tick("A", {p: 8});
  const before = tab.board.position("ticker");
  const {subscriptions} = tab.connection;
  const begin = subscriptions.begin.bind(subscriptions);
  const opened = new Promise((resolve) => { subscriptions.begin = (send) => resolve(() => begin(send)); });
  for (let turn = 0; turn < 1000 && !world.sessions.size; turn += 1) await world.settle(6);
  const ask = await opened;
  for (const session of world.sessions) session.heartbeat();
  await world.settle();
  equal(tab.board.position("ticker"), before);
  ask();
  await world.settle();
  await world.take();
  equal([tab.board.rows.get("A").p, tab.board.ticksOf("A")], [8, 1]);
});
