/** The bars of a chart: history joins the wire without a hole, and again after each snapshot. */

import {ChartBars} from "/static/js/market/chart_bars.js";
import {readFrame} from "/static/js/wire/frames.js";
import {equal, test} from "../harness.js";

const HEAD = {channel: "bars", seq: 5, ts: 1};
const bar = (t, c = 1) => ({s: "A", iv: "1m", t, o: 1, h: 9, l: 1, c, v: 1, n: 1});
const snapshot = (bars, more = {}) => readFrame({...HEAD, type: "snapshot", epoch: "e", data: bars, ...more});
const update = (from, bars) => readFrame({...HEAD, from, seq: from + 1, data: bars});
const times = (chart) => chart.all.map(({t}) => t);

test("older bars are asked for up to the first bar of the wire, and join once", () => {
  const chart = new ChartBars({s: "A", iv: "1m"});
  equal([chart.hasBegun, chart.position], [false, null]);
  equal(chart.take(update(1, [bar(1)])), true);
  equal(chart.hasBegun, false);
  chart.take(snapshot([bar(120), bar(180)]));
  equal([chart.hasBegun, chart.isJoined, chart.olderEnd_ms], [true, false, 120]);
  chart.join([bar(0), bar(60), bar(120, 7)], chart.generation);
  equal(times(chart), [0, 60, 120, 180]);
  equal([chart.isJoined, chart.all[2].c, chart.position], [true, 1, "e:5"]);
});

test("a bar that closes and the next live one follow without a gap or a jump", () => {
  const chart = new ChartBars({s: "A", iv: "1m"});
  chart.take(snapshot([bar(60)]));
  chart.join([bar(0)], chart.generation);
  equal(chart.take(update(5, [{...bar(60, 3), closed: true}, bar(120, 4)])), true);
  equal(chart.all.map(({t, c}) => [t, c]), [[0, 1], [60, 3], [120, 4]]);
  equal(chart.take(update(9, [bar(180)])), false);
});

test("after a snapshot the older bars are read again, as some may be missing between", () => {
  const chart = new ChartBars({s: "A", iv: "1m"});
  chart.take(snapshot([bar(60)]));
  const before = chart.generation;
  chart.join([bar(0)], before);
  chart.take(snapshot([bar(600)], {seq: 50, gap: true}));
  equal([times(chart), chart.isJoined, chart.olderEnd_ms], [[600], false, 600]);
  chart.join([bar(0)], before);
  equal([times(chart), chart.isJoined], [[600], false]);
  chart.join([bar(0), bar(540)], chart.generation);
  equal([times(chart), chart.isJoined], [[0, 540, 600], true]);
});

test("the parts of one snapshot are one beginning", () => {
  const chart = new ChartBars({s: "A", iv: "1m"});
  chart.take(snapshot([bar(60)], {more: true}));
  equal(chart.hasBegun, false);
  chart.take(snapshot([bar(120)]));
  equal([chart.hasBegun, times(chart), chart.generation], [true, [60, 120], 1]);
});

test("an instrument without bars has begun, and its history joins", () => {
  const chart = new ChartBars({s: "A", iv: "1m"});
  chart.take(snapshot([{s: "A", iv: "1m", none: true}]));
  equal([chart.hasBegun, chart.olderEnd_ms], [true, null]);
  chart.join([], chart.generation);
  equal(chart.isJoined, true);
});
