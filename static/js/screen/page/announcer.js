// @ts-check
/**
 * Speaks for the page to people who use a screen reader: politely, the last change only, and not too often.
 * Must not know what it says.
 */

import {write} from "../../dom.js";

/** The least time from one text to the next. */
const PAUSE_MS = 5_000;

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
   * Say a text. Only the last of several within a few seconds is said.
   * @param {string} text
   */
  say(text) {
    this.#text = text;
    if (this.#timer !== undefined) return;
    const wait_ms = Math.max(0, this.#spoke_ms + PAUSE_MS - performance.now());
    this.#timer = setTimeout(() => this.#speak(), wait_ms);
  }

  #speak() {
    this.#timer = undefined;
    this.#spoke_ms = performance.now();
    write(this.#element, this.#text);
  }
}
