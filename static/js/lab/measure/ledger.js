// @ts-check
/**
 * Everything that is counted about one transport, as sums that only grow. The figures of a period are the difference
 * of two ledgers.
 * Pure. Must not know transports or the page.
 */

import {Histogram} from "./histogram.js";

/** The sums. The unit ends the name; `age_area` is in ms times ms. */
export const SUMS = Object.freeze(/** @type {const} */ ([
  "measured_ms", "updates", "frames", "ticks", "merged", "gaps", "missed", "reconnects",
  "requests", "openings", "commands", "bytes_sent", "bytes_received", "age_area", "age_ms",
  "server_cpu_s", "server_updates",
]));

/** @typedef {typeof SUMS[number]} SumName */
/** @typedef {Record<SumName, number>} Sums */

export class Ledger {
  sums = /** @type {Sums} */ (Object.fromEntries(SUMS.map((name) => [name, 0])));
  /** The times from a tick to its receipt, and to its paint. */
  receipt = new Histogram();
  paint = new Histogram();

  /** Return a copy. */
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

/** Copies of a ledger, one for each second, to get the sums of the last few seconds. */
export class History {
  #begin = new Ledger();
  /** @type {Ledger[]} */
  #seconds = [];
  #kept;

  /** @param {number} kept the length of the recent period, in s */
  constructor(kept) {
    this.#kept = kept;
  }

  /**
   * Start counting here.
   * @param {Ledger} ledger
   */
  begin(ledger) {
    this.#begin = ledger.copy();
    this.#seconds = [this.#begin];
  }

  /**
   * Note that a second has passed; return what was added in it.
   * @param {Ledger} ledger
   */
  tick(ledger) {
    const added = ledger.minus(this.#seconds.at(-1) ?? this.#begin);
    this.#seconds.push(ledger.copy());
    if (this.#seconds.length > this.#kept + 1) this.#seconds.shift();
    return added;
  }

  /** Return what was added in all, in the recent period, and in the last second. @param {Ledger} ledger */
  periods(ledger) {
    const [few = this.#begin] = this.#seconds;
    const last = this.#seconds.at(-2) ?? this.#begin;
    return {all: ledger.minus(this.#begin), recent: ledger.minus(few), last: ledger.minus(last)};
  }
}
