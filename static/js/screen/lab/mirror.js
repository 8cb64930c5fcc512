// @ts-check
/**
 * The same prices side by side, as each transport knows them. A price is dim while another transport knows a newer
 * one.
 * Must not know transports.
 */

import {find, make, write} from "../../dom.js";
import {price} from "../../format.js";

/** @typedef {import("../../wire/frames.js").Row} Row */

/** The most symbols that are shown. */
const LINES = 8;

export class Mirror {
  #body;
  #keys;
  /** @type {Map<string, HTMLElement>} */
  #cells = new Map();
  /** The time of the newest tick that any transport knows. @type {Map<string, number>} */
  #newest = new Map();
  /** The most decimals seen in the prices of each symbol. @type {Map<string, number>} */
  #digits = new Map();

  /**
   * @param {HTMLElement} table
   * @param {readonly string[]} keys
   */
  constructor(table, keys) {
    this.#body = find(table, "tbody");
    this.#keys = keys;
  }

  /** Make a line for each of these symbols. @param {readonly string[]} symbols */
  list(symbols) {
    this.#cells.clear();
    this.#newest.clear();
    const lines = symbols.slice(0, LINES).map((symbol) => {
      const cells = this.#keys.map((key) => make("td", {"data-mirror": key}, "\u2013"));
      cells.forEach((cell, index) => this.#cells.set(`${this.#keys[index]} ${symbol}`, cell));
      return make("tr", {"data-symbol": symbol}, make("th", {scope: "row"}, symbol), ...cells);
    });
    this.#body.replaceChildren(...lines);
  }

  /**
   * Write what one transport knows of some symbols.
   * @param {string} key
   * @param {Map<string, Row>} rows
   * @param {Iterable<string>} symbols
   */
  show(key, rows, symbols) {
    for (const symbol of symbols) {
      const cell = this.#cells.get(`${key} ${symbol}`);
      const row = rows.get(symbol);
      if (!cell || !row) continue;
      write(cell, price(row.p, this.#digitsOf(row)));
      cell.dataset.t = String(row.t ?? 0);
      this.#compare(symbol, row.t ?? 0);
    }
  }

  /** @param {Row} row */
  #digitsOf({s, p}) {
    const seen = String(p ?? "").split(".")[1]?.length ?? 0;
    const digits = Math.max(seen, this.#digits.get(s) ?? 2);
    this.#digits.set(s, digits);
    return digits;
  }

  /** @param {string} symbol @param {number} at_ms */
  #compare(symbol, at_ms) {
    const newest = Math.max(at_ms, this.#newest.get(symbol) ?? 0);
    this.#newest.set(symbol, newest);
    for (const key of this.#keys) {
      const cell = this.#cells.get(`${key} ${symbol}`);
      cell?.classList.toggle("is-behind", Number(cell.dataset.t ?? 0) < newest);
    }
  }
}
