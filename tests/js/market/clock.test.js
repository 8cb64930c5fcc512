/** How old prices are, by the clock of the server as this page estimates it. */

import {Clock} from "/static/js/market/clock.js";
import {equal, test} from "../harness.js";

/** A clock that has heard frames: when each left the server, and when it arrived. */
function heard(...frames) {
  const clock = new Clock();
  for (const [ts, now_ms] of frames) clock.hear(ts, now_ms);
  return clock;
}

test("the frame that was on its way for the shortest time says how the clocks differ", () => {
  equal([heard().offset_ms, heard([5_000, 1_000]).offset_ms], [0, 4_000]);
  equal(heard([5_000, 1_000], [5_900, 2_000], [6_950, 3_000]).offset_ms, 4_000);
  equal(heard([5_000, 1_000], [6_050, 2_000]).offset_ms, 4_050);
});

test("an estimate is forgotten after two windows, and when the clock was set back", () => {
  equal(heard([5_000, 1_000], [61_000, 60_000]).offset_ms, 4_000);
  equal(heard([5_000, 1_000], [62_001, 61_001]).offset_ms, 4_000);
  equal(heard([5_000, 1_000], [62_001, 61_001], [122_003, 121_003]).offset_ms, 1_000);
  equal(heard([105_000, 100_000], [2_000, 1_000], [1_900, 900]).offset_ms, 1_000);
});

test("the age counts from the newest stamp, by the server's clock, and is never negative", () => {
  const clock = heard([5_000, 1_000]);
  equal([clock.age(2_000), clock.asOf_ms], [null, null]);
  clock.stamp(5_500);
  clock.stamp(5_400);
  equal([clock.asOf_ms, clock.age(2_000), clock.age(1_000)], [5_500, 500, 0]);
});
