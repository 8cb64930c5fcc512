/** Lines made of bars have the values that a person would calculate. */

import {movingAverage, volumeWeightedAverage} from "/static/js/screen/chart/indicators.js";
import {equal, test} from "../../harness.js";

const bar = (c, v = 1) => ({s: "A", iv: "1m", t: 0, o: c, h: c + 1, l: c - 1, c, v, n: 1});

test("a moving average begins with as many bars as it has", () => {
  equal(movingAverage([1, 2, 3, 4].map((c) => bar(c)), 2), [null, 1.5, 2.5, 3.5]);
  equal(movingAverage([], 2), []);
  equal(movingAverage([bar(1)], 2), [null]);
});

test("VWAP weighs by volume, begins again each day, and leaves the first day out", () => {
  const bars = [bar(5), bar(10, 1), bar(20, 3), bar(40, 0), bar(8, 2)];
  equal(volumeWeightedAverage(bars, [1, 2, 2, 2, 3]), [null, 10, 17.5, 17.5, 8]);
});

test("a day without volume has no VWAP yet", () => {
  equal(volumeWeightedAverage([bar(5), bar(6, 0)], [1, 2]), [null, null]);
});
