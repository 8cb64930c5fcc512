// @ts-check
/**
 * The four transports of the lab, each with its own toll.
 * Must not know the page.
 */

import {LongPollTransport} from "../transports/longpoll.js";
import {PollTransport} from "../transports/poll.js";
import {SseTransport} from "../transports/sse.js";
import {WebSocketTransport} from "../transports/websocket.js";
import {Toll} from "./byte_count.js";

/** The columns, in their order. */
export const TRANSPORTS = Object.freeze([
  {key: "websocket", name: "WebSocket"},
  {key: "sse", name: "SSE"},
  {key: "longpoll", name: "Long poll"},
  {key: "poll", name: "Polling"},
]);

export const KEYS = Object.freeze(TRANSPORTS.map(({key}) => key));

/** @typedef {{socketUrl: string, sseUrl: string, pollUrl: string}} Addresses */
/** @typedef {{rung: import("../transports/transport.js").Rung, toll: Toll}} Way */

/**
 * Return a way to the server over each transport.
 * @param {Addresses & {interval_ms: number, header_bytes: number}} options
 * @returns {{ways: Record<string, Way>, poll: PollTransport}}
 */
export function openWays({socketUrl, sseUrl, pollUrl, interval_ms, header_bytes}) {
  const tolls = Object.fromEntries(KEYS.map((key) => [key, new Toll(header_bytes)]));
  const poll = new PollTransport({url: pollUrl, interval_ms, fetch: tolls.poll.fetch});
  /** @type {Record<string, () => import("../transports/transport.js").Transport>} */
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
