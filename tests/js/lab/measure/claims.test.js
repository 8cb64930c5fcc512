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

test("a difference that may be chance decides nothing", () => {
  const near = (less, more) => ({...GOOD, sse: figures({receipt_p50_ms: less}), longpoll: figures({receipt_p50_ms: more})});
  const slower = (all, errors) => verdictsOf(all, errors)[3].holds;
  equal([slower(near(91, 93)), slower(near(93, 91)), slower(near(50, 50))], ["unclear", "unclear", "unclear"]);
  equal([slower(near(91, 97)), slower(near(97, 91))], [true, false]);
  const rough = {sse: figures({receipt_p50_ms: 3}), longpoll: figures({receipt_p50_ms: 4})};
  equal([slower(near(91, 97), rough), slower(near(91, 102), rough), slower(near(102, 91), rough)], ["unclear", true, false]);
  equal(verdictsOf(near(91, 93))[3].because, "p50 was 91 ms over SSE, 93 ms by long polling. The difference may be chance.");
});
