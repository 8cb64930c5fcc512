// @ts-check
/**
 * Asks the server what the person chose for every page, perhaps in another browser.
 * Must not know what the choices do.
 */

import {isObject} from "../wire/checks.js";

const TIMEOUT_MS = 10_000;

/**
 * Return what is kept, by name; null when nothing is, or when the server cannot be asked.
 * @param {string} url
 * @param {typeof fetch} [fetch]
 * @returns {Promise<Record<string, unknown> | null>}
 */
export async function readPreferences(url, fetch = globalThis.fetch.bind(globalThis)) {
  try {
    const response = await ask(url, fetch);
    /** @type {unknown} */
    const body = response.ok ? await response.json() : null;
    return isObject(body) && isObject(body.preferences) ? body.preferences : null;
  } catch {
    return null;
  }
}

/**
 * Say whether the person is signed in; yes when the server cannot be asked.
 * @param {string} url
 * @param {typeof fetch} [fetch]
 */
export async function isSignedIn(url, fetch = globalThis.fetch.bind(globalThis)) {
  try {
    const {type, status} = await ask(url, fetch);
    return type !== "opaqueredirect" && status !== 401;
  } catch {
    return true;
  }
}

/** @param {string} url @param {typeof fetch} fetch */
function ask(url, fetch) {
  return fetch(url, {
    credentials: "same-origin", redirect: "manual", headers: {Accept: "application/json"}, signal: AbortSignal.timeout(TIMEOUT_MS),
  });
}
