/** A line of the watchlist: its cells, what flashes, its status, and what it forgets for another symbol. */

import {make} from "/static/js/dom.js";
import {COLUMNS} from "/static/js/screen/watchlist/columns.js";
import {RowView, addressesOf, arrangeCells} from "/static/js/screen/watchlist/row.js";
import {each, equal, test} from "../../harness.js";

const named = (name) => make("span", {class: name});
const ROW = {s: "NVX", p: 12.5, b: 12, a: 13, o: 11, h: 14, l: 10, pc: 10, v: 1_000, t: 0, ph: "OPEN"};
const LISTED = {s: "NVX", name: "Novexa", sector: "", feed: "f", d: 2, tick: 0.01, ph: "OPEN", reason: "", t: 0};

function element() {
  const link = make("a", {class: "symbol", href: "/i/~/"});
  const head = make("th", {}, link, ...["name", "phase", "delay", "reason"].map(named));
  const cells = COLUMNS.map(({key}) => make("td", {"data-field": key}, " – "));
  const tools = make("td", {}, make("a", {class: "row-alert", href: "/alerts/?symbol="}), make("button", {"type": "button", "name": "symbol", "aria-label": "Remove ~"}));
  return make("tr", {"data-symbol": ""}, head, ...cells, tools);
}

/** A line of NVX, and the cells that were lit. */
function line() {
  const made = element();
  const view = new RowView(made, addressesOf(make("div", {}, element())));
  view.name("NVX");
  const lit = [];
  const flasher = {start: (cell, isUp, now_ms) => lit.push([cell.dataset.field, isUp, now_ms])};
  return {
    view, element: made, lit,
    paint: (row, more = {}, now_ms = 5) => view.paint({row, instrument: LISTED, feed: undefined, isRejected: false, ...more}, now_ms, flasher),
    cell: (key) => made.querySelector(`[data-field=${key}]`),
    texts: () => Object.fromEntries(["last", "change", "change_percent", "bid", "ask", "volume", "high", "low"].map((key) => [key, made.querySelector(`[data-field=${key}]`).textContent])),
    part: (name) => made.querySelector(`.${name}`),
  };
}

test("a line of a symbol leads to its page, its alert and its removal", () => {
  const {element: made} = line();
  const [link, alert, button] = [made.querySelector(".symbol"), made.querySelector(".row-alert"), made.querySelector("button")];
  equal([link.textContent, link.getAttribute("href"), link.tabIndex], ["NVX", "/i/NVX/", -1]);
  equal([alert.getAttribute("href"), alert.getAttribute("aria-label")], ["/alerts/?symbol=NVX", "Make an alert on NVX"]);
  equal([button.value, button.getAttribute("aria-label"), made.dataset.symbol], ["NVX", "Remove NVX", "NVX"]);
});

test("a line and its cells have their roles, and take the focus unless they hold a button", () => {
  const {element: made} = line();
  equal(made.getAttribute("role"), "row");
  equal([...made.children].map((cell) => cell.getAttribute("role")), ["rowheader", ...COLUMNS.map(() => "gridcell"), "gridcell"]);
  equal([...made.children].map((cell) => cell.getAttribute("tabindex")), ["-1", ...COLUMNS.map(() => "-1"), null]);
});

test("the first prices of a line are written and do not flash", () => {
  const {paint, texts, lit, element: made} = line();
  paint(ROW);
  equal(texts(), {last: "12.50", change: "+2.50", change_percent: "+25.00%", bid: "12.00", ask: "13.00", volume: "1.00K", high: "14.00", low: "10.00"});
  equal([lit, made.dataset.direction, "tick" in made.dataset], [[], "up", false]);
});

test("prices flash the way that they went, and changes and volumes do not", () => {
  const {paint, lit, element: made} = line();
  paint(ROW);
  paint({...ROW, p: 13, b: 11.5, a: 13.5, h: 14.5, l: 9, v: 2_000}, {}, 9);
  equal(lit, [["last", true, 9], ["bid", false, 9], ["ask", true, 9], ["high", true, 9], ["low", false, 9]]);
  equal(made.dataset.tick, "up");
  paint({...ROW, p: 12});
  equal(made.dataset.tick, "down");
});

test("a value that is written the same, comes from nothing or goes to nothing does not flash", () => {
  const {paint, lit, texts} = line();
  paint({...ROW, b: null});
  paint({...ROW, p: 12.501, b: 12, a: null});
  equal([lit, texts().bid, texts().ask], [[], "12.00", "–"]);
});

test("a line that was hushed does not flash once", () => {
  const {view, paint, lit} = line();
  paint(ROW);
  view.hush();
  paint({...ROW, p: 13});
  paint({...ROW, p: 14});
  equal(lit.map(([field]) => field), ["last"]);
});

test("another number of decimals writes all cells anew", () => {
  const {paint, texts} = line();
  paint(ROW);
  paint(ROW, {instrument: {...LISTED, d: 4}});
  equal([texts().last, texts().high], ["12.5000", "14.0000"]);
});

test("a line without prices shows none, and says when it is not listed", () => {
  const {paint, texts, part} = line();
  paint(undefined, {instrument: undefined});
  equal([[...new Set(Object.values(texts()))], part("phase").textContent, part("phase").hidden], [["–"], "Not listed", false]);
  paint(ROW, {instrument: undefined});
  equal([part("phase").textContent, part("phase").hidden], ["", true]);
});

test("the status says phase, reason and delay of the instrument", () => {
  const {paint, part, element: made} = line();
  paint(ROW, {instrument: {...LISTED, ph: "HALTED", reason: "news pending", delay: 15}, feed: {state: "PAUSED"}});
  equal([part("name").textContent, part("phase").textContent, part("phase").hidden], ["Novexa", "Halted", false]);
  equal([part("reason").textContent, part("reason").title, part("delay").textContent, part("delay").hidden], ["news pending", "news pending", "15 min late", false]);
  equal([made.dataset.phase, made.dataset.feed, made.hasAttribute("data-reason")], ["HALTED", "PAUSED", true]);
  paint(ROW, {instrument: {...LISTED, reason: "an old reason"}});
  equal([part("phase").hidden, part("reason").textContent, part("delay").textContent, part("delay").hidden], [true, "", "", true]);
  equal([made.dataset.phase, made.dataset.feed, made.hasAttribute("data-reason")], ["OPEN", "", false]);
});

test("the phase of the row counts until the instrument is known", () => {
  const {paint, element: made} = line();
  paint({...ROW, ph: "AUCTION"}, {instrument: undefined});
  equal(made.dataset.phase, "AUCTION");
});

test("a line says how many ticks its last update stood for, if somebody wants that", () => {
  const {view, paint, element: made} = line();
  const receipt = () => made.querySelector("th").dataset.receipt;
  view.hasReceipts = true;
  paint(ROW, {ticks: 10});
  equal(receipt(), undefined, "the first paint says nothing");
  paint(ROW, {ticks: 1_234});
  equal(receipt(), "1 of 1,224");
  paint(ROW, {ticks: 1_234});
  equal(receipt(), "1 of 1,224");
  view.hasReceipts = false;
  equal(receipt(), undefined);
  paint(ROW, {ticks: 1_240});
  equal(receipt(), undefined);
  view.hasReceipts = true;
  paint(ROW, {});
  paint(ROW, {ticks: 5});
  equal(receipt(), undefined, "nothing was known before");
});

test("a line that is stale says since when, until it is not", () => {
  const {view, element: made} = line();
  view.markStale(65_000);
  equal([made.hasAttribute("data-stale"), view.ageText.includes("ago, much longer than usual"), made.querySelector("th").title.startsWith("Last tick ")], [true, true, true]);
  view.markStale(null);
  equal([made.hasAttribute("data-stale"), view.ageText, made.querySelector("th").title], [false, "", ""]);
});

test("a line that becomes that of another symbol forgets what it was", () => {
  const {view, paint, lit, element: made, cell} = line();
  view.hasReceipts = true;
  paint(ROW, {ticks: 1});
  paint({...ROW, p: 13}, {ticks: 4});
  view.markStale(65_000);
  cell("last").classList.add("flash-up");
  cell("last").title = "Last tick";
  lit.length = 0;
  view.name("ORB");
  equal([made.dataset.symbol, "tick" in made.dataset, made.querySelector("th").dataset.receipt, made.hasAttribute("data-stale")], ["ORB", false, undefined, false]);
  equal([cell("last").className, cell("last").title], ["", ""]);
  paint({...ROW, p: 20}, {ticks: 9});
  equal([lit, made.querySelector("th").dataset.receipt, cell("last").textContent], [[], undefined, "20.00"]);
});

test("columns are shown in the wanted order before the last cell, and the others leave", () => {
  const {view, element: made} = line();
  const fields = () => [...made.children].map((cell) => cell.dataset.field ?? cell.tagName);
  view.arrange(["volume", "nothing", "last"]);
  equal(fields(), ["TH", "volume", "last", "TD"]);
  view.arrange(["last", "bid"]);
  equal([fields(), view.cellOf("volume").textContent.trim(), view.cellOf("nothing")], [["TH", "last", "bid", "TD"], "–", undefined]);
});

test("cells that stand right are not moved", () => {
  const cells = new Map(["a", "b"].map((key) => [key, make("td", {}, key)]));
  const row = make("tr", {}, make("th"), ...cells.values(), make("td"));
  let moves = 0;
  row.insertBefore = () => { moves += 1; };
  return each([["a", "b"]], (keys) => {
    arrangeCells(row, cells, keys);
    equal(moves, 0);
  });
});

test("a template without a word for the button removes, and one without a link leads nowhere", () => {
  const template = make("div", {}, make("a", {class: "symbol"}), make("a", {class: "row-alert"}), make("button", {name: "symbol"}));
  equal(addressesOf(template), {instrument: null, alert: "", verb: "Remove ~"});
});
