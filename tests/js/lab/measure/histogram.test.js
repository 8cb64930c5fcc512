/** Percentiles of a histogram against those of the sorted values. */

import {Histogram} from "/static/js/lab/measure/histogram.js";
import {each, equal, near, randomOf, test} from "../../harness.js";

/** The width of a bucket. */
const SHARE = 0.0125;

/** Return a number near 0, normally distributed (Box and Muller). */
function gauss(random) {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

const DRAWS = {
  log: (random) => Math.exp(4 + 2 * gauss(random)) + 0.1,
  even: (random) => 0.2 + random() * 899.8,
  steps: (random) => [1, 40, 80, 10_000][Math.floor(random() * 4)],
};

test("percentiles are right within a hundredth", () =>
  each(Object.keys(DRAWS), (spread) => {
    const random = randomOf(7);
    const values = Array.from({length: 5000}, () => DRAWS[spread](random)).sort((a, b) => a - b);
    const histogram = new Histogram();
    for (const value of values) histogram.record(value);
    for (const share of [0.01, 0.5, 0.95, 0.99, 1]) {
      near(histogram.quantile(share), values[Math.max(1, Math.ceil(share * values.length)) - 1], SHARE);
    }
  }));

test("a period is the difference of two histograms", () => {
  const histogram = new Histogram();
  equal(histogram.quantile(0.5), null);
  histogram.record(5, 100);
  const earlier = histogram.copy();
  histogram.record(500, 3);
  const rest = histogram.minus(earlier);
  equal([earlier.count, rest.count], [100, 3]);
  equal(rest.quantile(0.01), rest.quantile(1));
  near(rest.quantile(1), 500, SHARE);
});

test("what is too small or too large is counted at the ends", () => {
  const recorded = (value) => {
    const histogram = new Histogram();
    histogram.record(value);
    equal(histogram.count, 1);
    return histogram.quantile(0.5);
  };
  for (const value of [-3, 0, NaN]) near(recorded(value), 0.1, SHARE);
  near(recorded(1e12), 0.1 * 2 ** 27, SHARE);
});
