/** The book is wanted while it is shown, and never shows another instrument's. */

import {make} from "/static/js/dom.js";
import {Depth} from "/static/js/screen/chart/depth.js";
import {equal, test} from "../../harness.js";

function opened() {
  const panel = make("section", {}, make("table", {"data-part": "ladder"}, make("tbody")));
  const said = [];
  const subscriptions = {
    add: (channel, symbols) => said.push(["add", channel, ...symbols]), remove: (channel, symbols) => said.push(["remove", channel, ...symbols]),
  };
  const depth = new Depth(panel, {subscriptions, digitsOf: (symbol) => (symbol === "A" ? 1 : 3)});
  const best = () => {
    depth.paint();
    return panel.querySelector(".ladder-bid").textContent;
  };
  return {depth, said, best};
}

const book = (s, bid) => ({s, bids: [[bid, 5]], asks: []});
const snapshot = (...data) => ({channel: "depth", type: "snapshot", epoch: "e", seq: 5, ts: 1, data});
const update = (from, seq, ...data) => ({channel: "depth", type: "update", from, seq, ts: 1, data});

test("a book is wanted while it is shown", () => {
  const {depth, said, best} = opened();
  depth.show("A");
  equal([said, best(), depth.position], [[["add", "depth", "A"]], "\u2013", null]);
  depth.hear(snapshot(book("A", 7)));
  equal([best(), depth.position], ["7.0", "e:5"]);
  equal([depth.hear(update(5, 8, book("A", 8))), best(), depth.position], [true, "8.0", "e:8"]);
  depth.raise(9);
  equal(depth.position, "e:9");
  depth.show("B");
  equal([best(), depth.position], ["\u2013", null]);
  depth.show(null);
  equal([said.slice(1), depth.position], [[["remove", "depth", "A"], ["add", "depth", "B"], ["remove", "depth", "B"]], null]);
});

test("what belongs to an earlier instrument is not shown, and a gap is told", () => {
  const {depth, best} = opened();
  depth.show("A");
  depth.show("B");
  equal([depth.hear(update(3, 4, book("A", 7))), best()], [true, "\u2013"]);
  depth.hear(snapshot(book("B", 9)));
  equal(best(), "9.000");
  equal([depth.hear(update(6, 7, book("B", 1))), best(), depth.position], [false, "9.000", "e:5"]);
  equal([depth.hear(update(5, 7, book("B", 2))), best()], [true, "2.000"]);
});

test("the book of an instrument that is gone is empty", () => {
  const {depth, best} = opened();
  depth.show("A");
  depth.hear(snapshot(book("A", 7)));
  depth.hear(update(5, 6, {s: "A", gone: true}));
  equal(best(), "\u2013");
});
