/** What one connection received, for other tabs: whole channels, positions, snapshots, and what is forgotten. */

import {Replica} from "/static/js/market/replica.js";
import {readFrame} from "/static/js/wire/frames.js";
import {each, equal, test} from "../harness.js";

const CHANNELS = ["ticker", "status", "trades", "bars", "depth", "notifications", "watchlist"];
const BAR = {s: "NVX", iv: "1m", t: 60_000, o: 1, h: 2, l: 1, c: 2, v: 5, n: 2};
const TRADE = {s: "NVX", side: "buy", i: 4, p: 1, q: 2, ms: 30};
const FEED = {feed: "f", name: "F", state: "RUNNING", rate: 1, reason: "", t: 1, exchange: "", zone: "", day: 1, ph: "OPEN", clock: 1, scale: 1};
const LISTED = {s: "NVX", name: "a", sector: "", feed: "f", d: 2, tick: 0.01, ph: "OPEN", reason: "", t: 1};
const NOTICE = {id: 3, title: "n", body: "", level: "info", t: 1, read: false};
const BOOK = {bids: [[1, 2]], asks: [[2, 3]]};
const LISTS = {channel: "watchlist", type: "snapshot", data: ["NVX"], version: "1", lists: []};
const snapshot = (channel, data, more = {}) => readFrame({channel, type: "snapshot", epoch: "e", seq: 5, ts: 1_000, data, ...more});
const update = (channel, data, more = {}) => readFrame({channel, from: 5, seq: 6, ts: 2_000, data, ...more});
const NOTICES = readFrame({channel: "notifications", type: "snapshot", seq: 3, unread: 1, data: [NOTICE]});
const SNAPSHOTS = () => [
  snapshot("ticker", {NVX: {p: 1}}), snapshot("status", [FEED, LISTED]), snapshot("trades", [TRADE]), snapshot("bars", [BAR]),
  snapshot("depth", {NVX: BOOK}), NOTICES, readFrame(LISTS),
];

function filled() {
  const replica = new Replica();
  replica.expectTrades(["NVX"]);
  for (const frame of SNAPSHOTS()) equal(replica.apply(frame), true, frame.channel);
  return replica;
}

test("an empty replica has no whole channel, no position and no time", () => {
  const replica = new Replica();
  return each(CHANNELS, (channel) => equal([replica.isWhole(channel), replica.position(channel), replica.place(channel), replica.ts(channel)], [false, null, {epoch: "", sequence: 0}, 0]));
});

test("each channel is whole by its own snapshot, and by no other", () =>
  each(SNAPSHOTS(), (frame) => {
    const replica = new Replica();
    replica.expectTrades(["NVX"]);
    replica.apply(frame);
    equal(CHANNELS.filter((channel) => replica.isWhole(channel)), [frame.channel]);
  }));

test("each channel stands where its last frame ended, with the time of that frame", () => {
  const replica = filled();
  equal(CHANNELS.map((channel) => replica.position(channel, channel === "bars" ? ["NVX@1m"] : ["NVX"])), ["e:5", "e:5", "e:5", "e:5", "e:5", "3", null]);
  const frames = [update("ticker", {NVX: {p: 2}}), update("status", [LISTED]), update("trades", [{...TRADE, i: 6}]), update("bars", [BAR]), update("depth", {NVX: BOOK})];
  return each(frames, (frame) => {
    equal([replica.apply(frame), replica.ts(frame.channel), replica.place(frame.channel)], [true, 2_000, {epoch: "e", sequence: 6}]);
  });
});

test("a gap is told, and a channel with a gap cannot be handed on", () => {
  const frames = [update("ticker", {NVX: {p: 2}}, {from: 9, seq: 10}), update("status", [LISTED], {from: 9, seq: 10})];
  return each(frames, (frame) => {
    const replica = filled();
    equal([replica.apply(frame), replica.isWhole(frame.channel), replica.ts(frame.channel)], [false, false, 1_000]);
    replica.apply(SNAPSHOTS().find(({channel}) => channel === frame.channel));
    equal(replica.isWhole(frame.channel), true);
  });
});

test("a gap of bars and books is told as well", () =>
  each([update("bars", [BAR], {from: 9, seq: 10}), update("depth", {NVX: BOOK}, {from: 9, seq: 10})], (frame) => {
    const replica = filled();
    equal([replica.apply(frame), replica.isWhole(frame.channel), replica.place(frame.channel).sequence], [false, false, 5]);
    replica.apply(SNAPSHOTS().find(({channel}) => channel === frame.channel));
    equal(replica.isWhole(frame.channel), true);
  }));

test("a snapshot that is still arriving is not handed on", () =>
  each(["ticker", "status"], (channel) => {
    const replica = new Replica();
    const [ticker, status] = SNAPSHOTS();
    const frame = channel === "ticker" ? ticker : status;
    replica.apply({...frame, more: true});
    equal(replica.isWhole(channel), false);
    replica.apply(frame);
    equal(replica.isWhole(channel), true);
  }));

test("a heartbeat moves the channels that it confirms, and no others", () => {
  const tape = ["ticker", "status", "trades", "bars", "depth"];
  return each(tape, (channel) => {
    const replica = filled();
    equal(replica.apply({channel: "heartbeat", type: "heartbeat", seq: 50, ts: 3_000, stale: null, confirms: [channel]}), true);
    equal(tape.filter((each) => replica.place(each).sequence === 50), [channel]);
    equal(replica.ts(channel), 1_000);
  });
});

test("a snapshot is what was received, for the symbols that are asked for", () => {
  const replica = filled();
  const {data, ...head} = replica.snapshot("ticker", ["NVX", "ORB"]);
  equal(head, {channel: "ticker", type: "snapshot", epoch: "e", seq: 5, ts: 1_000});
  equal([data.length, data[0].s, data[0].p, data[0].n], [1, "NVX", 1, 0]);
  equal(replica.snapshot("status", []).data, [FEED, LISTED]);
  equal(replica.snapshot("trades", ["NVX"]).data.map(({i, t}) => [i, t]), [[4, 970]]);
  equal(replica.snapshot("trades", ["ORB"]).data, []);
  equal(replica.snapshot("bars", ["NVX@1m", "ORB@1m"]).data, [BAR]);
  equal(replica.snapshot("depth", ["NVX", "ORB"]).data, [{s: "NVX", ...BOOK}]);
  equal(replica.snapshot("notifications", []), {channel: "notifications", type: "snapshot", seq: 3, unread: 1, data: [NOTICE]});
  equal(replica.snapshot("watchlist", []), LISTS);
});

test("a symbol that is gone is known to be gone", () => {
  const replica = filled();
  replica.apply(update("ticker", {NVX: {gone: true}}));
  equal([replica.holds("ticker", "NVX"), replica.snapshot("ticker", ["NVX"]).data], [true, [{n: 0, s: "NVX", gone: true}]]);
});

test("bars that there are none of yet are said to be none", () => {
  const replica = new Replica();
  replica.apply(snapshot("bars", [{s: "ORB", iv: "1m", none: true}]));
  equal([replica.holds("bars", "ORB@1m"), replica.snapshot("bars", ["ORB@1m"]).data], [true, [{s: "ORB", iv: "1m", none: true}]]);
});

test("without lists there are none", () => {
  equal(new Replica().snapshot("watchlist", []), {channel: "watchlist", type: "snapshot", data: [], version: "", lists: []});
});

test("what is held is held of its own channel", () => {
  const replica = new Replica();
  replica.apply(snapshot("depth", {NVX: BOOK}));
  equal([replica.holds("depth", "NVX"), replica.holds("ticker", "NVX"), replica.holds("bars", "NVX@1m")], [true, false, false]);
});

test("symbols are forgotten of one channel, and stay in the others", () =>
  each([["ticker", "NVX"], ["bars", "NVX@1m"], ["depth", "NVX"]], ([channel, name]) => {
    const replica = filled();
    replica.forget(channel, [name]);
    const held = [["ticker", "NVX"], ["bars", "NVX@1m"], ["depth", "NVX"]].filter(([each, symbol]) => replica.holds(each, symbol)).map(([each]) => each);
    equal(held, ["ticker", "bars", "depth"].filter((each) => each !== channel));
    equal(replica.snapshot("trades", ["NVX"]).data.length, 1);
  }));

test("trades of forgotten symbols are not handed on", () => {
  const replica = filled();
  replica.forget("trades", ["NVX"]);
  equal(replica.snapshot("trades", ["NVX"]).data, []);
});

test("trades after a position are handed on, as far as none is missing", () => {
  const replica = filled();
  replica.apply(update("trades", [{...TRADE, i: 6}]));
  equal(replica.tradesAfter(["NVX"], 5).map(({i}) => i), [6]);
  const later = new Replica();
  later.standTrades("e:5");
  later.expectTrades(["NVX"]);
  equal(later.position("trades"), "e:5");
});
