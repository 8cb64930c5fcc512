// @ts-check
/**
 * When to draw: with a rest between pictures for what changes by itself, at once for what a person chose.
 * Must not know what is drawn.
 */

export class DrawingTimer {
  #draw;
  #rest_ms;
  #drawn_ms = -Infinity;
  /** @type {number | undefined} */
  #timer;

  /** @param {{draw: () => void, rest_ms: () => number}} options `rest_ms`: the least time from one picture to the next */
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
      this.#drawn_ms = performance.now();
      this.#draw();
    }, wait_ms);
  }

  /** Draw in the next task. */
  atOnce() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#drawn_ms = -Infinity;
    this.soon();
  }
}
