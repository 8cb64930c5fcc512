// @ts-check
/**
 * Reads older bars from the server.
 * Must not know the page, or what the bars are for.
 */

import {isBarEntry, isListOf, isObject} from "../wire/checks.js";

/** @typedef {import("../wire/frames.js").Bar} Bar */
/** @typedef {{symbol: string, interval: string, to_ms: number | null, limit: number}} HistoryRequest */

const TIMEOUT_MS = 15_000;

export class BarHistory {
  #url;
  #fetch;

  /** @param {string} url @param {typeof fetch} [fetch] */
  constructor(url, fetch = globalThis.fetch.bind(globalThis)) {
    this.#url = url;
    this.#fetch = fetch;
  }

  /**
   * Return the newest bars that begin before `to_ms`, the oldest first; none if this person may not see the instrument.
   * @param {HistoryRequest} request
   * @returns {Promise<Bar[]>}
   * @throws {Error} the server could not be reached, or did not answer with bars
   */
  async read({symbol, interval, to_ms, limit}) {
    const query = new URLSearchParams({symbol, interval, limit: String(limit), corrections: "1"});
    if (to_ms !== null) query.set("to", String(to_ms));
    const response = await this.#fetch(`${this.#url}?${query}`, {
      credentials: "same-origin",
      redirect: "manual",
      headers: {Accept: "application/json"},
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.status === 404) return [];
    if (!response.ok) throw new Error(`bars: HTTP ${response.status}`);
    return barsOf(await response.json(), {s: symbol, iv: interval});
  }
}

/** @param {unknown} body @param {{s: string, iv: string}} chart @returns {Bar[]} */
function barsOf(body, chart) {
  /** @type {unknown[] | null} */
  const entries = isObject(body) && Array.isArray(body.data) ? body.data : null;
  const bars = entries?.map((entry) => isObject(entry) ? {...chart, ...entry, closed: true} : entry);
  if (!isListOf(bars, isBarEntry)) throw new Error("bars: not what was asked for");
  return bars;
}
