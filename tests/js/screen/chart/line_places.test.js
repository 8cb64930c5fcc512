/** Handles of lines stand at their prices, or at the edge, and prices are multiples of the tick. */

import {onTick, placesOf, stepOf} from "/static/js/screen/chart/line_places.js";
import {each, equal, test} from "../../harness.js";

test("a handle stands at its price, and at the edge when the price is out of the picture", () => {
  equal(placesOf([0, 50, 200], 200).map(({y, beyond}) => [y, beyond]), [[0, ""], [50, ""], [200, ""]]);
  equal(placesOf([-1, -500, 201, 900, 10], 200).map(({y, beyond}) => [y, beyond]), [[46, "above"], [72, "above"], [188, "below"], [162, "below"], [10, ""]]);
});

test("without a picture there are no places", () => {
  equal(placesOf([null, 5], 100), [null, {y: 5, beyond: ""}]);
  equal(placesOf([5], 0), [null]);
});

test("prices are multiples of the tick above 0", () => each([
  [10.004, 0.01, 2, "10.00"], [10.006, 0.01, 2, "10.01"], [10.3, 0.25, 2, "10.25"], [7, 5, 0, "5"], [8, 5, 0, "10"],
  [0.001, 0.01, 2, "0.01"], [-3, 0.5, 1, "0.5"], [0.1 + 0.2, 0.1, 1, "0.3"], [0.000000123, 0.00000001, 8, "0.00000012"],
], ([price, tick, digits, text]) => {
  equal(onTick(price, {tick, digits}), text);
}));

test("keys move by a tick or by about a hundredth of the price", () => each([
  ["ArrowUp", 1], ["ArrowRight", 1], ["ArrowDown", -1], ["ArrowLeft", -1], ["PageUp", 3], ["PageDown", -3], ["a", 0],
], ([key, step]) => {
  equal(stepOf(key, 300, 1), step);
}));
