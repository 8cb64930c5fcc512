/** The table of prices on a page: sorting by clicks, the filter, and the focus that stays with its line. */

import {make} from "/static/js/dom.js";
import {COLUMNS} from "/static/js/screen/watchlist/columns.js";
import {Watchlist} from "/static/js/screen/watchlist/watchlist.js";
import {equal, ok, test} from "../../harness.js";

const ROW = {p: null, b: null, a: null, h: null, l: null, pc: null, v: null, t: null, ph: "OPEN"};
const NAMES = {NVX: "Novexa", ORB: "Orbit Foods", QAL: "Qualis"};

const part = (name) => make("span", {"data-part": name});
const named = (name) => make("span", {class: name});

/** A line as the template of the page has it. */
function line() {
  const cells = COLUMNS.map(({key}) => make("td", {"data-field": key}, "–"));
  const link = make("a", {class: "symbol", href: "/i/~/"});
  const head = make("th", {}, link, ...["name", "phase", "delay", "reason"].map(named));
  const alert = make("a", {class: "row-alert", href: "/alerts/?symbol="});
  return make("tr", {"data-symbol": ""}, head, ...cells, make("td", {}, alert, make("button", {type: "button", name: "symbol"}, "x")));
}

function panelOf() {
  const heads = ["symbol", ...COLUMNS.map(({key}) => key)].map((key) =>
    make("th", {"data-sort": key}, make("button", {type: "button"}, key)));
  const template = /** @type {HTMLTemplateElement} */ (make("template"));
  template.content.append(line());
  const table = make("table", {}, make("thead", {}, make("tr", {}, ...heads)), make("tbody"));
  return make("section", {}, part("resort"), table, template, part("empty"));
}

/** A watchlist of three symbols with prices 10, 30 and 20, on the page. */
function shown(options = {}) {
  localStorage.clear();
  document.querySelector("#watchlist-of-tests")?.remove();
  const panel = panelOf();
  panel.id = "watchlist-of-tests";
  document.body.append(panel);
  const prices = {NVX: 10, ORB: 30, QAL: 20};
  const [removed, selected] = [[], []];
  const facts = (s) => ({row: {...ROW, s, p: prices[s], pc: 10}, instrument: {s, name: NAMES[s]}, feed: undefined, isRejected: false});
  const list = new Watchlist({panel, facts, onremove: (s) => removed.push(s), onselect: (s) => selected.push(s), ...options});
  list.list(["NVX", "ORB", "QAL"]);
  const lines = () => [...panel.querySelectorAll("tbody tr")];
  return {
    panel, list, prices, removed, selected,
    symbols: () => lines().filter(({hidden}) => !hidden).map(({dataset}) => dataset.symbol),
    lineOf: (symbol) => lines().find(({dataset}) => dataset.symbol === symbol),
    click: (key) => panel.querySelector(`[data-sort=${key}] button`).click(),
    sortOf: (key) => panel.querySelector(`[data-sort=${key}]`).getAttribute("aria-sort"),
  };
}

const press = (element, key, more = {}) => element.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true, ...more}));

test("clicks on a head sort by its column, then back to the person's order", () => {
  const {symbols, click, sortOf} = shown();
  equal([symbols(), sortOf("last")], [["NVX", "ORB", "QAL"], "none"]);
  click("last");
  equal([symbols(), sortOf("last")], [["ORB", "QAL", "NVX"], "descending"]);
  click("last");
  equal([symbols(), sortOf("last")], [["NVX", "QAL", "ORB"], "ascending"]);
  click("last");
  equal([symbols(), sortOf("last")], [["NVX", "ORB", "QAL"], "none"]);
});

test("a new table takes the remembered order over", () => {
  shown().click("last");
  equal(localStorage.getItem("market.sort"), "-last");
});

test("the filter leaves lines whose symbol or name matches", () => {
  const {list, symbols} = shown();
  list.filter(" orb");
  equal(symbols(), ["ORB"]);
  list.filter("NOVE");
  equal(symbols(), ["NVX"]);
  list.filter("nothing of the kind");
  equal(symbols().length, 3, "a search for another symbol empties the list");
  list.filter("orb");
  list.filter("");
  equal(symbols().length, 3);
});

test("a line that joins while a filter is set obeys it", () => {
  const {list, symbols} = shown();
  list.filter("orb");
  list.list(["NVX", "ORB"]);
  list.list(["NVX", "ORB", "QAL"]);
  equal(symbols(), ["ORB"]);
});

test("the focus stays with its line when lines are sorted", () => {
  const {list, click, symbols, lineOf} = shown();
  list.reveal("QAL");
  const focused = document.activeElement;
  ok(lineOf("QAL").contains(focused), "the line has no focus");
  click("last");
  equal(symbols(), ["ORB", "QAL", "NVX"]);
  ok(document.activeElement === focused, "the focus was lost");
});

test("the neighbour gets the focus of a line that goes", () => {
  const {list, lineOf} = shown();
  list.reveal("ORB");
  list.list(["NVX", "QAL"]);
  ok(lineOf("QAL").contains(document.activeElement), "the neighbour has no focus");
});

test("arrow keys lead from line to line, and Delete removes the focused one", () => {
  const {list, lineOf, removed} = shown();
  list.reveal("NVX");
  press(document.activeElement, "ArrowDown");
  ok(lineOf("ORB").contains(document.activeElement), "the focus did not move");
  press(document.activeElement, "Delete");
  equal(removed, ["ORB"]);
});

test("Enter chooses a line, and again no line", () => {
  const {list, selected, lineOf} = shown();
  list.reveal("ORB");
  press(document.activeElement, "Enter");
  equal(lineOf("ORB").getAttribute("aria-selected"), "true");
  press(document.activeElement, "Enter");
  equal(selected, ["ORB", null]);
});

const cellOf = (line, key) => line.querySelector(`[data-field=${key}]`);

test("a price that moves is shown, lit and marked, and a first or equal one is not lit", () => {
  const {list, prices, lineOf} = shown();
  const cell = cellOf(lineOf("NVX"), "last");
  const paint = (price, now_ms) => {
    prices.NVX = price;
    list.paint(new Set(["NVX", "NONE"]), now_ms);
    return [cell.textContent, cell.className, lineOf("NVX").dataset.tick ?? ""];
  };
  equal(paint(11, 0), ["11.00", "", ""]);
  equal(paint(12, 1_000), ["12.00", "flash-up", "up"]);
  equal(paint(11.5, 1_399), ["11.50", "flash-up", "down"]);
  equal(paint(11, 1_400), ["11.00", "flash-down", "down"]);
  list.hush(["NVX"]);
  equal(paint(13, 9_000), ["13.00", "flash-down", "down"]);
  equal([cellOf(lineOf("ORB"), "last").textContent, lineOf("NVX").dataset.direction], ["30.00", "up"]);
});

test("only the cells of prices are lit", () => {
  const {list, prices, lineOf} = shown();
  list.paint(new Set(["NVX"]), 0);
  prices.NVX = 12;
  list.paint(new Set(["NVX"]), 1_000);
  equal([...lineOf("NVX").querySelectorAll(".flash-up")].map(({dataset}) => dataset.field), ["last"]);
  equal(cellOf(lineOf("NVX"), "change").textContent, "+2.00");
});

test("the breadth counts lines above, below and at the previous close", () => {
  const {list, prices} = shown();
  Object.assign(prices, {NVX: 11, ORB: 9, QAL: 10.001});
  const counts = make("div", {}, ...["up", "down", "flat"].map(part));
  list.showBreadth(counts);
  equal([...counts.children].map(({textContent}) => textContent), ["1", "1", "1"]);
});

test("a button removes its line's symbol and chooses nothing", () => {
  const {lineOf, removed, selected} = shown();
  const event = new MouseEvent("click", {bubbles: true, cancelable: true});
  lineOf("ORB").querySelector("button[name=symbol]").dispatchEvent(event);
  equal([removed, selected, event.defaultPrevented], [["ORB"], [], true]);
});

test("a click chooses a line, another click no line, and Escape as well", () => {
  const {lineOf, selected} = shown();
  const click = (symbol) => cellOf(lineOf(symbol), "bid").click();
  click("NVX");
  click("ORB");
  equal([lineOf("NVX").hasAttribute("aria-selected"), lineOf("ORB").getAttribute("aria-selected")], [false, "true"]);
  click("ORB");
  click("NVX");
  press(cellOf(lineOf("QAL"), "bid"), "Escape");
  equal(selected, ["NVX", "ORB", null, "NVX", null]);
});

test("keys on a button of a line do not choose it", () => {
  const {lineOf, selected, removed} = shown();
  press(lineOf("ORB").querySelector("button[name=symbol]"), "Enter");
  press(lineOf("ORB").querySelector("button[name=symbol]"), "x");
  equal([selected, removed], [[], []]);
});

test("the chosen line is forgotten with its symbol", () => {
  const {list, lineOf, selected} = shown();
  cellOf(lineOf("ORB"), "bid").click();
  list.list(["NVX", "QAL"]);
  list.list(["NVX", "ORB", "QAL"]);
  equal([selected, lineOf("ORB").hasAttribute("aria-selected")], [["ORB", null], false]);
});

test("an empty list says so, whatever is searched", () => {
  const {panel, list} = shown();
  const isHidden = (name) => panel.querySelector(`[data-part=${name}]`).hidden;
  equal([isHidden("empty"), isHidden("resort")], [true, true]);
  list.list([]);
  list.filter("x");
  equal([isHidden("empty"), list.symbols], [false, []]);
});

test("the order that a person chose is there again", () => {
  shown();
  localStorage.setItem("market.sort", "last");
  const panel = panelOf();
  const list = new Watchlist({panel, facts: () => ({row: undefined, instrument: undefined, feed: undefined, isRejected: false}),
    onremove: () => {}, onselect: () => {}});
  equal([panel.querySelector("[data-sort=last]").getAttribute("aria-sort"), list.symbols], ["ascending", []]);
  localStorage.removeItem("market.sort");
});

test("the link of a line leads to its page, and chooses the line where the page shows its details", () => {
  for (const hasDetails of [false, true]) {
    const {lineOf, selected} = shown({hasDetails});
    const link = lineOf("ORB").querySelector("a.symbol");
    equal([link.getAttribute("href"), link.textContent], ["/i/ORB/", "ORB"]);
    const follows = [];
    document.addEventListener("click", (event) => {
      follows.push(!event.defaultPrevented);
      event.preventDefault();
    }, {once: true});
    link.click();
    equal([follows, selected], hasDetails ? [[false], ["ORB"]] : [[true], []]);
  }
});

test("a click that opens a new tab leaves the line as it is", () => {
  const {lineOf, selected} = shown({hasDetails: true});
  document.addEventListener("click", (event) => event.preventDefault(), {once: true});
  lineOf("ORB").querySelector("a.symbol").dispatchEvent(new MouseEvent("click", {bubbles: true, cancelable: true, ctrlKey: true}));
  equal(selected, []);
});
