// @ts-check
/**
 * Common claims about the transports, checked against the figures of this run.
 * Pure.
 */

import {count, price} from "../../format.js";

/** @typedef {import("./figures.js").Figures} Figures */

/**
 * `holds`: null while there are too few figures, and "unclear" where the difference may be chance.
 * @typedef {{claim: string, holds: boolean | "unclear" | null, because: string}} Verdict
 * @typedef {"websocket" | "sse" | "longpoll" | "poll"} Key
 */

/** A difference counts from twice its standard error. */
const ERRORS = 2;
/** Quantiles are within 1.1 %, so two of them may differ by twice that and be the same. */
const RESOLUTION = 0.022;

const UNKNOWN = "No figures yet.";

/**
 * Return every claim with its verdict.
 * @param {Record<Key, Figures>} figures of one period, by transport
 * @param {Record<Key, Figures>} errors how far each may be off by chance
 * @returns {Verdict[]}
 */
export function verdictsOf({websocket, sse, longpoll, poll}, errors) {
  const noise = (/** @type {import("./figures.js").FigureKey} */ key, /** @type {Key} */ one, /** @type {Key} */ other) => {
    const [first, second] = [errors[one][key], errors[other][key]];
    return first === null || second === null ? null : Math.hypot(first, second);
  };
  return [
    compare({
      claim: "WebSocket has lower latency than polling.",
      error: noise("receipt_p50_ms", "websocket", "poll"), less: websocket.receipt_p50_ms, more: poll.receipt_p50_ms,
      say: (less, more) => `Half of all ticks arrived within ${span(less)} over WebSocket, ${span(more)} by polling.`,
    }),
    compare({
      claim: "WebSocket has less overhead than polling: fewer bytes per update.",
      error: noise("bytes_per_update", "websocket", "poll"), less: websocket.bytes_per_update, more: poll.bytes_per_update,
      say: (less, more) => `An update took ${count(less)} bytes over WebSocket, ${count(more)} by polling, sent and received, with headers.`,
    }),
    compare({
      claim: "WebSocket costs the server less than polling, per update.",
      error: noise("server_us_per_update", "websocket", "poll"), less: websocket.server_us_per_update, more: poll.server_us_per_update,
      say: (less, more) => `The application spent ${count(less)} µs per update over WebSocket, ${count(more)} µs by polling.`,
    }),
    compare({
      claim: "Long polling is slower than a stream.",
      error: noise("receipt_p50_ms", "sse", "longpoll"), less: sse.receipt_p50_ms, more: longpoll.receipt_p50_ms,
      say: (less, more) => `p50 was ${span(less)} over SSE, ${span(more)} by long polling.`,
    }),
    oneWay(sse, websocket),
    compare({
      claim: "Polling repeats requests and headers that a connection sends once.",
      error: noise("requests_per_min", "websocket", "poll"), less: websocket.requests_per_min, more: poll.requests_per_min,
      say: (less, more) => `WebSocket made ${price(less, 1)} requests per minute, polling ${price(more, 1)}, long polling ${price(longpoll.requests_per_min, 1)}; `
        + `polling sent ${count(poll.sent_per_s)} B/s of request headers, WebSocket ${count(websocket.sent_per_s)} B/s.`,
    }),
  ];
}

/**
 * Say in one line which transport is the fastest of this run, and how long the others take. Those whose difference may be
 * chance are named together; those of which too little is known are not judged.
 * @param {Record<Key, Figures>} figures of one period, by transport
 * @param {Record<Key, Figures>} errors how far each may be off by chance
 * @param {readonly {key: Key, name: string}[]} transports
 */
export function headline(figures, errors, transports) {
  const known = transports.flatMap(({key, name}) => {
    const [p50_ms, error] = [figures[key].receipt_p50_ms, errors[key].receipt_p50_ms];
    return p50_ms === null || error === null ? [] : [{name, p50_ms, error}];
  }).sort((a, b) => a.p50_ms - b.p50_ms);
  const [best] = known;
  if (!best || known.length < 2) return "The verdict comes within seconds.";
  const isEqual = (/** @type {typeof best} */ other) => !isClear(best.p50_ms, other.p50_ms, Math.hypot(best.error, other.error));
  const fastest = known.filter(isEqual).map(({name}) => name);
  const others = known.filter((each) => !isEqual(each)).map(({name, p50_ms}, index) => `${name}${index ? "" : " takes"} ${span(p50_ms)}`);
  const unknown = transports.map(({name}) => name).filter((name) => !known.some((each) => each.name === name));
  return [
    `${inWords(fastest)} ${fastest.length > 1 ? "are" : "is"} the fastest here: half of all ticks arrive within ${span(best.p50_ms)}.`,
    ...(others.length ? [`${inWords(others)}.`] : []),
    ...(unknown.length ? [`No verdict on ${inWords(unknown)} yet.`] : []),
  ].join(" ");
}

/** @param {readonly string[]} words */
function inWords(words) {
  return words.length > 1 ? `${words.slice(0, -1).join(", ")} and ${String(words.at(-1))}` : words.join("");
}

/** Say whether a difference is no chance. @param {number} less @param {number} more @param {number} error the standard error of the difference */
function isClear(less, more, error) {
  return Math.abs(more - less) > Math.max(ERRORS * error, RESOLUTION * Math.max(less, more));
}

/**
 * @param {{
 *   claim: string, less: number | null, more: number | null, error: number | null, say: (less: number, more: number) => string,
 * }} options `error`: the standard error of the difference; null while too few seconds tell it
 * @returns {Verdict}
 */
function compare({claim, less, more, error, say}) {
  if (less === null || more === null) return {claim, holds: null, because: UNKNOWN};
  if (error === null) return {claim, holds: "unclear", because: `${say(less, more)} Too few seconds tell yet what is chance.`};
  if (!isClear(less, more, error)) return {claim, holds: "unclear", because: `${say(less, more)} The difference may be chance.`};
  return {claim, holds: less < more, because: say(less, more)};
}

/**
 * Compare how many requests commands took: those beyond the one that opened the connection.
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
