/** Time and sales: newest on top, a mark where trades are missing, and elements that are used again. */

import {make} from "/static/js/dom.js";
import {TapeView} from "/static/js/screen/trades/tape_view.js";
import {equal, ok, test} from "../../harness.js";

const PARTS = ["time", "symbol", "price", "size", "side"];
const MARKS = ["mark", "fate"];
const line = (at, more = {}) => ({key: `0:${at}`, era: 0, at, trade: {s: "NVX", p: at, q: 1_000 * at, side: "BUY", i: at, t: 0, ...more}});
const gap = (at) => ({key: `0:${at}`, era: 0, at, trade: null});

function template(name, row) {
  const made = make("template", {"data-part": name});
  made.content.append(row);
  return made;
}

function shown() {
  const cells = [...PARTS, ...MARKS].map((name) => make("td", {}, make("span", {class: "tape-value"}, make("span", {"data-part": name}))));
  const body = make("tbody");
  const panel = make("div", {}, make("table", {}, body), template("trade", make("tr", {}, ...cells)),
    template("gap", make("tr", {class: "gap"}, make("td", {}, "missing"))));
  const view = new TapeView(panel);
  const texts = (row) => PARTS.slice(1).map((name) => row.querySelector(`[data-part=${name}]`)?.textContent).join(" ");
  const rows = () => [...body.children];
  return {panel, show: (lines, digits = 2) => view.show(lines, typeof digits === "number" ? () => digits : digits), rows, texts: () => rows().map((row) => row.className || texts(row))};
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

test("what became of a trade is marked and said, and its element stays", () => {
  const {show, rows} = shown();
  const part = (name) => rows()[0].querySelector(`[data-part=${name}]`);
  show([line(1)]);
  const [element] = rows();
  equal([part("mark").hidden, element.title, element.dataset.fix], [true, "", ""]);
  show([line(1, {p: 2, fix: "corrected", before: {p: 1, q: 1_000}})]);
  equal([part("mark").textContent, part("mark").hidden, part("price").textContent], ["C", false, "2.00"]);
  equal([element.title, part("fate").textContent], ["Corrected: before, 1,000 at 1.00", " Corrected: before, 1,000 at 1.00. "]);
  show([line(1, {fix: "cancelled"})]);
  equal([element.dataset.fix, part("mark").textContent, element.title], ["cancelled", "X", "Cancelled: it does not count any more"]);
  show([line(1, {fix: "late", et: 60_000})]);
  equal([part("mark").textContent, element.title.startsWith("Came late: it happened at ")], ["L", true]);
  show([line(1)]);
  equal([rows()[0] === element, part("mark").hidden, element.title], [true, true, ""]);
});

/** Return where the decimal point of a text is, or would be: in pixels from the left. */
function pointOf(part) {
  const [text] = part.childNodes;
  const end = text.data.includes(".") ? text.data.indexOf(".") : text.length;
  const range = new Range();
  range.setStart(text, 0);
  range.setEnd(text, end);
  return Math.round(range.getBoundingClientRect().right);
}

const placesOf = (symbol) => ({NVX: 2, COIN: 6})[symbol] ?? 0;
const MIXED = [line(1, {q: 1200}), line(2, {s: "COIN", p: 0.123456, q: 0.125}), line(3, {s: "JPY", p: 15_000, q: 0.5})];

test("decimal points stand below each other, and the room for them is no text", async () => {
  const {panel, show, rows, texts} = shown();
  const link = make("link", {rel: "stylesheet", href: "/static/css/trades.css"});
  document.head.append(link);
  await new Promise((resolve) => link.addEventListener("load", resolve));
  panel.querySelector("table").className = "tape";
  panel.style.width = "1000px";
  document.body.append(panel);
  show(MIXED, placesOf);
  for (const name of ["price", "size"]) {
    const points = rows().map((row) => pointOf(row.querySelector(`[data-part=${name}]`)));
    equal(new Set(points).size, 1, `${name}: ${points.join(" ")}`);
  }
  equal(texts(), ["JPY 15,000 0.5 Buy", "COIN 0.123456 0.125 Buy", "NVX 1.00 1,200 Buy"]);
  link.remove();
});

test("room is made for what is shown, and goes with it", () => {
  const {show, rows} = shown();
  const rooms = () => rows().map((row) => ["price", "size"].map((name) => row.querySelector(`[data-part=${name}]`).parentElement.dataset.room ?? ""));
  show(MIXED, placesOf);
  equal(rooms(), [[".000000", "00"], ["", ""], ["0000", ".000"]]);
  show(MIXED.slice(0, 1), placesOf);
  equal(rooms(), [["", ""]]);
});
