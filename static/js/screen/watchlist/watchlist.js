// @ts-check
/**
 * The table of prices. Lines are made once, dirty cells are patched once per frame, and lines do not move while
 * somebody points at them.
 * Must not know the network.
 */

import {find, recall, remember, write} from "../../dom.js";
import {count, digitsOf, moment} from "../../format.js";
import {directionOf} from "./columns.js";
import {Flasher} from "./flash.js";
import {Order} from "./order.js";
import {RovingFocus} from "./roving.js";
import {RowView} from "./row.js";

/** @typedef {import("./row.js").RowFacts} RowFacts */

/** The least time from one sorting to the next. */
const RESORT_MS = 500;
const MEMORY = "sort";

export class Watchlist {
  #body;
  #heads;
  #template;
  #empty;
  #resort;
  #facts;
  #onremove;
  #onselect;
  #hasDetails;
  #focus;
  #order = new Order();
  #flasher = new Flasher();
  /** @type {Map<string, RowView>} */
  #rows = new Map();
  /** @type {readonly string[]} */
  #symbols = [];
  /** The symbol of the line that somebody chose. @type {string | null} */
  #selected = null;
  #needle = "";
  #isFrozen = false;
  #sorted_ms = 0;
  /** @type {number | undefined} */
  #timer;

  /**
   * @param {{
   *   panel: HTMLElement, facts: (symbol: string) => RowFacts, onremove: (symbol: string) => void,
   *   onselect: (symbol: string | null) => void, hasDetails?: boolean,
   * }} options `panel` holds the table, the template of a line and the empty state. `hasDetails`: the page shows those of
   *   the chosen line, so the link of a line chooses it
   */
  constructor({panel, facts, onremove, onselect, hasDetails = false}) {
    const table = find(panel, "table");
    this.#body = find(table, "tbody");
    this.#heads = /** @type {HTMLElement[]} */ ([...table.querySelectorAll("th[data-sort]")]);
    this.#template = /** @type {HTMLTemplateElement} */ (find(panel, "template"));
    this.#empty = find(panel, "[data-part=empty]");
    this.#resort = find(panel, "[data-part=resort]");
    this.#facts = facts;
    this.#onremove = onremove;
    this.#onselect = onselect;
    this.#hasDetails = hasDetails;
    this.#adopt();
    this.#focus = new RovingFocus(table);
    this.#order.word = recall(MEMORY) ?? "";
    this.#listen(table);
    this.#showOrder();
  }

  /** The symbols of the list, in the person's order. */
  get symbols() {
    return this.#symbols;
  }

  /**
   * Show these symbols. Lines that stay keep their elements.
   * @param {readonly string[]} symbols
   */
  list(symbols) {
    this.#symbols = symbols;
    const kept = new Set(symbols);
    for (const symbol of [...this.#rows.keys()]) if (!kept.has(symbol)) this.#drop(symbol);
    for (const symbol of symbols) if (!this.#rows.has(symbol)) this.#add(symbol);
    this.#arrange();
  }

  /**
   * Show only lines whose symbol or name contains the text. If none does, show all: somebody looks for another symbol.
   * @param {string} text
   */
  filter(text) {
    this.#needle = text.trim().toLowerCase();
    const rows = [...this.#rows.values()];
    if (!rows.some((row) => this.#isMatch(row))) this.#needle = "";
    for (const row of rows) row.element.hidden = !this.#isMatch(row);
    this.#focus.settle();
  }

  /**
   * Put the focus on a symbol's line.
   * @param {string} symbol
   */
  reveal(symbol) {
    const row = this.#rows.get(symbol);
    if (row) this.#focus.focus(row.element);
  }

  /**
   * Choose a line, or none.
   * @param {string | null} symbol
   */
  select(symbol) {
    if (symbol === this.#selected) return;
    this.#rows.get(this.#selected ?? "")?.element.removeAttribute("aria-selected");
    this.#selected = symbol;
    this.#rows.get(symbol ?? "")?.element.setAttribute("aria-selected", "true");
    this.#onselect(symbol);
  }

  /**
   * Let the next paint of these lines not flash: it shows a snapshot, or what was missed while away.
   * @param {Iterable<string>} [symbols] default: all
   */
  hush(symbols = this.#rows.keys()) {
    for (const symbol of symbols) this.#rows.get(symbol)?.hush();
  }

  /**
   * Show how many lines stand higher and lower than at the previous close.
   * @param {HTMLElement} element with a `data-part` for each: up, down, flat
   */
  showBreadth(element) {
    const facts = this.#symbols.map((symbol) => this.#facts(symbol));
    const directions = facts.map(({row, instrument}) => directionOf(row, digitsOf(instrument)));
    for (const name of ["up", "down", "flat"]) {
      const part = element.querySelector(`[data-part=${name}]`);
      if (part) write(part, String(directions.filter((direction) => direction === name).length));
    }
  }

  /**
   * Patch the lines of these symbols.
   * @param {Set<string>} symbols
   * @param {number} now_ms
   */
  paint(symbols, now_ms) {
    for (const symbol of symbols) {
      const row = this.#rows.get(symbol);
      if (row) row.paint(this.#facts(symbol), now_ms, this.#flasher);
    }
    if (this.#order.isLive) this.#resortSoon();
  }

  // --- lines --------------------------------------------------------------------------------
  /** Take over the lines of the server's page. */
  #adopt() {
    const lines = /** @type {HTMLElement[]} */ ([...this.#body.querySelectorAll("tr[data-symbol]")]);
    for (const line of lines) {
      const symbol = line.dataset.symbol ?? "";
      this.#rows.set(symbol, new RowView(line, symbol));
    }
    this.#symbols = [...this.#rows.keys()];
  }

  /** @param {string} symbol */
  #add(symbol) {
    const line = /** @type {DocumentFragment} */ (this.#template.content.cloneNode(true));
    const row = new RowView(find(line, "tr"), symbol);
    this.#rows.set(symbol, row);
    this.#body.append(row.element);
    row.paint(this.#facts(symbol), 0, this.#flasher);
    row.hush();
    row.element.hidden = !this.#isMatch(row);
  }

  /** Remove a line. If it had the focus, its neighbour gets it. @param {string} symbol */
  #drop(symbol) {
    const line = this.#rows.get(symbol)?.element;
    if (!line) return;
    const neighbour = /** @type {HTMLElement | null} */ (line.nextElementSibling ?? line.previousElementSibling);
    if (line.contains(document.activeElement) && neighbour) this.#focus.focus(neighbour, true);
    if (symbol === this.#selected) this.select(null);
    line.remove();
    this.#rows.delete(symbol);
  }

  /** @param {RowView} row */
  #isMatch(row) {
    const name = this.#facts(row.symbol).instrument?.name ?? "";
    return `${row.symbol} ${name}`.toLowerCase().includes(this.#needle);
  }

  // --- order --------------------------------------------------------------------------------
  #sorted() {
    return this.#order.sort(this.#symbols, (symbol) => this.#facts(symbol).row);
  }

  /** Move only the lines that are out of place. A moved element loses its focus, so it gets it back. */
  #arrange() {
    this.#sorted_ms = performance.now();
    const focused = /** @type {HTMLElement | null} */ (this.#body.querySelector(":focus"));
    let next = /** @type {Element | null} */ (this.#body.firstElementChild);
    for (const symbol of this.#sorted()) {
      const line = this.#rows.get(symbol)?.element;
      if (!line) continue;
      if (line === next) next = next.nextElementSibling;
      else this.#body.insertBefore(line, next);
    }
    if (focused !== document.activeElement) focused?.focus({preventScroll: true});
    this.#resort.hidden = true;
    this.#empty.hidden = this.#rows.size > 0;
    this.#focus.settle();
  }

  #resortSoon() {
    if (this.#timer !== undefined) return;
    const wait_ms = Math.max(0, this.#sorted_ms + RESORT_MS - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#isFrozen) this.#offerResort();
      else this.#arrange();
    }, wait_ms);
  }

  /** Say how many lines would move: nothing moves by itself under the pointer. */
  #offerResort() {
    this.#sorted_ms = performance.now();
    const lines = this.#body.children;
    const moved = this.#sorted().filter((symbol, index) => this.#rows.get(symbol)?.element !== lines[index]).length;
    this.#resort.hidden = moved === 0;
    write(this.#resort, `Re-sort (${count(moved)} moved)`);
  }

  #showOrder() {
    for (const head of this.#heads) {
      const isSorted = head.dataset.sort === this.#order.key;
      head.setAttribute("aria-sort", isSorted ? this.#order.direction : "none");
    }
  }

  // --- people -------------------------------------------------------------------------------
  /** @param {HTMLElement} table */
  #listen(table) {
    for (const head of this.#heads) {
      find(head, "button").addEventListener("click", () => this.#turn(head.dataset.sort ?? ""));
    }
    this.#resort.addEventListener("click", () => this.#arrange());
    table.addEventListener("click", (event) => this.#onclick(event));
    table.addEventListener("keydown", (event) => this.#onkeydown(event));
    this.#body.addEventListener("pointerover", (event) => this.#explain(event));
    this.#body.addEventListener("pointerenter", () => this.#freeze());
    this.#body.addEventListener("pointerleave", () => this.#freeze());
    this.#body.addEventListener("focusin", () => this.#freeze());
    this.#body.addEventListener("focusout", () => setTimeout(() => this.#freeze()));
  }

  #freeze() {
    this.#isFrozen = this.#body.matches(":hover, :focus-within");
    if (!this.#isFrozen && !this.#resort.hidden) this.#arrange();
  }

  /** @param {string} key */
  #turn(key) {
    this.#order.turn(key);
    remember(MEMORY, this.#order.word || null);
    this.#showOrder();
    this.#arrange();
  }

  /** Handle a click on a line or its button. Without a script the button would post a form. @param {MouseEvent} event */
  #onclick(event) {
    const target = /** @type {Element} */ (event.target);
    const button = target.closest("button[name=symbol]");
    const isNewTab = event.ctrlKey || event.metaKey || event.shiftKey;
    if (target.closest("a.symbol")) {
      if (isNewTab || !this.#hasDetails) return;
      event.preventDefault();
    }
    if (!button) {
      this.#choose(target);
      return;
    }
    event.preventDefault();
    this.#onremove(button.getAttribute("value") ?? "");
  }

  /** @param {KeyboardEvent} event */
  #onkeydown(event) {
    const target = /** @type {Element} */ (event.target);
    const symbol = symbolOf(target);
    const isCell = target.matches("th, td");
    if (event.key === "Escape") this.select(null);
    if (symbol === null) return;
    // By the place of the key: with Alt some keyboards write another letter.
    if (event.altKey && event.code === "KeyA") linkOf(target)?.click();
    else if (event.key === "Delete") this.#onremove(symbol);
    else if (isCell && (event.key === "Enter" || event.key === " ")) this.#choose(target);
    else return;
    event.preventDefault();
  }

  /** Choose the line of an element; if it is chosen already, choose none. @param {Element} target */
  #choose(target) {
    const symbol = symbolOf(target);
    if (symbol !== null) this.select(symbol === this.#selected ? null : symbol);
  }

  /** Set the title of a cell when somebody points at it: a title per tick would cost more than the tick. @param {Event} event */
  #explain(event) {
    const cell = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("td[data-field]"));
    const symbol = (cell && symbolOf(cell)) ?? "";
    const {row} = this.#facts(symbol);
    if (!cell || !row) return;
    if (cell.dataset.field === "volume") cell.title = `${count(row.v)} shares`;
    if (cell.dataset.field === "last" && row.t !== null) cell.title = `Last tick ${moment(row.t)}`;
  }
}

/** Return the symbol of the line that an element is in. @param {Element} element */
function symbolOf(element) {
  const line = /** @type {HTMLElement | null} */ (element.closest("tr[data-symbol]"));
  return line?.dataset.symbol ?? null;
}

/** @param {Element} target @returns {HTMLElement | null | undefined} the link of a line to a new alert */
function linkOf(target) {
  return target.closest("tr")?.querySelector(".row-alert");
}
