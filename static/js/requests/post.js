// @ts-check
/**
 * Sends a person's edits to the server. The page changes when the frame about the edit arrives.
 * Must not know the page or the socket.
 */

import {isObject, isText} from "../wire/checks.js";

/** @typedef {{isDone: boolean, text: string}} PostResult `text`: the result in words for people */

const TIMEOUT_MS = 10_000;

export class Poster {
  #token;
  #fetch;
  /** The edit before. @type {Promise<unknown>} */
  #former = Promise.resolve();
  #hurry = () => {};
  /** Settles when the page is being left: edits that wait for the one before are then sent at once. @type {Promise<void>} */
  #left = this.#nextLeave();

  /**
   * @param {string} token of Django against forged requests (CSRF)
   * @param {typeof fetch} [fetch]
   */
  constructor(token, fetch = globalThis.fetch.bind(globalThis)) {
    this.#token = token;
    this.#fetch = fetch;
  }

  /**
   * Post fields. Return whether it worked, and what the server says about it, which may be "".
   * An edit is sent when the one before was answered: the server makes them in the order of the person.
   * @param {string} url
   * @param {Record<string, string | string[]>} fields
   * @returns {Promise<PostResult>}
   */
  post(url, fields) {
    const posted = Promise.race([this.#former, this.#left]).then(() => this.#send(url, fields));
    this.#former = posted;
    return posted;
  }

  /** The page is being left: send all edits that wait, as nobody will be there to send them later. */
  leave() {
    this.#hurry();
    this.#left = this.#nextLeave();
  }

  /** @returns {Promise<void>} */
  #nextLeave() {
    return new Promise((resolve) => { this.#hurry = resolve; });
  }

  /** @param {string} url @param {Record<string, string | string[]>} fields @returns {Promise<PostResult>} */
  async #send(url, fields) {
    const body = new URLSearchParams();
    for (const [name, values] of Object.entries(fields)) {
      for (const value of [values].flat()) body.append(name, value);
    }
    try {
      const response = await this.#fetch(url, {
        method: "POST",
        body,
        credentials: "same-origin",
        redirect: "manual",
        // What was chosen on the way to another page is kept too.
        keepalive: true,
        headers: {Accept: "application/json", "X-CSRFToken": this.#token},
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      return {isDone: response.ok, text: await textOf(response)};
    } catch {
      return {isDone: false, text: "The server could not be reached."};
    }
  }
}

/** @param {Response} response @returns {Promise<string>} */
async function textOf(response) {
  if (response.type === "opaqueredirect" || response.status === 401) return "You are signed out.";
  try {
    /** @type {unknown} */
    const body = await response.json();
    if (!isObject(body)) return "";
    const {message} = isObject(body.error) ? body.error : body;
    return isText(message) ? message : "";
  } catch {
    return response.ok ? "" : `The server answered ${response.status}.`;
  }
}
