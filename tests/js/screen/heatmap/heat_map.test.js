/** A heat map on a page: tiles with words, keys, and places that change only while nobody touches them. */

import {make} from "/static/js/dom.js";
import {HeatMap} from "/static/js/screen/heatmap/heat_map.js";
import {equal, ok, test} from "../../harness.js";

function shown() {
  document.querySelector("#map-of-tests")?.remove();
  const panel = make("section", {id: "map-of-tests"}, make("div", {"data-part": "tiles"}), make("p", {"data-part": "note"}));
  const place = panel.firstElementChild;
  place.style.width = "600px";
  place.style.height = "400px";
  document.body.append(panel);
  const rows = {NVX: {p: 102, pc: 100, v: 900}, QAL: {p: 99, pc: 100, v: 300}, ORB: {p: 5, pc: 5, v: 100}};
  const sectors = {NVX: "Technology", QAL: "Technology", ORB: "Food"};
  const chosen = [];
  /** @type {Record<string, number>} */
  const delays = {};
  const map = new HeatMap({
    panel, onselect: (symbol) => chosen.push(symbol),
    facts: (symbol) => ({row: rows[symbol], instrument: {name: `Name of ${symbol}`, sector: sectors[symbol], ...(delays[symbol] && {delay: delays[symbol]})}}),
  });
  const tile = (symbol) => panel.querySelector(`[data-symbol=${symbol}]`);
  const symbols = () => [...panel.querySelectorAll("button")].map(({dataset}) => dataset.symbol);
  const press = (key) => document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true}));
  return {panel, map, rows, delays, chosen, tile, symbols, press};
}

test("a tile says its change in words and signs, and its colour follows the sign", () => {
  const {map, tile, rows, panel} = shown();
  map.show(["NVX", "QAL", "ORB"], 0);
  equal(tile("NVX").getAttribute("aria-label"), "NVX, Name of NVX, +2.00%, volume 900");
  equal([tile("NVX").dataset.shade, tile("QAL").dataset.shade, tile("ORB").dataset.shade], ["3", "-2", "0"]);
  equal(panel.querySelector("h3").textContent, "Technology +1.25%");
  rows.NVX.p = 97;
  map.show(["NVX", "QAL", "ORB"], 100);
  equal([tile("NVX").textContent, tile("NVX").dataset.shade], ["NVX\u22123.00%", "-4"]);
});

test("a tile whose prices come late is marked and says so, and the note says how late", () => {
  const {map, tile, panel, delays} = shown();
  const note = () => panel.querySelector("[data-part=note]");
  map.show(["NVX", "QAL"], 0);
  equal([note().hidden, tile("NVX").hasAttribute("data-late")], [true, false]);
  delays.NVX = 15;
  map.show(["NVX", "QAL"], 100);
  equal(tile("NVX").getAttribute("aria-label"), "NVX, Name of NVX, +2.00%, volume 900, 15 min late");
  equal([tile("NVX").hasAttribute("data-late"), tile("QAL").hasAttribute("data-late")], [true, false]);
  equal([note().hidden, note().textContent], [false, "Tiles with a ring are 15 min late."]);
  delete delays.NVX;
  map.show(["NVX", "QAL"], 200);
  equal([note().hidden, tile("NVX").hasAttribute("data-late")], [true, false]);
});

test("one tile is reached with Tab, arrows go to the others, and a press chooses", () => {
  const {map, tile, press, panel, chosen} = shown();
  map.show(["NVX", "QAL", "ORB"], 0);
  equal(panel.querySelectorAll("button[tabindex='0']").length, 1);
  tile("NVX").focus();
  press("ArrowRight");
  ok(document.activeElement === tile("QAL"), "the arrow did not lead on");
  press("End");
  ok(document.activeElement === tile("ORB"), "End did not lead to the last");
  press("ArrowDown");
  press("Home");
  ok(document.activeElement === tile("NVX"), "Home did not lead back");
  equal([panel.querySelectorAll("button[tabindex='0']").length, tile("NVX").tabIndex], [1, 0]);
  tile("NVX").click();
  equal(chosen, ["NVX"]);
});

test("tiles move only when it is time and nobody touches them; another list shows at once", () => {
  const {map, tile, rows, symbols} = shown();
  map.show(["NVX", "QAL", "ORB"], 0);
  const before = tile("QAL").style.width + tile("QAL").style.height;
  rows.QAL.v = 30_000;
  map.show(["NVX", "QAL", "ORB"], 9_000);
  equal(tile("QAL").style.width + tile("QAL").style.height, before);
  tile("ORB").focus();
  map.show(["NVX", "QAL", "ORB"], 20_000);
  equal(tile("QAL").style.width + tile("QAL").style.height, before);
  tile("ORB").blur();
  map.show(["NVX", "QAL", "ORB"], 20_001);
  ok(tile("QAL").style.width + tile("QAL").style.height !== before, "it never moved");
  equal(symbols(), ["QAL", "NVX", "ORB"]);
  map.show(["ORB"], 20_002);
  equal(symbols(), ["ORB"]);
});

test("a list without prices says that it waits, and an empty one says nothing", () => {
  const {panel, map} = shown();
  const note = panel.querySelector("[data-part=note]");
  const silent = new HeatMap({panel, facts: () => ({}), onselect: () => {}});
  silent.show(["NVX"], 0);
  equal([note.textContent, note.hidden], ["Waiting for prices…", false]);
  map.show([], 0);
  equal(note.hidden, true);
});
