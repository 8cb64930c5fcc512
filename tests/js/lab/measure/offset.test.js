/** How far the server's clock is ahead, from samples of (asked, its time, answered). */

import {ClockOffset} from "/static/js/lab/measure/offset.js";
import {equal, test} from "../../harness.js";

function clockOf(...samples) {
  const clock = new ClockOffset();
  for (const sample of samples) clock.hear(...sample);
  return [clock.offset_ms, clock.error_ms];
}

test("nothing is known before the first sample", () => {
  equal(clockOf(), [0, null]);
});

// The server is 5,000 ms ahead. The slow answers came back late and say less.
test("the clock believes the shortest round trip", () => {
  equal(clockOf([0, 5010, 100], [200, 5204, 208], [300, 5310, 400]), [5000, 4]);
});

test("the clock forgets old samples", () => {
  const later = Array.from({length: 39}, (_, index) => 1000 * (index + 1));
  equal(clockOf([0, 1, 2], ...later.map((at_ms) => [at_ms, at_ms + 60, at_ms + 20])), [50, 10]);
});
