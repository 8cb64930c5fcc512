// @ts-check
/**
 * Carries the same frames by questions that the server holds until there is news.
 * Must not know what the frames do to the board, or the page.
 */

import {DEFAULT_RATE} from "../wire/frames.js";
import {Requester} from "./requester.js";

/** @typedef {import("./transport.js").Transport} Transport */

/** Proxies cut what is silent for long, and a dead line is noticed only after it. */
const WAIT_S = 10;

/** @implements {Transport} */
export class LongPollTransport extends Requester {
  name = "Long poll";
  wait_s = WAIT_S;

  /** After news it asks again at once, but no faster than the pace. */
  rest_ms() {
    return 1000 / (this.max_rate || DEFAULT_RATE);
  }
}
