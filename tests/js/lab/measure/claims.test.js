/** Each claim about transports, compared with figures that prove it, deny it or say nothing. */

import {verdictsOf} from "/static/js/lab/measure/claims.js";
import {equal, test} from "../../harness.js";

const NAMES = [
  "receipt_p50_ms", "bytes_per_update", "server_us_per_update", "requests_per_min", "sent_per_s", "commands", "more_requests",
];

const figures = (some = {}) => ({...Object.fromEntries(NAMES.map((name) => [name, null])), ...some});
const holds = (all) => verdictsOf(all).map((verdict) => verdict.holds);

const GOOD = {
  websocket: figures({
    receipt_p50_ms: 50, bytes_per_update: 60, server_us_per_update: 50, requests_per_min: 1, sent_per_s: 1,
    commands: 2, more_requests: 0,
  }),
  sse: figures({receipt_p50_ms: 55, commands: 2, more_requests: 1}),
  longpoll: figures({receipt_p50_ms: 80, requests_per_min: 600}),
  poll: figures({receipt_p50_ms: 500, bytes_per_update: 160, server_us_per_update: 300, requests_per_min: 60, sent_per_s: 900}),
};

test("claims hold with figures that prove them", () => {
  equal(holds(GOOD), Array(6).fill(true));
});

test("claims fall with figures that deny them", () => {
  const bad = {
    ...GOOD, poll: GOOD.websocket, longpoll: figures({receipt_p50_ms: 40}),
    websocket: {...GOOD.poll, commands: 2, more_requests: 5},
  };
  equal(holds(bad), Array(6).fill(false));
});

test("claims without figures are undecided", () => {
  const none = Object.fromEntries(Object.keys(GOOD).map((key) => [key, figures()]));
  equal(holds(none), Array(6).fill(null));
});
