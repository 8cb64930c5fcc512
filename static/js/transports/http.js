// @ts-check
/**
 * One GET of the page's own server, and what it means when it is refused.
 * Must not know what is asked.
 */

import {CLOSE} from "../wire/frames.js";
import {LOST, lost} from "./transport.js";

/** @typedef {import("./transport.js").Ending} Ending */

/** @type {Record<number, number>} */
const CLOSE_OF_STATUS = Object.freeze({
  400: CLOSE.BAD_FRAME,
  401: CLOSE.SIGNED_OUT,
  403: CLOSE.FORBIDDEN,
  429: CLOSE.TOO_MANY,
  503: CLOSE.RESTART,
});

/** A request that was answered, but not with what it asked for. */
export class HttpRefusal extends Error {
  /** @param {Ending} ending */
  constructor(ending) {
    super(ending.reason);
    this.ending = ending;
  }
}

/**
 * Get an address; the answer is 200 or 304.
 * @param {string} address
 * @param {{fetch: typeof fetch, accept: string, signal: AbortSignal}} options
 * @throws {HttpRefusal}
 */
export async function get(address, {fetch, accept, signal}) {
  const response = await fetch(address, {
    cache: "no-store",
    credentials: "same-origin",
    redirect: "manual",
    headers: {"Accept": accept, "X-Market-Page": "1"},
    signal,
  });
  if (response.status === 200 || response.status === 304) return response;
  throw new HttpRefusal(await endingOf(response));
}

/**
 * Return why a request failed, as a close would say it.
 * @param {unknown} error
 * @returns {Ending}
 */
export function endingOfError(error) {
  return error instanceof HttpRefusal ? error.ending : lost(String(error));
}

/**
 * Only our own server's word counts as a close code: a proxy that answers 403 or 503 by itself has
 * merely lost the request.
 * @param {Response} response
 * @returns {Promise<Ending>}
 */
async function endingOf(response) {
  if (response.type === "opaqueredirect") return {code: CLOSE.SIGNED_OUT, reason: "", retry_ms: 0};
  const retry_ms = 1000 * Number(response.headers.get("Retry-After") ?? 0) || 0;
  const isOurs = await saysError(response);
  const code = isOurs ? CLOSE_OF_STATUS[response.status] ?? LOST : LOST;
  return {code, reason: `HTTP ${response.status}`, retry_ms};
}

/** @param {Response} response */
async function saysError(response) {
  try {
    const {error} = await response.json();
    return typeof error.code === "number";
  } catch {
    return false;
  }
}
