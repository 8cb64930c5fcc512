// @ts-check
/**
 * The pictures of the day so far in the lines in view. They are loaded when the column is first seen.
 * Must not know the network, or which lines there are.
 */

import {draw} from "../../dom.js";
import {DayLine} from "./day_line.js";

/** @typedef {import("./day_line.js").DayPrices} DayPrices */
/** @typedef {import("./day_line.js").Drawing} Drawing */
/** @typedef {import("./row.js").RowView} RowView */
/** @typedef {import("./row.js").RowFacts} RowFacts */
/** A line of an instrument, when it was asked for (ms), and the price that it ends with. @typedef {{line: DayLine | null, asked_ms: number, price: number | null}} Known */

const WIDTH = 84;
const HEIGHT = 20;
/** New prices are drawn this often. */
const DRAW_MS = 1_000;
/** Lines are asked for again after this time: a page may have missed prices. */
const RENEW_MS = 300_000;
/** After a request that failed nothing is asked for this long. */
const RETRY_MS = 15_000;
/** Lines of one request. */
const MOST_ASKED = 100;
/** Lines that are kept for scrolling back. */
const MOST_KEPT = 500;
const WORDS = Object.freeze({up: "Day so far: rising", down: "Day so far: falling", flat: "Day so far: unchanged"});
const KEY = "day";

export class Sparklines {
  #read;
  #facts;
  #now;
  /** @type {readonly RowView[]} */
  #views = [];
  /** @type {Map<string, Known>} */
  #known = new Map();
  /** @type {Set<string>} */
  #moved = new Set();
  /** @type {number | undefined} */
  #timer;
  #failed_ms = -Infinity;

  /**
   * @param {{
   *   read: (symbols: string[]) => Promise<Map<string, DayPrices>>, facts: (symbol: string) => RowFacts, now?: () => number,
   * }} options `read` asks the server
   */
  constructor({read, facts, now = () => performance.now()}) {
    this.#read = read;
    this.#facts = facts;
    this.#now = now;
  }

  /**
   * Draw the lines of these rows, and ask for those that are missing.
   * @param {readonly RowView[]} views
   */
  async show(views) {
    this.#views = views;
    for (const view of views) this.#draw(view);
    const now_ms = this.#now();
    if (now_ms - this.#failed_ms < RETRY_MS) return;
    const isOld = (/** @type {string} */ symbol) => now_ms - (this.#known.get(symbol)?.asked_ms ?? -Infinity) >= RENEW_MS;
    const missing = views.map(({symbol}) => symbol).filter((symbol) => isOld(symbol) && this.#facts(symbol).row).slice(0, MOST_ASKED);
    if (missing.length) await this.#ask(missing, now_ms);
  }

  /**
   * Hear which prices moved. Lines follow once a second.
   * @param {Iterable<string>} symbols
   */
  move(symbols) {
    for (const symbol of symbols) this.#moved.add(symbol);
    if (this.#timer === undefined) this.#timer = setTimeout(() => this.#follow(), DRAW_MS);
  }

  /** @param {string[]} symbols @param {number} now_ms */
  async #ask(symbols, now_ms) {
    for (const symbol of symbols) this.#keep(symbol, {line: this.#known.get(symbol)?.line ?? null, asked_ms: now_ms, price: null});
    try {
      const found = await this.#read(symbols);
      for (const [symbol, prices] of found) this.#keep(symbol, {line: new DayLine(prices), asked_ms: now_ms, price: null});
    } catch {
      this.#failed_ms = this.#now();
      for (const symbol of symbols) this.#keep(symbol, {...this.#knownOf(symbol), asked_ms: -Infinity});
      return;
    }
    for (const view of this.#views) if (symbols.includes(view.symbol)) this.#draw(view);
  }

  /** Nothing is drawn or asked for while nobody can see it. */
  #follow() {
    this.#timer = undefined;
    const moved = this.#moved;
    this.#moved = new Set();
    if (moved.size && this.#views.some((view) => view.cellOf(KEY)?.checkVisibility())) void this.show(this.#views);
  }

  /** @param {string} symbol @param {Known} known */
  #keep(symbol, known) {
    this.#known.delete(symbol);
    this.#known.set(symbol, known);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MOST_KEPT) break;
      this.#known.delete(oldest);
    }
  }

  /** @param {string} symbol @returns {Known} */
  #knownOf(symbol) {
    return this.#known.get(symbol) ?? {line: null, asked_ms: -Infinity, price: null};
  }

  /** @param {RowView} view */
  #draw(view) {
    const cell = view.cellOf(KEY);
    if (!cell) return;
    const known = this.#knownOf(view.symbol);
    const {row, feed} = this.#facts(view.symbol);
    // The line of the symbol that this element showed before must not stay.
    const isSame = cell.dataset.of === view.symbol;
    const price = row?.p ?? null;
    if (isSame && known.line && known.price === price) return;
    if (known.line && row && price !== null && row.t !== null) known.line.add(exchangeTime(row.t, feed), price);
    known.price = price;
    cell.dataset.of = view.symbol;
    paint(cell, known.line?.draw({width: WIDTH, height: HEIGHT, close: row?.pc ?? null}) ?? null);
  }
}

/**
 * Return the exchange's time of a tick (both UTC ms).
 * @param {number} at_ms
 * @param {import("../../wire/frames.js").Feed | undefined} feed
 */
function exchangeTime(at_ms, feed) {
  return feed?.clock ? feed.clock + (at_ms - feed.t) * feed.scale : at_ms;
}

/** @param {HTMLElement} cell @param {Drawing | null} drawing */
function paint(cell, drawing) {
  if (drawing === null) {
    cell.replaceChildren();
    return;
  }
  const svg = cell.querySelector("svg") ?? makePicture(cell);
  const [close, line, end] = svg.children;
  for (const [path, text] of /** @type {const} */ ([[close, drawing.close], [line, drawing.line], [end, drawing.end]])) {
    if (path && path.getAttribute("d") !== text) path.setAttribute("d", text);
  }
  if (svg.getAttribute("data-direction") === drawing.direction) return;
  svg.setAttribute("data-direction", drawing.direction);
  svg.setAttribute("aria-label", WORDS[drawing.direction]);
}

/** @param {HTMLElement} cell */
function makePicture(cell) {
  const svg = draw("svg", {class: "day-line", width: String(WIDTH), height: String(HEIGHT), role: "img"});
  for (const name of ["day-close", "day-prices", "day-end"]) svg.append(draw("path", {class: name}));
  cell.replaceChildren(svg);
  return svg;
}
