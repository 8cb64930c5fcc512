/** The leading tab as a small hub: whom it admits, what it asks of the connection, and what it tells each tab. */

import {Replica} from "/static/js/market/replica.js";
import {Leader} from "/static/js/tabs/leader.js";
import {readFrame} from "/static/js/wire/frames.js";
import {ManualClock, each, equal, test} from "../harness.js";

const UP = {name: "live", transport: "Slow", code: 1006, reason: "", retry_at_ms: null};
const WELCOME = {channel: "status", type: "welcome", version: 1, server_time: 1, epoch: "e", heartbeat_ms: 5_000};
const PACE = {channel: "status", type: "pace", rate: 4, reason: "paint 38 ms"};
const SHUTDOWN = {channel: "status", type: "shutdown", retry_ms: 9_000};
const TAPE = ["ticker", "trades", "bars", "depth", "status"];
const beat = (seq) => ({channel: "heartbeat", type: "heartbeat", seq, ts: seq, stale: null, confirms: TAPE});
const prices = (seq, data) => readFrame({channel: "ticker", type: "snapshot", epoch: "e", seq, ts: 1, data});
const moved = (from, seq, data) => readFrame({channel: "ticker", from, seq, ts: 1, data});

/** A message of the leader in a few words. */
function words({kind, frame, ending, name}) {
  if (kind === "closed") return `closed ${ending.code} ${ending.retry_ms}`;
  if (kind === "road") return `road ${name}`;
  if (kind !== "frame") return kind;
  if (frame.type === "answer") return `${frame.success ? "answer" : `refusal ${frame.error.name}`} ${frame.method} ${frame.id}`;
  return [frame.type, frame.seq ?? ""].join(" ").trim();
}

/** A leader with a connection that does nothing, channels that carry nothing, and tabs that are hands of the test. */
function leading() {
  const clock = new ManualClock();
  const [channels, watched, log] = [new Map(), new Map(), []];
  const openChannel = (name) => {
    const channel = {said: [], isClosed: false, onmessage: null, postMessage: (data) => channel.said.push(data), close: () => { channel.isClosed = true; }};
    channels.set(name, channel);
    return channel;
  };
  const note = (verb) => (...values) => log.push([verb, ...values.map((value) => (value?.[Symbol.iterator] && typeof value !== "string" ? [...value].join() : String(value)))].join(" ").trim());
  const connection = {
    bytes: 0, state: {transport: "Slow"}, open: note("open"), close: note("close"), setHidden: note("hidden"), setOnline: note("online"), acknowledge: note("ack"),
    subscriptions: {add: note("add"), remove: note("remove"), setRate: note("rate"), setPaused: note("paused"), ask: (method) => log.push(`ask ${method}`)},
  };
  let hooks = null;
  const leader = new Leader({
    key: "key", term: "mine", openChannel, known: new Replica(), now: () => clock.now_ms, timers: clock, quietOf: (name) => ({Slow: 700})[name] ?? 0,
    presence: {watch: (id, ongone) => {
      watched.set(id, ongone);
      return () => watched.delete(id);
    }},
    connect: (given) => {
      hooks = given;
      return connection;
    },
  });
  const lineOf = (id) => channels.get(`key/${id}`);
  let number = 0;
  const world = {
    clock, leader, channels, watched, connection, hooks, lineOf, call: channels.get("key"),
    hello: (id, since = null) => world.call.onmessage({data: {kind: "hello", id, since}}),
    state: (state) => hooks.onstate({...UP, ...state}),
    deliver: (...frames) => frames.map((frame) => hooks.deliver(frame)),
    answer: (method, more) => hooks.deliver({channel: "answer", type: "answer", method, id: 1, success: true, result: {}, error: null, ...more}),
    /** Let a tab send a command. Return its number. */
    send: (id, method, params = {}) => {
      number += 1;
      lineOf(id).onmessage({data: {kind: "command", command: {method, params, id: number}}});
      return number;
    },
    messages: (id) => lineOf(id).said.splice(0),
    heard: (id) => world.messages(id).map(words),
    asked: () => log.splice(0),
  };
  return world;
}

/** A leader whose connection is up, with these tabs; nothing of that is left in what they heard. */
function open(...ids) {
  const world = leading();
  world.state({});
  for (const id of ids) world.hello(id);
  for (const id of ids) world.messages(id);
  world.asked();
  return world;
}

test("a leader calls all tabs by its name, and connects when it is told to", () => {
  const {leader, call, asked} = leading();
  equal([call.said, asked()], [[{kind: "lead", term: "mine"}], []]);
  leader.open();
  leader.setOnline(false);
  equal(asked(), ["open", "online false"]);
});

test("a leader that stops lets go of every tab, and ends the connection", () => {
  const {leader, call, lineOf, watched, deliver, heard, asked} = open("a", "b");
  leader.close();
  equal([call.isClosed, lineOf("a").isClosed, lineOf("b").isClosed, watched.size], [true, true, true, 0]);
  equal(asked().at(-1), "close");
  deliver(PACE);
  equal([heard("a"), heard("b")], [[], []]);
});

test("a tab that looks for the leader is heard, and admitted once the connection is up", () => {
  const {hello, messages, heard, asked, state} = leading();
  hello("a");
  equal([messages("a"), asked().filter((each) => ["hidden false", "open"].includes(each))], [[{kind: "here", term: "mine"}], ["hidden false", "open"]]);
  state({name: "connecting"});
  equal(heard("a"), ["road Slow"]);
  state({});
  equal(messages("a"), [{kind: "road", term: "mine", name: "Slow", quiet_ms: 700}, {kind: "open", term: "mine"}]);
  hello("b");
  equal(heard("b"), ["here", "road Slow", "open"]);
  state({});
  equal([heard("a"), heard("b")], [[], []]);
});

test("a tab that waits for its next try is told that it need not wait", () => {
  const {state, heard, hello} = open("a");
  state({name: "reconnecting", retry_at_ms: 4_000});
  equal(heard("a"), ["closed 1006 4000"]);
  state({});
  equal(heard("a"), ["open"]);
  hello("a");
  equal(heard("a"), ["here", "road Slow", "open"]);
});

test("every tab that is open or asks hears how the connection ended, and how long to wait", () =>
  each([
    [{name: "reconnecting", retry_at_ms: 4_000}, ["closed 1006 3000"]], [{name: "reconnecting", retry_at_ms: 400}, ["closed 1006 0"]],
    [{name: "signed_out", code: 4401}, ["closed 4401 0"]], [{name: "connecting"}, []],
  ], ([state, expected]) => {
    const world = open("a");
    world.clock.advance(1_000);
    world.state(state);
    equal(world.heard("a"), expected);
    world.state(state);
    equal(world.heard("a"), [], "it is told once");
  }));

test("a tab that comes later hears first what the server said since it took the connection", () => {
  const {deliver, hello, heard, messages} = open("a");
  deliver(WELCOME, PACE, SHUTDOWN, beat(7));
  equal(heard("a"), ["welcome", "pace", "shutdown", "heartbeat 0"]);
  hello("b");
  equal(heard("b"), ["here", "road Slow", "open", "welcome", "pace", "heartbeat 0"]);
  deliver({...PACE, rate: 2}, beat(9));
  hello("c");
  equal(messages("c").filter(({frame}) => frame?.type === "pace").map(({frame}) => frame.rate), [2]);
  deliver({...WELCOME, epoch: "other"});
  hello("d");
  equal(heard("d"), ["here", "road Slow", "open", "welcome"]);
});

test("another transport is told to every tab, and the same is not told again", () => {
  const {connection, deliver, heard, messages} = open("a", "b");
  deliver(PACE);
  equal(heard("a"), ["pace"]);
  connection.state = {transport: "Fast"};
  deliver(PACE);
  equal([heard("a"), messages("b").map(({kind, quiet_ms}) => [kind, quiet_ms])], [["road Fast", "pace"], [["frame", undefined], ["road", 0], ["frame", undefined]]]);
});

test("a leader that lives answers a probe", () => {
  const {lineOf, messages} = open("a");
  lineOf("a").onmessage({data: {kind: "probe"}});
  equal(messages("a"), [{kind: "here", term: "mine"}]);
  lineOf("a").onmessage({data: {kind: "here", term: "another"}});
  equal(messages("a"), [], "another leader speaks to the tab");
});

test("what was painted is acknowledged for tabs that are not paused, and commands count only of tabs that are open", () => {
  const {send, asked, hello, state, heard} = open("a", "b");
  const ack = (id) => {
    send(id, "ack", {position: "e:7", paint_ms: 12});
    return asked().filter((each) => each.startsWith("ack"));
  };
  equal(ack("a"), ["ack e:7 12"]);
  send("a", "set", {paused: true});
  asked();
  equal([ack("a"), ack("b")], [[], ["ack e:7 12"]]);
  send("a", "set", {paused: false});
  asked();
  equal(ack("a"), ["ack e:7 12"]);
  state({name: "reconnecting", retry_at_ms: 1});
  heard("a");
  equal([ack("a"), heard("a")], [[], []]);
  hello("a");
  send("a", "ping");
  equal(asked().includes("ask ping"), false, "the connection is down");
});

test("the pace and the pause of a tab are answered with what they are now", () => {
  const {send, messages, asked} = open("a");
  send("a", "set", {max_rate: 5});
  send("a", "set", {paused: true});
  equal(messages("a").map(({frame}) => [frame.method, frame.result]), [["set", {max_rate: 5, paused: false}], ["set", {max_rate: 5, paused: true}]]);
  equal(asked(), ["rate 5", "paused every tab false", "rate 5", "paused every tab true"]);
});

test("what is refused is answered once, and is not served later", () =>
  each([
    ["bad_parameters", {channel: "ticker", symbols: ["*"]}], ["unknown_channel", {channel: "weather"}],
    ["too_many_symbols", {channel: "trades", symbols: Array.from({length: 501}, (_, at) => `S${at}`)}],
  ], ([name, params]) => {
    const {send, heard, asked, deliver} = open("a");
    const id = send("a", "subscribe", params);
    equal([heard("a"), asked()], [[`refusal ${name} subscribe ${id}`], []]);
    deliver(prices(5, {A: {p: 1}}), PACE);
    equal(heard("a"), ["pace"]);
  }));

test("prices are asked for once for all tabs, and each gets its own", () => {
  const {send, heard, asked, deliver, messages, answer} = open("a", "b");
  const first = send("a", "subscribe", {channel: "ticker", symbols: ["A"]});
  equal([asked(), heard("a")], [["add ticker A"], []]);
  answer("subscribe", {result: {channel: "ticker"}});
  deliver(prices(5, {A: {p: 1}}));
  equal(heard("a"), [`answer subscribe ${first}`, "snapshot 5"]);
  const second = send("b", "subscribe", {channel: "ticker", symbols: ["A"]});
  equal([asked(), heard("b")], [[], [`answer subscribe ${second}`, "snapshot 5"]]);
  equal(deliver(moved(5, 6, {A: {p: 2}})), [true]);
  equal([heard("a"), heard("b")], [["update 6"], ["update 6"]]);
  equal([deliver(moved(8, 9, {A: {p: 3}})), heard("a"), heard("b")], [[false], [], []]);
  const left = send("a", "unsubscribe", {channel: "ticker", symbols: ["A"]});
  equal([heard("a"), asked()], [[`answer unsubscribe ${left}`], []]);
  send("b", "unsubscribe", {channel: "ticker", symbols: ["A"]});
  equal([messages("b").at(-1).frame.result, asked()], [{channel: "ticker"}, ["remove ticker A"]]);
});

test("a symbol that the server does not know is rejected for each tab that wants it", () => {
  const {send, messages, deliver, answer} = open("a");
  send("a", "subscribe", {channel: "ticker", symbols: ["A", "NO"]});
  answer("subscribe", {result: {channel: "ticker", rejected: {NO: "unknown symbol"}}});
  deliver(prices(5, {A: {p: 1}}));
  equal(messages("a")[0].frame.result, {channel: "ticker", symbols: ["A"], rejected: {NO: "unknown symbol"}, resumed: false});
});

test("a refusal of the server goes to every tab that waits, unless it is tried again", () => {
  const {send, heard, answer} = open("a", "b");
  const ids = ["a", "b"].map((id) => send(id, "subscribe", {channel: "ticker", symbols: ["A"]}));
  const error = {code: 403, name: "forbidden", message: "no", retry: false};
  answer("subscribe", {success: false, error: {...error, retry: true}});
  answer("set", {success: false, error});
  answer("subscribe", {success: true, error});
  equal([heard("a"), heard("b")], [[], []]);
  answer("subscribe", {success: false, error});
  equal([heard("a"), heard("b")], [[`refusal forbidden subscribe ${ids[0]}`], [`refusal forbidden subscribe ${ids[1]}`]]);
  answer("subscribe", {success: false, error});
  equal([heard("a"), heard("b")], [[], []]);
});

test("every ping is answered once, to the tab that asked, and none of an earlier connection", () => {
  const {send, asked, messages, answer, state, hello} = open("a", "b");
  const ids = ["a", "b"].map((id) => send(id, "ping"));
  equal([asked(), messages("a")], [["ask ping", "ask ping"], []]);
  answer("pong", {result: {ts: 7}});
  const answers = (id) => messages(id).map(({frame}) => [frame.method, frame.id, frame.result]);
  equal([answers("a"), answers("b")], [[["pong", ids[0], {ts: 7}]], [["pong", ids[1], {ts: 7}]]]);
  answer("ping", {});
  equal(answers("a"), []);
  send("a", "ping");
  state({name: "reconnecting", retry_at_ms: 1});
  state({});
  hello("a");
  messages("a");
  answer("ping", {});
  equal(messages("a"), []);
});

test("the bytes of the network are charged to every tab, with its next frame", () => {
  const {connection, deliver, messages, hello} = open("a", "b");
  connection.bytes = 100;
  deliver(PACE);
  connection.bytes = 130;
  deliver(PACE, PACE);
  const bytes = (id) => messages(id).map((message) => message.bytes);
  equal([bytes("a"), bytes("b")], [[100, 30, 0], [100, 30, 0]]);
  hello("c");
  equal(messages("c").filter(({kind}) => kind === "frame").map((message) => message.bytes), [0]);
});

test("a tab that is gone takes along what only it wanted, and the last ends the connection", () => {
  const {send, watched, asked, lineOf, deliver, heard} = open("a", "b");
  send("a", "subscribe", {channel: "ticker", symbols: ["A", "B"]});
  send("b", "subscribe", {channel: "ticker", symbols: ["B"]});
  asked();
  watched.get("a")();
  equal([asked().filter((each) => /close|remove/.test(each)), lineOf("a").isClosed, [...watched.keys()]], [["remove ticker A"], true, ["b"]]);
  deliver(PACE);
  equal([heard("a"), heard("b")], [[], ["pace"]]);
  watched.get("b")();
  equal(asked().filter((each) => /close|remove/.test(each)), ["close", "remove ticker B"]);
});

test("what a tab wanted earlier is forgotten a second after it came back, unless it asked again", () => {
  const {send, state, hello, asked, clock} = open("a");
  send("a", "subscribe", {channel: "ticker", symbols: ["A"]});
  send("a", "subscribe", {channel: "trades", symbols: ["A"]});
  state({name: "reconnecting", retry_at_ms: 1});
  state({});
  hello("a");
  send("a", "subscribe", {channel: "trades", symbols: ["A"]});
  asked();
  clock.advance(999);
  equal(asked(), []);
  clock.advance(1);
  equal(asked(), ["remove ticker A"]);
});

// --- trades, of which none may be missed ----------------------------------------------------
const trade = (s, i) => ({s, p: 1, q: 1, side: "BUY", i, ms: 0});
const trades = (seq, data, more = {}) => readFrame({channel: "trades", type: "snapshot", epoch: "e", seq, ts: 1, data, ...more});

/** Tab a follows A since sequence 5 and has heard of a trade at 9. Tab b asks for B from a position. */
function trading(since) {
  const world = open("a", "b");
  world.send("a", "subscribe", {channel: "trades", symbols: ["A"]});
  world.answer("subscribe", {result: {channel: "trades"}});
  world.deliver(trades(5, [trade("A", 3)]), readFrame({channel: "trades", from: 5, seq: 9, ts: 1, data: [trade("A", 9)]}));
  equal(world.heard("a").slice(1), ["snapshot 5", "update 9"]);
  world.asked();
  world.send("b", "subscribe", {channel: "trades", symbols: ["B"], since});
  equal([world.asked(), world.heard("b")], [["add trades B"], []]);
  world.answer("subscribe", {result: {channel: "trades"}});
  world.deliver(trades(9, []));
  return world.messages("b").map(({frame}) => [frame.type, frame.result?.resumed ?? frame.gap ?? false]);
}

test("trades that nobody asked for are not known: who wants them from an earlier position has a gap", () => {
  equal(trading("e:6"), [["answer", false], ["snapshot", true]]);
  equal(trading("e:9"), [["answer", true]]);
});

test("trades go on from the earliest position that a tab has, until no tab wants them", () => {
  const {hello, send, hooks, asked, state} = leading();
  hello("a", "e:9");
  hello("b", "e:4");
  state({});
  equal(hooks.positions().trades, null);
  send("a", "subscribe", {channel: "trades", symbols: ["A"]});
  equal([hooks.positions().trades, asked().at(-1)], ["e:4", "add trades A"]);
  send("b", "subscribe", {channel: "trades", symbols: ["A"], since: "e:2"});
  equal(hooks.positions().trades, "e:4", "where it stands stays");
  send("a", "unsubscribe", {channel: "trades", symbols: ["A"]});
  equal(hooks.positions().trades, "e:4");
  send("b", "unsubscribe", {channel: "trades", symbols: ["A"]});
  equal(hooks.positions().trades, null);
  send("a", "subscribe", {channel: "trades", symbols: ["A"]});
  equal(hooks.positions().trades, null, "a tab that wants trades again begins anew");
});

test("the connection resumes prices where all known symbols stand, and those that the server does not know do not count", () => {
  const {send, answer, deliver, hooks} = open("a");
  equal(Object.keys(hooks.positions()).sort(), ["bars", "depth", "notifications", "status", "ticker", "trades"]);
  send("a", "subscribe", {channel: "ticker", symbols: ["A", "NO"]});
  deliver(prices(5, {A: {p: 1}}));
  equal(hooks.positions().ticker, null);
  answer("subscribe", {result: {channel: "ticker", rejected: {NO: "unknown symbol"}}});
  equal(hooks.positions().ticker, "e:5");
});

test("a snapshot with a gap is a new start for every tab that follows trades, in parts only with its last", () => {
  const {send, answer, deliver, heard} = open("a", "b");
  for (const id of ["a", "b"]) send(id, "subscribe", {channel: "trades", symbols: id === "a" ? ["A"] : ["B"]});
  answer("subscribe", {result: {channel: "trades"}});
  deliver(trades(5, []));
  answer("subscribe", {result: {channel: "trades"}});
  deliver(trades(5, []));
  for (const id of ["a", "b"]) heard(id);
  deliver(trades(50, [trade("A", 50)], {gap: true, more: true}));
  equal([heard("a"), heard("b")], [[], []]);
  deliver(trades(50, [], {gap: true}));
  equal([heard("a"), heard("b")], [["snapshot 50"], ["snapshot 50"]]);
});
