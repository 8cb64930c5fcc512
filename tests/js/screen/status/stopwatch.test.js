/** What prices cost a page: the worst paint, if it was not long ago. */

import {Stopwatch} from "/static/js/screen/status/stopwatch.js";
import {equal, test} from "../../harness.js";

test("the times of a paint add up, and the worst fades from paint to paint", () => {
  let now_ms = 100;
  const watch = new Stopwatch(() => now_ms);
  const take = (span_ms) => watch.time(() => {
    now_ms += span_ms;
    return span_ms;
  });
  equal([take(6), take(4), watch.paint_ms], [6, 4, 0]);
  now_ms += 500;
  watch.lap();
  equal(watch.paint_ms, 10);
  take(2);
  watch.lap();
  equal(watch.paint_ms, 8);
  take(9.04);
  watch.lap();
  equal(watch.paint_ms, 9);
});
