// @ts-check
/**
 * Asks whether the server has other pages than the one that is open: after an update it has.
 * Must not know the page.
 */

import {isObject} from "../wire/checks.js";

const TIMEOUT_MS = 10_000;
/** After a restart all pages of all people come back at once; they ask within this time. */
export const SPREAD_MS = 3_000;

/** @typedef {{setTimeout: (run: () => void, delay_ms: number) => unknown}} BuildTimers */

export class BuildWatch {
  #url;
  #build;
  #onchange;
  #fetch;
  #timers;
  #isWaiting = false;
  #isOver = false;

  /**
   * @param {{
   *   url: string, build: string, onchange: () => void, fetch?: typeof fetch, timers?: BuildTimers,
   * }} options `build`: that of the open page; `onchange` is called once
   */
  constructor({url, build, onchange, fetch = globalThis.fetch.bind(globalThis), timers = globalThis}) {
    this.#url = url;
    this.#build = build;
    this.#onchange = onchange;
    this.#fetch = fetch;
    this.#timers = timers;
  }

  /** Ask soon, but not at the same time as everybody else. */
  lookSoon() {
    if (this.#isWaiting || this.#isOver) return;
    this.#isWaiting = true;
    this.#timers.setTimeout(() => {
      this.#isWaiting = false;
      void this.look();
    }, Math.random() * SPREAD_MS);
  }

  /** Ask now. What cannot be asked now is asked the next time. */
  async look() {
    if (this.#isOver) return;
    const build = await this.#ask();
    if (build !== null && build !== this.#build) this.#end();
  }

  /** Say it once, also when two questions were under way. */
  #end() {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onchange();
  }

  /** @returns {Promise<string | null>} */
  async #ask() {
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const response = await this.#fetch(this.#url, {credentials: "same-origin", cache: "no-store", redirect: "error", signal});
      /** @type {unknown} */
      const body = response.ok ? await response.json() : null;
      return isObject(body) && typeof body.build === "string" ? body.build : null;
    } catch {
      return null;
    }
  }
}
