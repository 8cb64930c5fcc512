// @ts-check
/**
 * Age of information: how old the newest that is known was, averaged over time.
 * Pure. Must not know where ticks come from.
 *
 * At the time t a reader whose newest update was generated at u(t) is t - u(t) behind (Kaul, Yates and
 * Gruteser, 2012). It grows as time does and falls when something newer arrives; the mean is the area
 * under it divided by the time. Each symbol has its own; all have the same weight.
 */

/** When the newest tick that is known happened, and until when its age is counted. */
/** @typedef {{happened_ms: number, counted_ms: number}} KnownTick */

export class Ages {
  /** The area under the ages of all symbols, in ms times ms, and the time under it, in ms. */
  area = 0;
  span_ms = 0;
  /** @type {Map<string, KnownTick>} */
  #known = new Map();

  /**
   * A tick of a symbol is known from now on.
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
   * Leave out the time until now: nobody looked.
   * @param {number} now_ms
   */
  skip(now_ms) {
    for (const known of this.#known.values()) known.counted_ms = now_ms;
  }

  /** The area of a trapezium: an age grows by one ms per ms. @param {KnownTick} known @param {number} now_ms */
  #count(known, now_ms) {
    const span_ms = now_ms - known.counted_ms;
    if (span_ms <= 0) return;
    this.area += span_ms * (now_ms - span_ms / 2 - known.happened_ms);
    this.span_ms += span_ms;
    known.counted_ms = now_ms;
  }
}
