// @ts-check
/**
 * Reads the day so far of several instruments from the server, in one request.
 * Must not know the page, or what the prices are for.
 */

import {isListOf, isNumber, isObject} from "../wire/checks.js";

/** Minutes after the beginning of a day (exchange time, UTC ms), and the last prices of these. @typedef {{day: number, t: number[], c: number[]}} DayPrices */

const TIMEOUT_MS = 10_000;

export class DayReader {
  #url;
  #fetch;

  /** @param {string} url @param {typeof fetch} [fetch] */
  constructor(url, fetch = globalThis.fetch.bind(globalThis)) {
    this.#url = url;
    this.#fetch = fetch;
  }

  /**
   * Return the prices by symbol; symbols that this person may not see are left out.
   * @param {string[]} symbols
   * @returns {Promise<Map<string, DayPrices>>}
   * @throws {Error} the server could not be reached, or did not answer with prices
   */
  async read(symbols) {
    const response = await this.#fetch(`${this.#url}?${new URLSearchParams({symbols: symbols.join(",")})}`, {
      credentials: "same-origin",
      redirect: "manual",
      headers: {Accept: "application/json"},
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) throw new Error(`sparklines: HTTP ${response.status}`);
    /** @type {unknown} */
    const body = await response.json();
    if (!isObject(body) || !isObject(body.data)) throw new Error("sparklines: not what was asked for");
    return new Map(Object.entries(body.data).map(([symbol, prices]) => [symbol, pricesOf(prices)]));
  }
}

/** @param {unknown} value @returns {DayPrices} */
function pricesOf(value) {
  if (!isObject(value) || !isNumber(value.day) || !isListOf(value.t, isNumber) || !isListOf(value.c, isNumber)
    || value.t.length !== value.c.length) throw new Error("sparklines: no prices of a day");
  return {day: value.day, t: value.t, c: value.c};
}
