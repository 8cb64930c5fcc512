/** Every figure of the lab from known sums: its unit, and nothing where there is nothing to compute it from. */

import {FIGURES, figuresOf} from "/static/js/lab/measure/figures.js";
import {Ledger, SUMS} from "/static/js/lab/measure/ledger.js";
import {each, equal, near, ok, test} from "../../harness.js";

/** Sums that are all different, over 20 seconds. */
function ledger(more = {}) {
  const made = new Ledger();
  Object.assign(made.sums, {
    measured_ms: 20_000, updates: 50, frames: 40, ticks: 90, merged: 33, gaps: 2, missed: 7, reconnects: 3, requests: 12, openings: 5, commands: 4,
    bytes_sent: 600, bytes_received: 9_000, age_area: 40_000, age_ms: 160, server_cpu_s: 0.03, server_updates: 60, ...more,
  });
  return made;
}

test("the figures are what the sums say", () => {
  const figures = figuresOf(ledger());
  const expected = {
    age_ms: 250, updates_per_s: 2.5, received_per_s: 450, sent_per_s: 30, bytes_per_update: 192, requests_per_min: 36, more_requests: 7,
    commands: 4, ticks: 90, merged: 33, missed: 7, gaps: 2, reconnects: 3, server_us_per_update: 500,
  };
  return each(Object.entries(expected), ([key, value]) => near(figures[key], value));
});

test("quantiles are those of receipts and of paints, at their shares", () => {
  const made = ledger();
  for (let span_ms = 1; span_ms <= 1_000; span_ms += 1) {
    made.receipt.record(span_ms);
    made.paint.record(span_ms * 10);
  }
  const figures = figuresOf(made);
  const expected = {receipt_p50_ms: 500, receipt_p95_ms: 950, receipt_p99_ms: 990, paint_p50_ms: 5_000, paint_p95_ms: 9_500, paint_p99_ms: 9_900};
  return each(Object.entries(expected), ([key, value]) => near(figures[key], value, 0.012));
});

test("without time, updates or ticks a figure is missing, not zero", () => {
  const figures = figuresOf(new Ledger());
  const counts = ["more_requests", "commands", "ticks", "merged", "missed", "gaps", "reconnects"];
  return each(FIGURES.map(({key}) => key), (key) => equal(figures[key], counts.includes(key) ? 0 : null));
});

test("nothing that was sent or received is nothing per second, not missing", () => {
  const figures = figuresOf(ledger({updates: 0, bytes_sent: 0, bytes_received: 0}));
  equal([figures.updates_per_s, figures.sent_per_s, figures.received_per_s, figures.bytes_per_update], [0, 0, 0, null]);
});

test("figures have decimals where a whole number would say nothing", () => {
  equal(FIGURES.filter(({digits}) => digits === 1).map(({key}) => key), ["updates_per_s", "requests_per_min"]);
  ok(FIGURES.every(({digits}) => digits === 0 || digits === 1), "other decimals");
});

test("the sums of a difference are the differences of the sums", () => {
  const rest = ledger().minus(ledger({ticks: 30, bytes_sent: 100}));
  equal(SUMS.filter((name) => rest.sums[name] !== 0), ["ticks", "bytes_sent"]);
  equal([rest.sums.ticks, rest.sums.bytes_sent], [60, 500]);
});
