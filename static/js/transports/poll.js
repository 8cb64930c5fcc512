// @ts-check
/**
 * Interval polling: one GET per interval.
 * Must not know what the frames do to the board, or the page.
 */

import {Requester} from "./requester.js";

/** @typedef {import("./transport.js").Transport} Transport */

/** @implements {Transport} */
export class PollTransport extends Requester {
  /** @override */
  name = "Polling";
  #interval_ms;

  /** @param {import("./requester.js").RequesterOptions & {interval_ms: number}} options */
  constructor({interval_ms, ...options}) {
    super(options);
    this.#interval_ms = interval_ms;
  }

  /** The time from one request to the next, in ms. */
  get interval_ms() {
    return this.#interval_ms;
  }

  set interval_ms(interval_ms) {
    this.#interval_ms = interval_ms;
    this.askSoon();
  }

  /** The interval, or longer when fewer updates per second are wanted; never shorter. @override */
  rest_ms() {
    const wanted_ms = this.max_rate ? 1000 / this.max_rate : 0;
    return Math.max(super.rest_ms(), this.#interval_ms, wanted_ms);
  }
}
