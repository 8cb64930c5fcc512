/** The book is read once per second while somebody may look, and never shows another instrument's. */

import {make} from "/static/js/dom.js";
import {Depth} from "/static/js/screen/chart/depth.js";
import {equal, settled, test} from "../../harness.js";
import {stopped} from "../../stopped_time.js";

/** A panel whose books are answered by hand. */
function opened() {
  const panel = make("section", {}, make("table", {"data-part": "ladder"}, make("tbody")));
  const asked = [];
  const read = (symbol) => new Promise((resolve, reject) => asked.push({symbol, resolve, reject}));
  const depth = new Depth(panel, {read, digitsOf: (symbol) => (symbol === "A" ? 1 : 3)});
  const best = () => panel.querySelector(".ladder-bid").textContent;
  return {depth, asked, best, symbols: () => asked.map(({symbol}) => symbol)};
}
const book = (bid) => ({bids: [[bid, 5]], asks: []});

async function whileHidden(check) {
  Object.defineProperty(document, "hidden", {value: true, configurable: true});
  try {
    await check();
  } finally {
    delete document.hidden;
  }
}

test("the next reading begins a second after the last has ended", () => stopped(async (clock) => {
  const {depth, asked, best, symbols} = opened();
  depth.show("A");
  await clock.pass(5_000);
  equal(symbols(), ["A"]);
  asked[0].resolve(book(7));
  await clock.pass(999);
  equal([best(), symbols()], ["7.0", ["A"]]);
  await clock.pass(1);
  equal(symbols(), ["A", "A"]);
}));

test("a book that cannot be read stays as it was, and one that is not seen goes", () => stopped(async (clock) => {
  const {depth, asked, best} = opened();
  depth.show("A");
  asked[0].resolve(book(7));
  await clock.pass(1_000);
  asked[1].reject(new Error("busy"));
  await clock.pass(1_000);
  equal([best(), asked.length], ["7.0", 3]);
  asked[2].resolve(null);
  await clock.pass(0);
  equal(best(), "\u2013");
}));

test("another instrument begins empty, and a late answer for the one before is not shown", () => stopped(async (clock) => {
  const {depth, asked, best, symbols} = opened();
  depth.show("A");
  asked[0].resolve(book(7));
  await clock.pass(1_000);
  depth.show("B");
  equal([best(), symbols()], ["\u2013", ["A", "A", "B"]]);
  asked[1].resolve(book(8));
  await clock.pass(10_000);
  equal([best(), symbols()], ["\u2013", ["A", "A", "B"]]);
  asked[2].resolve(book(9));
  await settled();
  equal(best(), "9.000");
}));

test("a panel that is closed reads no more", () => stopped(async (clock) => {
  const {depth, asked} = opened();
  depth.show("A");
  asked[0].resolve(book(7));
  await clock.pass(10);
  depth.show(null);
  await clock.pass(60_000);
  equal(asked.length, 1);
}));

test("a hidden page reads nothing and goes on when it is seen", () => stopped(async (clock) => {
  const {depth, asked} = opened();
  await whileHidden(async () => {
    depth.show("A");
    await clock.pass(10_000);
    equal(asked.length, 0);
  });
  await clock.pass(1_000);
  equal(asked.length, 1);
}));
