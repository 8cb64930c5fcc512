// @ts-check
/**
 * Timers with names. Setting a name again replaces its earlier timer.
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
   * Run a function once, after a while.
   * @param {string} name
   * @param {number} wait_ms
   * @param {() => void} run
   */
  set(name, wait_ms, run) {
    this.clear(name);
    this.#set.set(name, this.#timers.setTimeout(run, wait_ms));
  }

  /** @param {...string} names */
  clear(...names) {
    for (const name of names) this.#timers.clearTimeout(this.#set.get(name));
  }
}
