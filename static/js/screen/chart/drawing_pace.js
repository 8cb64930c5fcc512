// @ts-check
/**
 * When to draw: with a rest between pictures for what changes by itself, at once for what a person chose.
 * Must not know what is drawn.
 */

export class DrawingPace {
  #draw;
  #rest_ms;
  #drawn_ms = -Infinity;
  /** @type {number | undefined} */
  #timer;

  /**
   * @param {{draw: () => boolean, rest_ms: () => number}} options `draw`: draws, and returns false if there was nothing to draw yet;
   *   `rest_ms`: the least time from one picture to the next
   */
  constructor({draw, rest_ms}) {
    this.#draw = draw;
    this.#rest_ms = rest_ms;
  }

  /** Draw once the rest is over. */
  soon() {
    if (this.#timer !== undefined) return;
    const wait_ms = Math.max(0, this.#drawn_ms + this.#rest_ms() - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#draw()) this.#drawn_ms = performance.now();
    }, wait_ms);
  }

  /** Draw in the next task. If there is nothing to draw yet, the first picture has no rest to wait for. */
  next() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#drawn_ms = -Infinity;
    this.soon();
  }
}
