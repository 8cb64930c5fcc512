/** The table of prices on a page: sorting by clicks, the filter, and the focus that stays with its line. */

import {make} from "/static/js/dom.js";
import {COLUMNS} from "/static/js/screen/watchlist/columns.js";
import {Watchlist} from "/static/js/screen/watchlist/watchlist.js";
import {equal, ok, test, until} from "../../harness.js";

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
    make("th", {"data-sort": key, "class": `col-${key}`}, make("button", {type: "button"}, key)));
  const template = /** @type {HTMLTemplateElement} */ (make("template"));
  template.content.append(line());
  const table = make("table", {cellspacing: "0"}, make("thead", {}, make("tr", {}, ...heads, make("th", {}, make("button", {type: "button"}, "remove")))), make("tbody"));
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

test("the neighbour that gets the focus is the next that stays, else the one before, in the same column", () => {
  const {list, lineOf} = shown();
  list.reveal("ORB");
  for (let step = 0; step < 2; step += 1) press(document.activeElement, "ArrowRight");
  const focused = () => [document.activeElement.closest("tr")?.dataset.symbol, document.activeElement.dataset.field];
  equal(focused(), ["ORB", COLUMNS[1].key]);
  list.list(["NVX", "QAL", "NEW"]);
  equal(focused(), ["QAL", COLUMNS[1].key]);
  list.list(["NVX", "NEW"]);
  equal(focused(), ["NEW", COLUMNS[1].key]);
  list.list(["NVX"]);
  equal(focused(), ["NVX", COLUMNS[1].key]);
  document.activeElement.blur();
  list.list(["ORB"]);
  ok(!lineOf("ORB").contains(document.activeElement), "a line took the focus that nobody had given");
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
  equal(paint(11.5, 1_349), ["11.50", "flash-up", "down"]);
  equal(paint(11.4, 1_399), ["11.40", "", "down"]);
  equal(paint(11, 1_400), ["11.00", "flash-down", "down"]);
  list.hush(["NVX"]);
  equal(paint(13, 9_000), ["13.00", "", "down"]);
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

test("a list that the market makes keeps its chosen symbol while it is away", () => {
  const {list, lineOf, selected} = shown({keepsChosen: true});
  cellOf(lineOf("ORB"), "bid").click();
  list.list(["NVX", "QAL"]);
  equal([selected, list.selected], [["ORB"], "ORB"]);
  list.list(["NVX", "ORB", "QAL"]);
  equal([selected, lineOf("ORB").getAttribute("aria-selected")], [["ORB"], "true"]);
  list.list(["NVX"]);
  list.select(null);
  list.list(["NVX", "ORB"]);
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

/** A list of so many symbols: L0000, L0001. Their prices are their numbers. */
function long(count = 800) {
  const world = shown();
  const symbols = Array.from({length: count}, (_, index) => `L${String(index).padStart(4, "0")}`);
  for (const [index, symbol] of symbols.entries()) world.prices[symbol] = index;
  world.list.list(symbols);
  const body = world.panel.querySelector("tbody");
  return {...world, all: symbols, body, focused: () => document.activeElement.closest("tr")?.dataset.symbol};
}

const frames = async (count = 3) => {
  for (let done = 0; done < count; done += 1) await new Promise((resolve) => { requestAnimationFrame(resolve); });
};

test("only lines in view have elements, and the table is as high as all of them", () => {
  const {symbols, body, panel, all, lineOf} = long();
  const {height} = lineOf("L0000").getBoundingClientRect();
  ok(symbols().length < 120, () => `${symbols().length} lines have elements`);
  ok(Math.abs(body.getBoundingClientRect().height - 800 * height) < 20, () => `the table is ${body.getBoundingClientRect().height} px high`);
  equal([panel.querySelector("table").getAttribute("aria-rowcount"), lineOf("L0002").getAttribute("aria-rowindex")], ["801", "4"]);
  equal(symbols().filter((symbol) => symbol !== undefined), all.slice(0, symbols().length - 1));
});

test("keys lead to lines that had no element, and back", () => {
  const {list, focused, lineOf, symbols} = long();
  list.reveal("L0000");
  press(document.activeElement, "End", {ctrlKey: true});
  equal([focused(), lineOf("L0799").getAttribute("aria-rowindex")], ["L0799", "801"]);
  press(document.activeElement, "PageUp");
  press(document.activeElement, "ArrowUp");
  equal(focused(), "L0788");
  press(document.activeElement, "Home", {ctrlKey: true});
  equal(focused(), "L0000");
  ok(symbols().length < 120, () => `${symbols().length} lines have elements`);
});

test("scrolling gives elements to other lines, and the line with the focus keeps its own", async () => {
  const {list, focused, lineOf, symbols, body} = long();
  list.reveal("L0001");
  const line = lineOf("L0001");
  const {height} = line.getBoundingClientRect();
  scrollTo(0, body.getBoundingClientRect().top + scrollY + 500 * height);
  await frames();
  ok(lineOf("L0505"), "the lines in view have no elements");
  equal(cellOf(lineOf("L0505"), "last").textContent, "505.00");
  ok(lineOf("L0001") === line && focused() === "L0001", "the focus was lost");
  equal([lineOf("L0004"), lineOf("L0505").querySelectorAll(".flash-up, .flash-down").length], [undefined, 0]);
  press(document.activeElement, "ArrowDown");
  equal(focused(), "L0002");
  scrollTo(0, 0);
  await frames();
  ok(symbols().length < 120, () => `${symbols().length} lines have elements`);
});

test("a line that takes an element of another has nothing left of it", async () => {
  const {list, prices, lineOf, body, click, selected} = long(400);
  cellOf(lineOf("L0000"), "bid").click();
  list.paint(new Set(["L0001"]), 0);
  prices.L0001 = 2;
  list.paint(new Set(["L0001"]), 1_000);
  equal(cellOf(lineOf("L0001"), "last").className, "flash-up");
  click("last");
  equal(symbolsIn(body).slice(0, 2), ["L0399", "L0398"]);
  const marks = [...body.querySelectorAll("[data-tick], [aria-selected], .flash-up")].map((each) => each.closest("tr").dataset.symbol);
  equal([marks.filter((symbol) => symbol !== "L0000" && symbol !== "L0001"), selected], [[], ["L0000"]]);
  click("last");
  equal([lineOf("L0000").getAttribute("aria-selected"), lineOf("L0000").querySelector("a.symbol").getAttribute("href")], ["true", "/i/L0000/"]);
});

const symbolsIn = (body) => [...body.querySelectorAll("tr[data-symbol]")].map(({dataset}) => dataset.symbol);

test("a printed list is whole", () => {
  const {symbols, all, body} = long(300);
  dispatchEvent(new Event("beforeprint"));
  equal(symbolsIn(body), all);
  dispatchEvent(new Event("afterprint"));
  ok(symbols().length < 120, () => `${symbols().length} lines have elements`);
});

test("the lines of the server's page stay as they are until prices come", async () => {
  const panel = panelOf();
  document.querySelector("#watchlist-of-tests")?.remove();
  panel.id = "watchlist-of-tests";
  const body = panel.querySelector("tbody");
  const symbols = Array.from({length: 200}, (_, index) => `L${index}`);
  for (const symbol of symbols) {
    const row = line();
    row.dataset.symbol = symbol;
    cellOf(row, "last").textContent = `server ${symbol}`;
    body.append(row);
  }
  document.body.append(panel);
  const first = body.firstElementChild;
  const rows = {};
  const facts = (symbol) => ({row: rows[symbol], instrument: undefined, feed: undefined, isRejected: false});
  const list = new Watchlist({panel, facts, onremove: () => {}, onselect: () => {}});
  equal([list.symbols, body.firstElementChild === first, cellOf(first, "last").textContent], [symbols, true, "server L0"]);
  ok(symbolsIn(body).length < 120, () => `${symbolsIn(body).length} lines have elements`);
  list.list([...symbols].reverse());
  equal(cellOf(body.firstElementChild, "last").textContent, "server L199");
  rows.L199 = {...ROW, s: "L199", p: 5};
  list.paint(new Set(["L199"]), 0);
  list.list(symbols);
  list.list([...symbols].reverse());
  equal(["L199", "L198"].map((symbol) => cellOf([...body.children].find(({dataset}) => dataset.symbol === symbol), "last").textContent),
    ["5.00", "server L198"]);
});

test("columns are shown in the chosen order, also in lines that come later", () => {
  const {panel, list, lineOf} = shown();
  const keysOf = (row) => [...row.querySelectorAll("[data-field]")].map(({dataset}) => dataset.field);
  const heads = () => [...panel.querySelectorAll("th[data-sort]")].map(({dataset}) => dataset.sort);
  list.showColumns(["ask", "last", "nonsense"]);
  list.list(["NVX", "ORB", "QAL", "NEW"]);
  equal([heads(), keysOf(lineOf("NVX")), keysOf(lineOf("NEW"))], [["symbol", "ask", "last"], ["ask", "last"], ["ask", "last"]]);
  list.showColumns([]);
  equal(keysOf(lineOf("NVX")), COLUMNS.map(({key}) => key));
  equal(cellOf(lineOf("NVX"), "last").textContent, "10.00");
});

test("a silent line is marked while its feed runs and it trades, and no longer after a tick", () => {
  const {list, lineOf, rows, feeds} = telling();
  const isStale = () => lineOf("NVX").hasAttribute("data-stale");
  for (let second = 0; second <= 10; second += 1) {
    rows.NVX.t = second * 1_000;
    list.paint(new Set(["NVX"]), 0);
  }
  const after = (now_ms) => {
    list.markStale(now_ms);
    return isStale();
  };
  equal([after(20_000), after(26_000)], [false, true]);
  equal(lineOf("NVX").querySelector("th").title, "Last tick 16 s ago");
  equal([after(NaN), after(26_000)], [false, true]);
  feeds.state = "PAUSED";
  equal(after(26_000), false);
  feeds.state = "RUNNING";
  rows.NVX.ph = "HALTED";
  equal(after(26_000), false);
  rows.NVX.ph = "OPEN";
  rows.NVX.t = 25_000;
  list.paint(new Set(["NVX"]), 0);
  equal(after(26_000), false);
});

/** A watchlist whose rows, feed and receipts a test changes. */
function telling() {
  const {panel, list: _, ...rest} = shown();
  const fresh = panelOf();
  fresh.id = panel.id;
  panel.replaceWith(fresh);
  const rows = {NVX: {...ROW, s: "NVX", p: 10, pc: 10, t: 0}};
  const [feeds, ticks] = [{state: "RUNNING"}, {NVX: 0}];
  const facts = (s) => ({row: rows[s], instrument: undefined, feed: feeds, isRejected: false, ticks: ticks[s]});
  const list = new Watchlist({panel: fresh, facts, onremove: () => {}, onselect: () => {}});
  list.list(["NVX"]);
  return {...rest, list, rows, feeds, ticks, lineOf: (symbol) => fresh.querySelector(`tr[data-symbol=${symbol}]`)};
}

test("a line says how many ticks its last update stood for, when somebody wants to know", () => {
  const {list, lineOf, ticks} = telling();
  const receiptAfter = (more) => {
    ticks.NVX += more;
    list.paint(new Set(["NVX"]), 0);
    return lineOf("NVX").querySelector("th").dataset.receipt ?? "";
  };
  equal([receiptAfter(3), list.hasReceipts], ["", false]);
  list.hasReceipts = true;
  equal([receiptAfter(7), receiptAfter(0), receiptAfter(1)], ["1 of 7", "1 of 7", "1 of 1"]);
  list.hasReceipts = false;
  equal(receiptAfter(5), "");
});

// --- sections -------------------------------------------------------------------------------
const SECTIONS = [{at: 1, name: "Space"}, {at: 3, name: "Later"}];
const linesIn = (panel) => [...panel.querySelectorAll("tbody tr")].map(({dataset}) => dataset.symbol ?? `# ${dataset.section}`);

/** A list with sections, and what was asked of these. */
function sectioned(isMine = true) {
  const asked = [];
  const edits = {
    onrename: (...facts) => asked.push(["rename", ...facts].join(" ")), onstep: (...facts) => asked.push(["step", ...facts].join(" ")),
    onremove: (title) => asked.push(`remove ${title}`),
  };
  const onmove = (...facts) => asked.push(["move", ...facts].join(" "));
  const page = shown(isMine ? {edits, onmove} : {});
  page.list.list(["NVX", "ORB", "QAL"], SECTIONS);
  return {...page, asked, titleRow: (name) => page.panel.querySelector(`[data-section=${name}]`)};
}

test("titles stand between lines in the person's order, and in no other", () => {
  const {panel, click, list} = sectioned();
  equal(linesIn(panel), ["NVX", "# Space", "ORB", "QAL", "# Later"]);
  equal(panel.querySelector("table").getAttribute("aria-rowcount"), "6");
  click("last");
  equal(linesIn(panel), ["ORB", "QAL", "NVX"]);
  click("last");
  click("last");
  list.filter("orb");
  equal(linesIn(panel), ["# Space", "ORB"]);
});

test("a title is renamed where it stands, and Escape leaves it", async () => {
  const {titleRow, asked} = sectioned();
  const rename = async (name, key) => {
    titleRow("Space").querySelector(".section-title").click();
    await until(() => titleRow("Space").querySelector("input"));
    const field = titleRow("Space").querySelector("input");
    field.value = name;
    press(field, key);
    ok(!titleRow("Space").querySelector("input"), "the field stays");
  };
  await rename("Orbit", "Escape");
  await rename(" Space ", "Enter");
  await rename("  ", "Enter");
  equal(asked, []);
  await rename("Orbit", "Enter");
  equal(asked, ["rename Space Orbit"]);
});

/** Whether a line may be dragged now: the script for it is loaded late. */
function canBeMoved(line) {
  line.dispatchEvent(new PointerEvent("pointerdown", {bubbles: true}));
  return line.draggable;
}

test("a section is moved and removed by buttons and keys", async () => {
  const {titleRow, lineOf, asked} = sectioned();
  await until(() => canBeMoved(lineOf("ORB")));
  const [up, down, remove] = titleRow("Space").querySelectorAll("td button");
  for (const button of [up, down, remove]) button.click();
  equal(asked.splice(0), ["step Space -1", "step Space 1", "remove Space"]);
  press(titleRow("Later").querySelector(".section-title"), "Delete");
  const held = {altKey: true, shiftKey: true};
  press(titleRow("Later").querySelector(".section-title"), "ArrowUp", held);
  press(titleRow("Space").querySelector(".section-title"), "ArrowUp", held);
  press(lineOf("ORB").querySelector("th"), "ArrowUp", held);
  equal(asked, ["remove Later", "move ###Later 0", "move ORB 1"]);
});

test("in a list of somebody else titles are only text", () => {
  const {panel, titleRow} = sectioned(false);
  equal(linesIn(panel), ["NVX", "# Space", "ORB", "QAL", "# Later"]);
  equal(titleRow("Space").querySelectorAll("button").length, 0);
});

test("arrow keys lead to a title", () => {
  const {lineOf, titleRow} = sectioned();
  lineOf("NVX").querySelector("th").focus();
  press(document.activeElement, "ArrowDown");
  ok(titleRow("Space").contains(document.activeElement), "the title was left out");
});

test("the button of a line adds it where the list is not one's own, and the key for removing does not", () => {
  const added = [];
  const {lineOf, removed} = shown({onadd: (symbol) => added.push(symbol), onremove: () => {}});
  lineOf("ORB").querySelector("button[name=symbol]").click();
  press(lineOf("NVX").querySelector("th"), "Delete");
  equal([added, removed], [["ORB"], []]);
});

test("the button of a line says what it does, with the symbol in its words", () => {
  equal(shown().lineOf("ORB").querySelector("button[name=symbol]").getAttribute("aria-label"), "Remove ORB");
});
