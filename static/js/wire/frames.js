// @ts-check
/**
 * The wire, version 1: frames and commands, close codes and errors; twin of dashboard/wire/.
 * Must not know sockets, the board or the page.
 */

import {
  isBarEntry, isBookEntry, isCorrectionEntry, isGoneBarEntry, isListOf, isNamedList, isNoBarEntry, isNoticeFrame, isNumber, isObject,
  isSequence, isStatusEntry, isText, isTickerEntry, isTradeEntry,
} from "./checks.js";

export const VERSION = 1;
/** Stands for all symbols in a subscription of prices. */
export const EVERYTHING = "*";
export const MESSAGE_BYTES = 65536;
export const SYMBOL_LIMIT = 500;
export const MIN_RATE = 0.2;
export const MAX_RATE = 20;
export const DEFAULT_RATE = 10;

export const CHANNEL = Object.freeze({
  TICKER: "ticker",
  TRADES: "trades",
  BARS: "bars",
  DEPTH: "depth",
  STATUS: "status",
  NOTIFICATIONS: "notifications",
  WATCHLIST: "watchlist",
  DECK: "deck",
});

/** Nobody subscribes to it: the server sends it on every connection. */
export const HEARTBEAT = "heartbeat";

/** Everything that can be subscribed to. @type {readonly string[]} */
export const CHANNELS = Object.freeze(Object.values(CHANNEL));
/** What a pause stops. @type {readonly string[]} */
export const PAUSED_CHANNELS = Object.freeze([CHANNEL.TICKER, CHANNEL.TRADES, CHANNEL.BARS, CHANNEL.DEPTH]);
/** The channels with a position on the tape. @type {readonly string[]} */
export const TAPE_CHANNELS = Object.freeze([...PAUSED_CHANNELS, CHANNEL.STATUS]);
/** The channels that can resume: by a position on the tape, or by the id of the last notification. @type {readonly string[]} */
export const RESUMED_CHANNELS = Object.freeze([...TAPE_CHANNELS, CHANNEL.NOTIFICATIONS]);
/** The channels whose snapshots name all that was asked for: the server does not know the rest. @type {readonly string[]} */
export const KEYED_CHANNELS = Object.freeze([CHANNEL.TICKER, CHANNEL.BARS, CHANNEL.DEPTH]);
/** The channels that report changes of earlier trades and bars, to readers who ask. @type {readonly string[]} */
export const CORRECTED_CHANNELS = Object.freeze([CHANNEL.TRADES, CHANNEL.BARS]);
/** The channels of which a page shows a gap: of the others a snapshot has all that is shown. @type {readonly string[]} */
export const GAP_CHANNELS = Object.freeze([CHANNEL.TRADES, CHANNEL.BARS]);

export const METHOD = Object.freeze({
  SUBSCRIBE: "subscribe",
  UNSUBSCRIBE: "unsubscribe",
  SET: "set",
  ACK: "ack",
  PING: "ping",
});

export const CLOSE = Object.freeze({
  TOO_BIG: 1009,
  BAD_FRAME: 4400,
  SIGNED_OUT: 4401,
  FORBIDDEN: 4403,
  TOO_SLOW: 4408,
  ACCESS_CHANGED: 4409,
  DISCONNECTED: 4410,
  TOO_MANY: 4429,
  RESTART: 4503,
});

/**
 * What each close code means, and whether to try again.
 * @type {Readonly<Record<number, readonly [string, boolean]>>}
 */
export const CLOSE_TEXT = Object.freeze({
  1009: ["a message was larger than 65,536 bytes", false],
  4400: ["too many messages were not commands", false],
  4401: ["signed out, expired or deactivated", false],
  4403: ["not permitted, or from a foreign origin", false],
  4408: ["too slow: nothing accepted for too long, or too many answers unread", true],
  4409: ["your access has changed", true],
  4410: ["disconnected by an operator", false],
  4429: ["too many commands or connections", true],
  4503: ["the server restarts", true],
});

export const ERROR = Object.freeze({
  BAD_FRAME: 400,
  UNKNOWN_METHOD: 402,
  UNKNOWN_CHANNEL: 403,
  BAD_PARAMETERS: 404,
  TOO_MANY_SYMBOLS: 405,
  SIGNED_OUT: 401,
  FORBIDDEN: 409,
  TOO_MANY_COMMANDS: 429,
  UNAVAILABLE: 503,
});

/**
 * @typedef {import("./checks.js").Phase} Phase
 * @typedef {import("./checks.js").Row} Row
 * @typedef {import("./checks.js").TickerEntry} TickerEntry
 * @typedef {import("./checks.js").Trade} Trade
 * @typedef {import("./checks.js").Correction} Correction
 * @typedef {import("./checks.js").Bar} Bar
 * @typedef {import("./checks.js").NoBar} NoBar
 * @typedef {import("./checks.js").GoneBar} GoneBar
 * @typedef {import("./checks.js").BookEntry} BookEntry
 * @typedef {import("./checks.js").Feed} Feed
 * @typedef {import("./checks.js").Instrument} Instrument
 * @typedef {import("./checks.js").StatusEntry} StatusEntry
 * @typedef {import("./checks.js").Notice} Notice
 * @typedef {import("./checks.js").Notices} Notices
 */

/**
 * @template {string} C, E
 * @typedef {{channel: C, type: "snapshot", epoch: string, seq: number, ts: number, more?: boolean, data: E[]}} Snapshot
 */
/**
 * @template {string} C, E
 * @typedef {{channel: C, type: "update", from: number, seq: number, ts: number, data: E[]}} Update
 */

/**
 * @typedef {Snapshot<"ticker", TickerEntry>} TickerSnapshot
 * @typedef {Update<"ticker", TickerEntry>} TickerUpdate
 * @typedef {Snapshot<"trades", Trade | Correction> & {gap?: boolean}} TradesSnapshot
 * @typedef {Update<"trades", Trade | Correction>} TradesUpdate
 * @typedef {Snapshot<"bars", Bar | NoBar | GoneBar> & {gap?: boolean}} BarsSnapshot
 * @typedef {Update<"bars", Bar | GoneBar>} BarsUpdate
 * @typedef {BarsSnapshot | BarsUpdate} BarsFrame
 * @typedef {Snapshot<"depth", BookEntry> | Update<"depth", BookEntry>} DepthFrame
 * @typedef {Snapshot<"status", StatusEntry>} StatusSnapshot
 * @typedef {Update<"status", StatusEntry>} StatusUpdate
 * `stale`: since when the market is silent through a fault (UTC ms), or null.
 * `trouble`: what is wrong with the database, for staff; absent while all is well.
 * `confirms`: the channels of which nothing is missing up to `seq`. It is not on the wire: the connection leaves out
 * channels that it has not opened.
 * @typedef {{
 *   channel: "heartbeat", type: "heartbeat", seq: number, ts: number | null, stale: number | null,
 *   confirms: readonly string[], trouble?: string,
 * }} Heartbeat
 * @typedef {TickerSnapshot | TickerUpdate | StatusSnapshot | StatusUpdate | Heartbeat} MarketFrame
 * @typedef {TradesSnapshot | TradesUpdate} TradesFrame
 *
 * @typedef {{
 *   channel: "status", type: "welcome", version: number, server_time: number, epoch: string,
 *   heartbeat_ms: number,
 * }} Welcome
 * @typedef {{channel: "status", type: "shutdown", retry_ms: number}} Shutdown
 * @typedef {{channel: "status", type: "pace", rate: number, reason: string}} PaceFrame
 * @typedef {import("./checks.js").NamedList} NamedList
 * @typedef {{
 *   channel: "watchlist", type: "snapshot", data: string[], version: string, lists: NamedList[],
 * }} WatchlistFrame `data`: the symbols of the first list
 * @typedef {{code: number, name: string, message: string, retry: boolean}} Refusal
 * @typedef {{
 *   channel: "answer", type: "answer", method: string, id: number | null, success: boolean,
 *   result: Record<string, unknown>, error: Refusal | null,
 * }} Answer
 * @typedef {MarketFrame | TradesFrame | BarsFrame | DepthFrame | Welcome | Shutdown | PaceFrame | Notices | WatchlistFrame | Answer} Frame
 *
 * What a subscription is answered with; nothing when it was refused.
 * @typedef {{channel?: string, symbols?: string[], rejected?: Record<string, string>, resumed?: boolean}} Opened
 *
 * What each method says.
 * @typedef {{
 *   subscribe: {channel: string, symbols?: string[], since?: string | null, fields?: readonly string[], corrections?: boolean},
 *   unsubscribe: {channel: string, symbols?: string[]},
 *   set: {paused?: boolean, max_rate?: number},
 *   ack: {position: string, paint_ms: number},
 *   ping: Record<string, never>,
 * }} Parameters
 */

/** @template {keyof Parameters} M @typedef {{method: M, params: Parameters[M], id?: number}} CommandOf */
/** @typedef {{[M in keyof Parameters]: CommandOf<M>}[keyof Parameters]} Command */

/** The fields of a row that is not known yet. @type {Readonly<Omit<Row, "s">>} */
export const EMPTY_ROW = Object.freeze({
  p: null, b: null, a: null, bs: null, as: null, o: null, h: null, l: null, pc: null, v: null, t: null, ph: null,
});
/** The fields of prices that can be asked for; `t` comes with every entry. @type {readonly string[]} */
export const TICKER_FIELDS = Object.freeze(Object.keys(EMPTY_ROW).filter((field) => field !== "t"));
/** The fields of prices that pages show: all but the sizes. */
export const SHOWN_FIELDS = Object.freeze(TICKER_FIELDS.filter((field) => field !== "bs" && field !== "as"));

/**
 * Say whether a closed connection may be opened again. It may, if the code is not in the table.
 * @param {number} code
 */
export function mayRetry(code) {
  return CLOSE_TEXT[code]?.[1] ?? true;
}

/**
 * Return the text of a command.
 * @param {Command} command
 */
export function encodeCommand(command) {
  return JSON.stringify(command);
}

/**
 * Return the name of the bars of a symbol and an interval: NVX@1m.
 * @param {{s: string, iv: string}} entry
 */
export function barsName({s, iv}) {
  return `${s}@${iv}`;
}

/**
 * Return the symbols or names that are in a snapshot of prices, bars or books. The server does not know the others.
 * @param {Frame} frame
 */
export function namesIn(frame) {
  if (frame.channel === CHANNEL.BARS) return frame.data.map(barsName);
  return frame.channel === CHANNEL.TICKER || frame.channel === CHANNEL.DEPTH ? frame.data.map(({s}) => s) : [];
}

/**
 * Return a position as it is written on the wire.
 * @param {string} epoch
 * @param {number} sequence
 */
export function encodePosition(epoch, sequence) {
  return `${epoch}:${sequence}`;
}

/**
 * Read a position, or return null for junk.
 * @param {unknown} text
 * @returns {{epoch: string, sequence: number} | null}
 */
export function parsePosition(text) {
  if (typeof text !== "string") return null;
  // Fifteen digits always fit a double exactly.
  const [, epoch, sequence] = /^(.*):(\d{1,15})$/.exec(text) ?? [];
  return epoch === undefined ? null : {epoch, sequence: Number(sequence)};
}

/** Say whether a frame belongs to a subscription: it comes after the answer that opened its channel. @param {Frame} frame */
export function isOfChannel({channel, type}) {
  return CHANNELS.includes(channel) && (type === "snapshot" || type === "update");
}

/**
 * Return the position that lies first on the tape, or null when there is none. All must be of the same epoch.
 * @param {(string | null)[]} positions
 */
export function earliestOf(positions) {
  const sequenceOf = (/** @type {string} */ position) => parsePosition(position)?.sequence ?? 0;
  const known = positions.filter((position) => position !== null);
  return known.sort((a, b) => sequenceOf(a) - sequenceOf(b))[0] ?? null;
}

/**
 * Parse the text of a frame. Return null for what is not a frame of this version.
 * @param {unknown} text
 * @returns {Frame | null}
 */
export function parseFrame(text) {
  if (typeof text !== "string") return null;
  try {
    return readFrame(JSON.parse(text));
  } catch {
    return null;
  }
}

/**
 * Check a decoded frame. One wrong entry makes the whole frame junk: the next frame then shows a gap, and a gap
 * is filled by resuming. Half a frame would leave a board that is silently wrong.
 * @param {unknown} value
 * @returns {Frame | null}
 */
export function readFrame(value) {
  if (!isObject(value)) return null;
  if (typeof value.method === "string") return readAnswer(value.method, value);
  /** @type {Record<string, unknown>} */
  const frame = {...value, type: value.type ?? "update"};
  switch (value.channel) {
    case CHANNEL.TICKER:
      return readTicker(frame);
    case CHANNEL.TRADES:
      return readTrades(frame);
    case CHANNEL.BARS:
      return isBarsFrame(frame) ? frame : null;
    case CHANNEL.DEPTH:
      return readDepth(frame);
    case CHANNEL.STATUS:
      return isStatusFrame(frame) ? frame : null;
    case HEARTBEAT:
      return readHeartbeat(value);
    case CHANNEL.NOTIFICATIONS:
      return isNoticeFrame(frame) ? frame : null;
    case CHANNEL.WATCHLIST:
      return readWatchlist(frame);
    default:
      return null;
  }
}

/**
 * Read prices, which are an object by symbol. `ms` is how long before the frame's `ts` the tick happened. An entry
 * of an update stands for one tick unless it says otherwise.
 * @param {Record<string, unknown>} value
 * @returns {TickerSnapshot | TickerUpdate | null}
 */
function readTicker(value) {
  if (!isObject(value.data)) return null;
  const n = value.type === "update" ? 1 : 0;
  const entries = Object.entries(value.data).map(([s, entry]) => isObject(entry) ? {s, n, ...entry} : entry);
  /** @type {Record<string, unknown>} */
  const frame = {...value, data: entries};
  if (!isMarketFrame(frame, CHANNEL.TICKER, isTickerEntry)) return null;
  const data = frame.data.map((entry) => datedTicker(entry, frame.ts));
  return {...frame, data};
}

/** @param {import("./checks.js").WrittenTicker} written @param {number} ts @returns {TickerEntry} */
function datedTicker({ms, ...rest}, ts) {
  /** @type {TickerEntry} */
  const entry = rest;
  if (ms !== undefined) entry.t = ms === null ? null : ts - ms;
  return entry;
}

/** Read books, which are an object by symbol. @param {Record<string, unknown>} value @returns {DepthFrame | null} */
function readDepth(value) {
  if (!isObject(value.data)) return null;
  const entries = Object.entries(value.data).map(([s, entry]) => isObject(entry) ? {s, ...entry} : entry);
  /** @type {Record<string, unknown>} */
  const frame = {...value, data: entries};
  return isMarketFrame(frame, CHANNEL.DEPTH, isBookEntry) ? frame : null;
}

/** @param {Record<string, unknown>} frame @returns {TradesFrame | null} */
function readTrades(frame) {
  /** @type {(entry: unknown) => entry is import("./checks.js").WrittenTrade | import("./checks.js").WrittenCorrection} */
  const isEntry = (entry) => isTradeEntry(entry) || isCorrectionEntry(entry);
  if (!isMarketFrame(frame, CHANNEL.TRADES, isEntry)) return null;
  const data = frame.data.map(({ms, ...trade}) => Object.assign(trade, {t: frame.ts - ms}));
  return {...frame, data};
}

/** @param {Record<string, unknown>} value @returns {Heartbeat | null} */
function readHeartbeat({seq, ts, stale, trouble}) {
  if (!isSequence(seq)) return null;
  const times = {ts: isNumber(ts) ? ts : null, stale: isNumber(stale) ? stale : null};
  const extra = isText(trouble) ? {trouble} : {};
  return {channel: HEARTBEAT, type: HEARTBEAT, seq, ...times, ...extra, confirms: TAPE_CHANNELS};
}

/** @param {string} method @param {Record<string, unknown>} value @returns {Answer} */
function readAnswer(method, value) {
  const error = isObject(value.error) ? value.error : null;
  return {
    channel: "answer",
    type: "answer",
    method,
    id: isNumber(value.id) ? value.id : null,
    success: value.success === true,
    result: isObject(value.result) ? value.result : {},
    error: error && {
      code: Number(error.code),
      name: String(error.name),
      message: String(error.message),
      retry: error.retry === true,
    },
  };
}

/** @param {Record<string, unknown>} value @returns {value is Welcome | Shutdown | PaceFrame | StatusSnapshot | StatusUpdate} */
function isStatusFrame(value) {
  if (value.type === "welcome") return isNumber(value.server_time) && isNumber(value.heartbeat_ms);
  if (value.type === "shutdown") return isNumber(value.retry_ms);
  if (value.type === "pace") return isNumber(value.rate) && isText(value.reason);
  return isMarketFrame(value, CHANNEL.STATUS, isStatusEntry);
}

/** Read the lists. A server of an earlier release says only the symbols of the first. @param {Record<string, unknown>} value @returns {WatchlistFrame | null} */
function readWatchlist(value) {
  const frame = {version: "", lists: [], ...value};
  return isWatchlistFrame(frame) ? frame : null;
}

/** @param {Record<string, unknown>} value @returns {value is WatchlistFrame} */
function isWatchlistFrame(value) {
  return isListOf(value.data, isText) && isText(value.version) && isListOf(value.lists, isNamedList);
}

/** Only a snapshot says that there is no bar yet. @param {Record<string, unknown>} value @returns {value is BarsFrame} */
function isBarsFrame(value) {
  /** @type {(entry: unknown) => entry is Bar | GoneBar} */
  const isBarOrGone = (entry) => isBarEntry(entry) || isGoneBarEntry(entry);
  /** @type {(entry: unknown) => entry is Bar | NoBar | GoneBar} */
  const isAny = (entry) => isBarOrGone(entry) || isNoBarEntry(entry);
  return isSnapshot(value, CHANNEL.BARS, isAny) || isUpdate(value, CHANNEL.BARS, isBarOrGone);
}

/**
 * @template {string} C, E
 * @param {Record<string, unknown>} value
 * @param {C} channel
 * @param {(entry: unknown) => entry is E} isEntry
 * @returns {value is Snapshot<C, E> | Update<C, E>}
 */
function isMarketFrame(value, channel, isEntry) {
  return isSnapshot(value, channel, isEntry) || isUpdate(value, channel, isEntry);
}

/**
 * @template {string} C, E
 * @param {Record<string, unknown>} value
 * @param {C} channel
 * @param {(entry: unknown) => entry is E} isEntry
 * @returns {value is Snapshot<C, E>}
 */
function isSnapshot(value, channel, isEntry) {
  return value.channel === channel && value.type === "snapshot" && isText(value.epoch)
    && isSequence(value.seq) && isNumber(value.ts) && isListOf(value.data, isEntry);
}

/**
 * @template {string} C, E
 * @param {Record<string, unknown>} value
 * @param {C} channel
 * @param {(entry: unknown) => entry is E} isEntry
 * @returns {value is Update<C, E>}
 */
function isUpdate(value, channel, isEntry) {
  return value.channel === channel && value.type === "update" && isSequence(value.from)
    && isSequence(value.seq) && value.from <= value.seq && isNumber(value.ts) && isListOf(value.data, isEntry);
}
