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
  return {panel, place, map, rows, delays, chosen, tile, symbols, press};
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
  delays.QAL = 5;
  map.show(["NVX", "QAL"], 150);
  equal(note().textContent, "Tiles with a ring are 5 or 15 min late.");
  delete delays.NVX;
  delete delays.QAL;
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

test("a place without height or width has tiles of some size, and none that is no number", () => {
  for (const [width, height, expected] of [["600px", "0px", ["596px", "596px"]], ["0px", "400px", ["0px", "0px"]]]) {
    const {panel, place, map, tile} = shown();
    Object.assign(place.style, {width, height});
    map.show(["NVX", "ORB"], 0);
    equal([...panel.querySelectorAll("h3")].map(({style}) => style.width), expected, `${width} ${height}`);
    ok(["NVX", "ORB"].every((symbol) => parseFloat(tile(symbol).style.width) >= 1), "a tile has no width");
  }
});

test("a tile shows its symbol and its change where it has room for them", () => {
  // The name of the sector takes 18 px, and the gap around it 2 px on each side.
  for (const [width, height, room] of [[38, 38, "symbol"], [37, 38, "none"], [38, 37, "none"], [54, 54, "all"], [53, 54, "symbol"], [54, 53, "symbol"]]) {
    const {place, map, tile} = shown();
    Object.assign(place.style, {width: `${width}px`, height: `${height}px`});
    map.show(["NVX"], 0);
    equal(tile("NVX").dataset.room, room, `${width} x ${height}`);
    equal(["left", "top", "width", "height"].map((side) => tile("NVX").style[side]), ["2px", "20px", `${width - 4}px`, `${height - 22}px`]);
  }
});

test("of very many instruments the largest have tiles, and the note says so", () => {
  const {panel} = shown();
  const note = panel.querySelector("[data-part=note]");
  const symbols = Array.from({length: 1_401}, (_, index) => `S${index}`);
  const map = new HeatMap({panel, onselect: () => {}, facts: (symbol) => ({row: {p: 1, pc: 1, v: 5_000 - Number(symbol.slice(1))}, instrument: {name: symbol, sector: "One"}})});
  map.show(symbols.slice(0, 400), 0);
  equal([panel.querySelectorAll("button").length, note.hidden, panel.classList.contains("is-empty")], [400, true, false]);
  map.show(symbols, 1);
  equal([panel.querySelectorAll("button").length, panel.querySelector("[data-symbol=S400]"), note.textContent],
    [400, null, "The 400 with the most volume, of 1,401. The table has all of them."]);
  map.show([], 2);
  equal([panel.querySelectorAll("button").length, note.hidden, panel.classList.contains("is-empty")], [0, true, true]);
});

test("keys with Alt, Ctrl or Meta, other keys, and keys beside the tiles lead nowhere", () => {
  const {map, tile, place} = shown();
  map.show(["NVX", "QAL", "ORB"], 0);
  const press = (key, more = {}) => {
    const event = new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true, ...more});
    (place.contains(document.activeElement) ? document.activeElement : place).dispatchEvent(event);
    return [event.defaultPrevented, document.activeElement.dataset.symbol ?? ""];
  };
  equal(press("ArrowRight"), [false, ""]);
  tile("QAL").focus();
  equal(["altKey", "ctrlKey", "metaKey"].map((held) => press("ArrowRight", {[held]: true})), Array(3).fill([false, "QAL"]));
  equal([press("x"), press("ArrowLeft"), press("ArrowUp"), press("ArrowLeft"), press("ArrowDown")], [[false, "QAL"], [true, "NVX"], [true, "NVX"], [true, "NVX"], [true, "QAL"]]);
});

test("the tile with the focus keeps it when tiles move, and a press beside the tiles chooses nothing", () => {
  const {map, tile, place, chosen, rows} = shown();
  map.show(["NVX", "QAL", "ORB"], 0);
  tile("QAL").focus();
  rows.ORB.v = 90_000;
  map.show(["QAL", "ORB"], 1);
  ok(document.activeElement === tile("QAL"), "the focus was lost");
  equal([tile("QAL").tabIndex, tile("ORB").tabIndex], [0, -1]);
  place.click();
  equal(chosen, []);
});
