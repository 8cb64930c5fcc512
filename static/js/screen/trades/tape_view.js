// @ts-check
/**
 * Time and sales, newest on top. Elements are made once and used again for newer trades.
 * Must not know where trades come from.
 */

import {find, write} from "../../dom.js";
import {count, price, time} from "../../format.js";

/** @typedef {import("../../wire/frames.js").Trade} Trade */
/** @typedef {import("../../market/tape.js").TapeLine} TapeLine */

/** The names of the sides; another side is shown as it came. @type {Record<string, string>} */
const SIDES = Object.freeze({BUY: "Buy", SELL: "Sell"});

/** A line of the table: its element and its cells. */
class TradeRow {
  element;
  #cells;
  /** The trade that it shows. @type {Trade | null} */
  #trade = null;
  #digits = -1;

  /** @param {HTMLElement} element a `tr` of the page's template */
  constructor(element) {
    this.element = element;
    const cell = (/** @type {string} */ name) => find(element, `[data-part=${name}]`);
    this.#cells = {time: cell("time"), symbol: cell("symbol"), price: cell("price"), size: cell("size"), side: cell("side")};
  }

  /** @param {Trade} trade @param {number} digits of its price */
  show(trade, digits) {
    if (trade === this.#trade && digits === this.#digits) return;
    this.#trade = trade;
    this.#digits = digits;
    write(this.#cells.time, time(trade.t));
    write(this.#cells.symbol, trade.s);
    write(this.#cells.price, price(trade.p, digits));
    write(this.#cells.size, count(trade.q));
    write(this.#cells.side, SIDES[trade.side] ?? trade.side);
    this.element.dataset.side = trade.side;
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

/** @param {HTMLTemplateElement} template */
function made(template) {
  return find(/** @type {DocumentFragment} */ (template.content.cloneNode(true)), "tr");
}
