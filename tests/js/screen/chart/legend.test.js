/** The legend shows one bar and its change from the bar before. */

import {make} from "/static/js/dom.js";
import {Legend} from "/static/js/screen/chart/legend.js";
import {each, equal, test} from "../../harness.js";

const NO_LINES = {vwap: null, fast: null, slow: null, close: null};
const bar = (more = {}) => ({s: "A", iv: "1m", t: 0, o: 10, h: 12, l: 9, c: 11, v: 2_500, n: 40, ...more});

function shown(of, facts = {}) {
  const element = make("p", {});
  const legend = new Legend(element);
  legend.show(of, {before: undefined, time: "14:02", digits: 2, lines: NO_LINES, ...facts});
  return {element, legend, part: (name) => element.querySelector(`[data-part=${name}]`), text: (name) => element.querySelector(`[data-part=${name}]`).textContent};
}

test("a bar is written with labels, values and what they are called", () => {
  const {element, text, part} = shown(bar());
  equal(element.classList.contains("is-empty"), false);
  equal(["time", "o", "h", "l", "c", "v"].map(text), ["14:02", "O 10.00", "H 12.00", "L 9.00", "C 11.00", "Vol 2.50K"]);
  equal([part("o").title, part("v").querySelector("b").title, part("time").querySelector("i")], ["Open", "2,500 in 40 trades", null]);
});

test("the change is from the close before, or from the open of the first bar", () => each([
  [undefined, "+1.00 (+10.00%)", "up"], [bar({c: 22}), "\u221211.00 (\u221250.00%)", "down"], [bar({c: 11}), "0.00 (0.00%)", "flat"],
], ([before, change, direction]) => {
  const {element, text} = shown(bar(), {before});
  equal([text("change"), element.dataset.direction], [change, direction]);
}));

test("lines have a place only where they have a value", () => {
  const {part, text, legend} = shown(bar(), {lines: {vwap: 10.5, fast: null, slow: 0}});
  equal(["vwap", "fast", "slow"].map((name) => part(name).hidden), [false, true, false]);
  equal([text("vwap"), text("slow")], ["VWAP 10.50", "MA 50 0.00"]);
  legend.show(bar(), {before: undefined, time: "", digits: 2, lines: {...NO_LINES, fast: 3}});
  equal([["vwap", "fast", "slow"].map((name) => part(name).hidden), text("fast")], [[true, false, true], "MA 20 3.00"]);
});

test("the previous close is named here, and not in the picture", () => {
  const {part, text, legend} = shown(bar(), {lines: {...NO_LINES, close: 9.5}});
  equal([part("close").hidden, text("close")], [false, "Prev. close 9.50"]);
  legend.show(bar(), {before: undefined, time: "", digits: 2, lines: NO_LINES});
  equal(part("close").hidden, true);
});

test("an amended bar says how often, and another one nothing", () => {
  const {part, text, legend} = shown(bar({rev: 2}));
  equal([part("rev").hidden, text("rev")], [false, "amended 2\u00d7"]);
  legend.show(bar(), {before: undefined, time: "", digits: 2, lines: NO_LINES});
  equal(part("rev").hidden, true);
});

test("without a bar there is nothing to see", () => {
  const {element, legend} = shown(undefined);
  equal(element.classList.contains("is-empty"), true);
  legend.show(bar(), {before: undefined, time: "", digits: 0, lines: NO_LINES});
  equal(element.classList.contains("is-empty"), false);
});

test("a bar that stays as it was is not written again", () => {
  const {element, legend} = shown(bar());
  const watch = new MutationObserver(() => {});
  watch.observe(element, {subtree: true, childList: true, attributes: true, characterData: true});
  legend.show(bar(), {before: undefined, time: "14:02", digits: 2, lines: NO_LINES});
  equal(watch.takeRecords().length, 0);
});
