// @ts-check
/**
 * Sends a person's edits to the server. The page changes when the frame that tells of it arrives.
 * Must not know the page or the socket.
 * Called by main.js.
 */

const TIMEOUT_MS = 10_000;

export class Poster {
  #token;
  #fetch;

  /**
   * @param {string} token against forged requests
   * @param {typeof fetch} [fetch]
   */
  constructor(token, fetch = globalThis.fetch.bind(globalThis)) {
    this.#token = token;
    this.#fetch = fetch;
  }

  /**
   * Post fields; return null when done, else why not, in words for people.
   * @param {string} url
   * @param {Record<string, string | string[]>} fields
   * @returns {Promise<string | null>}
   */
  async post(url, fields) {
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
        headers: {Accept: "application/json", "X-CSRFToken": this.#token},
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (!response.ok) return await reasonOf(response);
      await response.text();
      return null;
    } catch {
      return "The server could not be reached.";
    }
  }
}

/** @param {Response} response */
async function reasonOf(response) {
  if (response.type === "opaqueredirect" || response.status === 401) return "You are signed out.";
  try {
    const {error} = await response.json();
    return String(error.message);
  } catch {
    return `The server answered ${response.status}.`;
  }
}
