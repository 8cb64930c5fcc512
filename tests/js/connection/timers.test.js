/** Timers by name: a name has one timer at most. */

import {NamedTimers} from "/static/js/connection/timers.js";
import {ManualClock, equal, test} from "../harness.js";

test("a name that is set again has the later timer alone, and cleared names have none", () => {
  const [clock, log] = [new ManualClock(), []];
  const timers = new NamedTimers(clock);
  timers.set("a", 10, () => log.push("first a"));
  timers.set("a", 20, () => log.push("second a"));
  timers.set("b", 15, () => log.push("b"));
  timers.set("c", 15, () => log.push("c"));
  timers.set("d", 15, () => log.push("d"));
  timers.clear("b", "c", "unknown");
  clock.advance(19);
  equal(log, ["d"]);
  clock.advance(1);
  equal(log, ["d", "second a"]);
});
