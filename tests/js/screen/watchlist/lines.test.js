/** The elements of the lines of a long list: which lines have one, what stands in the place of the others, and their numbers. */

import {make} from "/static/js/dom.js";
import {COLUMNS} from "/static/js/screen/watchlist/columns.js";
import {Lines} from "/static/js/screen/watchlist/lines.js";
import {lineOfTitle} from "/static/js/screen/watchlist/sections.js";
import {equal, ok, test} from "../../harness.js";

const HEIGHT = 20;
const sheet = new CSSStyleSheet();
sheet.replaceSync(`#lines-of-tests { border-spacing: 0; border-collapse: separate; }
  #lines-of-tests tr:not(.space) { height: ${HEIGHT}px; }
  #lines-of-tests :is(td, th) { padding: 0; border: 0; height: auto; font-size: 8px; line-height: 1; }
  #lines-of-tests button { padding: 0; border: 0; height: 8px; min-height: 0; }`);
document.adoptedStyleSheets.push(sheet);
const ROW = {p: null, b: null, a: null, h: null, l: null, pc: null, v: null, t: null, ph: "OPEN"};
const named = (name) => make("span", {class: name});
const symbolsOf = (count) => Array.from({length: count}, (_, index) => `L${index}`);
const frames = async (count = 3) => {
  for (let done = 0; done < count; done += 1) await new Promise((resolve) => { requestAnimationFrame(resolve); });
};

/** A table without lines. Each line that it will have is 20 px high. */
function shown({pinned = [], change = () => {}} = {}) {
  document.querySelector("#lines-of-tests")?.remove();
  const template = /** @type {HTMLTemplateElement} */ (make("template"));
  const head = make("th", {}, make("a", {class: "symbol", href: "/i/~/"}), ...["name", "phase", "delay", "reason"].map(named));
  const cells = COLUMNS.map(({key}) => make("td", {"data-field": key}));
  const line = make("tr", {"data-symbol": ""}, head, ...cells, make("td", {}, make("a", {class: "row-alert", href: "/alerts/"}), make("button", {name: "symbol"})));
  template.content.append(line);
  const table = make("table", {id: "lines-of-tests"}, make("thead"), make("tbody"));
  document.body.append(table);
  change(table, line);
  const world = {table, body: table.querySelector("tbody"), pinned, dressed: [], renders: 0, prices: {}};
  world.lines = new Lines({
    table, template, facts: (s) => ({row: world.prices[s] === undefined ? undefined : {...ROW, s, p: world.prices[s]}, instrument: undefined, feed: undefined, isRejected: false}),
    pinned: () => world.pinned, dress: ({symbol}) => world.dressed.push(symbol), onrender: () => { world.renders += 1; },
  });
  world.rows = () => [...world.body.children].map((row) => row.dataset.symbol ?? (row.className === "space" ? `space ${Math.round(parseFloat(row.style.height))}` : `# ${row.dataset.section}`));
  world.withElement = () => world.rows().filter((row) => row.startsWith("L"));
  return world;
}

test("a line is measured before a long list gets its elements", () => {
  const {lines, body, withElement} = shown();
  equal([lines.count, lines.order, body.children.length], [0, [], 0]);
  lines.show(symbolsOf(800));
  const top = body.getBoundingClientRect().top;
  const expected = Math.ceil((innerHeight - top) / HEIGHT) + 12;
  ok(Math.abs(withElement().length - expected) <= 1, () => `${withElement().length} lines have elements, not ${expected}`);
  ok(Math.abs(body.getBoundingClientRect().height - 800 * HEIGHT) < 2, "the table is as high as all lines");
});

test("up to fifty lines all have an element, of more only those in view", () => {
  const {lines, rows, body} = shown({change: (table) => { table.style.marginTop = `${innerHeight}px`; }});
  lines.show(symbolsOf(50));
  equal([rows().length, rows().at(-1)], [50, "L49"]);
  lines.show(symbolsOf(51));
  ok(rows().length < 40 && rows().at(-1).startsWith("space "), () => rows().join());
  equal(body.lastElementChild.getAttribute("aria-hidden"), "true");
});

test("pinned lines keep an element, with space between that is as high as the others", () => {
  const {lines, rows, body} = shown({pinned: ["L300"]});
  lines.show(symbolsOf(800));
  const last = rows().findIndex((row) => row.startsWith("space")) - 1;
  equal(rows().slice(last + 1), [`space ${(300 - last - 1) * HEIGHT}`, "L300", `space ${499 * HEIGHT}`]);
  equal(body.querySelector("[data-symbol=L300]").getAttribute("aria-rowindex"), "302");
});

test("a line that is asked for gets an element, and its place is known", () => {
  const {lines, rows} = shown();
  lines.show(symbolsOf(800));
  equal([lines.placeOf("L500"), lines.placeOf("none"), lines.viewOf("L500"), lines.at(800), lines.at(-1)], [500, -1, undefined, undefined, undefined]);
  const element = lines.at(500);
  equal([element.dataset.symbol, element.getAttribute("aria-rowindex"), rows().includes("L500"), lines.viewOf("L500").element === element], ["L500", "502", true, true]);
  ok(lines.at(500) === element, "it got another element");
});

test("lines are numbered from two, and the table counts its head", () => {
  const {lines, body, table} = shown();
  lines.show(["LA", lineOfTitle("Space"), "LB"]);
  equal([...body.children].map((row) => row.getAttribute("aria-rowindex")), ["2", "3", "4"]);
  equal(table.getAttribute("aria-rowcount"), "4");
  lines.show(["LB"]);
  equal([[...body.children].map((row) => row.getAttribute("aria-rowindex")), table.getAttribute("aria-rowcount")], [["2"], "2"]);
});

test("lines that stay keep their elements, others are used again, and each that takes one is dressed", () => {
  const {lines, rows, body, dressed} = shown();
  lines.show(["LA", "LB", "LC"]);
  const [a, b, c] = body.children;
  equal(dressed.splice(0), ["LA", "LB", "LC"]);
  lines.show(["LC", "LD", "LA"]);
  equal([rows(), dressed.splice(0)], [["LC", "LD", "LA"], ["LD"]]);
  ok(body.children[0] === c && body.children[2] === a && body.children[1] === b, "elements were not kept");
  equal(lines.views.map(({symbol}) => symbol).sort(), ["LA", "LC", "LD"]);
});

test("scrolling gives elements to other lines only when few are left beside those in view", async () => {
  const world = shown();
  world.lines.show(symbolsOf(800));
  const top = world.body.getBoundingClientRect().top + scrollY;
  await frames();
  world.renders = 0;
  const scroll = async (lines) => {
    scrollTo(0, top + (lines + 0.5) * HEIGHT);
    await frames();
    const [first] = world.withElement();
    return [first, world.renders];
  };
  equal(await scroll(200), ["L188", 1]);
  equal(await scroll(208), ["L188", 1]);
  equal(await scroll(192), ["L188", 1]);
  equal(await scroll(191), ["L179", 2]);
  equal(await scroll(199), ["L179", 2]);
  equal(await scroll(200), ["L188", 3]);
  scrollTo(0, 0);
  await frames();
});

test("prices are painted where there is an element, and a new line does not flash", () => {
  const {lines, prices, body} = shown();
  const last = (symbol) => body.querySelector(`[data-symbol=${symbol}] [data-field=last]`);
  Object.assign(prices, {LA: 1, LB: 2});
  lines.show(["LA", "LB"]);
  equal([last("LA").textContent, last("LB").textContent], ["1.00", "2.00"]);
  prices.LA = 3;
  lines.paint(new Set(["LA", "none"]), 0);
  equal([last("LA").textContent, last("LA").className, last("LB").textContent], ["3.00", "", "2.00"]);
  prices.LA = 4;
  lines.paint(new Set(["LA"]), 1_000);
  equal([last("LA").textContent, last("LA").className], ["4.00", "flash-up"]);
  lines.paint(new Set(), 1_400);
  equal(last("LA").className, "");
});

/** A change that gives the table lines of the server. */
const fromServer = (...symbols) => ({change: (table, template) => {
  for (const symbol of symbols) {
    const row = /** @type {HTMLElement} */ (template.cloneNode(true));
    row.dataset.symbol = symbol;
    row.querySelector("[data-field=last]").textContent = `server ${symbol}`;
    table.querySelector("tbody").append(row);
  }
}});

test("a line that goes moves none of the others, also when the server drew it", () => {
  const {lines, body} = shown(fromServer("LA", "LB", "LC"));
  const watch = new MutationObserver(() => {});
  watch.observe(body, {childList: true});
  lines.show(["LB", "LC"]);
  const changes = watch.takeRecords();
  equal([changes.flatMap(({removedNodes}) => [...removedNodes].map(({dataset}) => dataset.symbol)), changes.flatMap(({addedNodes}) => [...addedNodes])], [["LA"], []]);
});

test("the lines of the server's page stay until their prices are known, also when they were out of view", () => {
  const {lines, body, prices} = shown(fromServer("LA", "LB"));
  const last = (symbol) => body.querySelector(`[data-symbol=${symbol}] [data-field=last]`)?.textContent;
  equal([lines.order, last("LA"), last("LB")], [["LA", "LB"], "server LA", "server LB"]);
  lines.show(["LB"]);
  prices.LB = 5;
  lines.paint(new Set(["LA", "LB"]), 0);
  equal(last("LB"), "5.00");
  lines.show([]);
  lines.show(["LA", "LB"]);
  equal([last("LA"), last("LB")], ["server LA", "5.00"]);
});

test("columns are shown in the chosen order, also in lines that come later", () => {
  const {lines, body} = shown();
  const keys = (symbol) => [...body.querySelectorAll(`[data-symbol=${symbol}] [data-field]`)].map(({dataset}) => dataset.field);
  lines.show(["LA"]);
  lines.arrange(["ask", "last"]);
  lines.show(["LA", "LB"]);
  equal([keys("LA"), keys("LB")], [["ask", "last"], ["ask", "last"]]);
});
