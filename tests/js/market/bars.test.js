/** Bars of charts: what the wire says stands, older bars lie under it. */

import {Bars} from "/static/js/market/bars.js";
import {readFrame} from "/static/js/wire/frames.js";
import {each, equal, test} from "../harness.js";

const HEAD = {channel: "bars", seq: 5, ts: 1};
const bar = (t) => ({s: "A", iv: "1m", t, o: 1, h: 1, l: 1, c: 1, v: 1, n: 1});

test("an update before any snapshot, or one that does not follow, is a gap", () => {
  const bars = new Bars();
  equal(bars.apply(readFrame({...HEAD, from: 3, data: []})).gap, true);
  bars.apply(readFrame({...HEAD, type: "snapshot", epoch: "e", data: [bar(50)]}));
  equal(bars.apply(readFrame({...HEAD, from: 4, seq: 6, data: []})).gap, true);
  equal([bars.isWhole, bars.position(["C@1m"])], [false, null]);
});

test("a snapshot that ended half-way is replaced, and is no position", () => {
  const bars = new Bars();
  bars.apply(readFrame({...HEAD, type: "snapshot", epoch: "e", data: [bar(50)]}));
  bars.apply(readFrame({...HEAD, type: "snapshot", epoch: "f", seq: 7, more: true, data: [bar(60), bar(70)]}));
  equal([bars.isWhole, bars.position(["A@1m"])], [false, null]);
  bars.apply(readFrame({...HEAD, type: "snapshot", epoch: "g", seq: 9, data: [bar(60)]}));
  equal(bars.of("A@1m").map(({t}) => t), [50, 60]);
  equal([bars.isWhole, bars.position(["A@1m"])], [true, "g:9"]);
});

test("older bars lie under those of the wire", () => {
  const bars = new Bars();
  bars.apply(readFrame({...HEAD, type: "snapshot", epoch: "e", data: [{...bar(50), v: 9}]}));
  bars.lay("A@1m", [bar(40), bar(50), bar(60)]);
  equal(bars.of("A@1m").map(({t, v}) => [t, v]), [[40, 1], [50, 9]]);
});

test("bars that begin after the one that came are no more: they were seen with other rights", () => {
  const bars = new Bars();
  bars.apply(readFrame({...HEAD, type: "snapshot", epoch: "e", data: [bar(50), bar(60), bar(70)]}));
  bars.apply(readFrame({...HEAD, type: "snapshot", epoch: "f", seq: 7, data: [{s: "A", iv: "1m", none: true}]}));
  equal(bars.of("A@1m").map(({t}) => t), [50, 60, 70]);
  bars.apply(readFrame({...HEAD, from: 7, seq: 8, data: [bar(60)]}));
  equal(bars.of("A@1m").map(({t}) => t), [50, 60]);
});

test("an amended bar takes the place of the former one, and later bars stay", () => {
  const bars = new Bars();
  bars.apply(readFrame({...HEAD, type: "snapshot", epoch: "e", data: [bar(50), bar(60), bar(70)]}));
  const amended = [{...bar(50), c: 9, closed: true, rev: 1}, {s: "A", iv: "1m", t: 60, gone: true, rev: 1}];
  bars.apply(readFrame({...HEAD, from: 5, seq: 6, data: amended}));
  equal(bars.of("A@1m").map(({t, c}) => [t, c]), [[50, 9], [70, 1]]);
  bars.apply(readFrame({...HEAD, from: 6, seq: 7, data: [{...bar(60), closed: true, rev: 2}]}));
  equal(bars.of("A@1m").map(({t, rev}) => [t, rev]), [[50, 1], [60, 2], [70, undefined]]);
});

test("an amended bar that begins before the known ones waits for the bars between", () => {
  const bars = new Bars();
  const gone = {s: "A", iv: "1m", t: 20, gone: true, rev: 1};
  bars.apply(readFrame({...HEAD, type: "snapshot", epoch: "e", data: [bar(50), {...bar(30), c: 9, closed: true, rev: 2}, gone]}));
  equal(bars.of("A@1m").map(({t}) => t), [50]);
  equal(bars.looseOf("A@1m").map(({t}) => t), [30, 20]);
  bars.lay("A@1m", [bar(10), bar(20), bar(30), bar(40)]);
  equal(bars.of("A@1m").map(({t, c}) => [t, c]), [[10, 1], [30, 9], [40, 1], [50, 1]]);
  equal(bars.looseOf("A@1m"), []);
  bars.apply(readFrame({...HEAD, from: 5, seq: 6, data: [{...bar(5), closed: true, rev: 1}, {...bar(10), c: 8, closed: true, rev: 1}]}));
  equal(bars.of("A@1m").map(({t, c}) => [t, c])[0], [10, 8]);
});

test("the only bar may be gone, and come back while it is live", () => {
  const bars = new Bars();
  const gone = {s: "A", iv: "1m", t: 50, gone: true, rev: 1};
  bars.apply(readFrame({...HEAD, type: "snapshot", epoch: "e", data: [bar(50)]}));
  bars.apply(readFrame({...HEAD, from: 5, seq: 6, data: [gone]}));
  equal(bars.of("A@1m"), []);
  bars.apply(readFrame({...HEAD, from: 6, seq: 7, data: [gone]}));
  bars.apply(readFrame({...HEAD, from: 7, seq: 8, data: [bar(50)]}));
  bars.lay("A@1m", [bar(40)]);
  equal(bars.of("A@1m").map(({t}) => t), [40, 50]);
});

test("only the newest bars are kept", () => {
  const bars = new Bars();
  bars.lay("B@1m", Array.from({length: 1500}, (_, t) => bar(t)));
  equal(bars.of("B@1m").length, 1000);
});

test("an entry that is no bar makes its frame unreadable", () =>
  each([{...bar(1), o: "1"}, {s: "A", iv: "1m"}, {iv: "1m", none: true}, null], (entry) => {
    equal(readFrame({...HEAD, from: 3, data: [entry]}), null);
  }));

test("a heartbeat moves a position that nothing is missing at, and no other", () => {
  const bars = new Bars();
  bars.raise(9);
  equal(bars.place, {epoch: "", sequence: 0});
  bars.apply(readFrame({...HEAD, type: "snapshot", epoch: "e", data: [bar(50)]}));
  bars.raise(8);
  bars.raise(7);
  equal(bars.position(["A@1m"]), "e:8");
  equal(bars.apply(readFrame({...HEAD, from: 9, seq: 10, data: []})).gap, true);
  bars.raise(30);
  equal(bars.position(["A@1m"]), "e:8");
  equal([...bars.apply(readFrame({...HEAD, from: 8, seq: 30, data: [bar(60)]}))], ["A@1m"]);
  equal([bars.position(["A@1m"]), bars.isWhole], ["e:30", true]);
});
