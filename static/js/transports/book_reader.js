// @ts-check
/**
 * Reads the book of an instrument from the server: the five best levels of each side.
 * Must not know the page.
 */

import {isListOf, isNumber, isObject} from "../wire/checks.js";

/** @typedef {readonly [number, number]} Level */
/** @typedef {{bids: Level[], asks: Level[]}} Book */

const TIMEOUT_MS = 5_000;

export class BookReader {
  #url;
  #fetch;

  /** @param {string} url @param {typeof fetch} [fetch] */
  constructor(url, fetch = globalThis.fetch.bind(globalThis)) {
    this.#url = url;
    this.#fetch = fetch;
  }

  /**
   * Return the book of a symbol; null if it is not seen.
   * @param {string} symbol
   * @returns {Promise<Book | null>}
   * @throws {Error} the server could not be reached, or did not answer with a book
   */
  async read(symbol) {
    const response = await this.#fetch(`${this.#url}?${new URLSearchParams({symbols: symbol})}`, {
      credentials: "same-origin",
      redirect: "manual",
      headers: {Accept: "application/json"},
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) throw new Error(`quotes: HTTP ${response.status}`);
    return bookOf(await response.json(), symbol);
  }
}

/** @param {unknown} body @param {string} symbol @returns {Book | null} */
function bookOf(body, symbol) {
  if (!isObject(body) || !isObject(body.data)) throw new Error("quotes: not what was asked for");
  const quote = body.data[symbol];
  if (quote === undefined) return null;
  if (!isObject(quote) || !isListOf(quote.bids, isLevel) || !isListOf(quote.asks, isLevel)) throw new Error("quotes: no book");
  return {bids: quote.bids, asks: quote.asks};
}

/** @param {unknown} level @returns {level is Level} */
function isLevel(level) {
  return Array.isArray(level) && level.length === 2 && level.every(isNumber);
}
