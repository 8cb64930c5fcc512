// @ts-check
/**
 * How much of the page's time prices cost: from taking a frame to the end of painting it.
 * Must not know frames. The clock arrives as an argument.
 */

/** How much of the worst is left after one more painting: one slow moment is forgotten after ten. */
const DECAY = 0.8;

export class Stopwatch {
  #now;
  #taken_ms = 0;
  #worst_ms = 0;

  /** @param {() => number} [now] */
  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  /**
   * Do something that belongs to the next painting.
   * @template T
   * @param {() => T} act
   * @returns {T}
   */
  time(act) {
    const begun_ms = this.#now();
    const done = act();
    this.#taken_ms += this.#now() - begun_ms;
    return done;
  }

  /** What was timed is painted. */
  lap() {
    this.#worst_ms = Math.max(this.#taken_ms, this.#worst_ms * DECAY);
    this.#taken_ms = 0;
  }

  /** What a painting costs, in ms: the worst one, if it was not long ago. */
  get paint_ms() {
    return Math.round(this.#worst_ms * 10) / 10;
  }
}
