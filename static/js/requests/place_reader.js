// @ts-check
/**
 * Reads which lists and instruments this person can go to.
 * Must not know the page.
 */

import {isListOf, isObject, isText} from "../wire/checks.js";

/** @typedef {{name: string, url: string}} Link */
/** Addresses with "~" stand for those of each symbol. @typedef {{pages: Link[], lists: Link[], instruments: {s: string, name: string}[], instrument: string, alert: string}} Places */

const TIMEOUT_MS = 10_000;

/**
 * Return the places.
 * @param {string} url
 * @param {typeof fetch} [fetch]
 * @returns {Promise<Places>}
 * @throws {Error} the server could not be reached, or did not answer with places
 */
export async function readPlaces(url, fetch = globalThis.fetch.bind(globalThis)) {
  const response = await fetch(url, {
    credentials: "same-origin",
    redirect: "manual",
    headers: {Accept: "application/json"},
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`places: HTTP ${response.status}`);
  /** @type {unknown} */
  const body = await response.json();
  if (!isPlaces(body)) throw new Error("places: not what was asked for");
  return body;
}

/** @param {unknown} value @returns {value is Places} */
function isPlaces(value) {
  return isObject(value) && isText(value.instrument) && isText(value.alert)
    && isListOf(value.pages, isLink) && isListOf(value.lists, isLink) && isListOf(value.instruments, isNamed);
}

/** @param {unknown} value @returns {value is Link} */
function isLink(value) {
  return isObject(value) && isText(value.name) && isText(value.url);
}

/** @param {unknown} value @returns {value is {s: string, name: string}} */
function isNamed(value) {
  return isObject(value) && isText(value.s) && isText(value.name);
}
