// @ts-check
/**
 * What a transport that can only ask (SSE, polling) asks the server for. Commands change the query; the frames of
 * a response stand in for the answers to the commands.
 * Must not know when a request is sent, or how.
 */

import {
  CHANNEL, CORRECTED_CHANNELS, EVERYTHING, HEARTBEAT, KEYED_CHANNELS, METHOD, PAUSED_CHANNELS, RESUMED_CHANNELS,
  TAPE_CHANNELS,
  namesIn,
} from "../wire/frames.js";

/** @typedef {import("../wire/frames.js").Frame} Frame */
/** @typedef {import("../wire/frames.js").Command} Command */
/** @typedef {import("../wire/frames.js").Parameters} Parameters */
/** @typedef {import("../wire/frames.js").Answer} Answer */

/** Asked for while nothing else is: it shows that the server is there, and the response is small. */
const LEAST = CHANNEL.WATCHLIST;

/**
 * A query as it was sent. `isWhole`: the response covers every subscribed channel, so it may raise every
 * position.
 * @typedef {{parameters: URLSearchParams, commands: Command[], isWhole: boolean}} SentQuery
 */

export class Query {
  max_rate = 0;
  isPaused = false;
  #positions;
  /** @type {Set<string>} */
  #channels = new Set();
  /** The symbols of each channel that has them. @type {Map<string, Set<string>>} */
  #symbols = new Map();
  /** @type {readonly string[]} */
  #fields = [];
  /** Whether to ask for changes of earlier trades and bars. */
  #areCorrected = false;
  /** How many notifications are unread; null until a response says so. @type {number | null} */
  #unread = null;
  /** The version of the person's lists; null until a response says it. @type {string | null} */
  #lists = null;
  /** @type {Command[]} */
  #unanswered = [];

  /** @param {import("./transport.js").Positions} positions */
  constructor(positions) {
    this.#positions = positions;
  }

  /**
   * Do a command as the server would. Return whether a new request is needed.
   * @param {Command} command
   */
  take(command) {
    if (command.method === METHOD.ACK) return false;
    this.#unanswered.push(command);
    if (command.method === METHOD.SUBSCRIBE) this.#subscribe(command.params);
    else if (command.method === METHOD.UNSUBSCRIBE) this.#unsubscribe(command.params);
    else if (command.method === METHOD.SET) return this.#set(command.params);
    return true;
  }

  /** Return the query as it is now, with the commands that are not answered yet. @returns {SentQuery} */
  ask() {
    const commands = [...this.#unanswered];
    const channels = [...this.#channels].filter((channel) => !this.isPaused || !PAUSED_CHANNELS.includes(channel));
    return {parameters: this.#parameters(channels), commands, isWhole: channels.length === this.#channels.size && channels.length > 0};
  }

  /** Note that these commands are answered. @param {Command[]} commands */
  settle(commands) {
    this.#unanswered = this.#unanswered.filter((command) => !commands.includes(command));
  }

  /**
   * Note what a frame says about the person's own lists and notifications, so that the server need not repeat it.
   * @param {Frame} frame
   */
  hear(frame) {
    if (frame.channel === CHANNEL.NOTIFICATIONS) this.#unread = frame.unread;
    if (frame.channel === CHANNEL.WATCHLIST) this.#lists = frame.version;
  }

  /** @param {Parameters["subscribe"]} params */
  #subscribe({channel, symbols = [], fields = [], corrections = false}) {
    this.#channels.add(channel);
    // Else the server would leave out notices that this subscriber has not got yet.
    if (channel === CHANNEL.NOTIFICATIONS) this.#unread = null;
    if (channel === CHANNEL.TICKER) this.#fields = fields;
    this.#areCorrected ||= corrections;
    this.#symbols.set(channel, new Set([...(this.#symbols.get(channel) ?? []), ...symbols]));
  }

  /** @param {Parameters["unsubscribe"]} params */
  #unsubscribe({channel, symbols = []}) {
    const left = this.#symbols.get(channel);
    for (const symbol of symbols) left?.delete(symbol);
    if (!left?.size) this.#channels.delete(channel);
  }

  /** @param {Parameters["set"]} params */
  #set({paused = this.isPaused, max_rate = this.max_rate}) {
    const isNew = paused !== this.isPaused || max_rate !== this.max_rate;
    this.isPaused = paused;
    this.max_rate = max_rate;
    return isNew;
  }

  /** @param {string[]} channels */
  #parameters(channels) {
    const positions = this.#positions();
    const named = (/** @type {string} */ channel) => [...(this.#symbols.get(channel) ?? [])];
    // Bars have names of their own, such as NVX@1m, and books are wanted of few symbols: both have a parameter of their own.
    const symbols = new Set(channels.filter((channel) => channel !== CHANNEL.BARS && channel !== CHANNEL.DEPTH).flatMap(named));
    const query = new URLSearchParams({channels: channels.join(",") || LEAST});
    if (symbols.size) query.set("symbols", [...symbols].join(","));
    if (channels.includes(CHANNEL.BARS)) query.set("bars", named(CHANNEL.BARS).join(","));
    if (channels.includes(CHANNEL.DEPTH)) query.set("depth", named(CHANNEL.DEPTH).join(","));
    if (channels.includes(CHANNEL.TICKER) && this.#fields.length) query.set("fields", this.#fields.join(","));
    if (this.#areCorrected && CORRECTED_CHANNELS.some((channel) => channels.includes(channel))) query.set("corrections", "1");
    for (const channel of RESUMED_CHANNELS) {
      const since = positions[channel] ?? null;
      if (channels.includes(channel) && since !== null) query.set(`${channel}_since`, since);
    }
    if (this.#unread !== null) query.set("unread", String(this.#unread));
    if (this.#lists !== null) query.set("lists", this.#lists);
    return query;
  }
}

/**
 * Return the answers that the server would have given over a WebSocket to the commands of a query.
 * @param {SentQuery} asked
 * @param {Frame[]} frames of the response
 * @returns {Answer[]}
 */
export function answersTo({commands, parameters}, frames) {
  return commands.map((command) => {
    const {method, id = null} = command;
    const result = command.method === METHOD.SUBSCRIBE ? opened(command.params, parameters, frames) : command.params;
    return {channel: "answer", type: "answer", method, id, success: true, result, error: null};
  });
}

/** @param {Parameters["subscribe"]} params @param {URLSearchParams} parameters @param {Frame[]} frames */
function opened({channel, symbols = []}, parameters, frames) {
  const renewed = frames.filter((frame) => frame.channel === channel && frame.type === "snapshot");
  const named = new Set(renewed.flatMap(namesIn));
  const missing = !symbols.includes(EVERYTHING) && KEYED_CHANNELS.includes(channel) && renewed.length ? symbols.filter((symbol) => !named.has(symbol)) : [];
  const rejected = Object.fromEntries(missing.map((symbol) => [symbol, "unknown symbol"]));
  return {channel, resumed: parameters.has(`${channel}_since`) && renewed.length === 0, rejected};
}

/**
 * Return a frame as this page may take it. A response to a part of the channels must not raise positions.
 * @template {Frame} F
 * @param {F} frame
 * @param {boolean} isWhole
 * @returns {F}
 */
export function claimedBy(frame, isWhole) {
  return frame.channel === HEARTBEAT && !isWhole ? {...frame, seq: 0} : frame;
}

/**
 * Return the heartbeat that the server would have sent over a WebSocket.
 * @param {number} sequence
 * @param {number | null} stale since when the market is silent (UTC ms), or null
 * @param {string} [trouble] what is wrong with the database, for staff
 * @returns {import("../wire/frames.js").Heartbeat}
 */
export function heartbeatAt(sequence, stale, trouble) {
  const extra = trouble === undefined ? {} : {trouble};
  return {channel: HEARTBEAT, type: "heartbeat", seq: sequence, ts: null, stale, ...extra, confirms: TAPE_CHANNELS};
}
