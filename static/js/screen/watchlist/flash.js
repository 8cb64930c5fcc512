// @ts-check
/**
 * Lights a cell for a moment, by a class. It is no animation, because a fade would cost more than the data.
 * Must not know prices.
 */

/** How long a cell is lit. */
const LIT_MS = 350;
/** The timer waits so much longer: mostly a paint puts the light out before, which saves the browser a frame. */
const SPARE_MS = 100;
/** The least time from one flash of a cell to the next: below three per second (WCAG 2.3.1). */
const FLASH_EVERY_MS = 400;

export class Flasher {
  /** Oldest first. @type {{element: Element, until_ms: number}[]} */
  #lit = [];
  /** @type {WeakMap<Element, number>} */
  #started = new WeakMap();
  /** @type {number | undefined} */
  #timer;

  /**
   * Light a cell, unless it was lit a moment ago.
   * @param {Element} element
   * @param {boolean} isUp
   * @param {number} now_ms of performance.now
   */
  start(element, isUp, now_ms) {
    if (now_ms - (this.#started.get(element) ?? -Infinity) < FLASH_EVERY_MS) return;
    this.#started.set(element, now_ms);
    element.classList.remove("flash-up", "flash-down");
    element.classList.add(isUp ? "flash-up" : "flash-down");
    this.#lit.push({element, until_ms: now_ms + LIT_MS});
    if (this.#timer === undefined) this.#timer = setTimeout(() => this.#ring(), LIT_MS + SPARE_MS);
  }

  /**
   * Put out what was lit long enough.
   * @param {number} now_ms of performance.now
   */
  sweep(now_ms) {
    const still = this.#lit.findIndex(({until_ms}) => until_ms > now_ms);
    const over = this.#lit.splice(0, still === -1 ? this.#lit.length : still);
    for (const {element} of over) element.classList.remove("flash-up", "flash-down");
  }

  #ring() {
    const now_ms = performance.now();
    this.sweep(now_ms - SPARE_MS);
    const next = this.#lit[0];
    this.#timer = next && setTimeout(() => this.#ring(), next.until_ms - now_ms + SPARE_MS);
  }
}
