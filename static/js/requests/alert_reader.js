// @ts-check
/**
 * Reads at which prices a person's active alerts on an instrument wait.
 * Must not know the page.
 */

import {isListOf, isNumber, isObject, isText} from "../wire/checks.js";

/** A condition of an alert, by the alert's id and its index there, and the price that it waits for. @typedef {{alert: number, index: number, kind: string, price: number}} AlertLine */

const TIMEOUT_MS = 5_000;

export class AlertReader {
  #url;
  #fetch;

  /** @param {string} url @param {typeof fetch} [fetch] */
  constructor(url, fetch = globalThis.fetch.bind(globalThis)) {
    this.#url = url;
    this.#fetch = fetch;
  }

  /**
   * Return the lines of a symbol.
   * @param {string} symbol
   * @returns {Promise<AlertLine[]>}
   * @throws {Error} the server could not be reached, or did not answer with lines
   */
  async read(symbol) {
    const response = await this.#fetch(`${this.#url}?${new URLSearchParams({symbol})}`, {
      credentials: "same-origin",
      redirect: "manual",
      headers: {Accept: "application/json"},
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) throw new Error(`alerts: HTTP ${response.status}`);
    /** @type {unknown} */
    const body = await response.json();
    if (!isObject(body) || !isListOf(body.data, isLine)) throw new Error("alerts: not what was asked for");
    return body.data;
  }
}

/** @param {unknown} line @returns {line is AlertLine} */
function isLine(line) {
  return isObject(line) && isNumber(line.alert) && isNumber(line.index) && isText(line.kind) && isNumber(line.price);
}
