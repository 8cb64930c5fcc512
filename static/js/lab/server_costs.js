// @ts-check
/**
 * Asks the server what the transports cost it, and how long the header of our own requests is.
 * Must not know what the answer is used for.
 */

import {endingOfError, get} from "../transports/http.js";
import {isNumber, isObject, isText} from "../wire/checks.js";

/**
 * What the server says: its sums, and how long the header of our request was (bytes).
 * @typedef {import("./measure/spending.js").CostSums & {request_header_bytes: number}} ServerCosts
 */

/** A request without a response in this time has failed. */
const PATIENCE_MS = 5_000;

/**
 * Return the costs, or why the request failed.
 * @param {string} url
 * @returns {Promise<{costs: ServerCosts} | {ending: import("../transports/transport.js").Ending}>}
 */
export async function askCosts(url) {
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const response = await get(url, {fetch: globalThis.fetch.bind(globalThis), accept: "application/json", signal});
    const costs = await response.json();
    if (!isServerCosts(costs)) throw new TypeError("the answer has no costs");
    return {costs};
  } catch (error) {
    return {ending: endingOfError(error)};
  }
}

/** @param {unknown} value @returns {value is ServerCosts} */
function isServerCosts(value) {
  if (!isObject(value) || !isObject(value.transports) || !isText(value.process)) return false;
  const areSpent = Object.values(value.transports).every((spent) => isObject(spent) && isNumber(spent.cpu_s) && isNumber(spent.updates));
  return areSpent && [value.ts, value.process_cpu_s, value.request_header_bytes].every(isNumber);
}
