// @ts-check
/**
 * The symbols of the watchlist that the server does not tell us: nobody lists them, or we may not see them.
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

  /** Return those that can be asked for. @param {readonly string[]} symbols */
  others(symbols) {
    return symbols.filter((symbol) => !this.#symbols.has(symbol));
  }

  /**
   * Return those that are listed now; they are no longer of these.
   * @param {Map<string, unknown>} instruments
   */
  found(instruments) {
    const found = [...this.#symbols].filter((symbol) => instruments.has(symbol));
    this.forget(found);
    return found;
  }
}
