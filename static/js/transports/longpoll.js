// @ts-check
/**
 * Long polling: the server keeps each request open until there is news.
 * Must not know what the frames do to the board, or the page.
 */

import {DEFAULT_RATE} from "../wire/frames.js";
import {Requester} from "./requester.js";

/** @typedef {import("./transport.js").Transport} Transport */

/** Short enough for proxies, which cut silent requests, and to notice a dead network soon. */
const WAIT_S = 10;

/** @implements {Transport} */
export class LongPollTransport extends Requester {
  /** @override */
  name = "Long poll";
  /** @override */
  wait_s = WAIT_S;

  /** Ask again right after news, but not faster than the pace. @override */
  rest_ms() {
    return 1000 / (this.max_rate || DEFAULT_RATE);
  }
}
