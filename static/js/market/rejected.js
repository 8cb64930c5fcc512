// @ts-check
/**
 * Symbols of the watchlist that the server rejected: they are not listed, or this person may not see them.
 * Pure.
 */

export class Rejected {
  /** @type {Set<string>} */
  #symbols = new Set();

  /** @param {string[]} symbols */
  add(symbols) {
    for (const symbol of symbols) this.#symbols.add(symbol);
  }

  /** @param {string[]} symbols */
  forget(symbols) {
    for (const symbol of symbols) this.#symbols.delete(symbol);
  }

  /** @param {string} symbol */
  has(symbol) {
    return this.#symbols.has(symbol);
  }

  /** Return the symbols that are not rejected. @param {readonly string[]} symbols */
  others(symbols) {
    return symbols.filter((symbol) => !this.#symbols.has(symbol));
  }

  /**
   * Return the rejected symbols that are listed now, and forget that they were rejected.
   * @param {Map<string, unknown>} instruments
   */
  found(instruments) {
    const found = [...this.#symbols].filter((symbol) => instruments.has(symbol));
    this.forget(found);
    return found;
  }
}
