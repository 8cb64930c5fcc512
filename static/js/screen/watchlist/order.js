// @ts-check
/**
 * The order of the lines: the person's own, or by a column.
 * Pure. Must not know elements.
 */

import {COLUMNS} from "./columns.js";

/** @typedef {import("../../wire/frames.js").Row} Row */
/** @typedef {"ascending" | "descending"} Direction */

const BY_SYMBOL = "symbol";

export class Order {
  /** @type {string | null} */
  key = null;
  /** @type {Direction} */
  direction = "descending";

  /**
   * Go to the next order of a column: its first direction, then the other, then the person's own order.
   * @param {string} key
   */
  turn(key) {
    const first = key === BY_SYMBOL ? "ascending" : "descending";
    if (this.key !== key) {
      this.key = key;
      this.direction = first;
    } else if (this.direction === first) {
      this.direction = first === "ascending" ? "descending" : "ascending";
    } else {
      this.key = null;
    }
  }

  /** The order as a word for storage: "-change_percent", "symbol", or "" for the person's own. */
  get word() {
    if (this.key === null) return "";
    return (this.direction === "descending" ? "-" : "") + this.key;
  }

  set word(word) {
    const key = word.replace(/^-/, "");
    const isKnown = key === BY_SYMBOL || COLUMNS.some((column) => column.key === key);
    this.key = isKnown ? key : null;
    this.direction = word.startsWith("-") ? "descending" : "ascending";
  }

  /** Say whether prices can change the order. */
  get isLive() {
    return this.key !== null && this.key !== BY_SYMBOL;
  }

  /**
   * Return the symbols in order. Those without a value come last; equal ones keep the person's order.
   * @param {readonly string[]} symbols
   * @param {(symbol: string) => Row | undefined} rowOf
   */
  sort(symbols, rowOf) {
    if (this.key === null) return [...symbols];
    const sign = this.direction === "ascending" ? 1 : -1;
    if (this.key === BY_SYMBOL) return [...symbols].sort((a, b) => sign * (a < b ? -1 : 1));
    const value = COLUMNS.find((column) => column.key === this.key)?.value ?? (() => null);
    const keyed = symbols.map((symbol) => ({symbol, at: valueOf(rowOf(symbol), value)}));
    keyed.sort((a, b) => compare(a.at, b.at, sign));
    return keyed.map(({symbol}) => symbol);
  }
}

/**
 * @param {Row | undefined} row
 * @param {(row: Row) => number | null} value
 */
function valueOf(row, value) {
  return row ? value(row) : null;
}

/**
 * @param {number | null} a
 * @param {number | null} b
 * @param {number} sign
 */
function compare(a, b, sign) {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return sign * (a - b);
}
