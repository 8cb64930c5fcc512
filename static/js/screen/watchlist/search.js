// @ts-check
/**
 * A box to find a line and to add a symbol. It filters the table, and offers symbols of the whole catalogue.
 * Must not know the network or the table.
 */

import {find, make, write} from "../../dom.js";
import {isListed, wordsIn} from "../../symbols.js";

/**
 * @typedef {{s: string, name: string, sector?: string}} Listing
 *
 * Something to choose: its text in three parts, and the symbols that are added together. `symbol` is set for an offer of
 * one instrument.
 * @typedef {{title: string, name: string, detail: string, symbols: string[], symbol?: string}} Offer
 */

/** The most symbols that are offered: more would push the table out of view. */
const OFFERS = 8;
/** What people type for every instrument. */
const EVERYTHING = Object.freeze(["*", "all", "market"]);
/** Fewer letters mean an instrument, not a sector. */
const GROUP_LETTERS = 4;

export class Search {
  #input;
  #list;
  #catalogue;
  #isListed;
  #onfilter;
  #onadd;
  #onpick;
  /** @type {Offer[]} */
  #offers = [];
  #active = -1;
  /** Whether Enter was pressed before the catalogue had come. */
  #isAwaited = false;

  /**
   * @param {{
   *   form: HTMLElement, catalogue: () => Iterable<Listing>, isListed: (symbol: string) => boolean,
   *   onfilter: (text: string) => void, onadd: (symbols: string[]) => void, onpick: (symbol: string) => void,
   * }} options `form` holds the input and the list box. `onadd`: add these together, in one request
   */
  constructor({form, catalogue, isListed, onfilter, onadd, onpick}) {
    this.#input = /** @type {HTMLInputElement} */ (find(form, "input[name=symbol]"));
    this.#list = find(form, "[role=listbox]");
    this.#catalogue = catalogue;
    this.#isListed = isListed;
    this.#onfilter = onfilter;
    this.#onadd = onadd;
    this.#onpick = onpick;
    this.#prepare();
    this.#input.addEventListener("input", () => this.#search());
    this.#input.addEventListener("paste", (event) => this.#onpaste(event));
    this.#input.addEventListener("keydown", (event) => this.#onkeydown(event));
    this.#input.addEventListener("blur", () => this.#close());
    this.#list.addEventListener("pointerdown", (event) => this.#onpointerdown(event));
    form.addEventListener("submit", (event) => this.#onsubmit(event));
  }

  /** Search what somebody typed, and perhaps sent, before the script was there. @param {boolean} isSent */
  catchUp(isSent) {
    if (this.#input.value === "" || !(isSent || document.activeElement === this.#input)) return;
    this.#search();
    if (isSent) this.#submit();
  }

  /** Update the offers after the catalogue or the list has changed. */
  refresh() {
    if (this.#list.hidden && !this.#isAwaited) return;
    const chosen = this.#offers[this.#active]?.title;
    this.#offers = this.#offersFor(this.#input.value);
    this.#active = this.#offers.findIndex(({title}) => title === chosen);
    this.#show();
    if (this.#isAwaited) this.#submit();
  }

  /** Make the input a combobox: without a script it is a plain input. */
  #prepare() {
    const input = this.#input;
    input.removeAttribute("list");
    input.required = false;
    for (const [name, value] of Object.entries({
      "role": "combobox",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": this.#list.id,
    })) input.setAttribute(name, value);
  }

  #search() {
    const text = this.#input.value;
    this.#isAwaited = false;
    this.#onfilter(text);
    this.#offers = text.trim() === "" ? [] : this.#offersFor(text);
    this.#active = -1;
    this.#show();
  }

  #show() {
    const hasText = this.#input.value.trim() !== "";
    const options = this.#offers.map((offer, index) => this.#option(offer, index));
    if (hasText && !options.length) options.push(note(this.#hasCatalogue() ? "No instrument matches." : "Loading the instruments…"));
    this.#list.replaceChildren(...options);
    this.#list.hidden = !options.length;
    this.#input.setAttribute("aria-expanded", String(options.length > 0));
    this.#mark();
  }

  /** Several symbols come first: who types them wants them together. @param {string} text @returns {Offer[]} */
  #offersFor(text) {
    const catalogue = [...this.#catalogue()];
    const several = severalIn(catalogue, text);
    if (several.length) return [this.#together(several.join(", "), "", several)];
    const groups = groupsOf(catalogue, text).map(({name, symbols}) => this.#together(name, `${symbols.length} in all`, symbols));
    const single = bestMatches(catalogue, text).map(({s, name, sector = ""}) => ({title: s, name, detail: sector, symbols: [s], symbol: s}));
    return isGroupMeant(catalogue, text) ? [...groups, ...single] : [...single, ...groups];
  }

  /** @param {string} name @param {string} detail @param {string[]} symbols @returns {Offer} */
  #together(name, detail, symbols) {
    const missing = symbols.filter((symbol) => !this.#isListed(symbol));
    return {title: missing.length ? `Add ${missing.length}` : "All", name, detail, symbols: missing};
  }

  /** @param {Offer} offer @param {number} index */
  #option({title, name, detail, symbols, symbol}, index) {
    const isListed = symbol === undefined ? symbols.length === 0 : this.#isListed(symbol);
    const marks = {id: `offer-${index}`, class: "offer", role: "option", "aria-selected": "false", "data-offer": String(index)};
    return make(
      "li",
      {...marks, ...(symbol !== undefined && {"data-symbol": symbol})},
      make("span", {class: "offer-symbol"}, title),
      make("span", {class: "offer-name"}, name),
      make("span", {class: "offer-sector"}, detail),
      make("span", {class: isListed ? "offer-verb offer-listed" : "offer-verb"}, isListed ? "In list" : "Add"),
    );
  }

  #mark() {
    for (const [index, option] of [...this.#list.children].entries()) {
      option.setAttribute("aria-selected", String(index === this.#active));
    }
    if (this.#active >= 0) this.#input.setAttribute("aria-activedescendant", `offer-${this.#active}`);
    else this.#input.removeAttribute("aria-activedescendant");
  }

  /** Keep the lines of a pasted text apart: an input of one line would join their words. @param {ClipboardEvent} event */
  #onpaste(event) {
    const text = (event.clipboardData?.getData("text") ?? "").trim();
    if (!/[\r\n\t]/.test(text)) return;
    event.preventDefault();
    const {value, selectionStart, selectionEnd} = this.#input;
    const pasted = text.split(/[\s,;]*[\r\n\t]\s*/).join(", ");
    this.#input.value = value.slice(0, selectionStart ?? value.length) + pasted + value.slice(selectionEnd ?? value.length);
    this.#search();
  }

  /** @param {KeyboardEvent} event */
  #onkeydown(event) {
    if (event.key === "Escape") {
      event.preventDefault();
      this.#clear();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && this.#offers.length) {
      event.preventDefault();
      this.#step(event.key === "ArrowDown" ? 1 : -1);
    }
  }

  /** Move through the offers, round and round. @param {number} step */
  #step(step) {
    const from = this.#active < 0 && step < 0 ? 0 : this.#active;
    this.#active = (from + step + this.#offers.length) % this.#offers.length;
    this.#mark();
  }

  /** Keep the focus in the box, so that the list does not close before the click. @param {Event} event */
  #onpointerdown(event) {
    event.preventDefault();
    const option = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("[data-offer]"));
    const offer = this.#offers[Number(option?.dataset.offer ?? -1)];
    if (offer) this.#choose(offer);
  }

  /** @param {Event} event */
  #onsubmit(event) {
    event.preventDefault();
    this.#submit();
  }

  /** Choose what is marked, or what was typed; without a catalogue, as soon as there is one. */
  #submit() {
    const text = needleOf(this.#input.value).toUpperCase();
    this.#isAwaited = text !== "" && !this.#hasCatalogue();
    // A text that came with the address of the page has no offers yet.
    if (text !== "" && !this.#offers.length) this.#offers = this.#offersFor(this.#input.value);
    const exact = this.#offers.find(({symbol}) => symbol === text);
    const chosen = this.#offers[this.#active] ?? exact ?? this.#offers[0];
    if (chosen) this.#choose(chosen);
  }

  #hasCatalogue() {
    return [...this.#catalogue()].length > 0;
  }

  /** @param {Offer} offer */
  #choose({symbol, symbols}) {
    this.#clear();
    if (symbol !== undefined && this.#isListed(symbol)) this.#onpick(symbol);
    else if (symbols.length) this.#onadd(symbols);
  }

  #clear() {
    this.#input.value = "";
    this.#search();
  }

  #close() {
    this.#list.hidden = true;
    this.#input.setAttribute("aria-expanded", "false");
    write(this.#list, "");
  }
}

/** @param {string} text */
function note(text) {
  return make("li", {class: "offer-none", role: "option", "aria-disabled": "true"}, text);
}

/**
 * Return the listings that match a text, best first.
 * @param {Iterable<Listing>} catalogue
 * @param {string} text
 */
export function bestMatches(catalogue, text) {
  const needle = needleOf(text);
  const ranked = [...catalogue].map((listing) => ({listing, rank: rankOf(listing, needle)}));
  const matching = ranked.filter(({rank}) => rank < Infinity);
  matching.sort((a, b) => a.rank - b.rank || (a.listing.s < b.listing.s ? -1 : 1));
  return matching.slice(0, OFFERS).map(({listing}) => listing);
}

/**
 * Return the symbols that a text lists, or none if it is no list. A text without commas is one only when every word of
 * it is a symbol: names have spaces too. Symbols that nobody knows stay in a list with commas, so that the server says so.
 * @param {Iterable<Listing>} catalogue
 * @param {string} text
 */
export function severalIn(catalogue, text) {
  const known = new Set([...catalogue].map(({s}) => s));
  const words = wordsIn(text);
  const found = words.filter((word) => known.has(word));
  const isList = isListed(text) ? found.length > 0 : found.length === words.length;
  return isList && words.length > 1 ? words : [];
}

/**
 * Return what a text means besides single instruments: sectors whose name it begins, or the whole market.
 * @param {Iterable<Listing>} catalogue
 * @param {string} text
 * @returns {{name: string, symbols: string[]}[]}
 */
export function groupsOf(catalogue, text) {
  const needle = text.trim().toLowerCase();
  const listings = [...catalogue];
  if (EVERYTHING.includes(needle)) return [{name: "The whole market", symbols: listings.map(({s}) => s)}];
  const sectors = new Set(listings.map(({sector = ""}) => sector));
  const meant = [...sectors].filter((sector) => needle.length >= GROUP_LETTERS && sector.toLowerCase().startsWith(needle)).sort();
  return meant.map((name) => ({name, symbols: listings.filter(({sector}) => sector === name).map(({s}) => s)}));
}

/** Say whether a text is the whole name of a group: then that comes before the instruments. @param {Listing[]} catalogue @param {string} text */
function isGroupMeant(catalogue, text) {
  const needle = text.trim().toLowerCase();
  return EVERYTHING.includes(needle) || catalogue.some(({sector = ""}) => sector.toLowerCase() === needle);
}

/** Return what to look for; an exchange, a dollar or quotes around a single symbol do not count. @param {string} text */
function needleOf(text) {
  const words = wordsIn(text);
  return (/\s/.test(text.trim()) || words.length !== 1 ? text.trim() : words[0] ?? "").toLowerCase();
}

/** @param {Listing} listing @param {string} needle */
function rankOf({s, name, sector = ""}, needle) {
  const symbol = s.toLowerCase();
  const title = name.toLowerCase();
  // The symbol itself comes before those that it begins, by their order.
  if (symbol.startsWith(needle)) return 0;
  if (title.split(/\s+/).some((word) => word.startsWith(needle))) return 1;
  if (symbol.includes(needle) || title.includes(needle)) return 2;
  return sector.toLowerCase().includes(needle) ? 3 : Infinity;
}
