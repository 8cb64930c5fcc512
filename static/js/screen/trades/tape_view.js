// @ts-check
/**
 * Time and sales, newest on top. Elements are made once and used again for newer trades.
 * Must not know where trades come from.
 */

import {find, write} from "../../dom.js";
import {paddings, price, size, time} from "../../format.js";

/** @typedef {import("../../market/tape.js").TapeTrade} Trade */
/** @typedef {import("../../market/tape.js").TapeLine} TapeLine */

/** The names of the sides; another side is shown as it came. @type {Record<string, string>} */
const SIDES = Object.freeze({BUY: "Buy", SELL: "Sell"});

/** The mark of what became of a trade; another fate is marked too. @type {Record<string, string>} */
const MARKS = Object.freeze({late: "L", corrected: "C", cancelled: "X"});

/** A line of the table: its element and its cells. */
class TradeRow {
  element;
  #cells;
  /** The trade that it shows. @type {Trade | null} */
  #trade = null;
  #digits = -1;
  /** What stands in the columns whose decimals are aligned. */
  priceText = "";
  sizeText = "";

  /** @param {HTMLElement} element a `tr` of the page's template */
  constructor(element) {
    this.element = element;
    const cell = (/** @type {string} */ name) => find(element, `[data-part=${name}]`);
    this.#cells = {time: cell("time"), symbol: cell("symbol"), mark: cell("mark"), fate: cell("fate"), price: cell("price"), size: cell("size"), side: cell("side")};
  }

  /** @param {Trade} trade @param {number} digits of its price */
  show(trade, digits) {
    if (trade === this.#trade && digits === this.#digits) return;
    this.#trade = trade;
    this.#digits = digits;
    write(this.#cells.time, time(trade.t));
    write(this.#cells.symbol, trade.s);
    this.priceText = price(trade.p, digits);
    this.sizeText = size(trade.q);
    write(this.#cells.price, this.priceText);
    write(this.#cells.size, this.sizeText);
    write(this.#cells.side, SIDES[trade.side] ?? trade.side);
    this.element.dataset.side = trade.side;
    this.#showFix(trade, digits);
  }

  /** Add room for the decimals that others have and this trade has not. @param {string} afterPrice @param {string} afterSize */
  align(afterPrice, afterSize) {
    pad(this.#cells.price, afterPrice);
    pad(this.#cells.size, afterSize);
  }

  /** @param {Trade} trade @param {number} digits */
  #showFix(trade, digits) {
    const {fix = ""} = trade;
    const note = fix && noteOf(trade, digits);
    this.element.dataset.fix = fix;
    this.element.title = note;
    write(this.#cells.mark, fix && (MARKS[fix] ?? "?"));
    write(this.#cells.fate, note && ` ${note}. `);
    this.#cells.mark.hidden = this.#cells.fate.hidden = fix === "";
  }
}

export class TapeView {
  #body;
  #line;
  #gap;
  /** @type {Map<string, TradeRow>} */
  #rows = new Map();
  /** The lines that mark missing trades. @type {Map<string, HTMLElement>} */
  #gaps = new Map();

  /** @param {HTMLElement} panel with the table and the templates of a trade and of a mark */
  constructor(panel) {
    this.#body = find(panel, "tbody");
    this.#line = /** @type {HTMLTemplateElement} */ (find(panel, "template[data-part=trade]"));
    this.#gap = /** @type {HTMLTemplateElement} */ (find(panel, "template[data-part=gap]"));
  }

  /**
   * Show these lines and no others.
   * @param {readonly TapeLine[]} lines oldest first
   * @param {(symbol: string) => number} digitsOf
   */
  show(lines, digitsOf) {
    const spare = this.#free(new Set(lines.map(({key}) => key)));
    let next = /** @type {Element | null} */ (this.#body.firstElementChild);
    for (const line of lines.toReversed()) {
      const element = this.#elementOf(line, spare, digitsOf);
      if (element === next) next = next.nextElementSibling;
      else this.#body.insertBefore(element, next);
    }
    this.#align();
  }

  /** Take out all lines. */
  clear() {
    this.#free(new Set());
  }

  /** Let the decimal points stand below each other. Styles hide the room first where a column is too narrow. */
  #align() {
    const rows = [...this.#rows.values()];
    const prices = paddings(rows.map((row) => row.priceText));
    const sizes = paddings(rows.map((row) => row.sizeText));
    rows.forEach((row, number) => row.align(prices[number] ?? "", sizes[number] ?? ""));
  }

  /** Take out lines that are no longer shown. Return their rows, to be used again. @param {Set<string>} kept */
  #free(kept) {
    const keys = [...this.#rows.keys()].filter((key) => !kept.has(key));
    const spare = keys.map((key) => /** @type {TradeRow} */ (this.#rows.get(key)));
    for (const key of keys) this.#rows.delete(key);
    for (const {element} of spare) element.remove();
    for (const [key, element] of this.#gaps) {
      if (kept.has(key)) continue;
      element.remove();
      this.#gaps.delete(key);
    }
    return spare;
  }

  /** @param {TapeLine} line @param {TradeRow[]} spare @param {(symbol: string) => number} digitsOf */
  #elementOf({key, trade}, spare, digitsOf) {
    if (trade === null) return this.#gapOf(key);
    const row = this.#rows.get(key) ?? spare.pop() ?? new TradeRow(made(this.#line));
    this.#rows.set(key, row);
    row.show(trade, digitsOf(trade.s));
    return row.element;
  }

  /** @param {string} key */
  #gapOf(key) {
    const element = this.#gaps.get(key) ?? made(this.#gap);
    this.#gaps.set(key, element);
    return element;
  }
}

/** @param {HTMLElement} cell the text of a cell, inside the element that holds the room after it @param {string} room */
function pad(cell, room) {
  const value = /** @type {HTMLElement} */ (cell.parentElement);
  if ((value.dataset.room ?? "") !== room) value.dataset.room = room;
}

/** Say what became of a trade, and how it was reported at first. @param {Trade} trade @param {number} digits */
function noteOf({fix, before, et, t}, digits) {
  if (fix === "late") return et === undefined || et === t ? "Came late" : `Came late: it happened at ${time(et)}`;
  if (fix === "cancelled") return "Cancelled: it does not count any more";
  return before ? `Corrected: before, ${size(before.q)} at ${price(before.p, digits)}` : "Corrected";
}

/** @param {HTMLTemplateElement} template */
function made(template) {
  return find(/** @type {DocumentFragment} */ (template.content.cloneNode(true)), "tr");
}
