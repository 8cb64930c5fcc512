// @ts-check
/**
 * Numbers about the stream of prices: age, updates per second, ticks, merged ticks, requests, bytes.
 * Must not know where the numbers come from.
 */

import {write} from "../../dom.js";
import {age, bytes, count, price} from "../../format.js";

/** @typedef {Record<string, number>} Totals */
/**
 * Sums: `ticks` came in `entries`, and those in `frames`.
 * @typedef {{ticks: number, entries: number, frames: number, age_ms: number | null, transport: string, reconnects: number}} MeterFacts
 */

export class Meter {
  /** @type {Map<string, HTMLElement[]>} */
  #places = new Map();
  /** @type {Totals} */
  #before = {};
  #before_ms = 0;

  /** Find the places to write to: every element with `data-meter`. @param {ParentNode} page */
  constructor(page) {
    const places = /** @type {NodeListOf<HTMLElement>} */ (page.querySelectorAll("[data-meter]"));
    for (const place of places) {
      const name = place.dataset.meter ?? "";
      this.#places.set(name, [...(this.#places.get(name) ?? []), place]);
    }
  }

  /**
   * Write texts to their places. A text without a place on this page is left out.
   * @param {Record<string, string>} texts
   */
  show(texts) {
    for (const [name, text] of Object.entries(texts)) {
      for (const place of this.#places.get(name) ?? []) write(place, text);
    }
  }

  /**
   * Show how prices come, and how many.
   * @param {MeterFacts} facts
   * @param {number} now_ms
   */
  tell({ticks, entries, frames, age_ms, transport, reconnects}, now_ms) {
    const rates = this.rates({ticks, frames}, now_ms);
    this.show({
      age: age(age_ms),
      transport: transport || "\u2013",
      updates: price(rates.frames, 1),
      ticks: count(ticks),
      tick_rate: count(rates.ticks),
      merged: count(ticks - entries),
      reconnects: count(reconnects),
    });
  }

  /**
   * Show what the transport costs.
   * @param {{requests: number, unchanged: number, bytes: number}} costs
   */
  tellCosts({requests, unchanged, bytes: received}) {
    this.show({bytes: bytes(received), requests: count(requests), unchanged: count(unchanged)});
  }

  /**
   * Return how much each total grew per second since the last call.
   * @param {Totals} totals
   * @param {number} now_ms
   * @returns {Totals}
   */
  rates(totals, now_ms) {
    const span_s = Math.max(0.001, (now_ms - this.#before_ms) / 1000);
    const before = this.#before;
    const grown = Object.entries(totals).map(([name, total]) => /** @type {const} */ ([name, (total - (before[name] ?? total)) / span_s]));
    this.#before = {...totals};
    this.#before_ms = now_ms;
    return Object.fromEntries(grown);
  }
}
