// @ts-check
/**
 * Everything that is counted of one transport, as sums that only grow: any period is a difference of two.
 * Pure. Must not know transports or the page.
 */

import {Histogram} from "./histogram.js";

/** The sums; times in ms, `age_area` in ms times ms. */
export const SUMS = Object.freeze([
  "measured_ms", "updates", "frames", "ticks", "merged", "gaps", "missed", "reconnects",
  "requests", "openings", "commands", "bytes_sent", "bytes_received", "age_area", "age_ms",
  "server_cpu_s", "server_updates",
]);

/** @typedef {Record<string, number>} Sums */

export class Ledger {
  /** @type {Sums} */
  sums = Object.fromEntries(SUMS.map((name) => [name, 0]));
  /** From a tick to its receipt, and to its painting. */
  receipt = new Histogram();
  paint = new Histogram();

  /** Return the same again, that does not change any more. */
  copy() {
    return this.minus(new Ledger());
  }

  /**
   * Return what was added since an earlier copy.
   * @param {Ledger} earlier
   */
  minus(earlier) {
    const rest = new Ledger();
    for (const name of SUMS) rest.sums[name] = this.sums[name] - earlier.sums[name];
    rest.receipt = this.receipt.minus(earlier.receipt);
    rest.paint = this.paint.minus(earlier.paint);
    return rest;
  }
}

/** A ledger as of each second, so that the last few can be told apart from all. */
export class History {
  #begin = new Ledger();
  /** @type {Ledger[]} */
  #seconds = [];
  #kept;

  /** @param {number} kept how many seconds are "the last few" */
  constructor(kept) {
    this.#kept = kept;
  }

  /**
   * Begin here: what was before is not counted.
   * @param {Ledger} ledger
   */
  begin(ledger) {
    this.#begin = ledger.copy();
    this.#seconds = [this.#begin];
  }

  /**
   * A second has passed.
   * @param {Ledger} ledger
   */
  tick(ledger) {
    this.#seconds.push(ledger.copy());
    if (this.#seconds.length > this.#kept + 1) this.#seconds.shift();
  }

  /** Return what was added in all, in the last few seconds and in the last one. @param {Ledger} ledger */
  periods(ledger) {
    const [few = this.#begin] = this.#seconds;
    const last = this.#seconds.at(-2) ?? this.#begin;
    return {all: ledger.minus(this.#begin), recent: ledger.minus(few), last: ledger.minus(last)};
  }
}
