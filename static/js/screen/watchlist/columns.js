// @ts-check
/**
 * The columns of the watchlist: title and text of each, the number it sorts by, and whether it flashes.
 * Pure: from a row of the board to text and a number.
 */

import {change, percent, price, volume} from "../../format.js";

/** @typedef {import("../../wire/frames.js").Row} Row */
/**
 * `title`: its name where there is room. `isDrawn`: its cells hold a picture and no text.
 * @typedef {{
 *   key: string, title: string, text: (row: Row, digits: number) => string, value: (row: Row) => number | null,
 *   isFlashing: boolean, isDrawn?: boolean,
 * }} Column
 */

/** Makes a whole number of any price. */
const SCALE = 1e8;

/**
 * Return the change of the last price from the previous close, or null.
 * @param {Row} row
 */
export function changeOf({p, pc}) {
  return p === null || pc === null ? null : p - pc;
}

/**
 * Return the change in percent of the previous close, or null. It is computed from whole numbers, so that it rounds
 * halves as the server does.
 * @param {Row} row
 */
export function percentOf({p, pc}) {
  if (p === null || !pc) return null;
  const last = Math.round(p * SCALE);
  const close = Math.round(pc * SCALE);
  return (100 * (last - close)) / close;
}

/**
 * Return "up", "down" or "flat": the sign of the change as it is shown, after rounding.
 * @param {Row | undefined} row
 * @param {number} digits
 */
export function directionOf(row, digits) {
  const text = row ? change(changeOf(row), digits) : "";
  if (text.startsWith("+")) return "up";
  return text.startsWith("\u2212") ? "down" : "flat";
}

/** The usual columns in their usual order. @type {readonly Column[]} */
export const COLUMNS = Object.freeze([
  {key: "last", title: "Last price", text: (row, digits) => price(row.p, digits), value: (row) => row.p, isFlashing: true},
  {key: "change", title: "Change", text: (row, digits) => change(changeOf(row), digits), value: changeOf, isFlashing: false},
  {key: "change_percent", title: "Change in percent", text: (row) => percent(percentOf(row)), value: percentOf, isFlashing: false},
  {key: "day", title: "Day so far", text: () => "", value: () => null, isFlashing: false, isDrawn: true},
  {key: "bid", title: "Bid", text: (row, digits) => price(row.b, digits), value: (row) => row.b, isFlashing: true},
  {key: "ask", title: "Ask", text: (row, digits) => price(row.a, digits), value: (row) => row.a, isFlashing: true},
  {key: "volume", title: "Volume", text: (row) => volume(row.v), value: (row) => row.v, isFlashing: false},
  {key: "high", title: "High of the day", text: (row, digits) => price(row.h, digits), value: (row) => row.h, isFlashing: true},
  {key: "low", title: "Low of the day", text: (row, digits) => price(row.l, digits), value: (row) => row.l, isFlashing: true},
]);

/**
 * Return the keys of the columns to show, in their order: those that exist, each once; the usual ones if none is left.
 * @param {readonly string[]} keys
 */
export function columnsOf(keys) {
  const known = new Set(COLUMNS.map(({key}) => key));
  const chosen = [...new Set(keys)].filter((key) => known.has(key));
  return chosen.length ? chosen : [...known];
}
