// @ts-check
/**
 * What the panel of trades says besides the trades: why there are none, or why none come.
 * Pure: from what is facts to a sentence.
 */

import {time} from "../../format.js";

/**
 * @typedef {{
 *   connection: string, hasBegun: boolean, isEmpty: boolean, symbol: string | null, isNothingWatched: boolean,
 *   asOf_ms: number | null,
 * }} NoteFacts `symbol`: the one that is shown alone. `asOf_ms`: when the newest trade was made
 */

/** Why no trades come, for each state of the link in which none do. @type {Record<string, string>} */
const STANDSTILLS = Object.freeze({
  paused: "Paused: what is traded meanwhile follows when you resume.",
  stale: "Stale: the market is silent, newer trades may be missing.",
  reconnecting: "Not live: the connection is lost. What is traded meanwhile follows.",
  offline: "Not live: you are offline. What is traded meanwhile follows.",
  signed_out: "Not live: you are signed out.",
  stopped: "Not live: the server ended the connection.",
  closed: "Not live: the connection is closed.",
});

/**
 * Return a sentence, or nothing when the trades speak for themselves.
 * @param {NoteFacts} facts
 */
export function tradesNote({connection, hasBegun, isEmpty, symbol, isNothingWatched, asOf_ms}) {
  if (isNothingWatched && symbol === null) return "No trades: the watchlist is empty.";
  const standstill = STANDSTILLS[connection] ?? "";
  if (standstill) return asOf_ms === null ? standstill : `${standstill} Newest trade: ${time(asOf_ms)}.`;
  if (!hasBegun) return "Waiting for trades\u2026";
  if (!isEmpty) return "";
  return symbol === null ? "Nothing was traded yet." : `${symbol} was not traded yet.`;
}
