// @ts-check
/**
 * Age of information: how old the newest known tick was, averaged over time.
 * Pure. Must not know where ticks come from.
 *
 * A reader whose newest update was made at u(t) is t - u(t) behind at time t (Kaul, Yates and Gruteser, 2012). The
 * age grows with time, and falls when something newer arrives. The mean is the area under the age, divided by the
 * time. Each symbol has its own age; all count the same.
 */

/** When the newest known tick happened, and until when its age was counted. */
/** @typedef {{happened_ms: number, counted_ms: number}} KnownTick */

export class Ages {
  /** The area under the ages of all symbols (ms times ms), and the time that it covers (ms). */
  area = 0;
  span_ms = 0;
  /** @type {Map<string, KnownTick>} */
  #known = new Map();

  /**
   * Note a tick of a symbol, known from now on.
   * @param {string} symbol
   * @param {number} happened_ms
   * @param {number} now_ms of the same clock
   */
  hear(symbol, happened_ms, now_ms) {
    const known = this.#known.get(symbol);
    if (known === undefined) {
      this.#known.set(symbol, {happened_ms, counted_ms: now_ms});
      return;
    }
    this.#count(known, now_ms);
    known.happened_ms = Math.max(known.happened_ms, happened_ms);
  }

  /**
   * Count all ages until now.
   * @param {number} now_ms
   */
  count(now_ms) {
    for (const known of this.#known.values()) this.#count(known, now_ms);
  }

  /**
   * Leave out the time until now.
   * @param {number} now_ms
   */
  skip(now_ms) {
    for (const known of this.#known.values()) known.counted_ms = now_ms;
  }

  /** Add the area of a trapezium: an age grows by one ms per ms. @param {KnownTick} known @param {number} now_ms */
  #count(known, now_ms) {
    const span_ms = now_ms - known.counted_ms;
    if (span_ms <= 0) return;
    this.area += span_ms * (now_ms - span_ms / 2 - known.happened_ms);
    this.span_ms += span_ms;
    known.counted_ms = now_ms;
  }
}
