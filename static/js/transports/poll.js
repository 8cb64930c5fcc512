// @ts-check
/**
 * Carries the same frames by asking now and then: one GET per interval.
 * Must not know what the frames do to the board, or the page.
 */

import {Requester} from "./requester.js";

/** @typedef {import("./transport.js").Transport} Transport */

/** @implements {Transport} */
export class PollTransport extends Requester {
  name = "Polling";
  #interval_ms;

  /** @param {import("./requester.js").RequesterOptions & {interval_ms: number}} options */
  constructor({interval_ms, ...options}) {
    super(options);
    this.#interval_ms = interval_ms;
  }

  /** The time between two questions, in ms. */
  get interval_ms() {
    return this.#interval_ms;
  }

  set interval_ms(interval_ms) {
    this.#interval_ms = interval_ms;
    this.askSoon();
  }

  /** The interval, or longer for those who wish fewer updates; it is never the faster for a wish. */
  rest_ms() {
    const wished_ms = this.max_rate ? 1000 / this.max_rate : 0;
    return Math.max(super.rest_ms(), this.#interval_ms, wished_ms);
  }
}
