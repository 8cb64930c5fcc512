/** The newest trades that one connection keeps for other tabs: from where on none is missing, and what moves that. */

import {Recent} from "/static/js/market/recent.js";
import {equal, test} from "../harness.js";

const trade = (name) => ({s: name[0], i: Number(name.slice(1)), p: 1, q: 1, side: "BUY", t: 1});
const snapshot = (seq, names = [], more = {}) =>
  ({channel: "trades", type: "snapshot", epoch: "e", seq, ts: 1, ...more, data: names.map(trade)});
const update = (from, seq, names = []) => ({channel: "trades", type: "update", from, seq, ts: 1, data: names.map(trade)});
const named = (trades) => trades && trades.map(({s, i}) => s + i);

/** Trades after these frames, each of which follows. */
function recentOf(...frames) {
  const recent = new Recent();
  for (const frame of frames) equal(recent.apply(frame), true, JSON.stringify(frame));
  return recent;
}

test("what is known after a position is told, and what may miss something is not", () => {
  const recent = recentOf(snapshot(9, ["A5", "A8"]), update(9, 12, ["A8", "B11"]));
  equal(named(recent.after(["A", "B"], 9)), ["B11"]);
  equal(named(recent.after(["A"], 4)), ["A5", "A8"]);
  equal(recent.after(["A"], 3), null);
  equal([recent.position, recent.isWhole], ["e:12", true]);
});

test("a frame that does not follow is refused, and no heartbeat lets a late resume skip it", () => {
  const recent = recentOf(snapshot(9, ["A9"]));
  equal(recent.apply(update(12, 13, ["A13"])), false);
  recent.raise(30);
  equal([recent.position, recent.isWhole], ["e:9", false]);
  equal(recent.apply(update(9, 31, ["A12", "A13"])), true);
  equal([recent.position, named(recent.after(["A"], 9))], ["e:31", ["A12", "A13"]]);
});

test("a heartbeat counts once the server sends trades, and takes nothing back", () => {
  const recent = new Recent();
  recent.raise(5);
  recent.stand("e:9");
  recent.raise(30);
  equal(recent.position, "e:9");
  equal(recent.apply(update(9, 31, ["A12"])), true);
  recent.raise(40);
  recent.raise(35);
  equal(recent.position, "e:40");
});

test("an update before anything else is a gap", () => {
  equal(new Recent().apply(update(0, 3)), false);
});

test("a symbol that joins is known from its own beginning", () => {
  const recent = recentOf(snapshot(9, ["A5", "A8"]));
  recent.expect(["B"]);
  equal(recent.after(["A", "B"], 8), null);
  equal(named(recent.after(["A", "B"], 9)), []);
  equal(recent.apply(snapshot(12, ["B7", "B10"])), true);
  equal(named(recent.newest(["A", "B"])), ["B7", "A8", "B10"]);
  equal(named(recent.newest(["A"])), ["A5", "A8"]);
  recent.forget(["B"]);
  equal(named(recent.newest(["A", "B"])), ["A5", "A8"]);
});

test("another epoch and a gap begin anew", () => {
  for (const more of [{epoch: "f"}, {gap: true}]) {
    const recent = recentOf(snapshot(90, ["A5", "A8"]), snapshot(80, ["A75"], more));
    equal([named(recent.newest(["A"])), recent.position], [["A75"], `${more.epoch ?? "e"}:80`]);
    equal(recent.after(["A"], 73), null);
  }
});

test("only the newest are shown, and what fell off is not claimed", () => {
  const names = Array.from({length: 1_001}, (_, index) => `A${index + 2}`);
  const recent = recentOf(snapshot(1), update(1, 1_002, names));
  equal(named(recent.newest(["A"])), names.slice(-50));
  equal(recent.after(["A"], 1), null);
  equal(named(recent.after(["A"], 2)), names.slice(1));
});
