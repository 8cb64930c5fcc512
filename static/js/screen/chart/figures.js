// @ts-check
/**
 * The key figures of one instrument: its head line, and a list of values.
 * Must not know the board: it is handed facts.
 */

import {find, hide, mark, write} from "../../dom.js";
import {change, digitsOf, moment, percent, price, quantity, size, volume} from "../../format.js";
import {PHASE_NAMES} from "../status/phases.js";

/** @typedef {import("../../wire/frames.js").Row} Row */
/** @typedef {import("../../wire/frames.js").Instrument} Instrument */

export class Figures {
  #panel;
  /** @type {Map<string, HTMLElement[]>} */
  #places = new Map();

  /** @param {HTMLElement} panel each element with `data-figure` shows one */
  constructor(panel) {
    this.#panel = panel;
    for (const place of /** @type {NodeListOf<HTMLElement>} */ (panel.querySelectorAll("[data-figure]"))) {
      const name = place.dataset.figure ?? "";
      this.#places.set(name, [...(this.#places.get(name) ?? []), place]);
    }
  }

  /** @param {Row | undefined} row @param {Instrument | undefined} instrument */
  show(row, instrument) {
    const digits = digitsOf(instrument);
    const {p = null, pc = null, b = null, a = null} = row ?? {};
    const moved = p === null || pc === null ? null : p - pc;
    const phase = instrument?.ph ?? row?.ph ?? "";
    const rounded = Math.round((moved ?? 0) * 10 ** digits);
    mark(this.#panel, "data-direction", rounded > 0 ? "up" : rounded < 0 ? "down" : "flat");
    mark(this.#panel, "data-phase", phase);
    this.#write({
      last: price(p, digits), change: change(moved, digits), change_percent: percent(moved === null || pc === null ? null : 100 * moved / pc),
      bid: price(b, digits), ask: price(a, digits), bid_size: size(row?.bs), ask_size: size(row?.as),
      spread: price(a === null || b === null ? null : a - b, digits),
      open: price(row?.o, digits), high: price(row?.h, digits), low: price(row?.l, digits),
      previous_close: price(pc, digits), volume: volume(row?.v),
    });
    this.#mark("volume", row ? quantity(row.v, instrument) : "");
    this.#mark("last", row?.t ? `Last tick ${moment(row.t)}` : "");
    if (instrument) this.#describe(instrument, phase);
  }

  /** @param {Instrument} instrument @param {string} phase */
  #describe(instrument, phase) {
    const name = phase === "OPEN" ? "" : PHASE_NAMES[phase] ?? phase;
    const delay = instrument.delay ? `${instrument.delay} min late` : "";
    this.#write({name: instrument.name, sector: instrument.sector, phase: name, delay, reason: name && instrument.reason});
    for (const [key, text] of Object.entries({phase: name, delay})) {
      for (const place of this.#places.get(key) ?? []) hide(place, text === "");
    }
  }

  /** @param {Record<string, string>} texts */
  #write(texts) {
    for (const [name, text] of Object.entries(texts)) {
      for (const place of this.#places.get(name) ?? []) write(place, text);
    }
  }

  /** @param {string} name @param {string} title */
  #mark(name, title) {
    for (const place of this.#places.get(name) ?? []) mark(place, "title", title);
  }
}

/** Return the element of a panel that has this part. @param {HTMLElement} panel @param {string} name */
export function partOf(panel, name) {
  return find(panel, `[data-part=${name}]`);
}
