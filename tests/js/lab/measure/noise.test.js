/** The error of a figure follows from its spread over seconds. */

import {Ledger} from "/static/js/lab/measure/ledger.js";
import {errorsOf} from "/static/js/lab/measure/noise.js";
import {equal, ok, test} from "../../harness.js";

/** @param {number} updates in one second */
function second(updates) {
  const ledger = new Ledger();
  ledger.sums.measured_ms = 1_000;
  ledger.sums.updates = updates;
  return ledger;
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
