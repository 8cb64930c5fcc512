// @ts-check
/**
 * Measures what prices cost this page: the time from taking a frame to the end of painting it.
 * Must not know frames. The clock arrives as an argument.
 */

/** With each paint the worst time shrinks to this share: after ten paints a tenth of it is left. */
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
   * Do something, and count its time for the next paint.
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

  /** Note that a paint is done. */
  lap() {
    this.#worst_ms = Math.max(this.#taken_ms, this.#worst_ms * DECAY);
    this.#taken_ms = 0;
  }

  /** The cost of a paint, in ms: that of the worst one, if it was not long ago. */
  get paint_ms() {
    return Math.round(this.#worst_ms * 10) / 10;
  }
}
