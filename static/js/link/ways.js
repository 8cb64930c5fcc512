// @ts-check
/**
 * The four transports of the lab, each with its own toll.
 * Must not know the page.
 * Called by lab.js.
 */

import {LongPollTransport} from "./longpoll.js";
import {PollTransport} from "./poll.js";
import {SseTransport} from "./sse.js";
import {Toll} from "./toll.js";
import {WebSocketTransport} from "./websocket.js";

/** The columns, in their order. */
export const TRANSPORTS = Object.freeze([
  {key: "websocket", name: "WebSocket"},
  {key: "sse", name: "SSE"},
  {key: "longpoll", name: "Long poll"},
  {key: "poll", name: "Polling"},
]);

export const KEYS = Object.freeze(TRANSPORTS.map(({key}) => key));

/** @typedef {{socketUrl: string, sseUrl: string, pollUrl: string}} Addresses */
/** @typedef {{rung: import("./transport.js").Rung, toll: Toll}} Way */

/**
 * Return a way to the server over each transport.
 * @param {Addresses & {interval_ms: number, header_bytes: number}} options
 * @returns {{ways: Record<string, Way>, poll: PollTransport}}
 */
export function openWays({socketUrl, sseUrl, pollUrl, interval_ms, header_bytes}) {
  const tolls = Object.fromEntries(KEYS.map((key) => [key, new Toll(header_bytes)]));
  const poll = new PollTransport({url: pollUrl, interval_ms, fetch: tolls.poll.fetch});
  /** @type {Record<string, () => import("./transport.js").Transport>} */
  const makers = {
    websocket: () => new WebSocketTransport(socketUrl, tolls.websocket.socket),
    sse: () => new SseTransport({url: sseUrl, fetch: tolls.sse.fetch}),
    longpoll: () => new LongPollTransport({url: pollUrl, fetch: tolls.longpoll.fetch}),
    poll: () => poll,
  };
  tolls.poll.watch(poll);
  const ways = TRANSPORTS.map(({key, name}) => {
    const make = key === "poll" ? makers.poll : () => tolls[key].watch(makers[key]());
    return [key, {rung: {key, name, make}, toll: tolls[key]}];
  });
  return {ways: Object.fromEntries(ways), poll};
}
