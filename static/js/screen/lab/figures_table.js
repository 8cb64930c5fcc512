// @ts-check
/**
 * A table with a line for each figure and a column for each transport.
 * Must not know where the figures come from.
 */

import {find, make, write} from "../../dom.js";
import {price} from "../../format.js";
import {FIGURES} from "../../lab/measure/figures.js";

/** @typedef {import("../../lab/measure/figures.js").Figures} Figures */

export class FiguresTable {
  /** @type {Map<string, HTMLElement>} */
  #cells = new Map();

  /**
   * @param {HTMLElement} table
   * @param {readonly string[]} keys the transports, in the order of the columns
   */
  constructor(table, keys) {
    const body = find(table, "tbody");
    for (const figure of FIGURES) {
      const unit = make("span", {class: "lab-unit"}, figure.unit);
      const cells = keys.map((key) => make("td", {"data-figure": figure.key, "data-transport": key}));
      cells.forEach((cell, index) => this.#cells.set(`${keys[index]} ${figure.key}`, cell));
      body.append(make("tr", {}, make("th", {scope: "row"}, figure.name, " ", unit), ...cells));
    }
  }

  /**
   * Write the figures of every transport.
   * @param {Record<string, Figures>} figures
   */
  show(figures) {
    for (const [transport, values] of Object.entries(figures)) {
      for (const {key, digits} of FIGURES) {
        const cell = this.#cells.get(`${transport} ${key}`);
        if (cell) write(cell, price(values[key], decimalsOf(values[key], digits)));
      }
    }
  }
}

/** Return the decimals to show: small values have at least one. @param {number | null} value @param {number} digits */
function decimalsOf(value, digits) {
  const isSmall = value !== null && value !== 0 && Math.abs(value) < 10;
  return isSmall && !Number.isInteger(value) ? Math.max(digits, 1) : digits;
}
