/** What a heat map shows: sectors by volume, and the shade of each change. */

import {sectorsOf, shadeOf} from "/static/js/screen/heatmap/sectors.js";
import {each, equal, near, test} from "../../harness.js";

const LISTED = {
  NVX: {instrument: {name: "Novexa", sector: "Technology"}, row: {p: 101, pc: 100, v: 600}},
  QAL: {instrument: {name: "Qualis", sector: "Technology"}, row: {p: 97, pc: 100, v: 200}},
  ORB: {instrument: {name: "Orbit", sector: "Food"}, row: {p: null, pc: 50, v: null}},
  AQM: {instrument: {name: "Almarine"}, row: {p: 10, pc: null, v: 1_000}},
  NEW: {instrument: {name: "New", sector: "Food"}, row: undefined},
  GONE: {},
};
const seen = (symbols, most = 400) => sectorsOf(symbols, {facts: (symbol) => LISTED[symbol], most});

test("sectors come by volume, and so do their instruments; unknown symbols have no tile", () => {
  const sectors = seen(["ORB", "QAL", "GONE", "NVX", "AQM", "NEW"]);
  equal(sectors.map(({name, tiles}) => [name, tiles.map(({symbol}) => symbol)]), [
    ["Other", ["AQM"]], ["Technology", ["NVX", "QAL"]], ["Food", ["NEW", "ORB"]],
  ]);
  equal(sectors.flatMap(({tiles}) => tiles.map(({change}) => change)), [null, 1, -3, null, null]);
  near(sectors[1].change, 0, 1e-9 + 1);
  equal([sectors[0].change, sectors[2].change], [null, null]);
});

test("what was not traded is small, and not nothing", () => {
  const food = seen(["NVX", "ORB"]).find(({name}) => name === "Food");
  equal([food.tiles[0].volume, food.tiles[0].size], [null, 1.2]);
  equal(seen(["ORB", "NEW"])[0].tiles.map(({size}) => size), [1, 1]);
});

test("of very many those with the most volume are shown", () => {
  equal(seen(["ORB", "QAL", "NVX", "AQM"], 2).map(({tiles}) => tiles.map(({symbol}) => symbol)), [["AQM"], ["NVX"]]);
  equal(seen([]), []);
});

test("shades grow with the change up to a bound, and both sides are alike", () =>
  each([[0, 0], [0.004, 0], [0.01, 1], [0.75, 1], [0.76, 2], [1.6, 3], [2.9, 4], [80, 4], [null, 0]], ([change, shade]) => {
    equal(shadeOf(change), shade);
    equal(shadeOf(change === null ? null : -change), -shade || 0);
  }));
