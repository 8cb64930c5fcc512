// @ts-check
/**
 * A line of the watchlist. It is made, or taken from the server's page, and then patched cell by cell. It may become the line
 * of another symbol.
 * Must not know the board or the order of lines.
 */

import {find, write} from "../../dom.js";
import {MISSING, age, count, digitsOf} from "../../format.js";
import {pageOf} from "../../symbols.js";
import {PHASE_NAMES} from "../status/phases.js";
import {COLUMNS, directionOf} from "./columns.js";

/** @typedef {import("../../wire/frames.js").Row} Row */
/** @typedef {import("../../wire/frames.js").Instrument} Instrument */
/** @typedef {import("../../wire/frames.js").Feed} Feed */
/** @typedef {import("./columns.js").Column} Column */
/** @typedef {{column: Column, element: HTMLElement, node: Text, text: string, value: number | null}} Cell */
/** `ticks`: how many ticks all updates of the row stood for. @typedef {{row: Row | undefined, instrument: Instrument | undefined, feed: Feed | undefined, isRejected: boolean, ticks?: number}} RowFacts */

/**
 * `instrument`, `alert`: addresses of the links of a line, without its symbol; null: no link.
 * `verb`: the label of its button, with `~` for the symbol.
 * @typedef {{instrument: string | null, alert: string, verb: string}} Addresses
 */

export class RowView {
  /** The symbol that the line shows. */
  symbol = "";
  #cells;
  /** The cells of all columns by key, also of those that are not shown. */
  #places;
  #head;
  #link;
  #alert;
  #remove;
  #name;
  #badge;
  #delay;
  #reason;
  #addresses;
  #digits = -1;
  /** How old the last tick is, in words, if that is much older than usual. */
  ageText = "";
  /** Whether the line says how many ticks its last update stood for. */
  #hasReceipts = false;
  /** How many ticks the line stood for at its last paint. @type {number | null} */
  #ticks = null;
  /** Whether the next paint must not flash. The first one never does. */
  #isQuiet = true;
  /** What the status shows. @type {readonly unknown[]} */
  #status = [];

  /**
   * @param {HTMLElement} element a `tr` of the page's template
   * @param {Addresses} addresses
   */
  constructor(element, addresses) {
    this.element = element;
    this.#addresses = addresses;
    this.#head = find(element, "th");
    this.#link = find(element, ".symbol");
    this.#alert = find(element, ".row-alert");
    this.#remove = find(element, "button[name=symbol]");
    this.#name = find(element, ".name");
    this.#badge = find(element, ".phase");
    this.#delay = find(element, ".delay");
    this.#reason = find(element, ".reason");
    describe(element);
    this.#cells = COLUMNS.filter(({isDrawn}) => !isDrawn).map((column) => cellOf(element, column));
    this.#places = new Map(COLUMNS.map(({key}) => [key, find(element, `[data-field=${key}]`)]));
  }

  /**
   * Show another symbol in this line. The next paint writes all cells and does not flash.
   * @param {string} symbol
   */
  name(symbol) {
    const {instrument, alert, verb} = this.#addresses;
    this.symbol = symbol;
    this.element.dataset.symbol = symbol;
    write(this.#link, symbol);
    if (instrument !== null) this.#link.setAttribute("href", pageOf(instrument, symbol));
    this.#link.tabIndex = -1;
    this.#alert.setAttribute("href", `${alert}?symbol=${encodeURIComponent(symbol)}`);
    this.#alert.setAttribute("aria-label", `Make an alert on ${symbol}`);
    this.#remove.setAttribute("value", symbol);
    this.#remove.setAttribute("aria-label", verb.replace("~", symbol));
    this.#forget();
  }

  /** Forget the values of the symbol that the line showed before. */
  #forget() {
    this.#digits = -1;
    this.#status = [];
    this.#isQuiet = true;
    this.#ticks = null;
    delete this.element.dataset.tick;
    this.#head.removeAttribute("data-receipt");
    this.markStale(null);
    for (const cell of this.#cells) {
      cell.value = null;
      cell.element.classList.remove("flash-up", "flash-down");
      cell.element.removeAttribute("title");
    }
  }

  /**
   * Show the cells of these columns, in this order.
   * @param {readonly string[]} keys
   */
  arrange(keys) {
    arrangeCells(this.element, this.#places, keys);
  }

  /** The cell of a column. @param {string} key */
  cellOf(key) {
    return this.#places.get(key);
  }

  /** Let the next paint not flash, because it shows old news. */
  hush() {
    this.#isQuiet = true;
  }

  /**
   * Show the facts. Only cells whose text differs are touched.
   * @param {RowFacts} facts
   * @param {number} now_ms
   * @param {import("./flash.js").Flasher} flasher
   */
  paint(facts, now_ms, flasher) {
    const digits = digitsOf(facts.instrument);
    const isNew = digits !== this.#digits;
    this.#digits = digits;
    for (const cell of this.#cells) {
      const value = facts.row ? cell.column.value(facts.row) : null;
      if (value === cell.value && !isNew) continue;
      const text = facts.row ? cell.column.text(facts.row, digits) : MISSING;
      if (text !== cell.text) this.#patch(cell, text, value, now_ms, flasher);
      cell.value = value;
    }
    this.#mark("direction", directionOf(facts.row, digits));
    this.#paintStatus(facts);
    this.#paintReceipt(facts.ticks);
    this.#isQuiet = false;
  }

  /**
   * @param {Cell} cell
   * @param {string} text
   * @param {number | null} value
   * @param {number} now_ms
   * @param {import("./flash.js").Flasher} flasher
   */
  #patch(cell, text, value, now_ms, flasher) {
    cell.node.data = text;
    cell.text = text;
    // A value that was missing until now did not move.
    if (!cell.column.isFlashing || this.#isQuiet || cell.value === null || value === null) return;
    flasher.start(cell.element, value > cell.value, now_ms);
    if (cell.column.key === "last") this.#mark("tick", value > cell.value ? "up" : "down");
  }

  set hasReceipts(/** @type {boolean} */ isShown) {
    this.#hasReceipts = isShown;
    if (!isShown) this.#head.removeAttribute("data-receipt");
  }

  /**
   * Say that the last tick is much older than usual, or not.
   * @param {number | null} age_ms null if it is not
   */
  markStale(age_ms) {
    const text = age_ms === null ? "" : `, ${age(age_ms)} ago, much longer than usual`;
    if (text === this.ageText) return;
    this.ageText = text;
    this.element.toggleAttribute("data-stale", text !== "");
    this.#head.title = text && `Last tick ${age(age_ms)} ago`;
  }

  /** Say how many ticks the last update stood for: one of them is shown. @param {number} [ticks] of all updates */
  #paintReceipt(ticks) {
    const isNew = ticks !== undefined && this.#ticks !== null && ticks > this.#ticks;
    if (this.#hasReceipts && isNew) this.#head.dataset.receipt = `1 of ${count(ticks - (this.#ticks ?? 0))}`;
    this.#ticks = ticks ?? null;
  }

  /** @param {RowFacts} facts */
  #paintStatus({row, instrument, feed}) {
    const phase = instrument?.ph ?? row?.ph ?? "";
    const status = [instrument, phase, feed?.state, row !== undefined];
    if (this.#status.length && status.every((fact, index) => fact === this.#status[index])) return;
    this.#status = status;
    const name = phase === "OPEN" ? "" : (PHASE_NAMES[phase] ?? "");
    const badge = instrument ? name : row ? "" : "Not listed";
    const reason = badge ? (instrument?.reason ?? "") : "";
    write(this.#name, instrument?.name ?? "");
    this.#mark("phase", phase);
    this.#mark("feed", feed?.state ?? "");
    write(this.#badge, badge);
    this.#badge.hidden = badge === "";
    this.#delay.hidden = !instrument?.delay;
    write(this.#delay, instrument?.delay ? `${instrument.delay} min late` : "");
    write(this.#reason, reason);
    this.#reason.title = reason;
    this.element.toggleAttribute("data-reason", reason !== "");
  }

  /** @param {string} name @param {string} value */
  #mark(name, value) {
    if (this.element.dataset[name] !== value) this.element.dataset[name] = value;
  }
}

/**
 * Bring the cells of columns into an order, before the last cell; those that are not named leave the line.
 * @param {HTMLElement} line
 * @param {ReadonlyMap<string, HTMLElement>} cells of all columns, by key
 * @param {readonly string[]} keys
 */
export function arrangeCells(line, cells, keys) {
  const wanted = keys.flatMap((key) => cells.get(key) ?? []);
  const shown = [...line.children].filter((cell) => cell !== line.firstElementChild && cell !== line.lastElementChild);
  if (shown.length === wanted.length && shown.every((cell, place) => cell === wanted[place])) return;
  for (const cell of shown) cell.remove();
  for (const cell of wanted) line.insertBefore(cell, line.lastElementChild);
}

/**
 * Return where the links of a line lead, and what its button does. In a template, "~" stands for the symbol.
 * @param {ParentNode} template
 * @returns {Addresses}
 */
export function addressesOf(template) {
  const alert = find(template, ".row-alert").getAttribute("href") ?? "";
  const verb = find(template, "button[name=symbol]").getAttribute("aria-label") ?? "Remove ~";
  return {instrument: find(template, ".symbol").getAttribute("href"), alert: alert.split("?")[0] ?? "", verb};
}

/**
 * Give a line and its cells their roles, which the layout of a phone would take from them, and let cells take the focus.
 * The server leaves this out, because it would be a third of its page.
 * @param {HTMLElement} row
 */
function describe(row) {
  row.setAttribute("role", "row");
  for (const cell of /** @type {Iterable<HTMLElement>} */ (row.children)) {
    cell.setAttribute("role", cell.tagName === "TH" ? "rowheader" : "gridcell");
    if (!cell.querySelector("button")) cell.tabIndex = -1;
  }
}

/**
 * @param {HTMLElement} row
 * @param {Column} column
 * @returns {Cell}
 */
function cellOf(row, column) {
  const element = find(row, `[data-field=${column.key}]`);
  const node = textOf(element);
  return {column, element, node, text: node.data, value: null};
}

/** Return the text of a cell. To change it costs less than to write another one. @param {HTMLElement} element */
function textOf(element) {
  const {firstChild} = element;
  if (firstChild instanceof Text && element.childNodes.length === 1) return firstChild;
  const node = new Text(element.textContent.trim());
  element.replaceChildren(node);
  return node;
}
