/** How long a server may be silent, and since when its market is. */

import {HeartbeatMonitor} from "/static/js/connection/heartbeat.js";
import {each, equal, test} from "../harness.js";

const WELCOME = {type: "welcome", heartbeat_ms: 1_000};

/** A monitor that has heard these frames at 0. */
function heard(...frames) {
  const monitor = new HeartbeatMonitor();
  for (const frame of frames) monitor.hear(frame, 0);
  return monitor;
}

test("a server is late after one heartbeat and a half, and gone after two and a half", () =>
  each([[1_500, false, false], [1_501, true, false], [2_500, true, false], [2_501, true, true]], ([now_ms, isLate, isDead]) => {
    const monitor = heard(WELCOME);
    equal([monitor.isLate(now_ms, 0), monitor.isDead(now_ms, 0)], [isLate, isDead]);
    equal([monitor.isLate(now_ms + 400, 400), monitor.isDead(now_ms + 400, 400)], [isLate, isDead]);
  }));

test("until the server says how often it speaks, five seconds are assumed", () => {
  equal([heard({type: "pace"}).isLate(7_500, 0), heard({type: "pace"}).isLate(7_501, 0)], [false, true]);
});

test("before a server has spoken it is neither late nor gone", () => {
  equal([heard().isLate(1e9, 0), heard().isDead(1e9, 0)], [false, false]);
});

test("any frame ends the silence", () => {
  const monitor = heard(WELCOME);
  monitor.hear({type: "pace"}, 1_400);
  equal([monitor.heard_ms, monitor.isLate(2_900, 0), monitor.isLate(2_901, 0)], [1_400, false, true]);
});

test("a heartbeat says that the market is silent, and news that it is not", () => {
  const silent = {type: "heartbeat", stale: 77};
  equal(heard(silent).market_silent_since_ms, 77);
  equal(heard(silent, {type: "pace"}).market_silent_since_ms, 77);
  equal(heard(silent, {type: "heartbeat", stale: null}).market_silent_since_ms, null);
  equal(heard(silent, {type: "update", from: 3, seq: 4}).market_silent_since_ms, null);
});
