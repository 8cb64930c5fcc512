/** Frames as they are read: what is a frame, and what becomes of its times and counts. */

import {
  CLOSE_TEXT, TAPE_CHANNELS, barsName, earliestOf, mayRetry, namesIn, parseFrame, parsePosition, readFrame,
} from "/static/js/wire/frames.js";
import {each, equal, test} from "../harness.js";

const HEAD = {seq: 5, ts: 1_000};
const BAR = {s: "A", iv: "1m", t: 0, o: 1, h: 1, l: 1, c: 1, v: 1, n: 1};
const TRADE = {s: "A", side: "BUY", i: 4, p: 1, q: 2, et: 60000, ms: 30};
const FIX = {s: "A", fix: "cancelled", i: 5, ref: "D:1", op: 1, oq: 2, et: 60000, ms: 3};
const FEED = {feed: "f", name: "F", state: "RUNNING", rate: 1, reason: "", t: 1, exchange: "", zone: "", day: 1, ph: "OPEN", clock: 1, scale: 1};
const LISTED = {s: "A", name: "a", sector: "", feed: "f", d: 2, tick: 0.01, ph: "OPEN", reason: "", t: 1};
const NOTICE = {id: 1, title: "n", body: "", level: "info", t: 1, read: false};
const update = (channel, data, more = {}) => ({channel, from: 4, ...HEAD, data, ...more});
const snapshot = (channel, data, more = {}) => ({channel, type: "snapshot", epoch: "e", ...HEAD, data, ...more});

test("prices have the time of their tick, and the ticks they stand for", () => {
  const read = (frame) => readFrame(frame)?.data;
  equal(read(update("ticker", {A: {p: 1, ms: 30}})), [{s: "A", n: 1, p: 1, t: 970}]);
  equal(read(update("ticker", {A: {n: 7, ms: null}})), [{s: "A", n: 7, t: null}]);
  equal(read(snapshot("ticker", {A: {p: 1}})), [{s: "A", n: 0, p: 1}]);
});

test("a trade has the time at which it happened", () => {
  equal(readFrame(update("trades", [TRADE])).data, [{s: "A", side: "BUY", i: 4, p: 1, q: 2, et: 60000, t: 970}]);
});

test("a frame without a type is an update", () => {
  equal([readFrame(update("status", [FEED])).type, readFrame(snapshot("status", [])).type], ["update", "snapshot"]);
});

test("every frame of the wire is read", () =>
  each([
    update("ticker", {}), snapshot("ticker", {A: {gone: true}}), update("trades", []), snapshot("trades", [TRADE], {gap: true}),
    update("trades", [TRADE, FIX, {...TRADE, ref: "D:1"}]), update("bars", [BAR]), snapshot("bars", [BAR, {s: "A", iv: "1m", none: true}]), update("status", [FEED, LISTED]),
    snapshot("status", [{s: "A", gone: true}, {feed: "f", gone: true}]), {channel: "heartbeat", seq: 0, ts: 1},
    {channel: "status", type: "welcome", server_time: 1, heartbeat_ms: 1}, {channel: "status", type: "shutdown", retry_ms: 1},
    {channel: "status", type: "pace", rate: 1, reason: ""}, {channel: "notifications", seq: 1, unread: 0, data: [NOTICE]},
    {channel: "watchlist", data: ["A"]}, update("ticker", {}, {from: 5}),
  ], (frame) => {
    equal(readFrame(frame)?.channel, frame.channel);
  }));

test("what is no frame is nothing", () =>
  each([
    null, 5, [], "x", {}, {channel: "gossip", ...HEAD}, update("ticker", []), update("ticker", {A: 1}), update("ticker", {A: {p: "1"}}),
    update("ticker", {A: {n: -1}}), update("ticker", {A: {ph: 1}}), update("ticker", {}, {from: 6}), update("ticker", {}, {from: null}),
    update("ticker", {}, {ts: "1"}), update("ticker", {}, {seq: 1.5}), snapshot("ticker", {}, {epoch: 1}), snapshot("ticker", {}, {seq: -1}),
    update("trades", {}), ...["s", "side", "i", "p", "q", "et", "ms"].map((key) => update("trades", [{...TRADE, [key]: null}])),
    ...["s", "fix", "i", "ref", "op", "oq", "et", "ms"].map((key) => update("trades", [{...FIX, [key]: null}])),
    ...["s", "iv", "t", "o", "h", "l", "c", "v", "n"].map((key) => update("bars", [{...BAR, [key]: null}])),
    update("bars", [{s: "A", iv: "1m", none: true}]), snapshot("bars", [{s: "A", iv: "1m", none: false}]),
    ...["feed", "name", "state", "exchange", "zone", "ph", "t", "day", "clock", "scale"].map((key) => update("status", [{...FEED, [key]: null}])),
    ...["name", "d", "ph"].map((key) => update("status", [{...LISTED, [key]: null}])), update("status", [{gone: true}]),
    {channel: "heartbeat", seq: "0"}, {channel: "status", type: "welcome", server_time: 1}, {channel: "status", type: "welcome", heartbeat_ms: 1},
    {channel: "status", type: "shutdown"}, {channel: "status", type: "pace", rate: 1}, {channel: "status", type: "pace", reason: ""},
    ...["id", "title", "t"].map((key) => ({channel: "notifications", seq: 1, unread: 0, data: [{...NOTICE, [key]: null}]})),
    {channel: "notifications", seq: 1, unread: -1, data: []}, {channel: "notifications", unread: 1, data: []}, {channel: "watchlist", data: [1]},
    {channel: "watchlist"},
  ], (value) => {
    equal(readFrame(value), null);
  }));

test("text is read as far as it is a frame", () => {
  equal([parseFrame("{"), parseFrame(5), parseFrame("null")], [null, null, null]);
  equal(parseFrame('{"channel":"heartbeat","seq":7}'), {channel: "heartbeat", type: "heartbeat", seq: 7, ts: null, stale: null, confirms: TAPE_CHANNELS});
  equal(readFrame({channel: "heartbeat", seq: 7, ts: 1, stale: 5}).stale, 5);
  equal([readFrame({channel: "heartbeat", seq: 7, trouble: "full"}).trouble, readFrame({channel: "heartbeat", seq: 7, trouble: 5}).trouble], ["full", undefined]);
});

test("an answer says whether the command was done, and whether to ask again", () => {
  const answer = {channel: "answer", type: "answer", method: "set", id: null, success: false, result: {}, error: null};
  equal(readFrame({method: "set"}), answer);
  equal(readFrame({method: "set", id: 3, success: true, result: {a: 1}}), {...answer, id: 3, success: true, result: {a: 1}});
  equal(readFrame({method: "set", success: 1, error: {code: 503, name: "unavailable", message: "m", retry: true}}),
    {...answer, error: {code: 503, name: "unavailable", message: "m", retry: true}});
  equal(readFrame({method: "set", error: {code: 1, name: "", message: "", retry: "yes"}}).error.retry, false);
});

test("a position is read, and junk is none", () => {
  equal(parsePosition("a:b:7"), {epoch: "a:b", sequence: 7});
  equal(parsePosition(`e:${"1".repeat(15)}`).sequence, 111_111_111_111_111);
  return each([null, 7, "", "e", "e:", "e:-1", "e:1.5", `e:${"1".repeat(16)}`], (junk) => equal(parsePosition(junk), null));
});

test("the earliest of positions is that with the least sequence", () => {
  equal([earliestOf(["e:10", null, "e:9", "e:30"]), earliestOf([null]), earliestOf([])], ["e:9", null, null]);
});

test("a snapshot names its symbols or bars, and other frames none", () => {
  equal(namesIn(readFrame(snapshot("ticker", {A: {}, B: {}}))), ["A", "B"]);
  equal([namesIn(readFrame(snapshot("bars", [BAR]))), barsName(BAR)], [["A@1m"], "A@1m"]);
  equal(namesIn(readFrame(snapshot("trades", [TRADE]))), []);
});

test("a code that nobody knows may be tried again", () => {
  equal(Object.keys(CLOSE_TEXT).filter((code) => mayRetry(Number(code))), ["4408", "4409", "4429", "4503"]);
  equal([mayRetry(1006), mayRetry(4999)], [true, true]);
});
