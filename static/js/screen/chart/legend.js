// @ts-check
/**
 * The values of one bar as text above the chart: the bar that somebody points at, else the newest.
 */

import {hide, make, mark, write} from "../../dom.js";
import {change, count, percent, price, size, volume} from "../../format.js";
import {FAST, SLOW} from "./price_chart.js";

/** @typedef {import("../../wire/frames.js").Bar} Bar */
/** @typedef {import("./price_chart.js").LineValues} LineValues */

/** The parts: a name, what it is called, and in full. @type {readonly (readonly [string, string, string])[]} */
const PARTS = Object.freeze(/** @type {const} */ ([
  ["time", "", "Time"], ["o", "O", "Open"], ["h", "H", "High"], ["l", "L", "Low"], ["c", "C", "Close"], ["change", "", "Change"],
  ["v", "Vol", "Volume"], ["rev", "", "Trades of this bar came late, were corrected or cancelled"], ["vwap", "VWAP", "Volume-weighted average price of the day"],
  ["fast", `MA ${FAST}`, `Mean of ${FAST} closes`], ["slow", `MA ${SLOW}`, `Mean of ${SLOW} closes`],
  ["close", "Prev. close", "Close of the day before: the dashed line"],
]));

export class Legend {
  #element;
  /** @type {Record<string, HTMLElement>} */
  #values = {};

  /** @param {HTMLElement} element */
  constructor(element) {
    this.#element = element;
    for (const [key, label, name] of PARTS) {
      const value = make("b", {});
      this.#values[key] = value;
      element.append(make("span", {"data-part": key, title: name}, ...(label ? [make("i", {}, label), " "] : []), value));
    }
  }

  /**
   * Show a bar, or nothing.
   * @param {Bar | undefined} bar
   * @param {{before: Bar | undefined, time: string, digits: number, lines: LineValues}} facts `before`: the bar before it
   */
  show(bar, {before, time, digits, lines}) {
    this.#element.classList.toggle("is-empty", !bar);
    if (!bar) return;
    const base = before?.c ?? bar.o;
    const moved = bar.c - base;
    mark(this.#element, "data-direction", moved > 0 ? "up" : moved < 0 ? "down" : "flat");
    const texts = {
      time, o: price(bar.o, digits), h: price(bar.h, digits), l: price(bar.l, digits), c: price(bar.c, digits),
      change: `${change(moved, digits)} (${percent(100 * moved / base)})`, v: volume(bar.v),
      rev: bar.rev ? `amended ${bar.rev}\u00d7` : "", vwap: price(lines.vwap, digits), fast: price(lines.fast, digits), slow: price(lines.slow, digits), close: price(lines.close, digits),
    };
    for (const [key, text] of Object.entries(texts)) {
      const value = this.#values[key];
      if (value) write(value, text);
    }
    for (const key of /** @type {const} */ (["vwap", "fast", "slow", "close"])) {
      const part = this.#values[key]?.parentElement;
      if (part) hide(part, lines[key] === null);
    }
    const rev = this.#values.rev?.parentElement;
    if (rev) hide(rev, !bar.rev);
    if (this.#values.v) mark(this.#values.v, "title", `${size(bar.v)} in ${count(bar.n)} trades`);
  }
}
