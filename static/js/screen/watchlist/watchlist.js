// @ts-check
/**
 * The table of prices: which lines it has, in which order, and what people do with them. Lines do not move while somebody
 * points at them.
 * Must not know the network.
 */

import {find, recall, remember, write} from "../../dom.js";
import {count, digitsOf, moment, quantity} from "../../format.js";
import {loadLate} from "../../late.js";
import {COLUMNS, columnsOf, directionOf} from "./columns.js";
import {Lines} from "./lines.js";
import {Order} from "./order.js";
import {RovingFocus} from "./roving.js";
import {arrangeCells} from "./row.js";
import {filtered, lineOfTitle, linesOf, partsOf, titleOf} from "./sections.js";
import {Staleness} from "./staleness.js";
import {lineWith} from "./title_row.js";

/** @typedef {import("./row.js").RowFacts} RowFacts */
/** @typedef {import("./row.js").RowView} RowView */
/** @typedef {import("./sparklines.js").Sparklines} Sparklines */
/** @typedef {{read: (symbols: string[]) => Promise<Map<string, import("./day_line.js").DayPrices>>}} DaySource */

/** The least time from one sorting to the next. */
const RESORT_MS = 500;
const MEMORY = "sort";
/** Lines are scrolled so long before the pictures of those in view are asked for. */
const DRAW_SOON_MS = 250;
/** The key of the column with pictures of the day so far. */
const DAY = "day";
const MINUTE_MS = 60_000;

export class Watchlist {
  #table;
  #body;
  #heads;
  #lines;
  #empty;
  #resort;
  #facts;
  #onremove;
  #onadd;
  #onselect;
  #onsort;
  #hasDetails;
  #keepsChosen;
  /** @type {RovingFocus | null} */
  #focus = null;
  #order = new Order();
  /** @type {readonly string[]} */
  #symbols = [];
  /** @type {readonly import("./sections.js").Section[]} */
  #sections = [];
  #edits;
  /** All symbols of the list in the order of the lines, also those that the filter leaves out. @type {readonly string[]} */
  #arranged = [];
  /** The same symbols, to look them up. @type {ReadonlySet<string>} */
  #listed = new Set();
  /** The symbol of the line that somebody chose. @type {string | null} */
  #selected = null;
  /** What somebody looks for, and what the filter looks for: the same if a line has it, else "". */
  #text = "";
  #needle = "";
  #isFrozen = false;
  #sorted_ms = 0;
  /** @type {number | undefined} */
  #timer;
  #staleness = new Staleness();
  /** Symbols whose next prices were missed while away. @type {Set<string>} */
  #missed = new Set();
  /** @type {Map<string, HTMLElement>} */
  #headCells = new Map();
  #openDay;
  /** @type {Sparklines | null} */
  #sparklines = null;
  #isLoadingDay = false;
  /** @type {number | undefined} */
  #drawTimer;

  /**
   * @param {{
   *   panel: HTMLElement, facts: (symbol: string) => RowFacts, onremove: (symbol: string) => void, onadd?: ((symbol: string) => void) | undefined,
   *   onselect: (symbol: string | null) => void, onmove?: ((line: string, place: number) => void) | undefined, hasDetails?: boolean, keepsChosen?: boolean,
   *   openDay?: () => Promise<DaySource>, edits?: import("./title_row.js").SectionEdits | undefined, onsort?: (word: string) => void,
   * }} options `panel` holds the table, the template of a line and the empty state. `hasDetails`: the page shows those of
   *   the chosen line, so the link of a line chooses it. `keepsChosen`: a symbol that leaves the list stays chosen. `openDay`: loads what reads the day so far; without it there are no pictures of that. `edits`: what people do with sections. `onsort`: they chose another order
   */
  constructor({panel, facts, onremove, onadd, onselect, onmove, hasDetails = false, keepsChosen = false, openDay, edits, onsort = () => {}}) {
    const table = find(panel, "table");
    this.#table = table;
    this.#body = find(table, "tbody");
    this.#heads = /** @type {HTMLElement[]} */ ([...table.querySelectorAll("th[data-sort]")]);
    this.#empty = find(panel, "[data-part=empty]");
    this.#resort = find(panel, "[data-part=resort]");
    this.#facts = facts;
    this.#onremove = onremove;
    this.#onadd = onadd;
    this.#onselect = onselect;
    this.#onsort = onsort;
    this.#hasDetails = hasDetails;
    this.#keepsChosen = keepsChosen;
    this.#openDay = openDay;
    this.#edits = edits;
    for (const {key} of COLUMNS) this.#headCells.set(key, find(table, `thead .col-${key}`));
    this.#lines = new Lines({
      table, facts, template: /** @type {HTMLTemplateElement} */ (find(panel, "template")),
      pinned: () => this.#pinned(), dress: (view) => this.#dress(view),
      onrender: () => this.#sparklines && this.#drawSoon(), edits: edits ?? null,
    });
    const {symbols, sections} = partsOf(this.#lines.order);
    this.#sections = sections;
    this.#symbols = this.#arranged = symbols;
    this.#listed = new Set(this.#symbols);
    this.#focus = new RovingFocus(table, this.#lineSource());
    this.#order.word = recall(MEMORY) ?? "";
    this.#listen(table);
    if (onmove) void this.#letMove(onmove);
    this.#showOrder();
    if (this.#order.key !== null) this.#show();
  }

  /** Let people move lines; the first prices do not wait for its script. @param {(symbol: string, place: number) => void} onmove */
  async #letMove(onmove) {
    const {Reorder} = await loadLate(async () => await import("./reorder.js"));
    new Reorder(this.#body, {lines: () => linesOf(this.#symbols, this.#sections), isPossible: () => this.#order.key === null, onmove});
  }

  /** Whether somebody points at the lines, or has the focus in them: then nothing moves by itself. */
  get isTouched() {
    return this.#isFrozen;
  }

  /** Say whether a symbol is on the list. @param {string} symbol */
  has(symbol) {
    return this.#listed.has(symbol);
  }

  /** The symbols of the list, in the person's order. */
  get symbols() {
    return this.#symbols;
  }

  /** How many lines of the list stand before a symbol or a title, in the person's order. @param {string} line */
  placeOf(line) {
    return linesOf(this.#symbols, this.#sections).indexOf(line);
  }

  /** The titles of the sections, in order. */
  get titles() {
    return this.#sections.map(({name}) => name);
  }

  /** The symbol that stands just below a line of the list; "" at the end, and above another title. @param {string} line */
  symbolAfter(line) {
    const next = linesOf(this.#symbols, this.#sections)[this.placeOf(line) + 1] ?? "";
    return titleOf(next) === null ? next : "";
  }

  /** The symbol of the line that somebody chose, or null. */
  get selected() {
    return this.#selected;
  }

  /**
   * Show these symbols, with these titles between them. Lines that stay and are in view keep their elements.
   * @param {readonly string[]} symbols
   * @param {readonly import("./sections.js").Section[]} [sections]
   */
  list(symbols, sections = []) {
    const kept = new Set(symbols);
    // A symbol may be chosen without a line, by the address.
    const isLeaving = this.#selected !== null && this.#listed.has(this.#selected) && !kept.has(this.#selected);
    this.#symbols = symbols;
    this.#sections = sections;
    this.#listed = kept;
    this.#staleness.keep(kept);
    if (isLeaving && !this.#keepsChosen) this.select(null);
    this.#handFocusOn(new Set([...symbols, ...sections.map(({name}) => lineOfTitle(name))]));
    this.#arrange();
  }

  /**
   * Show only lines whose symbol or name contains the text. If none does, show all: somebody looks for another symbol.
   * @param {string} text
   */
  filter(text) {
    this.#text = text.trim().toLowerCase();
    this.#needle = this.#text;
    if (!this.#symbols.some((symbol) => this.#isMatch(symbol))) this.#needle = "";
    this.#show();
  }

  /** Filter again when names have come. */
  refilter() {
    if (this.#text) this.filter(this.#text);
  }

  /** The order of the lines as a word: "-change_percent", "symbol", or "" for the person's own. */
  get orderWord() {
    return this.#order.word;
  }

  set orderWord(word) {
    if (word === this.#order.word) return;
    this.#order.word = word;
    this.#showOrder();
    this.#arrange();
  }

  /**
   * Put the focus on a symbol's line.
   * @param {string} symbol
   */
  reveal(symbol) {
    const line = this.#lines.at(this.#lines.placeOf(symbol));
    if (line) this.#focus?.focus(line);
  }

  /**
   * Choose a line, or none.
   * @param {string | null} symbol
   */
  select(symbol) {
    if (symbol === this.#selected) return;
    const before = this.#lines.viewOf(this.#selected ?? "");
    const now = this.#lines.viewOf(symbol ?? "");
    this.#selected = symbol;
    for (const view of [before, now]) if (view) this.#dress(view);
    this.#onselect(symbol);
  }

  /**
   * Let the next paint of these lines not flash: it shows a snapshot, or what was missed while away.
   * @param {Iterable<string>} symbols
   */
  hush(symbols) {
    for (const symbol of symbols) {
      this.#missed.add(symbol);
      this.#lines.viewOf(symbol)?.hush();
    }
  }

  /**
   * Show these columns, in this order.
   * @param {readonly string[]} keys of COLUMNS; none for the usual ones
   */
  showColumns(keys) {
    const chosen = columnsOf(keys);
    arrangeCells(find(this.#table, "thead tr"), this.#headCells, chosen);
    this.#lines.arrange(chosen);
    this.#focus?.settle();
    this.#drawSoon();
  }

  /** Whether lines say how many ticks their last update stood for. */
  get hasReceipts() {
    return this.#table.hasAttribute("data-receipts");
  }

  set hasReceipts(isShown) {
    this.#table.toggleAttribute("data-receipts", isShown);
    for (const view of this.#lines.views) view.hasReceipts = isShown;
  }

  /**
   * Mark the lines that are silent for much longer than usual, though their feed runs and they trade.
   * @param {number} now_ms UTC ms by the server's clock; NaN while the prices are not live, which marks none
   */
  markStale(now_ms) {
    for (const view of this.#lines.views) view.markStale(this.#silenceOf(view.symbol, now_ms));
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
    for (const symbol of symbols) this.#staleness.hear(symbol, this.#facts(symbol).row?.t ?? null, !this.#missed.delete(symbol));
    this.#lines.paint(symbols, now_ms);
    if (this.#sparklines) this.#sparklines.move(symbols);
    else this.#drawSoon();
    if (this.#order.isLive) this.#resortSoon();
  }

  // --- lines --------------------------------------------------------------------------------
  /** The lines as the keyboard knows them. @returns {import("./roving.js").LineSource} */
  #lineSource() {
    const lines = this.#lines;
    return {
      get count() {
        return lines.count;
      },
      at: (place) => lines.at(place),
      placeOf: (row) => lines.placeOf(lineWith(row) ?? ""),
    };
  }

  /** The line of the tab stop keeps its element while it exists, wherever people scroll. */
  #pinned() {
    const row = this.#focus?.line;
    const line = row && lineWith(row);
    return line ? [line] : [];
  }

  /** @param {RowView} view */
  #dress({element, symbol}) {
    if (symbol === this.#selected) element.setAttribute("aria-selected", "true");
    else element.removeAttribute("aria-selected");
  }

  /** If the line with the focus goes, its neighbour gets it: the next one that stays, else the one before. @param {Set<string>} kept */
  #handFocusOn(kept) {
    const [pinned] = this.#pinned();
    if (pinned === undefined || kept.has(pinned) || !this.#body.matches(":focus-within")) return;
    const place = this.#lines.placeOf(pinned);
    const shown = this.#lines.order;
    const isKept = (/** @type {string} */ each) => kept.has(each);
    const neighbour = shown.slice(place + 1).find(isKept) ?? shown.slice(0, place).findLast(isKept);
    const line = neighbour === undefined ? undefined : this.#lines.at(this.#lines.placeOf(neighbour));
    if (line) this.#focus?.focus(line, true);
  }

  /** @param {string} symbol */
  #isMatch(symbol) {
    const name = this.#facts(symbol).instrument?.name ?? "";
    return `${symbol} ${name}`.toLowerCase().includes(this.#needle);
  }

  /** Return how long a line has been silent, in ms, if that is to be shown; else null. @param {string} symbol @param {number} now_ms */
  #silenceOf(symbol, now_ms) {
    const {row, instrument, feed} = this.#facts(symbol);
    const isTrading = feed?.state === "RUNNING" && (instrument?.ph ?? row?.ph) === "OPEN";
    return isTrading ? this.#staleness.ageOf(symbol, now_ms, MINUTE_MS * (instrument?.delay ?? 0)) : null;
  }

  /** Draw the day so far when nobody scrolls any more. */
  #drawSoon() {
    if (this.#drawTimer !== undefined) return;
    this.#drawTimer = setTimeout(() => {
      this.#drawTimer = undefined;
      void this.#draw();
    }, DRAW_SOON_MS);
  }

  /** Draw the day so far of the lines in view, if its column is seen. Its scripts are loaded for the first picture. */
  async #draw() {
    if (!this.#openDay || this.#isLoadingDay || !this.#headCells.get(DAY)?.checkVisibility()) return;
    if (!this.#sparklines) {
      this.#isLoadingDay = true;
      try {
        const {Sparklines} = await import("./sparklines.js");
        const source = await this.#openDay();
        this.#sparklines = new Sparklines({read: (symbols) => source.read(symbols), facts: this.#facts});
      } catch {
        return; // Without a network there are no pictures. The next prices try again.
      } finally {
        this.#isLoadingDay = false;
      }
    }
    await this.#sparklines.show(this.#lines.views);
  }

  // --- order --------------------------------------------------------------------------------
  #sorted() {
    return this.#order.sort(this.#symbols, (symbol) => this.#facts(symbol).row);
  }

  #arrange() {
    this.#sorted_ms = performance.now();
    this.#arranged = this.#sorted();
    this.#resort.hidden = true;
    this.#empty.hidden = this.#symbols.length > 0;
    this.#show();
  }

  /** Show what the filter leaves. Sorted lines have no sections. */
  #show() {
    const lines = this.#order.key === null ? linesOf(this.#arranged, this.#sections) : this.#arranged;
    this.#lines.show(this.#needle ? filtered(lines, (symbol) => this.#isMatch(symbol)) : lines);
    this.#focus?.settle();
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
    const moved = this.#sorted().filter((symbol, place) => symbol !== this.#arranged[place]).length;
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
    // Later, because between two cells the focus is nowhere for a moment.
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
    this.#onsort(this.#order.word);
    this.#showOrder();
    this.#arrange();
  }

  /** Handle a click on a line or its button. Without a script the button would post a form. @param {MouseEvent} event */
  #onclick(event) {
    const target = /** @type {Element} */ (event.target);
    const button = target.closest("button[name=symbol]");
    const isNewTab = event.ctrlKey || event.metaKey || event.shiftKey;
    // With these keys people open the page of the instrument beside this one.
    if (target.closest("a.symbol")) {
      if (isNewTab || !this.#hasDetails) return;
      event.preventDefault();
    }
    if (!button) {
      this.#choose(target);
      return;
    }
    event.preventDefault();
    (this.#onadd ?? this.#onremove)(button.getAttribute("value") ?? "");
  }

  /** @param {KeyboardEvent} event */
  #onkeydown(event) {
    const target = /** @type {Element} */ (event.target);
    const symbol = symbolOf(target);
    const isCell = target.matches("th, td");
    if (event.key === "Escape") this.select(null);
    if (symbol === null) this.#onkeyOfTitle(event);
    if (symbol === null) return;
    // By the place of the key: with Alt some keyboards write another letter.
    if (event.altKey && event.code === "KeyA") linkOf(target)?.click();
    else if (event.key === "Delete") this.#onremove(symbol);
    else if (isCell && (event.key === "Enter" || event.key === " ")) this.#choose(target);
    else return;
    event.preventDefault();
  }

  /** Remove the title that the key is pressed on. @param {KeyboardEvent} event */
  #onkeyOfTitle(event) {
    const title = titleOf(lineWith(/** @type {Element} */ (event.target)) ?? "");
    if (event.key !== "Delete" || title === null || !this.#edits) return;
    event.preventDefault();
    this.#edits.onremove(title);
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
    const {row, instrument} = this.#facts(symbol);
    if (!cell || !row) return;
    if (cell.dataset.field === "volume") cell.title = quantity(row.v, instrument);
    if (cell.dataset.field === "last" && row.t !== null) cell.title = `Last tick ${moment(row.t)}${this.#lines.viewOf(symbol)?.ageText ?? ""}`;
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
