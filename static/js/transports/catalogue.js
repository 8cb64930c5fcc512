// @ts-check
/**
 * The ways to the server, the best first, under the names that people and addresses call them by.
 * Must not know when each is used.
 */

import {LongPollTransport} from "./longpoll.js";
import {SseTransport} from "./sse.js";
import {WebSocketTransport} from "./websocket.js";

/**
 * Return every candidate.
 * @param {{socketUrl: string, sseUrl: string, pollUrl: string, poll: import("./poll.js").PollTransport}} options
 *   `poll`: the one interval poll of the page, whose interval and meter others see
 * @returns {import("./transport.js").Candidate[]}
 */
export function candidatesOf({socketUrl, sseUrl, pollUrl, poll}) {
  return [
    {key: "websocket", name: "WebSocket", make: () => new WebSocketTransport(socketUrl)},
    {key: "sse", name: "SSE", make: () => new SseTransport({url: sseUrl})},
    {key: "longpoll", name: "Long poll", make: () => new LongPollTransport({url: pollUrl})},
    {key: "poll", name: "Polling", make: () => poll},
  ];
}
