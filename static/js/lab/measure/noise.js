// @ts-check
/**
 * How far the figures of a run may be off by chance.
 * Pure.
 */

import {FIGURES} from "./figures.js";

/** @typedef {import("./figures.js").Figures} Figures */

/** With fewer seconds nothing is known of their spread. */
const FEWEST = 4;

/**
 * Return the standard error of each figure, from the spread of the same figure over single seconds; null with too few.
 * @param {readonly import("./ledger.js").Ledger[]} seconds what was added in each
 * @returns {Figures}
 */
export function errorsOf(seconds) {
  const errorOf = (/** @type {(ledger: import("./ledger.js").Ledger) => number | null} */ of) =>
    standardError(seconds.map(of).filter((value) => value !== null));
  return /** @type {Figures} */ (Object.fromEntries(FIGURES.map(({key, of}) => [key, errorOf(of)])));
}

/** @param {number[]} values */
function standardError(values) {
  const count = values.length;
  if (count < FEWEST) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
  return Math.sqrt(variance / count);
}
