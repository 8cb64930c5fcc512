/** Each claim about transports, compared with figures that prove it, deny it or say nothing. */

import {headline, verdictsOf} from "/static/js/lab/measure/claims.js";
import {equal, test} from "../../harness.js";

const NAMES = [
  "receipt_p50_ms", "bytes_per_update", "server_us_per_update", "requests_per_min", "sent_per_s", "commands", "more_requests",
];

const figures = (some = {}) => ({...Object.fromEntries(NAMES.map((name) => [name, null])), ...some});
const errors = (some = {}) => Object.fromEntries(
  ["websocket", "sse", "longpoll", "poll"].map((key) => [key, {...Object.fromEntries(NAMES.map((name) => [name, 0])), ...some[key]}]),
);
const holds = (all) => verdictsOf(all, errors()).map((verdict) => verdict.holds);

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
  const slower = (all, some) => verdictsOf(all, errors(some))[3].holds;
  equal([slower(near(91, 93)), slower(near(93, 91)), slower(near(50, 50))], ["unclear", "unclear", "unclear"]);
  equal([slower(near(91, 97)), slower(near(97, 91))], [true, false]);
  const rough = {sse: {receipt_p50_ms: 3}, longpoll: {receipt_p50_ms: 4}};
  equal([slower(near(91, 97), rough), slower(near(91, 102), rough), slower(near(102, 91), rough)], ["unclear", true, false]);
  equal(verdictsOf(near(91, 93), errors())[3].because, "p50 was 91 ms over SSE, 93 ms by long polling. The difference may be chance.");
});

test("while the noise of one side is not known nothing is decided", () => {
  for (const key of ["sse", "longpoll"]) {
    const verdict = verdictsOf(GOOD, errors({[key]: {receipt_p50_ms: null}}))[3];
    equal([verdict.holds, verdict.because], [
      "unclear", "p50 was 55 ms over SSE, 80 ms by long polling. Too few seconds tell yet what is chance.",
    ]);
  }
});

const TRANSPORTS = [["websocket", "WebSocket"], ["sse", "SSE"], ["longpoll", "Long poll"], ["poll", "Polling"]].map(([key, name]) => ({key, name}));

test("one line names the fastest, and what the others take", () => {
  const p50s = (...all) => Object.fromEntries(TRANSPORTS.map(({key}, index) => [key, figures({receipt_p50_ms: all[index] ?? null})]));
  const said = (all, noise = [0, 0, 0, 0]) => headline(p50s(...all), p50s(...noise), TRANSPORTS);
  equal(said([50, 55, 80, 500]), "WebSocket is the fastest here: half of all ticks arrive within 50 ms. SSE takes 55 ms, Long poll 80 ms and Polling 500 ms.");
  equal(said([90, 91, 250, 12_000]), "WebSocket and SSE are the fastest here: half of all ticks arrive within 90 ms. Long poll takes 250 ms and Polling 12.0 s.");
  equal(said([50, 55, 60, 500], [4, 0, 4, 0]), "WebSocket, SSE and Long poll are the fastest here: half of all ticks arrive within 50 ms. Polling takes 500 ms.");
  equal(said([50, 50, 50, 50]), "WebSocket, SSE, Long poll and Polling are the fastest here: half of all ticks arrive within 50 ms.");
});

test("a transport of which too little is known is not judged", () => {
  const p50s = (...all) => Object.fromEntries(TRANSPORTS.map(({key}, index) => [key, figures({receipt_p50_ms: all[index] ?? null})]));
  const said = (all, noise) => headline(p50s(...all), p50s(...noise), TRANSPORTS);
  const first = "Long poll is the fastest here: half of all ticks arrive within 40 ms. WebSocket takes 95 ms.";
  equal(said([95, null, 40, 500], [0, 0, 0, null]), `${first} No verdict on SSE and Polling yet.`);
  for (const [all, noise] of [[[], []], [[40], [0]], [[40, 50, 60, 70], [0]], [[40, 50], [null, null]]]) {
    equal(said(all, noise), "The verdict comes within seconds.");
  }
});
