/** One tab as the leader sees it: it hears of corrections when it asked for them, and else as before. */

import {Replica} from "/static/js/market/replica.js";
import {ServedTab} from "/static/js/tabs/served_tab.js";
import {readFrame} from "/static/js/wire/frames.js";
import {each, equal, test} from "../harness.js";

const BAR = {s: "A", iv: "1m", t: 60, o: 1, h: 1, l: 1, c: 1, v: 1, n: 1, closed: true};
const TRADE = {s: "A", p: 1, q: 1, side: "BUY", ref: "x", ms: 0};
const FIX = {s: "A", fix: "cancelled", ref: "x", ms: 0};

/** A tab that wants trades and bars of A, and what is posted to it. */
function served(...corrected) {
  const known = new Replica();
  const posted = [];
  const tab = new ServedTab({id: "t", known, now: () => 0, timers: {set: () => {}, clear: () => {}}, post: (body) => posted.push(body)});
  const hear = (frame) => {
    known.apply(frame);
    tab.hear(frame);
  };
  for (const channel of corrected) tab.corrected.add(channel);
  tab.admit();
  for (const [channel, symbol] of [["trades", "A"], ["bars", "A@1m"]]) {
    tab.wanted.set(channel, new Set([symbol]));
    known.apply(readFrame({channel, type: "snapshot", epoch: "e", seq: 5, ts: 1, data: channel === "bars" ? [BAR] : []}));
    tab.serve({method: "subscribe", params: {channel, symbols: [symbol]}, id: 1}, {symbols: [symbol], rejected: {}});
  }
  posted.length = 0;
  hear(readFrame({channel: "trades", from: 5, seq: 7, ts: 1, data: [{...TRADE, i: 6}, {...FIX, i: 7}]}));
  hear(readFrame({channel: "bars", from: 5, seq: 7, ts: 1, data: [{...BAR, rev: 1}, {s: "A", iv: "1m", t: 60, gone: true, rev: 2}]}));
  return posted.map(({frame}) => frame.data.map(({i, rev}) => i ?? rev));
}

test("a tab hears of what was corrected only where it asked", () => {
  equal(served("trades", "bars"), [[6, 7], [2]]);
  equal(served("bars"), [[6], [2]]);
  equal(served(), [[6], []]);
});

// --- one tab, channel by channel ------------------------------------------------------------
const BOOK = {bids: [[1, 2]], asks: [[2, 3]]};
const LISTED = {s: "A", name: "a", sector: "", feed: "f", d: 2, tick: 0.01, ph: "OPEN", reason: "", t: 1};
/** Of each channel: its first snapshot, and an update of two of its names. */
const CHANNELS = {
  ticker: {names: ["A", "B"], snapshot: {A: {p: 1, a: 5}, B: {p: 2}}, update: {A: {p: 3, n: 2}, B: {p: 4}}, of: ({s}) => s},
  trades: {names: ["A", "B"], snapshot: [], update: [{...TRADE, i: 6}, {...TRADE, s: "B", i: 7}], of: ({s}) => s},
  bars: {names: ["A@1m", "B@1m"], snapshot: [BAR, {...BAR, s: "B"}], update: [{...BAR, t: 120}, {...BAR, s: "B", t: 120}], of: ({s}) => `${s}@1m`},
  depth: {names: ["A", "B"], snapshot: {A: BOOK, B: BOOK}, update: {A: {...BOOK, asks: []}, B: {...BOOK, bids: []}}, of: ({s}) => s},
  status: {names: [], snapshot: [LISTED], update: [{...LISTED, ph: "HALTED"}], of: ({s}) => s},
};
const KEYED = ["ticker", "trades", "bars", "depth"];

/** A tab beside a replica that has everything; `take` returns what was posted since. */
function beside({now = {ms: 0}, timers = {set: () => {}, clear: () => {}}} = {}) {
  const known = new Replica();
  const posted = [];
  const tab = new ServedTab({id: "t", known, now: () => now.ms, timers, post: (body) => posted.push(body)});
  known.expectTrades(["A", "B"]);
  for (const [channel, {snapshot}] of Object.entries(CHANNELS)) known.apply(readFrame({channel, type: "snapshot", epoch: "e", seq: 5, ts: 1, data: snapshot}));
  let id = 0;
  return {
    tab, known, posted,
    take: () => posted.splice(0).map(({kind, frame}) => (frame ? [frame.channel, frame.type, (frame.data ?? []).map((entry) => CHANNELS[frame.channel]?.of(entry))] : [kind])),
    frames: () => posted.splice(0).map(({frame}) => frame),
    ask: (channel, symbols = CHANNELS[channel].names, since = undefined) => {
      tab.wanted.set(channel, new Set(symbols));
      id += 1;
      tab.serve({method: "subscribe", params: {channel, symbols, ...(since && {since})}, id}, {symbols, rejected: {}});
    },
    hear: (channel, {from = 5, seq = 7, data = CHANNELS[channel].update} = {}) => {
      const frame = readFrame({channel, from, seq, ts: 9, data});
      known.apply(frame);
      tab.hear(frame);
    },
    beat: (seq = 9) => {
      const frame = {channel: "heartbeat", type: "heartbeat", seq, ts: 9, stale: null, confirms: [...KEYED, "status"]};
      known.apply(frame);
      tab.hear(frame);
    },
  };
}

test("a channel that is opened begins with its answer and a snapshot of what was asked for", () =>
  each(KEYED, (channel) => {
    const {tab, ask, take} = beside();
    const [first] = CHANNELS[channel].names;
    ask(channel, [first]);
    equal(take(), [], "nobody hears it before it is admitted");
    tab.admit();
    ask(channel, [first]);
    const [open, answer, snapshot] = take();
    equal([open, answer], [["open"], ["answer", "answer", []]]);
    equal([snapshot.slice(0, 2), snapshot[2].every((name) => name === first)], [[channel, "snapshot"], true]);
  }));

test("updates are of the symbols that a tab gets, and of no channel that it left", () =>
  each(KEYED, (channel) => {
    const {tab, ask, take, hear} = beside();
    const [first, second] = CHANNELS[channel].names;
    hear(channel);
    tab.admit();
    ask(channel, [second]);
    take();
    hear(channel, {from: 7, seq: 9, data: channel === "trades" ? [{...TRADE, i: 8}, {...TRADE, s: "B", i: 9}] : CHANNELS[channel].update});
    equal(take(), [[channel, "update", [second]]]);
    tab.drop(channel, [first, second]);
    hear(channel, {from: 9, seq: 11});
    equal(take(), []);
  }));

test("an update says from where to where, and when", () => {
  const {tab, ask, frames, hear} = beside();
  tab.admit();
  ask("depth");
  frames();
  hear("depth");
  const [{from, seq, ts}] = frames();
  equal([from, seq, ts], [5, 7, 9]);
  hear("depth", {from: 7, seq: 8});
  const [next] = frames();
  equal([next.from, next.seq], [7, 8]);
});

test("one symbol that is dropped leaves the others", () =>
  each(KEYED, (channel) => {
    const {tab, ask, take, hear} = beside();
    const [first, second] = CHANNELS[channel].names;
    tab.admit();
    ask(channel);
    tab.isPaused = true;
    hear(channel);
    tab.drop(channel, [first]);
    take();
    tab.isPaused = false;
    tab.go();
    const names = take().flatMap(([, , found]) => found);
    equal([names.includes(second), channel === "trades" || !names.includes(first)], [true, true]);
  }));

test("a pause holds everything but the status, and what was held comes in one piece", () =>
  each(Object.keys(CHANNELS), (channel) => {
    const {tab, ask, take, hear} = beside();
    tab.admit();
    ask(channel);
    take();
    tab.isPaused = true;
    hear(channel);
    if (channel === "status") {
      equal(take(), [["status", "update", ["A"]]]);
      return;
    }
    equal(take(), []);
    tab.go();
    equal(take(), []);
    tab.isPaused = false;
    tab.go();
    equal(take(), [[channel, "update", CHANNELS[channel].names]]);
  }));

test("prices wait for the pace of a tab that wants fewer than another", () => {
  const [now, set] = [{ms: 1_000}, []];
  const {tab, ask, take, hear} = beside({now, timers: {set: (...said) => set.push(said), clear: () => {}}});
  tab.admit();
  ask("ticker");
  tab.isSlower = true;
  tab.max_rate = 2;
  hear("ticker");
  take();
  now.ms = 1_100;
  hear("ticker", {from: 7, seq: 8});
  equal([take(), set.map(([name, wait_ms]) => [name, wait_ms])], [[], [["t", 395]]]);
  now.ms = 1_495;
  set[0][2]();
  equal(take(), [["ticker", "update", ["A", "B"]]]);
  tab.isSlower = false;
  hear("ticker", {from: 8, seq: 9});
  equal(take().length, 1);
});

test("prices have the fields that a tab asked for", () => {
  const {tab, ask, frames, hear} = beside();
  tab.admit();
  tab.fields = ["p"];
  ask("ticker", ["A"]);
  const [, , snapshot] = frames();
  hear("ticker");
  const [update] = frames();
  equal(["a" in snapshot.data[0], snapshot.data[0].p, update.data[0].p, update.data[0].n], [false, 1, 3, 2]);
});

test("a tab that comes back where it stands resumes, and gets what came meanwhile", () =>
  each(KEYED, (channel) => {
    const {tab, ask, take, hear} = beside();
    tab.admit();
    ask(channel);
    take();
    tab.dismiss({code: 1006, reason: "", retry_ms: 0});
    hear(channel);
    equal(take(), [["closed"]]);
    tab.admit();
    ask(channel, CHANNELS[channel].names, "e:5");
    equal(take(), [["open"], ["answer", "answer", []], [channel, "update", CHANNELS[channel].names]]);
  }));

test("a tab that comes back with fewer symbols gets nothing of the others", () =>
  each(["ticker", "bars", "depth"], (channel) => {
    const {tab, ask, take, hear} = beside();
    const [first] = CHANNELS[channel].names;
    tab.admit();
    ask(channel);
    tab.dismiss({code: 1006, reason: "", retry_ms: 0});
    hear(channel);
    tab.admit();
    take();
    ask(channel, [first], "e:5");
    equal(take().at(-1), [channel, "update", [first]]);
  }));

test("a position of another market, or one that nobody knows, begins anew", () =>
  each(["ticker", "bars", "depth", "status"], (channel) =>
    each(["x:5", "e:3", "e:99"], (since) => {
      const {tab, ask, frames} = beside();
      tab.admit();
      frames();
      ask(channel, CHANNELS[channel].names, since);
      const [answer, snapshot] = frames();
      equal([answer.result.resumed, snapshot.type], [false, "snapshot"]);
    })));

test("a new snapshot of the connection is handed on to whom it concerns", () =>
  each(KEYED, (channel) => {
    const {tab, ask, take, hear} = beside();
    const [first, second] = CHANNELS[channel].names;
    tab.admit();
    ask(channel, [first]);
    tab.isPaused = true;
    hear(channel);
    take();
    tab.renew(channel, new Set([second]));
    equal(take(), []);
    tab.renew(channel, new Set([first, second]));
    equal(take().map(([name, type]) => [name, type]), [[channel, "snapshot"]]);
    tab.isPaused = false;
    tab.go();
    equal(take(), [], "the snapshot has what was held");
  }));

test("a heartbeat confirms the channels that are open, up to where nothing is held", () => {
  const {tab, ask, frames, hear, beat} = beside();
  beat(6);
  equal(frames(), [], "it is not open");
  tab.admit();
  ask("ticker");
  ask("depth");
  frames();
  beat(9);
  const [free] = frames();
  equal([free.seq, free.confirms], [9, ["ticker", "depth"]]);
  tab.isPaused = true;
  hear("ticker", {from: 9, seq: 12});
  beat(12);
  const [held] = frames();
  equal(held.seq, 9);
  tab.drop("ticker", ["A", "B"]);
  tab.drop("depth", ["A", "B"]);
  beat(13);
  const [none] = frames();
  equal([none.seq, none.confirms], [0, []]);
});

test("what is a person's goes to a tab that has opened it since it came back, as it comes", () =>
  each(["notifications", "watchlist"], (channel) => {
    const {tab, ask, take} = beside();
    const news = readFrame(channel === "watchlist"
      ? {channel, type: "snapshot", data: ["A"], version: "1", lists: []}
      : {channel, type: "update", seq: 4, unread: 1, data: [], read: []});
    tab.admit();
    tab.hear(news);
    equal(take(), [["open"]], "it has not asked");
    ask(channel, []);
    take();
    tab.isPaused = true;
    tab.hear(news);
    equal(take().map(([name]) => name), [channel]);
    tab.dismiss({code: 1006, reason: "", retry_ms: 0});
    tab.admit();
    take();
    tab.hear(news);
    equal(take(), [], "it has not asked again");
  }));

test("the bytes of the network are reported once, with the next frame", () => {
  const {tab, posted} = beside();
  tab.admit();
  tab.charge(7);
  tab.charge(5);
  tab.answer({method: "ping", id: 4}, {ts: 1});
  tab.refuse({method: "set"}, {code: 1, name: "n", message: "m", retry: false});
  equal(posted.slice(1).map(({bytes}) => bytes), [12, 0]);
  equal(posted.slice(1).map(({frame: {id, success, result}}) => [id, success, result]), [[4, true, {ts: 1}], [null, false, {}]]);
});

test("a tab that is closed hears nothing, and its timer is gone", () => {
  const cleared = [];
  const {tab, ask, take, hear} = beside({timers: {set: () => {}, clear: (name) => cleared.push(name)}});
  tab.admit();
  ask("ticker");
  take();
  tab.close();
  hear("ticker");
  equal([take(), cleared, tab.isOpen, tab.isAsking], [[], ["t"], false, false]);
});
