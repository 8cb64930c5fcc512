// @ts-check
/**
 * The ways to the server, the best first, under the names that people and addresses call them by.
 * Must not know when each is used.
 */

import {LongPollTransport} from "./longpoll.js";
import {SseTransport} from "./sse.js";
import {WebSocketTransport} from "./websocket.js";

/** The best first. `key` stands in addresses and storage, `name` on the screen. */
export const TRANSPORTS = Object.freeze([
  {key: "websocket", name: "WebSocket"},
  {key: "sse", name: "SSE"},
  {key: "longpoll", name: "Long poll"},
  {key: "poll", name: "Polling"},
]);

/**
 * Return every candidate.
 * @param {{socketUrl: string, sseUrl: string, pollUrl: string, poll: import("./poll.js").PollTransport}} options
 *   `poll`: the one interval poll of the page, whose interval and meter others see
 * @returns {import("./transport.js").Candidate[]}
 */
export function candidatesOf({socketUrl, sseUrl, pollUrl, poll}) {
  /** @type {Record<string, () => import("./transport.js").Transport>} */
  const makers = {
    websocket: () => new WebSocketTransport(socketUrl),
    sse: () => new SseTransport({url: sseUrl}),
    longpoll: () => new LongPollTransport({url: pollUrl}),
    poll: () => poll,
  };
  return TRANSPORTS.map(({key, name}) => ({key, name, make: makers[key]}));
}
