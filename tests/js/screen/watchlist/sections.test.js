/** Sections of a list: its lines, what a filter leaves, and where a dropped section goes. */

import {filtered, linesOf, partsOf, placeOfDrop, titleOf} from "/static/js/screen/watchlist/sections.js";
import {equal, test} from "../../harness.js";

const LINES = ["A", "###East", "B", "C", "###Empty", "###West", "D"];

test("symbols and titles make lines, and lines make them again", () => {
  const parts = partsOf(LINES);
  equal(parts, {symbols: ["A", "B", "C", "D"], sections: [{at: 1, name: "East"}, {at: 3, name: "Empty"}, {at: 3, name: "West"}]});
  equal(linesOf(parts.symbols, parts.sections), LINES);
  equal(linesOf([], [{at: 0, name: "Only"}]), ["###Only"]);
  equal(linesOf(["A"], [{at: 7, name: "Late"}]), ["A", "###Late"], "a title beyond the end is lost");
  equal([titleOf("###East"), titleOf("A"), titleOf("###")], ["East", null, ""]);
});

test("a filter leaves the titles of sections that have a match", () => {
  equal(filtered(LINES, (symbol) => symbol === "C"), ["###East", "C"]);
  equal(filtered(LINES, (symbol) => "AD".includes(symbol)), ["A", "###West", "D"]);
  equal(filtered(LINES, () => false), []);
});

test("a section dropped on a line goes before or after the section of that line", () => {
  const drop = (target, isBelow, dragged = "###West") => placeOfDrop(LINES, dragged, target, isBelow);
  equal([drop("A", true), drop("###East", false), drop("###East", true), drop("C", false)], [0, 0, 1, 1]);
  equal([drop("###Empty", false), drop("###Empty", true)], [1, 2]);
  equal([drop("D", true), drop("###West", false)], [null, null], "a section goes before itself");
  equal([drop("D", true, "###East"), drop("###West", false, "###East")], [2, 1]);
});
