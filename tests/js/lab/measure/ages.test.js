/** The age of information: how old what a reader knows is, as a mean over time. */

import {Ages} from "/static/js/lab/measure/ages.js";
import {near, test} from "../../harness.js";

/** Return the mean age after calls of methods. */
function meanOf(...calls) {
  const ages = new Ages();
  for (const [method, ...args] of calls) ages[method](...args);
  return ages.area / ages.span_ms;
}

// Updates of age 20 every 100 ms: the age goes from 20 to 120.
test("the age of information is the mean of the sawtooth", () => {
  const times = Array.from({length: 11}, (_, index) => 1000 + 100 * index);
  near(meanOf(...times.map((at_ms) => ["hear", "NVX", at_ms - 20, at_ms])), 70);
});

test("the age falls only with something newer", () => {
  near(meanOf(["hear", "NVX", 1000, 1000], ["hear", "NVX", 900, 1050], ["count", 1100]), 50);
});

test("every symbol weighs the same and unseen time nothing", () => {
  const mean = meanOf(
    ["hear", "NVX", 1000, 1000], ["hear", "ORB", 900, 1000], ["count", 1100],
    ["skip", 9000], ["hear", "NVX", 9000, 9000], ["hear", "ORB", 8900, 9000], ["count", 9100],
  );
  near(mean, (50 + 150) / 2);
});
