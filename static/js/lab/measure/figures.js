// @ts-check
/**
 * Figures that people compare, computed from the sums of a period.
 * Pure.
 */

/** @typedef {import("./ledger.js").Ledger} Ledger */

/**
 * @typedef {"receipt_p50_ms" | "receipt_p95_ms" | "receipt_p99_ms" | "paint_p50_ms" | "paint_p95_ms" | "paint_p99_ms"
 *   | "age_ms" | "updates_per_s" | "received_per_s" | "sent_per_s" | "bytes_per_update" | "requests_per_min"
 *   | "more_requests" | "commands" | "ticks" | "merged" | "missed" | "gaps" | "reconnects" | "server_us_per_update"} FigureKey
 *
 * A figure: its name and unit, and how to compute it; `of` returns null when there is nothing to compute it from.
 * @typedef {{key: FigureKey, name: string, unit: string, digits: number, of: (ledger: Ledger) => number | null}} Figure
 * @typedef {Record<FigureKey, number | null>} Figures
 */

/** @param {"receipt" | "paint"} what @param {number} share @returns {(ledger: Ledger) => number | null} */
function quantile(what, share) {
  return (ledger) => ledger[what].quantile(share);
}

/** @param {(sums: import("./ledger.js").Sums) => number} value @returns {(ledger: Ledger) => number | null} */
function perSecond(value) {
  return ({sums}) => ratio(value(sums) * 1000, sums.measured_ms);
}

/** @param {number} value @param {number} by */
function ratio(value, by) {
  return by > 0 ? value / by : null;
}

/** @type {readonly Figure[]} */
export const FIGURES = Object.freeze([
  {key: "receipt_p50_ms", name: "Tick to receipt, p50", unit: "ms", digits: 0, of: quantile("receipt", 0.5)},
  {key: "receipt_p95_ms", name: "Tick to receipt, p95", unit: "ms", digits: 0, of: quantile("receipt", 0.95)},
  {key: "receipt_p99_ms", name: "Tick to receipt, p99", unit: "ms", digits: 0, of: quantile("receipt", 0.99)},
  {key: "paint_p50_ms", name: "Tick to paint, p50", unit: "ms", digits: 0, of: quantile("paint", 0.5)},
  {key: "paint_p95_ms", name: "Tick to paint, p95", unit: "ms", digits: 0, of: quantile("paint", 0.95)},
  {key: "paint_p99_ms", name: "Tick to paint, p99", unit: "ms", digits: 0, of: quantile("paint", 0.99)},
  {key: "age_ms", name: "Age of information", unit: "ms", digits: 0, of: ({sums}) => ratio(sums.age_area, sums.age_ms)},
  {key: "updates_per_s", name: "Updates", unit: "per s", digits: 1, of: perSecond((sums) => sums.updates)},
  {key: "received_per_s", name: "Received", unit: "B/s", digits: 0, of: perSecond((sums) => sums.bytes_received)},
  {key: "sent_per_s", name: "Sent", unit: "B/s", digits: 0, of: perSecond((sums) => sums.bytes_sent)},
  {
    key: "bytes_per_update", name: "Bytes, sent and received", unit: "per update", digits: 0,
    of: ({sums}) => ratio(sums.bytes_received + sums.bytes_sent, sums.updates),
  },
  {key: "requests_per_min", name: "Requests", unit: "per min", digits: 1, of: perSecond((sums) => sums.requests * 60)},
  {key: "more_requests", name: "of these, after opening", unit: "", digits: 0, of: ({sums}) => sums.requests - sums.openings},
  {key: "commands", name: "Commands", unit: "", digits: 0, of: ({sums}) => sums.commands},
  {key: "ticks", name: "Ticks seen", unit: "", digits: 0, of: ({sums}) => sums.ticks},
  {key: "merged", name: "of these merged", unit: "", digits: 0, of: ({sums}) => sums.merged},
  {key: "missed", name: "Ticks missed, at most", unit: "", digits: 0, of: ({sums}) => sums.missed},
  {key: "gaps", name: "Gaps", unit: "", digits: 0, of: ({sums}) => sums.gaps},
  {key: "reconnects", name: "Reconnects", unit: "", digits: 0, of: ({sums}) => sums.reconnects},
  {
    key: "server_us_per_update", name: "Server CPU", unit: "µs per update", digits: 0,
    of: ({sums}) => ratio(sums.server_cpu_s * 1e6, sums.server_updates),
  },
]);

/**
 * Return all figures of a period.
 * @param {Ledger} ledger
 * @returns {Figures}
 */
export function figuresOf(ledger) {
  return /** @type {Figures} */ (Object.fromEntries(FIGURES.map(({key, of}) => [key, of(ledger)])));
}
