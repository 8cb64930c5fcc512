// @ts-check
/**
 * A GET from the page's own server, and what a refusal means.
 * Must not know what is asked for.
 */

import {isNumber, isObject} from "../wire/checks.js";
import {CLOSE} from "../wire/frames.js";
import {LOST, lost} from "./transport.js";

/** @typedef {import("./transport.js").Ending} Ending */

/**
 * As much of a response as the transports use.
 * @typedef {{read: () => Promise<ReadableStreamReadResult<Uint8Array> | undefined>}} BodyReader
 * @typedef {Pick<Response, "status" | "type" | "headers" | "arrayBuffer"> & {
 *   json: () => Promise<unknown>, body: {getReader: () => BodyReader} | null,
 * }} HttpResponse
 * @typedef {(address: string, options: RequestInit) => Promise<HttpResponse>} Fetch
 */

/** @type {Record<number, number>} */
const CLOSE_OF_STATUS = Object.freeze({
  400: CLOSE.BAD_FRAME,
  401: CLOSE.SIGNED_OUT,
  403: CLOSE.FORBIDDEN,
  429: CLOSE.TOO_MANY,
  503: CLOSE.RESTART,
});

/** The server answered, but not with what was asked for. */
export class HttpRefusal extends Error {
  /** @param {Ending} ending */
  constructor(ending) {
    super(ending.reason);
    this.ending = ending;
  }
}

/**
 * Get an address. Return the response if its status is 200 or 304.
 * @param {string} address
 * @param {{fetch: Fetch, accept: string, signal: AbortSignal}} options
 * @throws {HttpRefusal} on every other status
 */
export async function get(address, {fetch, accept, signal}) {
  const response = await fetch(address, {
    cache: "no-store",
    credentials: "same-origin",
    // A redirect leads to the page for signing in, which is no answer to a transport.
    redirect: "manual",
    // Without TLS browsers send no Sec-Fetch-Site. No foreign page can send this header unless it asks first
    // (a preflight), so it shows the server that a page of its own asks.
    headers: {"Accept": accept, "X-Market-Page": "1"},
    signal,
  });
  if (response.status === 200 || response.status === 304) return response;
  throw new HttpRefusal(await endingOf(response));
}

/**
 * Return why a request failed, as the ending of a connection.
 * @param {unknown} error
 * @returns {Ending}
 */
export function endingOfError(error) {
  return error instanceof HttpRefusal ? error.ending : lost(String(error));
}

/**
 * Turn a refusal into a close code, but only one of our own server, which sends JSON. A proxy that answers 403 or
 * 503 by itself has merely lost the request.
 * @param {HttpResponse} response
 * @returns {Promise<Ending>}
 */
async function endingOf(response) {
  if (response.type === "opaqueredirect") return {code: CLOSE.SIGNED_OUT, reason: "", retry_ms: 0};
  const retry_ms = 1000 * Number(response.headers.get("Retry-After") ?? 0) || 0;
  const isOurs = await saysError(response);
  const code = isOurs ? CLOSE_OF_STATUS[response.status] ?? LOST : LOST;
  return {code, reason: `HTTP ${response.status}`, retry_ms};
}

/** @param {HttpResponse} response */
async function saysError(response) {
  try {
    const body = await response.json();
    return isObject(body) && isObject(body.error) && isNumber(body.error.code);
  } catch {
    return false;
  }
}
