/** A reader of the lab: what it counts while it measures, and the ticks that a merged entry stands for. */

import {Reader, ticksOf} from "/static/js/lab/reader.js";
import {equal, near, ok, test} from "../harness.js";

const ticks = (entry, since_ms) => ticksOf(entry, since_ms).map(({happened_ms, weight}) => [happened_ms, weight]);

test("every tick of an entry counts once", () => {
  equal(ticks({s: "NVX", t: 1000, n: 1}, 400), [[1000, 1]]);
  equal(ticks({s: "NVX", t: 1000, n: 3}, 400), [[600, 1], [800, 1], [1000, 1]]);
  equal(ticks({s: "NVX", n: 2, gone: true}, 400), []);
});

test("many ticks are counted in few groups", () => {
  const many = ticks({s: "NVX", t: 1000, n: 640}, 360);
  equal(many.length, 32);
  near(many.reduce((sum, [, weight]) => sum + weight, 0), 640);
  ok(many.every(([at_ms]) => at_ms > 360 && at_ms <= 1000), "a tick happened at another time");
});

// --- a reader with a transport that carries nothing -----------------------------------------
const TAPE = ["ticker", "status"];
const beat = (seq, ts) => ({channel: "heartbeat", type: "heartbeat", seq, ts, stale: null, confirms: TAPE});
const snapshot = (seq, ts, data, epoch = "e") => ({channel: "ticker", type: "snapshot", epoch, seq, ts, data});
const update = (from, seq, ts, data) => ({channel: "ticker", type: "update", from, seq, ts, data});
const tick = (t, n = 1, s = "NVX") => ({s, n, t, p: 1});

/** A reader that is connected, and whose time is the test's. */
function reading({max_rate = 5, symbols = ["NVX"]} = {}) {
  const transport = {name: "Fake", quiet_ms: 0, sent: [], isClosed: false, onopen() {}, onframe() {}, onclose() {}, open() {}, send: (command) => transport.sent.push(command), close: () => { transport.isClosed = true; }};
  const world = {now_ms: 1_000, changed: [], states: [], answers: [], transport, byteCount: {requests: 0, openings: 0, commands: 0, sent: 0, received: 0}};
  world.reader = new Reader({
    candidate: {key: "fake", name: "Fake", make: () => transport}, byteCount: world.byteCount, symbols, max_rate, now: () => world.now_ms,
    onchange: (symbolsOf) => world.changed.push([...symbolsOf].join()), onstate: ({name}) => world.states.push(name), onanswer: ({method}) => world.answers.push(method),
  });
  world.reader.open();
  transport.onopen();
  world.hear = (...frames) => frames.forEach((frame) => transport.onframe(frame, 0));
  world.sums = (...names) => {
    world.reader.settle();
    return names.map((name) => world.reader.ledger.sums[name]);
  };
  world.measure = () => {
    world.reader.measure(true);
    return world;
  };
  return world;
}

test("a reader asks for its symbols, at the rate that is chosen or at any", () => {
  const {transport, reader, states} = reading({symbols: ["NVX", "ORB"]});
  const [set, ticker] = transport.sent;
  equal([set.params, ticker.params.channel, ticker.params.symbols, ticker.params.fields.includes("p"), ticker.params.fields.includes("bs")],
    [{paused: false, max_rate: 5}, "ticker", ["NVX", "ORB"], true, false]);
  equal([states.at(-1), reading({max_rate: 0}).transport.sent.map(({method}) => method)], ["live", ["subscribe"]]);
  reader.subscriptions.setRate(9);
  equal(transport.sent.at(-1).params.max_rate, 9);
  reader.close();
  equal([transport.isClosed, states.at(-1)], [true, "closed"]);
});

test("updates, ticks and merged ticks are counted while it measures", () => {
  const world = reading();
  const {reader, hear, sums, changed} = world;
  hear(snapshot(5, 1_000, [tick(900)]), update(5, 6, 1_000, [tick(950, 4)]));
  equal(sums("frames", "updates", "ticks", "merged", "measured_ms"), [0, 0, 0, 0, 0]);
  reader.measure(true);
  world.now_ms = 3_500;
  hear(snapshot(6, 2_000, [tick(950)]), update(6, 8, 3_000, [tick(2_900, 4), tick(2_950, 1, "ORB")]), update(8, 9, 3_400, [{s: "NVX", n: 0, p: 2}]));
  equal(sums("frames", "updates", "ticks", "merged", "measured_ms", "missed", "gaps"), [2, 3, 5, 3, 2_500, 0, 0]);
  reader.measure(true);
  world.now_ms = 4_000;
  reader.measure(false);
  world.now_ms = 9_000;
  hear(update(9, 10, 8_000, [tick(7_900)]));
  equal([sums("updates", "measured_ms"), changed.at(-1)], [[3, 3_000], "NVX"]);
  equal(reader.board.rows.get("NVX").t, 7_900);
});

test("what a snapshot after the first replaces was missed, up to its sequence", () => {
  const {hear, sums, transport} = reading().measure();
  const {id} = transport.sent.find(({method}) => method === "subscribe");
  hear({channel: "answer", type: "answer", method: "subscribe", id, success: true, result: {channel: "ticker"}, error: null});
  const missedAfter = (frame) => {
    hear(frame);
    return sums("missed")[0];
  };
  equal(missedAfter(snapshot(5, 1, [tick(1)])), 0);
  hear(update(5, 7, 2, [tick(2)]));
  equal(missedAfter(snapshot(10, 3, [tick(3)])), 3);
  equal(missedAfter(snapshot(10, 4, [tick(4)])), 3);
  equal(missedAfter(snapshot(8, 5, [tick(5)])), 3);
  equal(missedAfter(snapshot(4, 6, [tick(6)], "other")), 7);
  hear(beat(20, 7));
  equal(missedAfter(snapshot(21, 8, [tick(8)], "other")), 8);
});

test("what was missed while nothing was measured does not count, nor a gap", () => {
  const {hear, sums} = reading();
  hear(snapshot(5, 1, [tick(1)]), update(8, 9, 2, [tick(2)]), snapshot(30, 3, [tick(3)]));
  equal(sums("missed", "gaps"), [0, 0]);
});

test("an update that leaves a gap is counted as one, and asked for again, and its ticks are not", () => {
  const {hear, sums, transport, reader, changed} = reading().measure();
  hear(snapshot(5, 1, [tick(1)]));
  transport.sent.length = 0;
  hear(update(8, 9, 2, [tick(2)]));
  equal([sums("gaps", "updates", "frames"), reader.board.rows.get("NVX").t, changed], [[1, 0, 0], 1, ["NVX"]]);
  equal(transport.sent.map(({method, params}) => [method, params.since]), [["subscribe", "e:5"]]);
});

test("the times to receipt and to paint are those of ticks since it measures, each tick once", () => {
  const world = reading();
  const {reader, hear} = world;
  const {receipt, paint} = reader.ledger;
  hear(snapshot(5, 900, [tick(900)]));
  reader.measure(true);
  world.now_ms = 1_500;
  hear(update(5, 6, 1_400, [tick(1_400)]));
  equal([receipt.count, paint.count], [1, 0]);
  near(receipt.quantile(0.5), 100, 0.012);
  world.now_ms = 1_700;
  reader.painted();
  reader.painted();
  equal(paint.count, 1);
  near(paint.quantile(0.5), 300, 0.012);
  // Four ticks since 1,400: at 1,450, 1,500, 1,550 and 1,600.
  hear(update(6, 10, 1_650, [tick(1_600, 4)]));
  equal(receipt.count, 5);
  near(receipt.quantile(1), 250, 0.012);
  reader.measure(false);
  reader.measure(true);
  reader.painted();
  equal(paint.count, 1, "what waited for paint before a pause is not painted after it");
});

test("ticks from before it measures are counted and not timed", () => {
  const {reader, hear, sums} = reading();
  hear(snapshot(5, 500, [tick(500)]));
  reader.measure(true);
  hear(update(5, 8, 1_000, [tick(999, 3)]));
  equal([sums("ticks"), reader.ledger.receipt.count], [[3], 0]);
  hear(update(8, 9, 1_000, [tick(1_000)]));
  equal(reader.ledger.receipt.count, 1);
});

test("ticks are spread over the time since a heartbeat, which says that nothing came before it", () => {
  const world = reading().measure();
  const {reader, hear} = world;
  hear(snapshot(5, 1_000, [tick(1_000)]), beat(5, 2_800), {...beat(5, null)});
  world.now_ms = 3_000;
  hear(update(5, 7, 3_000, [tick(3_000, 2)]));
  equal(reader.ledger.receipt.count, 2);
  near(reader.ledger.receipt.quantile(1), 100, 0.012);
});

test("the bytes, requests and commands are those of the time that is measured", () => {
  const {reader, byteCount, sums} = reading();
  Object.assign(byteCount, {requests: 2, openings: 1, commands: 3, sent: 50, received: 500});
  reader.measure(true);
  Object.assign(byteCount, {requests: 5, openings: 2, commands: 7, sent: 80, received: 900});
  const names = ["requests", "openings", "commands", "bytes_sent", "bytes_received"];
  equal(sums(...names), [3, 1, 4, 30, 400]);
  reader.measure(false);
  byteCount.received = 5_000;
  reader.measure(true);
  byteCount.received = 5_001;
  equal(sums(...names), [3, 1, 4, 30, 401]);
  byteCount.received = 5_010;
  reader.close();
  byteCount.received = 9_000;
  equal(sums("bytes_received"), [410]);
});

test("the age grows with time, falls with newer ticks, and stands still while nothing is measured", () => {
  const world = reading();
  const {reader, hear, sums} = world;
  hear(snapshot(5, 1_000, [tick(1_000)]));
  reader.measure(true);
  world.now_ms = 1_100;
  equal(sums("age_area", "age_ms"), [5_000, 100]);
  hear(update(5, 6, 1_080, [tick(1_080)]));
  world.now_ms = 1_200;
  equal(sums("age_area", "age_ms"), [5_000 + 7_000, 200]);
  reader.measure(false);
  world.now_ms = 9_000;
  hear(update(6, 7, 9_000, [tick(9_000)]));
  reader.measure(true);
  world.now_ms = 9_010;
  equal(sums("age_area", "age_ms"), [12_050, 210]);
  hear(update(7, 8, 9_010, [{s: "NVX", n: 0, b: 5}, {s: "ORB", n: 0, t: null}]));
  world.now_ms = 9_020;
  equal(sums("age_area", "age_ms"), [12_200, 220]);
});

test("a pause in which nothing comes makes nothing older", () => {
  const world = reading().measure();
  const {reader, hear, sums} = world;
  hear(snapshot(5, 1_000, [tick(1_000)]));
  world.now_ms = 1_100;
  reader.measure(false);
  world.now_ms = 1_400;
  reader.measure(true);
  world.now_ms = 1_500;
  equal(sums("age_area", "age_ms"), [5_000 + 45_000, 200]);
});

test("an answer is handed on, and other channels change nothing", () => {
  const {hear, answers, changed, reader} = reading();
  hear({channel: "answer", type: "answer", method: "subscribe", id: 1, success: true, result: {channel: "ticker"}, error: null}, {channel: "watchlist", type: "snapshot", data: ["NVX"], version: "", lists: []});
  equal([answers, changed, reader.board.rows.size], [["subscribe"], [], 0]);
});
