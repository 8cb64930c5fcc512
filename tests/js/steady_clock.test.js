/** A clock that nobody can set, and the watch over the clock that people set. */

import {JumpWatch, steadyNow} from "/static/js/steady_clock.js";
import {each, equal, ok, test} from "./harness.js";

test("the steady clock does not follow a clock that is set", () => {
  const real = Date.now;
  try {
    const before_ms = steadyNow();
    Date.now = () => real() - 3_600_000;
    ok(steadyNow() >= before_ms && steadyNow() - before_ms < 1_800_000);
    Date.now = () => real() + 3_600_000;
    ok(steadyNow() - before_ms < 1_800_000);
  } finally {
    Date.now = real;
  }
});

test("a clock that is set, or a sleep, is noticed once", () =>
  each([[-3_600_000, true], [3_600_000, true], [6_000, true], [4_000, false], [-4_000, false], [0, false]], ([jump_ms, isJump]) => {
    const clocks = {wall_ms: 1_000_000, steady_ms: 5};
    const watch = new JumpWatch({wall: () => clocks.wall_ms, steady: () => clocks.steady_ms});
    clocks.wall_ms += 1_000;
    clocks.steady_ms += 1_000;
    equal(watch.hasJumped(), false);
    clocks.wall_ms += jump_ms;
    equal([watch.hasJumped(), watch.hasJumped()], [isJump, false]);
  }));
