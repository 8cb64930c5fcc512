// @ts-check
/**
 * Timers with names: a name rings at most once, and setting it again puts the former off.
 * Must not know what they are for.
 */

/** @typedef {import("../transports/transport.js").TimerFunctions} TimerFunctions */

export class NamedTimers {
  #timers;
  /** @type {Map<string, number>} */
  #set = new Map();

  /** @param {TimerFunctions} timers */
  constructor(timers) {
    this.#timers = timers;
  }

  /**
   * Ring once, after a while.
   * @param {string} name
   * @param {number} wait_ms
   * @param {() => void} ring
   */
  set(name, wait_ms, ring) {
    this.clear(name);
    this.#set.set(name, this.#timers.setTimeout(ring, wait_ms));
  }

  /** @param {...string} names */
  clear(...names) {
    for (const name of names) this.#timers.clearTimeout(this.#set.get(name));
  }
}
