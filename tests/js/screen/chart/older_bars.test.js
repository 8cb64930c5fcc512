/** The bars before those of the wire: a page whenever somebody wants more, never two at once, and no end of them in vain. */

import {ChartBars, MOST_BARS} from "/static/js/market/chart_bars.js";
import {OlderBars} from "/static/js/screen/chart/older_bars.js";
import {readFrame} from "/static/js/wire/frames.js";
import {equal, settled, test} from "../../harness.js";
import {stopped} from "../../stopped_time.js";

const bar = (t) => ({s: "A", iv: "1m", t, o: 1, h: 1, l: 1, c: t, v: 1, n: 1});
const snapshot = (t, seq = 5) => readFrame({channel: "bars", type: "snapshot", epoch: "e", seq, ts: 1, data: [bar(t)]});
const pageBefore = (to_ms, size) => Array.from({length: size}, (_, index) => bar(to_ms - size + index)).filter(({t}) => t >= 0);

/** A chart whose bars are one millisecond apart and begin at 0. `pages` say how many bars each answer has. */
async function joined({first = 100, size = 10, answer = null} = {}) {
  const world = {reads: [], states: []};
  world.answer = answer ?? (({to_ms}) => Promise.resolve(pageBefore(to_ms, size)));
  world.older = new OlderBars({
    read: (request) => {
      world.reads.push(request.to_ms);
      return world.answer(request);
    },
    onchange: () => world.states.push(world.older.state),
  });
  world.bars = new ChartBars({s: "A", iv: "1m"});
  world.older.begin(world.bars, "A", "1m");
  world.bars.take(snapshot(first));
  world.older.join();
  await settled();
  world.firsts = () => world.bars.all[0].t;
  return world;
}

test("nobody who only looks makes a request", async () => {
  const {older, reads} = await joined();
  older.want();
  equal([reads, older.wasAsked], [[100], false]);
});

test("a page joins in front, and the next one before it", async () => {
  const world = await joined();
  world.older.allow();
  world.older.want();
  await settled();
  equal([world.reads, world.firsts(), world.bars.all.length], [[100, 90], 80, 21]);
  world.older.want();
  await settled();
  equal([world.reads, world.firsts(), world.states], [[100, 90, 80], 70, ["", "reading", "", "reading", ""]]);
});

test("a drag asks once, however often it moves", async () => {
  const {older, reads} = await joined();
  older.allow();
  for (let move = 0; move < 50; move += 1) older.want();
  equal(reads, [100, 90]);
});

test("the oldest bar is the end: nothing is asked for any more", async () => {
  const {older, reads, states, firsts} = await joined({first: 12});
  older.allow();
  for (let step = 0; step < 5; step += 1) {
    older.want();
    await settled();
  }
  equal([reads, firsts(), states.at(-1)], [[12, 2, 0], 0, "none"]);
});

test("bars that have nothing before them at first are not asked for again", async () => {
  const {older, reads} = await joined({first: 0});
  older.allow();
  older.want();
  equal([reads, older.state], [[0], "none"]);
});

test("an answer that has the same bars again is an end", async () => {
  const {older, reads} = await joined({answer: () => Promise.resolve([bar(95), bar(100)])});
  older.allow();
  for (let step = 0; step < 3; step += 1) {
    older.want();
    await settled();
  }
  equal([reads, older.state], [[100, 95], "none"]);
});

test("what cannot be read is told, and read again by the next drag only", async () => {
  const world = await joined();
  const {older, reads} = world;
  const {answer} = world;
  world.answer = () => Promise.reject(new Error("away"));
  older.allow();
  for (let move = 0; move < 5; move += 1) {
    older.want();
    await settled();
  }
  equal([reads, older.state, older.wasAsked], [[100, 90], "failed", true]);
  world.answer = answer;
  older.allow();
  older.want();
  await settled();
  equal([reads, older.state, world.firsts()], [[100, 90, 90], "", 80]);
});

test("another chart begins anew, and what arrives late is not its", async () => {
  const world = await joined();
  let finish = null;
  world.answer = () => new Promise((resolve) => { finish = resolve; });
  world.older.allow();
  world.older.want();
  const other = new ChartBars({s: "A", iv: "5m"});
  world.older.begin(other, "A", "5m");
  finish(pageBefore(90, 10));
  await settled();
  equal([other.all, world.older.state, world.older.wasAsked], [[], "", false]);
});

test("after a snapshot all is read again that somebody wanted to see, before anything is shown", async () => {
  const world = await joined();
  world.older.allow();
  world.older.want();
  await settled();
  equal(world.firsts(), 80);
  world.bars.take(snapshot(104, 50));
  world.older.join();
  await settled();
  equal([world.reads.slice(2), world.bars.isJoined, world.firsts(), world.bars.all.length], [[104, 94, 84], true, 74, 31]);
});

test("bars that are gone since are not asked for again and again", async () => {
  const world = await joined();
  world.older.allow();
  world.older.want();
  await settled();
  equal(world.firsts(), 80);
  const gone = ({to_ms}) => pageBefore(to_ms, 10).filter(({t}) => t >= 94);
  world.answer = (request) => world.reads.length > 9 ? Promise.reject(new Error("again")) : Promise.resolve(gone(request));
  world.bars.take(snapshot(104, 50));
  world.older.join();
  await settled();
  equal([world.reads.slice(2), world.bars.isJoined, world.firsts()], [[104, 94], true, 94]);
});

test("a page that a snapshot overtakes is not joined", async () => {
  const world = await joined();
  const {answer} = world;
  let finish = null;
  world.answer = () => new Promise((resolve) => { finish = resolve; });
  world.older.allow();
  world.older.want();
  world.bars.take(snapshot(200, 50));
  world.answer = answer;
  world.older.join();
  await settled();
  finish(pageBefore(90, 10));
  await settled();
  equal([world.firsts(), world.bars.all.length, world.older.state], [190, 11, ""]);
});

test("what a snapshot needs is asked for later by itself", () => stopped(async (clock) => {
  const world = await joined({answer: () => Promise.reject(new Error("away"))});
  equal([world.reads.length, world.older.isLate], [1, true]);
  await clock.pass(2_000);
  equal(world.reads.length, 2);
}));

test("a chart that is full asks for no more", async () => {
  const world = await joined({first: 3 * MOST_BARS, size: MOST_BARS});
  world.older.allow();
  for (let step = 0; step < 3; step += 1) {
    world.older.want();
    await settled();
  }
  equal([world.bars.all.length, world.older.state, world.reads.length <= 2], [MOST_BARS, "full", true]);
});
