// @ts-check
/**
 * How old the prices are, by the server's clock as estimated here.
 * Pure: the time arrives as an argument.
 */

/** Clocks drift and get set, so an estimate that is older than two of these is forgotten. */
const WINDOW_MS = 60_000;

export class Clock {
  /** Server minus browser (ms), from the fastest frame of this window. @type {number | null} */
  #best = null;
  /** @type {number | null} */
  #previous = null;
  #since_ms = 0;
  /** @type {number | null} */
  #asOf_ms = null;

  /**
   * Learn from a frame that left the server at `ts` and arrived at `now_ms`. A delay makes the difference smaller,
   * so the greatest difference is nearest to the truth.
   * @param {number} ts
   * @param {number} now_ms
   */
  hear(ts, now_ms) {
    if (now_ms - this.#since_ms > WINDOW_MS || now_ms < this.#since_ms) {
      this.#previous = this.#best;
      this.#best = null;
      this.#since_ms = now_ms;
    }
    this.#best = Math.max(this.#best ?? -Infinity, ts - now_ms);
  }

  /**
   * Note that the prices are as of `ts`.
   * @param {number} ts
   */
  stamp(ts) {
    this.#asOf_ms = Math.max(this.#asOf_ms ?? 0, ts);
  }

  /** Server minus browser, in ms; 0 before the first frame. */
  get offset_ms() {
    if (this.#best === null) return this.#previous ?? 0;
    return this.#previous === null ? this.#best : Math.max(this.#best, this.#previous);
  }

  /** When the prices left the server, in its UTC ms. */
  get asOf_ms() {
    return this.#asOf_ms;
  }

  /**
   * Return the age of the prices in ms, or null when there are none.
   * @param {number} now_ms
   */
  age(now_ms) {
    return this.#asOf_ms === null ? null : Math.max(0, now_ms + this.offset_ms - this.#asOf_ms);
  }
}
