// @ts-check
/**
 * Keeps the page of alerts up to date: last prices, and how far they are from those that alerts wait for. What fired is
 * rows of the server, so the page only says that there is news.
 * Must not know the network.
 */

import {find, write} from "../../dom.js";
import {digitsOf, percent, price} from "../../format.js";

/** @typedef {import("../../wire/frames.js").Row} Row */
/** @typedef {(symbol: string) => {row: Row | undefined, instrument: import("../../wire/frames.js").Instrument | undefined}} Facts */

export class AlertList {
  #root;
  #facts;
  #news;
  /** The newest notification when the server made the page. */
  #newest;
  /** The lines of each symbol. @type {Map<string, HTMLElement[]>} */
  #lines = new Map();

  /** @param {HTMLElement} root @param {{facts: Facts}} options */
  constructor(root, {facts}) {
    this.#root = root;
    this.#facts = facts;
    this.#news = find(root, "[data-part=news]");
    this.#newest = Number(root.dataset.newest);
    for (const line of /** @type {NodeListOf<HTMLElement>} */ (this.#root.querySelectorAll("li[data-symbol]"))) {
      const symbol = line.dataset.symbol ?? "";
      this.#lines.set(symbol, [...(this.#lines.get(symbol) ?? []), line]);
    }
  }

  /** The symbols of single instruments that alerts are about. */
  get symbols() {
    return [...this.#lines.keys()];
  }

  /** Say whether alerts may have changed since the page was made. @param {{notices: readonly {id: number}[]}} inbox */
  hear({notices}) {
    this.#news.hidden = !notices.some(({id}) => id > this.#newest);
  }

  /** Write the lines of these symbols. @param {Set<string>} symbols */
  paint(symbols) {
    for (const symbol of symbols) {
      const {row, instrument} = this.#facts(symbol);
      for (const line of this.#lines.get(symbol) ?? []) {
        write(find(line, "[data-part=last]"), price(row?.p, digitsOf(instrument)));
        write(find(line, "[data-part=distance]"), distance(line.dataset.target ?? "", row?.p));
      }
    }
  }
}

/**
 * Return how far a price is from a target, in percent of the price; as pages/alerts.py does.
 * @param {string} target "" without one
 * @param {number | null | undefined} last
 */
function distance(target, last) {
  return percent(target === "" || !last ? null : (100 * (Number(target) - last)) / last);
}
