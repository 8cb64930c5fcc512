// @ts-check
/**
 * How far the figures of a run may be off by chance.
 * Pure.
 */

import {FIGURES, figuresOf} from "./figures.js";

/** @typedef {import("./figures.js").FigureKey} FigureKey */
/** @typedef {import("./figures.js").Figures} Figures */

/** With fewer seconds nothing is known of their spread. */
const FEWEST = 4;
/** Seconds that are kept: enough for a poll every ten seconds. */
const KEPT = 60;

/** The figures of single seconds, whose spread says how far a figure may be off. */
export class Noise {
  /** @type {Figures[]} */
  #seconds = [];

  /** Forget what was noted. */
  begin() {
    this.#seconds = [];
  }

  /** Note what was added in a second. @param {import("./ledger.js").Ledger} second */
  note(second) {
    this.#seconds.push(figuresOf(second));
    if (this.#seconds.length > KEPT) this.#seconds.shift();
  }

  /** Return the standard error of each figure; null with too few seconds that have it. @returns {Figures} */
  errors() {
    const errorOf = (/** @type {FigureKey} */ key) =>
      standardError(this.#seconds.map((figures) => figures[key]).filter((value) => value !== null));
    return /** @type {Figures} */ (Object.fromEntries(FIGURES.map(({key}) => [key, errorOf(key)])));
  }
}

/** @param {number[]} values */
function standardError(values) {
  const count = values.length;
  if (count < FEWEST) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
  return Math.sqrt(variance / count);
}
