// @ts-check
/**
 * Asks the server what the transports cost it, and how long the header of our own requests is.
 * Must not know what the answer is used for.
 */

import {endingOfError, get} from "../transports/http.js";

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
    return {costs: await response.json()};
  } catch (error) {
    return {ending: endingOfError(error)};
  }
}
