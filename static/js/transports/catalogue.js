// @ts-check
/**
 * The transports to choose from.
 * Must not know when each is used.
 */

import {LongPollTransport} from "./longpoll.js";
import {SseTransport} from "./sse.js";
import {LimitedTransport} from "./stream_limit.js";
import {WebSocketTransport} from "./websocket.js";

/** @typedef {"websocket" | "sse" | "longpoll" | "poll"} TransportKey */

/**
 * The best first. `key` stands in addresses and storage, `name` on the screen.
 * @type {readonly {key: TransportKey, name: string}[]}
 */
export const TRANSPORTS = Object.freeze([
  {key: "websocket", name: "WebSocket"},
  {key: "sse", name: "SSE"},
  {key: "longpoll", name: "Long poll"},
  {key: "poll", name: "Polling"},
]);

/**
 * Return all candidates, the best first.
 * @param {{socketUrl: string, sseUrl: string, pollUrl: string, poll: import("./poll.js").PollTransport}} options
 *   `poll`: the interval poll of the page, which is shared because others read its interval and meter
 * @returns {import("./transport.js").Candidate[]}
 */
export function candidatesOf({socketUrl, sseUrl, pollUrl, poll}) {
  /** @type {Record<TransportKey, () => import("./transport.js").Transport>} */
  const makers = {
    websocket: () => new WebSocketTransport(socketUrl),
    sse: () => new LimitedTransport(new SseTransport({url: sseUrl})),
    longpoll: () => new LimitedTransport(new LongPollTransport({url: pollUrl})),
    poll: () => poll,
  };
  return TRANSPORTS.map(({key, name}) => ({key, name, make: makers[key]}));
}

/**
 * Return a value for each transport.
 * @template T
 * @param {(key: TransportKey) => T} make
 * @returns {Record<TransportKey, T>}
 */
export function byTransport(make) {
  return {websocket: make("websocket"), sse: make("sse"), longpoll: make("longpoll"), poll: make("poll")};
}
