// @ts-check
/**
 * How many lines of the watchlist stand higher or lower than at the previous close.
 * Must not know the network.
 */

import {write} from "../../dom.js";
import {digitsOf, directionOf} from "./columns.js";

/**
 * Show how many lines stand higher and lower than at the previous close.
 * @param {HTMLElement} element
 * @param {import("./row.js").RowFacts[]} facts of each line
 */
export function showBreadth(element, facts) {
  const directions = facts.map(({row, instrument}) => directionOf(row, digitsOf(instrument)));
  for (const name of ["up", "down", "flat"]) {
    const part = element.querySelector(`[data-part=${name}]`);
    if (part) write(part, String(directions.filter((direction) => direction === name).length));
  }
}
