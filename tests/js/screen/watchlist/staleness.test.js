/** Which instruments have been silent for much longer than usual. */

import {Staleness} from "/static/js/screen/watchlist/staleness.js";
import {each, equal, test} from "../../harness.js";

/** An instrument with a tick every `wait_ms`, the last of them at 0. */
function ticking(wait_ms, count = 20) {
  const staleness = new Staleness();
  for (let tick = count; tick >= 0; tick -= 1) staleness.hear("NVX", -tick * wait_ms);
  return staleness;
}

test("silence is noted after ten times the usual wait, and never before 15 s", () =>
  each([
    [100, 15_000, null], [100, 15_001, 15_001],
    [5_000, 50_000, null], [5_000, 50_001, 50_001],
    [60_000, 599_000, null], [60_000, 601_000, 601_000],
  ], ([wait_ms, now_ms, expected]) => equal(ticking(wait_ms).ageOf("NVX", now_ms), expected)));

test("what is usual follows what an instrument does", () => {
  const staleness = ticking(100);
  let at_ms = 0;
  for (let tick = 0; tick < 60; tick += 1) staleness.hear("NVX", at_ms += 10_000);
  equal([staleness.ageOf("NVX", at_ms + 90_000), staleness.ageOf("NVX", at_ms + 110_000)], [null, 110_000]);
});

test("a few waits say nothing, and a tick ends the silence", () => {
  equal(ticking(100, 2).ageOf("NVX", 1e9), null);
  equal(new Staleness().ageOf("NVX", 1e9), null);
  const staleness = ticking(100);
  staleness.hear("NVX", 60_000);
  equal([staleness.ageOf("NVX", 61_000), staleness.ageOf("NVX", 160_000)], [null, 100_000]);
});

test("what was missed while away is no wait", () => {
  const staleness = ticking(100);
  staleness.hear("NVX", 3_600_000, false);
  equal([staleness.ageOf("NVX", 3_610_000), staleness.ageOf("NVX", 3_620_000)], [null, 20_000]);
});

test("a tick that is not newer, or has no time, teaches nothing", () => {
  const staleness = ticking(1_000);
  for (let again = 0; again < 50; again += 1) staleness.hear("NVX", 0);
  staleness.hear("NVX", null);
  equal([staleness.ageOf("NVX", 15_000), staleness.ageOf("NVX", 15_001)], [null, 15_001]);
});

test("who sees an instrument late is not told that it is late", () => {
  const staleness = ticking(100);
  equal([staleness.ageOf("NVX", 910_000, 900_000), staleness.ageOf("NVX", 920_000, 900_000)], [null, 20_000]);
});

test("while prices are not live nothing is noted, and what left the list is forgotten", () => {
  const staleness = ticking(100);
  equal(staleness.ageOf("NVX", NaN), null);
  staleness.keep(new Set(["ORB"]));
  equal(staleness.ageOf("NVX", 1e9), null);
});
