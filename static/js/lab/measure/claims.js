// @ts-check
/**
 * Common claims about the transports, checked against the figures of this run.
 * Pure.
 */

import {count, price} from "../../format.js";

/** @typedef {import("./figures.js").Figures} Figures */

/**
 * `holds`: null while there are too few figures.
 * @typedef {{claim: string, holds: boolean | null, because: string}} Verdict
 */

const UNKNOWN = "No figures yet.";

/**
 * Return every claim with its verdict.
 * @param {Record<"websocket" | "sse" | "longpoll" | "poll", Figures>} figures of one period, by transport
 * @returns {Verdict[]}
 */
export function verdictsOf({websocket, sse, longpoll, poll}) {
  return [
    compare({
      claim: "WebSocket has lower latency than polling.",
      less: websocket.receipt_p50_ms, more: poll.receipt_p50_ms,
      say: (less, more) => `Half of all ticks arrived within ${span(less)} over WebSocket, ${span(more)} by polling.`,
    }),
    compare({
      claim: "WebSocket has less overhead than polling: fewer bytes per update.",
      less: websocket.bytes_per_update, more: poll.bytes_per_update,
      say: (less, more) => `An update took ${count(less)} bytes over WebSocket, ${count(more)} by polling, sent and received, with headers.`,
    }),
    compare({
      claim: "WebSocket costs the server less than polling, per update.",
      less: websocket.server_us_per_update, more: poll.server_us_per_update,
      say: (less, more) => `The application spent ${count(less)} µs per update over WebSocket, ${count(more)} µs by polling.`,
    }),
    compare({
      claim: "Long polling is slower than a stream.",
      less: sse.receipt_p50_ms, more: longpoll.receipt_p50_ms,
      say: (less, more) => `p50 was ${span(less)} over SSE, ${span(more)} by long polling.`,
    }),
    oneWay(sse, websocket),
    compare({
      claim: "Polling repeats requests and headers that a connection sends once.",
      less: websocket.requests_per_min, more: poll.requests_per_min,
      say: (less, more) => `WebSocket made ${price(less, 1)} requests per minute, polling ${price(more, 1)}, long polling ${price(longpoll.requests_per_min, 1)}; `
        + `polling sent ${count(poll.sent_per_s)} B/s of request headers, WebSocket ${count(websocket.sent_per_s)} B/s.`,
    }),
  ];
}

/**
 * @param {{
 *   claim: string, less: number | null, more: number | null, say: (less: number, more: number) => string,
 * }} options
 * @returns {Verdict}
 */
function compare({claim, less, more, say}) {
  if (less === null || more === null) return {claim, holds: null, because: UNKNOWN};
  return {claim, holds: less < more, because: say(less, more)};
}

/**
 * Commands cost the requests beyond the one that opened the stream.
 * @param {Figures} sse
 * @param {Figures} websocket
 * @returns {Verdict}
 */
function oneWay(sse, websocket) {
  const claim = "SSE is one-way: a command needs another request.";
  if (!sse.commands || !websocket.commands) return {claim, holds: null, because: "No command was sent since the start. Choose another rate to send one."};
  const [more, less] = [sse.more_requests ?? 0, websocket.more_requests ?? 0];
  const because = `${count(sse.commands)} commands over SSE took ${times(more)}; `
    + `${count(websocket.commands)} over WebSocket took ${times(less)}.`;
  return {claim, holds: more > less, because};
}

/** @param {number} requests */
function times(requests) {
  return requests === 1 ? "1 more request" : `${requests === 0 ? "no" : count(requests)} more requests`;
}

/** @param {number} span_ms */
function span(span_ms) {
  return span_ms < 10_000 ? `${count(span_ms)} ms` : `${price(span_ms / 1000, 1)} s`;
}
