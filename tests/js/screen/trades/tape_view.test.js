/** Time and sales: newest on top, a mark where trades are missing, and elements that are used again. */

import {make} from "/static/js/dom.js";
import {TapeView} from "/static/js/screen/trades/tape_view.js";
import {equal, ok, test} from "../../harness.js";

const PARTS = ["time", "symbol", "price", "size", "side"];
const line = (at, more = {}) => ({key: `0:${at}`, era: 0, at, trade: {s: "NVX", p: at, q: 1_000 * at, side: "BUY", i: at, t: 0, ...more}});
const gap = (at) => ({key: `0:${at}`, era: 0, at, trade: null});

function template(name, row) {
  const made = make("template", {"data-part": name});
  made.content.append(row);
  return made;
}

function shown() {
  const cells = PARTS.map((name) => make("td", {"data-part": name}));
  const body = make("tbody");
  const panel = make("div", {}, make("table", {}, body), template("trade", make("tr", {}, ...cells)),
    template("gap", make("tr", {class: "gap"}, make("td", {}, "missing"))));
  const view = new TapeView(panel);
  const texts = (row) => PARTS.slice(1).map((name) => row.querySelector(`[data-part=${name}]`)?.textContent).join(" ");
  const rows = () => [...body.children];
  return {show: (lines, digits = 2) => view.show(lines, () => digits), rows, texts: () => rows().map((row) => row.className || texts(row))};
}

test("the newest stands on top, and a mark where trades are missing", () => {
  const {show, texts, rows} = shown();
  show([line(1), gap(1.5), line(2, {side: "SELL"}), line(3, {side: "CROSS"})]);
  equal(texts(), ["NVX 3.00 3,000 CROSS", "NVX 2.00 2,000 Sell", "gap", "NVX 1.00 1,000 Buy"]);
  equal(rows()[0].dataset.side, "CROSS");
});

test("lines that stay keep their elements, and those of others are used again", () => {
  const {show, texts, rows} = shown();
  show([line(1), line(2)]);
  const [second, first] = rows();
  show([line(2), line(3)]);
  equal(texts(), ["NVX 3.00 3,000 Buy", "NVX 2.00 2,000 Buy"]);
  ok(rows()[1] === second, "the line that stayed has another element");
  ok(rows()[0] === first, "the element of the line that went was not used again");
  show([]);
  equal(rows(), []);
});

test("a mark goes with its place, and other digits are shown at once", () => {
  const {show, texts} = shown();
  show([gap(0.5), line(1)]);
  show([line(1)], 4);
  equal(texts(), ["NVX 1.0000 1,000 Buy"]);
});
