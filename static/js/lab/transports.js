// @ts-check
/**
 * The four transports of the lab, each with a byte count of its own.
 * Must not know the page.
 */

import {TRANSPORTS, byTransport} from "../transports/catalogue.js";
import {LongPollTransport} from "../transports/longpoll.js";
import {PollTransport} from "../transports/poll.js";
import {SseTransport} from "../transports/sse.js";
import {LimitedTransport} from "../transports/stream_limit.js";
import {WebSocketTransport} from "../transports/websocket.js";
import {ByteCount} from "./byte_count.js";

/** The keys of the transports, in the order of the columns. */
export const KEYS = Object.freeze(TRANSPORTS.map(({key}) => key));

/** @typedef {{socketUrl: string, sseUrl: string, pollUrl: string}} Addresses */
/** @typedef {{candidate: import("../transports/transport.js").Candidate, byteCount: ByteCount}} LabTransport */

/**
 * Return each transport with its byte count, and the interval poll.
 * @param {Addresses & {interval_ms: number, header_bytes: number}} options
 * @returns {{transports: Record<import("../transports/catalogue.js").TransportKey, LabTransport>, poll: PollTransport}}
 */
export function openTransports({socketUrl, sseUrl, pollUrl, interval_ms, header_bytes}) {
  const byteCounts = byTransport(() => new ByteCount(header_bytes));
  const poll = new PollTransport({url: pollUrl, interval_ms, fetch: byteCounts.poll.fetch});
  /** @type {Record<import("../transports/catalogue.js").TransportKey, () => import("../transports/transport.js").Transport>} */
  const makers = {
    websocket: () => byteCounts.websocket.watch(new WebSocketTransport(socketUrl, byteCounts.websocket.socket)),
    sse: () => new LimitedTransport(byteCounts.sse.watch(new SseTransport({url: sseUrl, fetch: byteCounts.sse.fetch}))),
    longpoll: () => new LimitedTransport(byteCounts.longpoll.watch(new LongPollTransport({url: pollUrl, fetch: byteCounts.longpoll.fetch}))),
    poll: () => poll,
  };
  byteCounts.poll.watch(poll);
  const names = new Map(TRANSPORTS.map(({key, name}) => [key, name]));
  const transports = byTransport((key) => {
    return {candidate: {key, name: names.get(key) ?? key, make: makers[key]}, byteCount: byteCounts[key]};
  });
  return {transports, poll};
}
