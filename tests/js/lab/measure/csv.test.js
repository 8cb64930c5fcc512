/** A run as CSV: quoted where it must be, rounded, with units. */

import {csvOf} from "/static/js/lab/measure/csv.js";
import {FIGURES} from "/static/js/lab/measure/figures.js";
import {Ledger} from "/static/js/lab/measure/ledger.js";
import {equal, test} from "../../harness.js";

const RUN = {at_ms: Date.UTC(2026, 2, 6, 20), symbols: ["A", "B"], interval_s: 0.5, max_rate: 10};

test("a line has the run, the sums and the figures of a transport", () => {
  const ledger = new Ledger();
  Object.assign(ledger.sums, {measured_ms: 1000.12345, updates: 7, requests: 2, bytes_received: 3000, bytes_sent: 40});
  const [header, line, end] = csvOf([{name: 'a "b", c', period: "all", ledger}], RUN).split("\r\n");
  equal(header.split(",").slice(0, 11), [
    "transport", "period", "ended at [UTC]", "symbols", "poll interval [s]", "rate asked for [per s]",
    "measured [ms]", "updates", "requests", "bytes received [B]", "bytes sent [B]",
  ]);
  const [name] = line.split(",all,");
  equal(name, '"a ""b"", c"');
  const cells = line.slice(name.length + 1).split(",");
  equal(cells.slice(0, 10), ["all", "2026-03-06T20:00:00.000Z", "2", "0.5", "10", "1000.123", "7", "2", "3000", "40"]);
  equal([cells.length, end], [10 + FIGURES.length, ""]);
});

test("what is not known is empty", () => {
  const line = csvOf([{name: "SSE", period: "all", ledger: new Ledger()}], RUN).split("\r\n")[1];
  equal(line.includes("null"), false);
  equal(line.includes("NaN"), false);
});
