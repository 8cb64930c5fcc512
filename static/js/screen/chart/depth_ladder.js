// @ts-check
/**
 * The book of one instrument: five levels of bids and asks, the best ones next to each other, with bars for their sizes.
 * Must not know where the book comes from.
 */

import {find, make, write} from "../../dom.js";
import {price, size} from "../../format.js";

/** A price and the size that is offered there. @typedef {readonly [number, number]} Level */
/** Levels, the best first. @typedef {{bids: readonly Level[], asks: readonly Level[]}} Book */

const LEVELS = 5;

/** One line: the sizes and prices of both sides at a level. */
class LadderRow {
  element;
  #cells;

  constructor() {
    const cell = (/** @type {string} */ name) => make("td", {class: `ladder-${name}`});
    this.#cells = {bidSize: cell("bid-size"), bid: cell("bid"), ask: cell("ask"), askSize: cell("ask-size")};
    this.element = make("tr", {}, ...Object.values(this.#cells));
  }

  /** @param {Level | undefined} bid @param {Level | undefined} ask @param {number} most the largest size of all @param {number} digits */
  show(bid, ask, most, digits) {
    write(this.#cells.bid, price(bid?.[0], digits));
    write(this.#cells.ask, price(ask?.[0], digits));
    this.#size(this.#cells.bidSize, bid, most);
    this.#size(this.#cells.askSize, ask, most);
  }

  /** @param {HTMLElement} cell @param {Level | undefined} level @param {number} most */
  #size(cell, level, most) {
    write(cell, size(level?.[1]));
    const share = `${Math.round(100 * (level?.[1] ?? 0) / most)}%`;
    if (cell.style.getPropertyValue("--share") !== share) cell.style.setProperty("--share", share);
  }
}

export class BookLadder {
  #rows = Array.from({length: LEVELS}, () => new LadderRow());

  /** @param {HTMLElement} table */
  constructor(table) {
    find(table, "tbody").replaceChildren(...this.#rows.map(({element}) => element));
  }

  /** @param {Book} book @param {number} digits of its prices */
  show({bids, asks}, digits) {
    const sizes = [...bids, ...asks].map(([, size]) => size);
    const most = Math.max(1, ...sizes);
    this.#rows.forEach((row, index) => row.show(bids[index], asks[index], most, digits));
  }
}
