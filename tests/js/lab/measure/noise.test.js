/** The error of a figure follows from its spread over seconds. */

import {Ledger} from "/static/js/lab/measure/ledger.js";
import {Noise} from "/static/js/lab/measure/noise.js";
import {equal, ok, test} from "../../harness.js";

/** @param {number} updates in one second */
function second(updates) {
  const ledger = new Ledger();
  ledger.sums.measured_ms = 1_000;
  ledger.sums.updates = updates;
  return ledger;
}

/** @param {import("/static/js/lab/measure/ledger.js").Ledger[]} seconds */
function errorsOf(seconds) {
  const noise = new Noise();
  for (const each of seconds) noise.note(each);
  return noise.errors();
}

test("the error is the spread of seconds over the root of their number", () => {
  equal(errorsOf([10, 12, 10, 12].map(second)).updates_per_s, Math.sqrt(4 / 3 / 4));
  equal(errorsOf([7, 7, 7, 7, 7].map(second)).updates_per_s, 0);
  const few = errorsOf(Array.from({length: 5}, (_, at) => second(10 + (at % 2)))).updates_per_s;
  const many = errorsOf(Array.from({length: 50}, (_, at) => second(10 + (at % 2)))).updates_per_s;
  ok(many < few / 2);
});

test("of too few seconds, or of none with that figure, nothing is known", () => {
  equal(errorsOf([1, 2, 3].map(second)).updates_per_s, null);
  equal(errorsOf([1, 2, 3, 4].map(second)).receipt_p50_ms, null);
});

test("a poll every ten seconds is rare in a run, and not silent", () => {
  const polled = (/** @type {number} */ at) => {
    const ledger = second(1);
    if (at % 10 === 9) ledger.receipt.record(50 + at);
    return ledger;
  };
  const run = Array.from({length: 60}, (_, at) => polled(at));
  equal(errorsOf(run.slice(0, 30)).receipt_p50_ms, null);
  ok((errorsOf(run).receipt_p50_ms ?? 0) > 0);
});

test("a run that begins again knows nothing of the one before", () => {
  const noise = new Noise();
  for (let at = 0; at < 5; at += 1) noise.note(second(at));
  ok((noise.errors().updates_per_s ?? 0) > 0);
  noise.begin();
  equal(noise.errors().updates_per_s, null);
});

test("only the last minute counts", () => {
  const run = Array.from({length: 70}, (_, at) => second(at < 10 ? 1000 * at : 7));
  equal(errorsOf(run).updates_per_s, 0);
  const steady = (/** @type {number} */ count) => Array.from({length: count}, () => second(7));
  ok((errorsOf([second(1000), ...steady(59)]).updates_per_s ?? 0) > 0, "the first of sixty seconds counts");
  equal(errorsOf([second(1000), ...steady(60)]).updates_per_s, 0);
});
