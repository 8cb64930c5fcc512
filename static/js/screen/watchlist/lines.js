// @ts-check
/**
 * The elements of the lines: only lines in view have one, and lines that come into view take those of lines that left it.
 * Empty space stands for the others, so that the table is as high as if all were there.
 * Must not know the order of lines, or what people do with them.
 */

import {find, make} from "../../dom.js";
import {columnsOf} from "./columns.js";
import {Flasher} from "./flash.js";
import {RowView, addressesOf} from "./row.js";
import {titleOf} from "./sections.js";
import {holds, runsOf, spanOf} from "./spans.js";
import {TitleRow, lineWith} from "./title_row.js";

/** @typedef {import("./row.js").RowFacts} RowFacts */
/** @typedef {import("./spans.js").Run} Run */
/** @typedef {import("./spans.js").Span} Span */

/** A list of so few lines has an element for each: browsers then find text in all of it. */
const SHORT = 50;
/** Lines with an element on both sides of those in view. */
const SPARE = 12;
/** When fewer of them are left, other lines get elements, several at once. */
const NEEDED = 4;
/** The number of the first line for a screen reader; the head is 1. */
const FIRST_NUMBER = 2;

export class Lines {
  #table;
  #body;
  #template;
  #addresses;
  #facts;
  #onrender;
  #pinned;
  #dress;
  #flasher = new Flasher();
  #edits;
  /** All lines, in order: symbols, and titles of sections. @type {readonly string[]} */
  #order = [];
  /** @type {Map<string, number>} */
  #places = new Map();
  /** The lines of symbols that have an element on the page. @type {Map<string, RowView>} */
  #views = new Map();
  /** The same for titles. @type {Map<string, TitleRow>} */
  #titles = new Map();
  /** Lines of the server's page that are not on the page now, until their prices are known. @type {Map<string, HTMLElement>} */
  #aside = new Map();
  /** @type {HTMLElement[]} */
  #spaces = [];
  /** @type {readonly string[]} */
  #columns = columnsOf([]);
  /** @type {Span} */
  #span = {first: 0, end: 0};
  #height = 0;
  #isWhole = false;
  #isPlanned = false;

  /**
   * @param {{
   *   table: HTMLElement, template: HTMLTemplateElement, facts: (symbol: string) => RowFacts,
   *   pinned: () => Iterable<string>, dress: (view: RowView) => void, onrender: () => void,
   *   edits?: import("./title_row.js").SectionEdits | null,
   * }} options `pinned`: lines that keep their elements; `dress` gets each line of a symbol that takes an element,
   *   `onrender` hears that other lines may have elements now; `edits`: of sections, null where these cannot be changed
   */
  constructor({table, template, facts, pinned, dress, onrender, edits = null}) {
    this.#table = table;
    this.#body = find(table, "tbody");
    this.#template = template;
    this.#addresses = addressesOf(template.content);
    this.#facts = facts;
    this.#pinned = pinned;
    this.#onrender = onrender;
    this.#dress = dress;
    this.#edits = edits;
    this.#adopt();
    this.#listen();
  }

  /** All lines, in order: symbols, and titles of sections. */
  get order() {
    return this.#order;
  }

  get count() {
    return this.#order.length;
  }

  /** @param {string} symbol */
  viewOf(symbol) {
    return this.#views.get(symbol);
  }

  /** The place of a line, -1 without one. @param {string} line */
  placeOf(line) {
    return this.#places.get(line) ?? -1;
  }

  /** Return the element of the line at a place; it gets one if need be. @param {number} place */
  at(place) {
    const line = this.#order[place];
    if (line === undefined) return undefined;
    if (!this.#viewOf(line)) this.#render([line]);
    return this.#viewOf(line)?.element;
  }

  /** @param {string} line */
  #viewOf(line) {
    return this.#views.get(line) ?? this.#titles.get(line);
  }

  /**
   * Show these lines, in this order.
   * @param {readonly string[]} order
   */
  show(order) {
    this.#order = order;
    this.#places = new Map(order.map((line, place) => [line, place]));
    this.#look(true);
  }

  /**
   * Show these columns, in this order.
   * @param {readonly string[]} keys
   */
  arrange(keys) {
    this.#columns = keys;
    for (const view of this.#views.values()) view.arrange(keys);
  }

  /** The lines of symbols that have an element on the page. */
  get views() {
    return [...this.#views.values()];
  }

  /**
   * Patch the lines of these symbols.
   * @param {Set<string>} symbols
   * @param {number} now_ms
   */
  paint(symbols, now_ms) {
    this.#flasher.sweep(now_ms);
    for (const [symbol, view] of this.#views) {
      if (symbols.has(symbol)) view.paint(this.#facts(symbol), now_ms, this.#flasher);
    }
    if (this.#aside.size) for (const symbol of symbols) this.#forgetServers(symbol);
  }

  // --- the server's lines ---------------------------------------------------------------------
  /** Take over the lines of the server's page. They show its prices until others are known. */
  #adopt() {
    const order = [];
    for (const row of /** @type {Iterable<HTMLElement>} */ (this.#body.querySelectorAll("tr"))) {
      order.push(lineWith(row) ?? "");
      if (row.dataset.symbol !== undefined) this.#aside.set(row.dataset.symbol, row);
    }
    this.show(order);
  }

  /** @param {string} symbol */
  #forgetServers(symbol) {
    if (this.#facts(symbol).row) this.#aside.delete(symbol);
  }

  // --- what is in view ------------------------------------------------------------------------
  #listen() {
    addEventListener("scroll", () => this.#lookSoon(), {capture: true, passive: true});
    addEventListener("resize", () => this.#lookSoon());
    // What stands above the table may grow, as a chart does.
    new ResizeObserver(() => this.#lookSoon()).observe(document.documentElement);
    for (const kind of ["beforeprint", "afterprint"]) addEventListener(kind, () => this.#print(kind === "beforeprint"));
  }

  /** Look with the next frame: elements are measured once for all scrolling in it. */
  #lookSoon() {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    requestAnimationFrame(() => {
      this.#isPlanned = false;
      this.#look(false);
    });
  }

  /** A printed list is whole. @param {boolean} isBegin */
  #print(isBegin) {
    this.#isWhole = isBegin;
    this.#look(true);
  }

  /** Give elements to what is in view, if some of it has none or the list is another. @param {boolean} isChanged */
  #look(isChanged) {
    const hasChanged = this.#measure() || isChanged;
    if (!hasChanged && holds(this.#span, this.#spanWith(NEEDED))) return;
    const isUnmeasured = this.#height === 0;
    this.#span = this.#spanWith(SPARE);
    this.#render();
    if (isUnmeasured && this.#measure()) this.#look(true);
  }

  /** @param {number} spare @returns {Span} */
  #spanWith(spare) {
    const count = this.count;
    if (this.#isWhole || count <= SHORT) return {first: 0, end: count};
    const above = -this.#body.getBoundingClientRect().top;
    return spanOf({count, height: this.#height, above, view: innerHeight, spare});
  }

  /** Measure a line, and say whether lines have another height than before. */
  #measure() {
    const line = /** @type {HTMLElement | null} */ (this.#body.querySelector("tr[data-symbol]"));
    const height = line?.getBoundingClientRect().height ?? 0;
    const isNew = height > 0 && Math.abs(height - this.#height) > 0.05;
    if (isNew) this.#height = height;
    if (isNew) for (const title of this.#titles.values()) title.size(height);
    return isNew;
  }

  // --- elements -------------------------------------------------------------------------------
  /**
   * Bring elements and empty space into the order of the lines. A moved element loses its focus, so it gets it back.
   * @param {readonly string[]} more lines that get elements as well
   */
  #render(more = []) {
    const pinned = [...this.#pinned(), ...more].map((line) => this.placeOf(line));
    const runs = runsOf(this.count, this.#span, pinned);
    const wanted = runs.filter(({isEmpty}) => !isEmpty).flatMap(({first, end}) => this.#order.slice(first, end));
    const focused = /** @type {HTMLElement | null} */ (this.#body.querySelector(":focus"));
    this.#supply(wanted.filter((line) => titleOf(line) === null));
    this.#supplyTitles(wanted.flatMap((line) => titleOf(line) === null ? [] : [line]));
    this.#place(runs);
    this.#onrender();
    if (focused?.isConnected && focused !== document.activeElement) focused.focus({preventScroll: true});
  }

  /** Give each of these lines an element: the server's, that of a line which needs none any more, or a new one. @param {string[]} symbols */
  #supply(symbols) {
    const wanted = new Set(symbols);
    const left = [...this.#views.values()].filter(({symbol}) => !wanted.has(symbol));
    for (const {symbol, element} of left) {
      this.#views.delete(symbol);
      element.remove();
    }
    for (const [symbol, line] of this.#aside) if (!wanted.has(symbol)) line.remove();
    const free = left.filter(({symbol}) => !this.#aside.has(symbol));
    for (const symbol of symbols) if (!this.#views.has(symbol)) this.#take(symbol, free);
  }

  /** The same for titles; there are few. @param {string[]} lines */
  #supplyTitles(lines) {
    const wanted = new Set(lines);
    const free = [...this.#titles].filter(([line]) => !wanted.has(line));
    for (const [line] of free) this.#titles.delete(line);
    for (const line of lines) {
      const row = this.#titles.get(line) ?? free.pop()?.[1] ?? new TitleRow(this.#edits);
      row.name(titleOf(line) ?? "");
      row.size(this.#height);
      this.#titles.set(line, row);
    }
  }

  /** @param {string} symbol @param {RowView[]} free */
  #take(symbol, free) {
    const servers = this.#aside.get(symbol);
    const view = servers ? new RowView(servers, this.#addresses) : (free.pop() ?? this.#make());
    view.arrange(this.#columns);
    view.name(symbol);
    if (!servers) view.paint(this.#facts(symbol), 0, this.#flasher);
    // After the paint, which lets lines flash again. The next prices of a new line are no news either.
    view.hush();
    this.#views.set(symbol, view);
    this.#dress(view);
  }

  #make() {
    const line = /** @type {DocumentFragment} */ (this.#template.content.cloneNode(true));
    return new RowView(find(line, "tr"), this.#addresses);
  }

  /** Put elements and empty space in order, and remove what has no place. Only what is out of place is moved. @param {Run[]} runs */
  #place(runs) {
    let next = this.#body.firstElementChild;
    let spaces = 0;
    for (const {first, end, isEmpty} of runs) {
      if (isEmpty) next = this.#put(this.#space(spaces++, end - first), next);
      else for (let place = first; place < end; place += 1) next = this.#put(this.#numbered(place), next);
    }
    while (next) {
      const gone = next;
      next = next.nextElementSibling;
      gone.remove();
    }
    this.#table.setAttribute("aria-rowcount", String(this.count + 1));
  }

  /** @param {HTMLElement} element @param {Element | null} next @returns {Element | null} what stands after the element */
  #put(element, next) {
    if (element === next) return next.nextElementSibling;
    this.#body.insertBefore(element, next);
    return next;
  }

  /** Return the element of a line, which knows its number among all. @param {number} place */
  #numbered(place) {
    const view = this.#viewOf(this.#order[place] ?? "");
    if (!view) throw new Error(`line ${place} has no element`);
    const number = String(place + FIRST_NUMBER);
    if (view.element.getAttribute("aria-rowindex") !== number) view.element.setAttribute("aria-rowindex", number);
    return view.element;
  }

  /** Return empty space as high as so many lines. @param {number} index of the space @param {number} count */
  #space(index, count) {
    const space = (this.#spaces[index] ??= make("tr", {class: "space", "aria-hidden": "true"}));
    space.style.height = `${count * this.#height}px`;
    return space;
  }
}
