/** Keys in a grid: one cell is the tab stop, and keys lead to the others. */

import {make} from "/static/js/dom.js";
import {RovingFocus} from "/static/js/screen/watchlist/roving.js";
import {each, equal, test} from "../../harness.js";

/** A table of a head and 15 lines of three cells each, whose cells are named by line and column. */
function shown() {
  document.querySelector("#grid-of-tests")?.remove();
  const lineOf = (line) => make("tr", {}, ...[0, 1, 2].map((column) => make("td", {tabindex: "-1"}, `${line}:${column}`)));
  const head = make("tr", {}, ...[0, 1, 2].map((column) => make("th", {}, make("button", {type: "button"}, `0:${column}`))));
  const lines = Array.from({length: 15}, (_, index) => lineOf(index + 1));
  const table = make("table", {id: "grid-of-tests"}, make("thead", {}, head), make("tbody", {}, ...lines));
  document.body.append(table);
  const there = () => lines.filter((line) => line.isConnected && !line.hidden);
  const source = {get count() { return there().length; }, at: (place) => there()[place], placeOf: (line) => there().indexOf(line)};
  const focus = new RovingFocus(table, source);
  const stops = () => [...table.querySelectorAll("[tabindex='0']")].map(({textContent}) => textContent);
  const press = (key, more = {}) =>
    document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true, ...more}));
  return {focus, lines, stops, press, at: () => document.activeElement.textContent};
}

test("at first the first line is the only tab stop", () => {
  equal(shown().stops(), ["1:0"]);
});

test("keys lead through the grid and stay inside", () =>
  each([
    ["ArrowDown", {}, "6:1"], ["ArrowUp", {}, "4:1"], ["ArrowLeft", {}, "5:0"], ["ArrowRight", {}, "5:2"],
    ["Home", {}, "5:0"], ["End", {}, "5:2"], ["Home", {ctrlKey: true}, "1:0"], ["End", {ctrlKey: true}, "15:2"],
    ["PageDown", {}, "15:1"], ["PageUp", {}, "1:1"], ["a", {}, "5:1"],
    ["ArrowDown", {altKey: true}, "5:1"], ["ArrowDown", {metaKey: true}, "5:1"],
  ], ([key, more, expected]) => {
    const {focus, lines, stops, press, at} = shown();
    focus.focus(lines[4]);
    press("ArrowRight");
    press(key, more);
    equal([at(), stops()], [expected, [expected]]);
  }));

test("at the edges nothing goes beyond", () => {
  const {focus, lines, press, at} = shown();
  focus.focus(lines[0]);
  for (const key of ["ArrowLeft", "ArrowUp", "ArrowUp"]) press(key);
  equal(at(), "0:0");
  for (let times = 0; times < 4; times += 1) press("ArrowRight");
  equal(at(), "0:2");
  press("PageDown");
  press("PageDown");
  press("ArrowDown");
  equal(at(), "15:2");
});

test("a line gets the focus in its first cell, or in the column where it was", () => {
  const {focus, lines, press, at} = shown();
  focus.focus(lines[2]);
  press("End");
  focus.focus(lines[7], true);
  equal(at(), "8:2");
  focus.focus(lines[7]);
  equal(at(), "8:0");
});

test("when the tab stop goes or is hidden there is another", () =>
  each([(line) => line.remove(), (line) => { line.hidden = true; }], (drop) => {
    const {focus, lines, stops} = shown();
    focus.focus(lines[0]);
    drop(lines[0]);
    focus.settle();
    equal(stops().at(-1), "2:0");
  }));
