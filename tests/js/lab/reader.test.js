/** The ticks that a merged entry stands for, spread over the time since the last one. */

import {ticksOf} from "/static/js/lab/reader.js";
import {equal, near, ok, test} from "../harness.js";

const ticks = (entry, since_ms) => ticksOf(entry, since_ms).map(({happened_ms, weight}) => [happened_ms, weight]);

test("every tick of an entry counts once", () => {
  equal(ticks({s: "NVX", t: 1000, n: 1}, 400), [[1000, 1]]);
  equal(ticks({s: "NVX", t: 1000, n: 3}, 400), [[600, 1], [800, 1], [1000, 1]]);
  equal(ticks({s: "NVX", n: 2, gone: true}, 400), []);
});

test("many ticks are counted in few groups", () => {
  const many = ticks({s: "NVX", t: 1000, n: 640}, 360);
  equal(many.length, 32);
  near(many.reduce((sum, [, weight]) => sum + weight, 0), 640);
  ok(many.every(([at_ms]) => at_ms > 360 && at_ms <= 1000), "a tick happened at another time");
});
