// @ts-check
/**
 * The names of the phases, and the day, time and phase of an exchange as text.
 * Pure: the time arrives as an argument.
 */

import {count, dateIn, price, timeIn} from "../../format.js";

/** @typedef {import("../../wire/frames.js").Feed} Feed */

/** @type {Record<string, string>} */
export const PHASE_NAMES = Object.freeze({
  PRE_OPEN: "Pre-open", AUCTION: "Auction", OPEN: "Open", LIMIT: "Limit", HALTED: "Halted", CLOSED: "Closed",
});

/** @type {Record<string, string>} */
const STATE_NAMES = Object.freeze({RUNNING: "Running", PAUSED: "Paused", CLOSED: "Closed"});

/**
 * Return a feed's name with the day, time and phase of its exchange; without an exchange, with its state.
 * @param {Feed} feed
 * @param {number} now_ms by the server's clock
 */
export function statusText(feed, now_ms) {
  const {name, exchange, state} = feed;
  if (!exchange) return `${name} \u00b7 ${STATE_NAMES[state] ?? state}`;
  const day = dayText(feed, now_ms);
  return name === exchange ? day : `${name}: ${day}`;
}

/**
 * Return "NYSE day 2 · 11:42 · Open · 13.7×", or "" for a feed without an exchange. A feed that does not run has no
 * time. Days that are not compressed have a date instead of a number.
 * @param {Feed} feed
 * @param {number} now_ms by the server's clock
 */
export function dayText(feed, now_ms) {
  const {exchange, zone, day, ph, clock, scale, state, t} = feed;
  if (!exchange) return "";
  if (state !== "RUNNING") return `${exchange} \u00b7 ${state === "PAUSED" ? "Paused" : PHASE_NAMES.CLOSED}`;
  const at_ms = clock + Math.max(0, now_ms - t) * scale;
  const isCompressed = scale !== 1;
  const date = isCompressed ? ` day ${count(day)}` : ` \u00b7 ${dateIn(at_ms, zone)}`;
  const speed = isCompressed ? ` \u00b7 ${price(scale, 1)}\u00d7` : "";
  return `${exchange}${date} \u00b7 ${timeIn(at_ms, zone)} \u00b7 ${PHASE_NAMES[ph] ?? ph}${speed}`;
}
