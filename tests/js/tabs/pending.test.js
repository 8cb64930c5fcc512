/** What a tab still has to get: prices merge with their ticks, everything else is kept one by one, up to a bound. */

import {DISTINCT, PendingBars, PendingList, PendingPrices, trimmed} from "/static/js/tabs/pending.js";
import {equal, test} from "../harness.js";

function folded(...entries) {
  const pending = new PendingPrices();
  for (const entry of entries) pending.fold(entry);
  return pending;
}

test("prices of a symbol merge, and their ticks add up", () => {
  const pending = folded({s: "A", n: 2, p: 1, b: 5}, {s: "B", n: 1, p: 7}, {s: "A", n: 3, p: 2});
  equal(pending.isEmpty, false);
  equal(pending.take(), [{s: "A", n: 5, p: 2, b: 5}, {s: "B", n: 1, p: 7}]);
  equal([pending.isEmpty, pending.take()], [true, []]);
});

test("what is gone has no fields, and what comes back begins from nothing", () => {
  equal(folded({s: "A", n: 2, p: 1}, {s: "A", n: 1, gone: true}).take(), [{s: "A", n: 3, gone: true}]);
  const [entry] = folded({s: "A", n: 1, gone: true}, {s: "A", n: 2, p: 4}).take();
  equal([entry.n, entry.p, entry.b, "gone" in entry], [3, 4, null, false]);
});

test("a symbol that is forgotten is not sent", () => {
  const pending = folded({s: "A", n: 2, p: 1}, {s: "B", n: 1, p: 7});
  pending.forget(["A"]);
  equal(pending.take().map(({s}) => s), ["B"]);
});

test("a bar is kept in its newest state", () => {
  const pending = new PendingBars();
  const bar = (t, c, s = "A") => ({s, iv: "1m", t, c});
  for (const each of [bar(1, 10), bar(2, 20), bar(1, 11), bar(1, 30, "B")]) pending.fold(each);
  pending.forget(["B@1m"]);
  equal(pending.take().map(({t, c}) => [t, c]), [[1, 11], [2, 20]]);
  equal([pending.isEmpty, pending.isLost], [true, false]);
});

test("more than the bound is thrown away, and that is known until it is taken", () => {
  const [bars, list] = [new PendingBars(), new PendingList()];
  const entries = Array.from({length: DISTINCT}, (_, t) => ({s: "A", iv: "1m", t}));
  for (const bar of entries) bars.fold(bar);
  list.add(entries);
  equal([bars.isLost, list.isLost], [false, false]);
  bars.fold({s: "A", iv: "1m", t: DISTINCT});
  list.add([{s: "A"}]);
  for (const pending of [bars, list]) {
    equal([pending.isLost, pending.isEmpty, pending.take()], [true, false, []]);
    equal([pending.isLost, pending.isEmpty], [false, true]);
  }
});

test("a list keeps its order", () => {
  const list = new PendingList();
  list.add([{s: "A"}, {s: "B"}]);
  list.add([{s: "A"}]);
  equal([list.take().map(({s}) => s), list.take()], [["A", "B", "A"], []]);
});

test("a tab gets the fields that it asked for, and those that every entry keeps", () => {
  const entry = {s: "A", n: 1, t: 5, p: 1, b: 2};
  equal([trimmed(entry, null), trimmed(entry, ["b"]), trimmed(entry, [])], [entry, {s: "A", n: 1, t: 5, b: 2}, {s: "A", n: 1, t: 5}]);
});
