// @ts-check
/**
 * A box to find a line and to add a symbol. It filters the table, and offers symbols of the whole catalogue.
 * Must not know the network or the table.
 */

import {find, make, write} from "../../dom.js";

/** @typedef {{s: string, name: string, sector?: string}} Listing */

/** The most symbols that are offered: more would push the table out of view. */
const OFFERS = 8;

export class Search {
  #input;
  #list;
  #catalogue;
  #isListed;
  #onfilter;
  #onadd;
  #onpick;
  /** @type {Listing[]} */
  #offers = [];
  #active = -1;

  /**
   * @param {{
   *   form: HTMLElement, catalogue: () => Iterable<Listing>, isListed: (symbol: string) => boolean,
   *   onfilter: (text: string) => void, onadd: (symbol: string) => void, onpick: (symbol: string) => void,
   * }} options `form` holds the input and the list box.
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
    this.#input.addEventListener("keydown", (event) => this.#onkeydown(event));
    this.#input.addEventListener("blur", () => this.#close());
    this.#list.addEventListener("pointerdown", (event) => this.#onpointerdown(event));
    form.addEventListener("submit", (event) => this.#onsubmit(event));
  }

  /** Put the focus into the box. */
  focus() {
    this.#input.focus();
    this.#input.select();
  }

  /** Update the offers after the catalogue or the list has changed. */
  refresh() {
    if (this.#list.hidden) return;
    const chosen = this.#offers[this.#active]?.s;
    this.#offers = bestMatches(this.#catalogue(), this.#input.value);
    this.#active = this.#offers.findIndex(({s}) => s === chosen);
    this.#show();
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
    this.#onfilter(text);
    this.#offers = text.trim() === "" ? [] : bestMatches(this.#catalogue(), text);
    this.#active = -1;
    this.#show();
  }

  #show() {
    const hasText = this.#input.value.trim() !== "";
    const options = this.#offers.map((listing, index) => this.#option(listing, index));
    if (hasText && !options.length) options.push(nothing());
    this.#list.replaceChildren(...options);
    this.#list.hidden = !options.length;
    this.#input.setAttribute("aria-expanded", String(options.length > 0));
    this.#mark();
  }

  /** @param {Listing} listing @param {number} index */
  #option({s, name, sector = ""}, index) {
    const isListed = this.#isListed(s);
    return make(
      "li",
      {id: `offer-${index}`, class: "offer", role: "option", "aria-selected": "false", "data-symbol": s},
      make("span", {class: "offer-symbol"}, s),
      make("span", {class: "offer-name"}, name),
      make("span", {class: "offer-sector"}, sector),
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
    const option = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("[data-symbol]"));
    if (option?.dataset.symbol) this.#choose(option.dataset.symbol);
  }

  /** @param {Event} event */
  #onsubmit(event) {
    event.preventDefault();
    const text = this.#input.value.trim().toUpperCase();
    const exact = this.#offers.find(({s}) => s === text);
    const chosen = this.#offers[this.#active] ?? exact ?? this.#offers[0];
    if (chosen) this.#choose(chosen.s);
  }

  /** @param {string} symbol */
  #choose(symbol) {
    this.#clear();
    if (this.#isListed(symbol)) this.#onpick(symbol);
    else this.#onadd(symbol);
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

function nothing() {
  return make("li", {class: "offer-none", role: "option", "aria-disabled": "true"}, "No instrument matches.");
}

/**
 * Return the listings that match a text, best first.
 * @param {Iterable<Listing>} catalogue
 * @param {string} text
 */
export function bestMatches(catalogue, text) {
  const needle = text.trim().toLowerCase();
  const ranked = [...catalogue].map((listing) => ({listing, rank: rankOf(listing, needle)}));
  const matching = ranked.filter(({rank}) => rank < Infinity);
  matching.sort((a, b) => a.rank - b.rank || (a.listing.s < b.listing.s ? -1 : 1));
  return matching.slice(0, OFFERS).map(({listing}) => listing);
}

/** @param {Listing} listing @param {string} needle */
function rankOf({s, name, sector = ""}, needle) {
  const symbol = s.toLowerCase();
  const title = name.toLowerCase();
  if (symbol === needle) return 0;
  if (symbol.startsWith(needle)) return 1;
  if (title.split(/\s+/).some((word) => word.startsWith(needle))) return 2;
  if (symbol.includes(needle) || title.includes(needle)) return 3;
  return sector.toLowerCase().includes(needle) ? 4 : Infinity;
}
