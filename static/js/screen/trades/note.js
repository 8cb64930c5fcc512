// @ts-check
/**
 * The text above the trades: why there are none, or why none come.
 * Pure.
 */

import {time} from "../../format.js";

/**
 * @typedef {{
 *   connection: string, hasBegun: boolean, isEmpty: boolean, symbol: string | null, isNothingWatched: boolean,
 *   asOf_ms: number | null,
 * }} NoteFacts `connection`: the name of its state. `symbol`: the only one that is shown, or null. `asOf_ms`: the time
 *   of the newest trade
 */

/** Why no trades come, for each state of the connection in which none do. @type {Record<string, string>} */
const STANDSTILLS = Object.freeze({
  paused: "Paused. Trades of the pause follow when you resume.",
  stale: "Stale: the market is silent. Newer trades may be missing.",
  reconnecting: "Not live: the connection is lost. Missed trades follow when it is back.",
  offline: "Not live: you are offline. Missed trades follow when you are back.",
  signed_out: "Not live: you are signed out.",
  stopped: "Not live: the server ended the connection.",
  closed: "Not live: the connection is closed.",
});

/**
 * Return a sentence, or "" when there is nothing to say.
 * @param {NoteFacts} facts
 */
export function tradesNote({connection, hasBegun, isEmpty, symbol, isNothingWatched, asOf_ms}) {
  if (isNothingWatched && symbol === null) return "No trades: the watchlist is empty.";
  const standstill = STANDSTILLS[connection] ?? "";
  if (standstill) return asOf_ms === null ? standstill : `${standstill} Newest trade: ${time(asOf_ms)}.`;
  if (!hasBegun) return "Waiting for trades\u2026";
  if (!isEmpty) return "";
  return symbol === null ? "No trades yet." : `No trades of ${symbol} yet.`;
}
