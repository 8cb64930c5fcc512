// @ts-check
/**
 * Asks the server what the transports cost it, and learns how long the header of our own requests is.
 * Must not know what is made of it.
 */

import {endingOfError, get} from "../transports/http.js";

/**
 * Sums since the server's process began; `process` names it.
 * @typedef {{
 *   ts: number, process: string, process_cpu_s: number, request_header_bytes: number,
 *   transports: Record<string, {cpu_s: number, updates: number}>,
 * }} ServerCosts
 */

const PATIENCE_MS = 5_000;

/**
 * Return the costs, or how the question ended.
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
