/** The time of the page, stopped for a test: timers and both clocks move by hand only. */

import {ManualClock, settled} from "./harness.js";

/**
 * Run a check while the page's time stands still. It is given the clock; `pass` moves it and lets promises follow.
 * @param {(clock: ManualClock & {pass(span_ms: number): Promise<void>}) => unknown} check
 */
export async function stopped(check) {
  const clock = new ManualClock();
  const wall_ms = Date.now();
  const began_ms = performance.now();
  clock.pass = async (span_ms) => {
    await settled();
    clock.advance(span_ms);
    await settled();
  };
  const changes = [
    [globalThis, "setTimeout", (run, wait_ms = 0, ...given) => clock.setTimeout(() => run(...given), wait_ms)],
    [globalThis, "clearTimeout", clock.clearTimeout],
    [Date, "now", () => wall_ms + clock.now_ms],
    [performance, "now", () => began_ms + clock.now_ms],
  ];
  const kept = changes.map(([owner, name]) => [owner, name, Object.getOwnPropertyDescriptor(owner, name)]);
  for (const [owner, name, value] of changes) Object.defineProperty(owner, name, {value, configurable: true, writable: true});
  try {
    await check(clock);
  } finally {
    for (const [owner, name, was] of kept) {
      if (was) Object.defineProperty(owner, name, was);
      else delete owner[name];
    }
  }
}
