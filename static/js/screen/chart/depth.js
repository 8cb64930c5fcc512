// @ts-check
/**
 * Keeps the book of the instrument that is shown up to date, while somebody may look at it.
 * Must not know the network: it is handed a function that reads a book.
 */

import {find} from "../../dom.js";
import {BookLadder} from "./ladder.js";

/** @typedef {import("./ladder.js").Book} Book */

/** The time from one reading to the next. A book changes with every tick, but nobody reads it faster. */
const READ_MS = 1_000;
/** @type {Book} */
const EMPTY = Object.freeze({bids: [], asks: []});

export class Depth {
  #ladder;
  #read;
  #digitsOf;
  /** @type {string | null} */
  #symbol = null;
  /** @type {number | undefined} */
  #timer;

  /**
   * @param {HTMLElement} panel
   * @param {{read: (symbol: string) => Promise<Book | null>, digitsOf: (symbol: string) => number}} options `read` returns
   *   null for an instrument that is not seen
   */
  constructor(panel, {read, digitsOf}) {
    this.#ladder = new BookLadder(find(panel, "[data-part=ladder]"));
    this.#read = read;
    this.#digitsOf = digitsOf;
  }

  /** Show the book of this symbol; null stops. @param {string | null} symbol */
  show(symbol) {
    clearTimeout(this.#timer);
    this.#symbol = symbol;
    this.#ladder.show(EMPTY, 0);
    if (symbol !== null) void this.#follow(symbol);
  }

  /** @param {string} symbol */
  async #follow(symbol) {
    if (!document.hidden) await this.#renew(symbol);
    if (symbol === this.#symbol) this.#timer = setTimeout(() => void this.#follow(symbol), READ_MS);
  }

  /** A book that cannot be read now stays as it was; the page says that it is not live. @param {string} symbol */
  async #renew(symbol) {
    try {
      const book = await this.#read(symbol);
      if (symbol === this.#symbol) this.#ladder.show(book ?? EMPTY, this.#digitsOf(symbol));
    } catch {
      // the next reading may work
    }
  }
}
