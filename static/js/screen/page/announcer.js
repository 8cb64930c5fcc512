// @ts-check
/**
 * The one polite voice of the page for people who listen to it: what changed last, not too often.
 * Must not know what it says.
 */

import {write} from "../../dom.js";

const REST_MS = 5_000;

export class Announcer {
  #element;
  #text = "";
  #spoke_ms = -Infinity;
  /** @type {number | undefined} */
  #timer;

  /** @param {HTMLElement} element with role=status */
  constructor(element) {
    this.#element = element;
  }

  /**
   * Say a text, or the last of several within a few seconds.
   * @param {string} text
   */
  say(text) {
    this.#text = text;
    if (this.#timer !== undefined) return;
    const wait_ms = Math.max(0, this.#spoke_ms + REST_MS - performance.now());
    this.#timer = setTimeout(() => this.#speak(), wait_ms);
  }

  #speak() {
    this.#timer = undefined;
    this.#spoke_ms = performance.now();
    write(this.#element, this.#text);
  }
}
