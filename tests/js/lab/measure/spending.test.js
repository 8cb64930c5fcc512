/** Processor time of transports, from sums that a server process reports. */

import {Spending} from "/static/js/lab/measure/spending.js";
import {equal, test} from "../../harness.js";

const costs = (process, ts, process_cpu_s, cpu_s) => ({process, ts, process_cpu_s, transports: {sse: {cpu_s, updates: 10 * ts}}});

test("a difference between the sums of two processes means nothing", () => {
  const spending = new Spending();
  const reports = [costs("a", 1, 1, 0.5), costs("a", 3, 3, 1), costs("b", 5, 90, 70)];
  equal(reports.map((report) => spending.hear(report)), [{}, {sse: {cpu_s: 0.5, updates: 20}}, {}]);
  equal([spending.process_s, spending.owned_s, spending.span_ms], [2, 0.5, 2]);
});
