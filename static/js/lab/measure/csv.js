// @ts-check
/**
 * The figures of a run as CSV: a row for each transport and period, raw numbers.
 * Pure.
 */

import {FIGURES, figuresOf} from "./figures.js";

/** @typedef {{name: string, period: string, ledger: import("./ledger.js").Ledger}} CsvLine */

/**
 * Sums that are written beside the figures, with their units.
 * @type {readonly (readonly [import("./ledger.js").SumName, string])[]}
 */
const TOTALS = Object.freeze([["measured_ms", "ms"], ["updates", ""], ["requests", ""], ["bytes_received", "B"], ["bytes_sent", "B"]]);

/**
 * Return the text of a CSV file (RFC 4180).
 * @param {CsvLine[]} lines
 * @param {{at_ms: number, symbols: readonly string[], interval_s: number, max_rate: number}} run
 */
export function csvOf(lines, {at_ms, symbols, interval_s, max_rate}) {
  const settings = [new Date(at_ms).toISOString(), symbols.length, interval_s, max_rate];
  const header = [
    "transport", "period", "ended at [UTC]", "symbols", "poll interval [s]", "rate asked for [per s]",
    ...TOTALS.map(([name, unit]) => titled(name.replace("_ms", "").replace("_", " "), unit)),
    ...FIGURES.map(({name, unit}) => titled(name, unit)),
  ];
  const rows = lines.map(({name, period, ledger}) => {
    const figures = figuresOf(ledger);
    const totals = TOTALS.map(([sum]) => round(ledger.sums[sum]));
    return [name, period, ...settings, ...totals, ...FIGURES.map(({key}) => round(figures[key]))];
  });
  return [header, ...rows].map((row) => `${row.map(quoted).join(",")}\r\n`).join("");
}

/** @param {string} name @param {string} unit */
function titled(name, unit) {
  return unit ? `${name} [${unit}]` : name;
}

/** @param {number | null} value */
function round(value) {
  return value === null ? "" : Math.round(value * 1000) / 1000;
}

/** @param {string | number} value */
function quoted(value) {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
