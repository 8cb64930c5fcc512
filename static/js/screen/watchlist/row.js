// @ts-check
/**
 * A line of the watchlist. It is made once, or taken from the server's page, and then patched cell by cell.
 * Must not know the board or the order of lines.
 */

import {find, write} from "../../dom.js";
import {MISSING, digitsOf} from "../../format.js";
import {PHASE_NAMES} from "../status/phases.js";
import {COLUMNS, directionOf} from "./columns.js";

/** @typedef {import("../../wire/frames.js").Row} Row */
/** @typedef {import("../../wire/frames.js").Instrument} Instrument */
/** @typedef {import("../../wire/frames.js").Feed} Feed */
/** @typedef {import("./columns.js").Column} Column */
/** @typedef {{column: Column, element: HTMLElement, text: string, value: number | null}} Cell */
/** @typedef {{row: Row | undefined, instrument: Instrument | undefined, feed: Feed | undefined, isRejected: boolean}} RowFacts */

export class RowView {
  #cells;
  #name;
  #badge;
  #delay;
  #reason;
  /** Whether the next paint must not flash. The first one never does. */
  #isQuiet = true;

  /**
   * @param {HTMLElement} element a `tr` of the page's template
   * @param {string} symbol
   */
  constructor(element, symbol) {
    this.element = element;
    this.symbol = symbol;
    element.dataset.symbol = symbol;
    nameLine(find(element, ".symbol"), symbol);
    this.#name = find(element, ".name");
    this.#badge = find(element, ".phase");
    this.#delay = find(element, ".delay");
    this.#reason = find(element, ".reason");
    describe(element);
    this.#cells = COLUMNS.map((column) => cellOf(element, column));
    const link = find(element, ".row-alert");
    link.setAttribute("href", `${(link.getAttribute("href") ?? "").split("?")[0]}?symbol=${symbol}`);
    link.setAttribute("aria-label", `Make an alert on ${symbol}`);
    const button = find(element, "button[name=symbol]");
    button.setAttribute("value", symbol);
    button.setAttribute("aria-label", `Remove ${symbol}`);
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
    for (const cell of this.#cells) {
      const text = facts.row ? cell.column.text(facts.row, digits) : MISSING;
      const value = facts.row ? cell.column.value(facts.row) : null;
      if (text !== cell.text) this.#patch(cell, text, value, now_ms, flasher);
      cell.value = value;
    }
    this.#mark("direction", directionOf(facts.row, digits));
    this.#paintStatus(facts);
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
    cell.element.textContent = text;
    cell.text = text;
    if (!cell.column.isFlashing || this.#isQuiet || cell.value === null || value === null) return;
    flasher.start(cell.element, value > cell.value, now_ms);
    if (cell.column.key === "last") this.#mark("tick", value > cell.value ? "up" : "down");
  }

  /** @param {RowFacts} facts */
  #paintStatus({row, instrument, feed}) {
    const phase = instrument?.ph ?? row?.ph ?? "";
    const name = phase === "OPEN" ? "" : (PHASE_NAMES[phase] ?? "");
    const badge = instrument ? name : row ? "" : "Not listed";
    if (instrument) write(this.#name, instrument.name);
    this.#mark("phase", phase);
    this.#mark("feed", feed?.state ?? "");
    write(this.#badge, badge);
    this.#badge.hidden = badge === "";
    this.#delay.hidden = !instrument?.delay;
    write(this.#delay, instrument?.delay ? `${instrument.delay} min late` : "");
    write(this.#reason, badge ? (instrument?.reason ?? "") : "");
    this.#reason.title = this.#reason.textContent;
  }

  /** @param {string} name @param {string} value */
  #mark(name, value) {
    if (this.element.dataset[name] !== value) this.element.dataset[name] = value;
  }
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
 * Name a line and let its link lead to the page of the instrument; the keyboard opens that from the chart beside the list.
 * @param {HTMLElement} link
 * @param {string} symbol
 */
function nameLine(link, symbol) {
  write(link, symbol);
  const address = link.getAttribute("href");
  if (address === null) return;
  link.setAttribute("href", address.replace("~", encodeURIComponent(symbol)));
  link.tabIndex = -1;
}

/**
 * @param {HTMLElement} row
 * @param {Column} column
 * @returns {Cell}
 */
function cellOf(row, column) {
  const element = find(row, `[data-field=${column.key}]`);
  return {column, element, text: element.textContent.trim(), value: null};
}
