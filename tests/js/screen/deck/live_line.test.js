/** The small picture of a figure: two minutes, zero at the bottom, and words for those who do not see it. */

import {make} from "/static/js/dom.js";
import {LiveLine} from "/static/js/screen/deck/live_line.js";
import {equal, test} from "../../harness.js";

function drawn(...points) {
  const place = make("span", {}, "before");
  const line = new LiveLine(place, "Ticks per second");
  for (const [at_ms, value] of points) line.add(at_ms, value);
  return {place, line, path: () => place.querySelector("path").getAttribute("d"), label: () => place.querySelector("svg").getAttribute("aria-label")};
}

test("the picture takes the place of what was there", () => {
  const {place} = drawn();
  equal([place.textContent, place.childElementCount, place.firstElementChild.getAttribute("viewBox")], ["", 1, "0 0 120 24"]);
});

test("one value is no line, and the words say it", () => {
  const {path, label} = drawn([1_000, 5]);
  equal([path(), label()], ["", "Ticks per second in the last two minutes: 5 to 5"]);
});

test("values stand from left to right by their time, and the highest touches the top", () => {
  const {path} = drawn([0, 0], [10_000, 5], [40_000, 10]);
  equal(path(), "M0.0 22.5L30.0 12.0L120.0 1.5");
});

test("a picture that has just begun is drawn as if it had lasted twenty seconds", () => {
  equal(drawn([0, 10], [10_000, 10]).path(), "M60.0 1.5L120.0 1.5");
  equal(drawn([0, 10], [20_000, 10]).path(), "M0.0 1.5L120.0 1.5");
});

test("what is two minutes old goes, and a missing value moves the picture on", () => {
  const {line, path, label} = drawn([0, 99], [1_000, 1], [120_000, 4]);
  equal([path(), label()], ["M0.0 17.3L120.0 1.5", "Ticks per second in the last two minutes: 1 to 4"]);
  line.add(121_000, null);
  equal([path(), label()], ["", "Ticks per second in the last two minutes: 4 to 4"]);
  line.add(240_000, null);
  equal(label(), "Ticks per second: nothing yet");
});

test("a figure that is zero all the time lies at the bottom", () => {
  equal(drawn([0, 0], [40_000, 0]).path(), "M0.0 22.5L120.0 22.5");
});

test("the words have the least and the most, with one decimal", () => {
  equal(drawn([0, 1_234.56], [1, 2.04]).label(), "Ticks per second in the last two minutes: 2 to 1,234.6");
});
