// @ts-check
/**
 * Paints the whole page in one animation frame: parts say what is dirty, and each is painted once per frame.
 * Must not know what the parts show.
 */

/** @typedef {{paint(dirty: Set<string>, now_ms: number): void}} Part */

export class PaintScheduler {
  /** @type {Map<Part, Set<string>>} */
  #dirty = new Map();
  #isPlanned = false;
  #request;
  #onpaint;

  /**
   * @param {{request?: (run: (now_ms: number) => void) => unknown, onpaint?: (paint: () => void) => void}} [options]
   *   `onpaint` gets a function that paints, and must call it
   */
  constructor({request = (run) => requestAnimationFrame(run), onpaint = (paint) => paint()} = {}) {
    this.#request = request;
    this.#onpaint = onpaint;
  }

  /**
   * Let a part be painted with the next frame. The keys of several calls are collected.
   * @param {Part} part
   * @param {Iterable<string>} [keys]
   */
  touch(part, keys = []) {
    const dirty = this.#dirty.get(part) ?? new Set();
    this.#dirty.set(part, dirty);
    for (const key of keys) dirty.add(key);
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    this.#request((now_ms) => this.#onpaint(() => this.#paint(now_ms)));
  }

  /** @param {number} now_ms */
  #paint(now_ms) {
    // Emptied first: what becomes dirty while parts are painted waits for the next frame.
    const parts = this.#dirty;
    this.#dirty = new Map();
    this.#isPlanned = false;
    for (const [part, keys] of parts) part.paint(keys, now_ms);
  }
}
