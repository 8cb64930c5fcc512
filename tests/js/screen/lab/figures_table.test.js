/** A line for each figure and a column for each transport. */

import {make} from "/static/js/dom.js";
import {FIGURES} from "/static/js/lab/measure/figures.js";
import {FiguresTable} from "/static/js/screen/lab/figures_table.js";
import {equal, test} from "../../harness.js";

test("figures stand in their cells, and small ones have a decimal", () => {
  const table = make("table", {}, make("tbody"));
  const shown = new FiguresTable(table, ["sse", "poll"]);
  equal(table.querySelectorAll("tbody tr").length, FIGURES.length);
  const {key} = FIGURES.find(({digits}) => digits === 0);
  const cell = (transport) => table.querySelector(`[data-figure=${key}][data-transport=${transport}]`).textContent;
  const write = (value) => {
    shown.show({sse: {[key]: value}, elsewhere: {[key]: 1}});
    return cell("sse");
  };
  equal([9.94, -9.94, 10, 10.4, 0, 3, null].map(write), ["9.9", "−9.9", "10", "10", "0", "3", "–"]);
  equal(cell("poll"), "");
});
