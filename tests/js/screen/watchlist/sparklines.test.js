/** The pictures of the day so far: what is asked for, and when a picture is drawn. */

import {make} from "/static/js/dom.js";
import {Sparklines} from "/static/js/screen/watchlist/sparklines.js";
import {equal, ok, test} from "../../harness.js";

const DAY = 20_000 * 86_400_000;

/** Lines of these symbols with a price of 10, and what was asked for. */
function shown(symbols) {
  const rows = Object.fromEntries(symbols.map((s) => [s, {s, p: 10, pc: 9, t: DAY + 60_000}]));
  const world = {rows, asked: [], now_ms: 0, isBroken: false};
  const read = (wanted) => {
    world.asked.push(wanted.join(" "));
    if (world.isBroken) return Promise.reject(new Error("away"));
    return Promise.resolve(new Map(wanted.map((s) => [s, {day: DAY, t: [0], c: [8]}])));
  };
  world.pictures = new Sparklines({read, facts: (s) => ({row: rows[s], instrument: undefined, feed: undefined, isRejected: false}), now: () => world.now_ms});
  world.viewOf = (symbol) => {
    const cell = make("td");
    return {symbol, cellOf: () => cell, cell};
  };
  world.pathOf = ({cell}) => cell.querySelector(".day-prices")?.getAttribute("d") ?? null;
  return world;
}

test("one request asks for all lines in view, and their pictures are drawn", async () => {
  const {pictures, viewOf, asked, pathOf} = shown(["A", "B"]);
  const views = ["A", "B"].map(viewOf);
  await pictures.show(views);
  equal(asked, ["A B"]);
  ok(views.every(pathOf), "a picture is missing");
  const svg = views[0].cell.querySelector("svg");
  equal([svg.getAttribute("aria-label"), svg.getAttribute("data-direction")], ["Day so far: rising", "up"]);
  await pictures.show(views);
  equal(asked, ["A B"]);
});

test("lines that come into view are asked for, and old ones again after five minutes", async () => {
  const world = shown(["A", "B"]);
  await world.pictures.show([world.viewOf("A")]);
  await world.pictures.show(["A", "B"].map(world.viewOf));
  world.now_ms = 299_999;
  await world.pictures.show(["A"].map(world.viewOf));
  world.now_ms = 300_000;
  await world.pictures.show(["A", "B"].map(world.viewOf));
  equal(world.asked, ["A", "B", "A B"]);
});

test("an element that becomes another line shows nothing of the one before", async () => {
  const {pictures, viewOf, rows, pathOf} = shown(["A"]);
  const view = viewOf("A");
  await pictures.show([view]);
  ok(pathOf(view), "no picture");
  rows.B = undefined;
  view.symbol = "B";
  await pictures.show([view]);
  equal([pathOf(view), view.cell.childElementCount], [null, 0]);
});

test("a request that failed is not repeated at once", async () => {
  const world = shown(["A"]);
  const view = world.viewOf("A");
  world.isBroken = true;
  await world.pictures.show([view]);
  world.isBroken = false;
  world.now_ms = 14_999;
  await world.pictures.show([view]);
  equal([world.asked.length, world.pathOf(view)], [1, null]);
  world.now_ms = 15_000;
  await world.pictures.show([view]);
  equal(world.asked.length, 2);
  ok(world.pathOf(view), "no picture");
});

test("a new price makes the line longer", async () => {
  const {pictures, viewOf, rows, pathOf} = shown(["A"]);
  const view = viewOf("A");
  await pictures.show([view]);
  const before = pathOf(view);
  Object.assign(rows.A, {p: 8.5, t: DAY + 300_000});
  await pictures.show([view]);
  ok(pathOf(view) !== before, "the picture is the same");
  equal(view.cell.querySelector("svg").getAttribute("data-direction"), "down");
});
