/** Sums of one transport, and the part of them that belongs to the last seconds. */

import {History, Ledger} from "/static/js/lab/measure/ledger.js";
import {equal, test} from "../../harness.js";

test("the last seconds are kept apart from all", () => {
  const ledger = new Ledger();
  const history = new History(3);
  const added = [];
  ledger.sums.updates = 1000;
  history.begin(ledger);
  for (let second = 1; second <= 5; second += 1) {
    ledger.sums.updates += second;
    ledger.receipt.record(10 ** second);
    added.push(history.tick(ledger).sums.updates);
  }
  const {all, recent, last} = history.periods(ledger);
  const figures = [all, recent, last].map(({sums, receipt}) => [sums.updates, receipt.count]);
  equal(added, [1, 2, 3, 4, 5]);
  equal(figures, [[15, 5], [3 + 4 + 5, 3], [5, 1]]);
});
