// @ts-check
/**
 * What the entries of frames are, and the checks of values that came from the network.
 * Pure. Must not know what frames are for.
 */

/**
 * @typedef {"PRE_OPEN" | "AUCTION" | "OPEN" | "LIMIT" | "HALTED" | "CLOSED"} Phase
 *
 * The prices of an instrument: p last, b bid, a ask, bs and as their sizes, o h l pc the day's open, high, low and
 * the previous close, v volume, t the time of the tick (UTC ms), ph phase.
 * @typedef {{
 *   s: string, p: number | null, b: number | null, a: number | null, bs: number | null,
 *   as: number | null, o: number | null, h: number | null, l: number | null,
 *   pc: number | null, v: number | null, t: number | null, ph: Phase | null,
 * }} Row
 * `n`: how many ticks the entry stands for.
 * @typedef {Partial<Row> & {s: string, n: number, gone?: boolean}} TickerEntry
 *
 * `i`: the sequence of the trade, q its size, side who crossed the spread, et when it happened in exchange time (UTC ms;
 * older servers do not say it), ref how the exchange names it.
 * @typedef {{s: string, p: number, q: number, side: string, i: number, et?: number, ref?: string, t: number}} Trade
 * What became of an earlier trade, to readers who ask for corrections: "late", "corrected" or "cancelled". p and q are
 * right from now on, op and oq were sent before; new_ref is the trade's name from now on.
 * @typedef {{
 *   s: string, fix: string, i: number, ref?: string, new_ref?: string, p?: number, q?: number, op?: number, oq?: number,
 *   et?: number, unknown?: boolean, t: number,
 * }} Correction
 *
 * A bar of an interval: t when it begins in exchange time, n its trades. `none`: there is no bar yet. `rev`: how often a
 * closed bar was amended; `gone`: all of its trades were cancelled. Both come to readers who ask for corrections.
 * @typedef {{s: string, iv: string, t: number, o: number, h: number, l: number, c: number, v: number, n: number, closed?: boolean, rev?: number}} Bar
 * @typedef {{s: string, iv: string, t: number, gone: true, rev: number}} GoneBar
 * @typedef {{s: string, iv: string, none: true}} NoBar
 *
 * A book: prices and sizes of its best levels, the best first. `gone`: its instrument is.
 * @typedef {readonly [number, number]} Level
 * @typedef {{s: string, bids: Level[], asks: Level[], gone?: undefined} | {s: string, gone: true}} BookEntry
 *
 * At `t` the clock of the exchange said `clock` (UTC ms); it runs `scale` times as fast as ours. `exchange` is ""
 * for a feed without one.
 * @typedef {{
 *   feed: string, name: string, state: string, rate: number, reason: string, t: number, exchange: string,
 *   zone: string, day: number, ph: Phase, clock: number, scale: number,
 * }} Feed
 * @typedef {{
 *   s: string, name: string, sector: string, feed: string, d: number, tick: number,
 *   ph: Phase, reason: string, t: number, lot?: number, delay?: number,
 * }} Instrument
 * @typedef {Feed | Instrument | {s: string, gone: true} | {feed: string, gone: true}} StatusEntry
 * @typedef {{id: number, title: string, body: string, level: string, t: number, read: boolean, symbol?: string}} Notice
 * @typedef {{channel: "notifications", type: "snapshot" | "update", seq: number, unread: number, data: Notice[]}} Notices
 *
 * One of the person's lists: `at` symbols stand before a section. The id of a list
 * that is not stored yet is 0; `share` is the key of its link for others, or "".
 * @typedef {{at: number, name: string}} Section
 * @typedef {{id: number, name: string, symbols: string[], sections: Section[], share: string}} NamedList
 *
 * What operators see on the flight deck: each feed, the process, and who is connected (null: not for this person).
 * @typedef {{
 *   feed: string, state: string, ph: string, reason: string, target: number, rate: number,
 *   age_ms: number | null, instruments: number, halted: number,
 * }} DeckFeed
 * @typedef {{
 *   process: string, readers: Record<string, number>, frames: number, updates: number, bytes: number, conflation: number | null,
 *   lag_ms: number | null, stale: number | null, cuts: number, refused: number, overruns: number,
 * }} DeckProcess
 * @typedef {{
 *   id: string, user: string, user_id: number, transport: string, pace: number, reason: string,
 *   behind: number, symbols: number | null, since: number,
 * }} DeckPerson
 * @typedef {{feeds: DeckFeed[], process: DeckProcess, people: DeckPerson[] | null, connections: number}} DeckFrame
 */

/**
 * An entry as it is written: `ms` is how long before its frame it happened.
 * @typedef {Omit<TickerEntry, "t"> & {ms?: number | null}} WrittenTicker
 * @typedef {Omit<Trade, "t"> & {ms: number}} WrittenTrade
 * @typedef {Omit<Correction, "t"> & {ms: number}} WrittenCorrection
 */

/** @param {unknown} value @returns {value is Record<string, unknown>} */
export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @template E @param {unknown} list @param {(entry: unknown) => entry is E} isEntry @returns {list is E[]} */
export function isListOf(list, isEntry) {
  return Array.isArray(list) && list.every(isEntry);
}

/** @param {unknown} value @returns {value is string} */
export function isText(value) {
  return typeof value === "string";
}

/** @param {unknown} value @returns {value is number} */
export function isNumber(value) {
  return typeof value === "number" && Number.isFinite(value);
}

/** @param {unknown} value @returns {value is number} */
export function isSequence(value) {
  return Number.isSafeInteger(value) && /** @type {number} */ (value) >= 0;
}

/** @param {unknown} value @returns {value is null | undefined} */
export function isMissing(value) {
  return value === undefined || value === null;
}

const NUMBERS = Object.freeze(["p", "b", "a", "bs", "as", "o", "h", "l", "pc", "v", "ms"]);

/** @param {unknown} entry @returns {entry is WrittenTicker} */
export function isTickerEntry(entry) {
  if (!isObject(entry) || !isText(entry.s)) return false;
  if (!isSequence(entry.n)) return false;
  if (!isMissing(entry.ph) && !isText(entry.ph)) return false;
  return NUMBERS.every((key) => isMissing(entry[key]) || isNumber(entry[key]));
}

/** @param {unknown} entry @returns {entry is WrittenTrade} */
export function isTradeEntry(entry) {
  if (!isObject(entry) || !isText(entry.s) || !isText(entry.side)) return false;
  if (entry.et !== undefined && !isNumber(entry.et)) return false;
  if (entry.ref !== undefined && !isText(entry.ref)) return false;
  return isSequence(entry.i) && isNumber(entry.p) && isNumber(entry.q) && isNumber(entry.ms);
}

/** @param {unknown} entry @returns {entry is WrittenCorrection} */
export function isCorrectionEntry(entry) {
  if (!isObject(entry) || !isText(entry.s) || !isText(entry.fix)) return false;
  const areTexts = ["ref", "new_ref"].every((key) => entry[key] === undefined || isText(entry[key]));
  const areNumbers = ["p", "q", "op", "oq", "et"].every((key) => entry[key] === undefined || isNumber(entry[key]));
  return areTexts && areNumbers && isSequence(entry.i) && isNumber(entry.ms);
}

/** @param {unknown} entry @returns {entry is Bar} */
export function isBarEntry(entry) {
  if (!isObject(entry) || !isText(entry.s) || !isText(entry.iv)) return false;
  if (entry.rev !== undefined && !isSequence(entry.rev)) return false;
  return ["t", "o", "h", "l", "c", "v", "n"].every((key) => isNumber(entry[key]));
}

/** @param {unknown} entry @returns {entry is GoneBar} */
export function isGoneBarEntry(entry) {
  return isObject(entry) && isText(entry.s) && isText(entry.iv) && isNumber(entry.t) && entry.gone === true && isNumber(entry.rev);
}

/** @param {unknown} entry @returns {entry is NoBar} */
export function isNoBarEntry(entry) {
  return isObject(entry) && isText(entry.s) && isText(entry.iv) && entry.none === true;
}

/** @param {unknown} entry @returns {entry is BookEntry} */
export function isBookEntry(entry) {
  if (!isObject(entry) || !isText(entry.s)) return false;
  return entry.gone === true || (isListOf(entry.bids, isLevel) && isListOf(entry.asks, isLevel));
}

/** @param {unknown} level @returns {level is Level} */
function isLevel(level) {
  return Array.isArray(level) && level.length === 2 && level.every(isNumber);
}

/** @param {unknown} entry @returns {entry is StatusEntry} */
export function isStatusEntry(entry) {
  if (!isObject(entry)) return false;
  if (entry.gone === true) return isText(entry.s) || isText(entry.feed);
  if (isText(entry.s)) return isText(entry.name) && isSequence(entry.d) && isText(entry.ph);
  const areTexts = ["feed", "name", "state", "exchange", "zone", "ph"].every((key) => isText(entry[key]));
  return areTexts && ["t", "day", "clock", "scale"].every((key) => isNumber(entry[key]));
}

/** @param {Record<string, unknown>} value @returns {value is Notices} */
export function isNoticeFrame(value) {
  return isSequence(value.seq) && isSequence(value.unread) && isListOf(value.data, isNotice);
}

/** @param {unknown} entry @returns {entry is Notice} */
function isNotice(entry) {
  const {id, title, t, symbol = ""} = /** @type {Record<string, unknown>} */ (isObject(entry) ? entry : {});
  return isSequence(id) && isText(title) && isNumber(t) && isText(symbol);
}

/** @param {unknown} value @returns {value is DeckFrame} */
export function isDeckFrame(value) {
  if (!isObject(value) || value.channel !== "deck") return false;
  return Array.isArray(value.feeds) && isObject(value.process) && isNumber(value.connections);
}

/** @param {unknown} value @returns {value is NamedList} */
export function isNamedList(value) {
  return (
    isObject(value) &&
    isSequence(value.id) &&
    isText(value.name) &&
    isListOf(value.symbols, isText) &&
    isListOf(value.sections, isSection) &&
    isText(value.share)
  );
}

/** @param {unknown} value @returns {value is Section} */
function isSection(value) {
  return isObject(value) && isSequence(value.at) && isText(value.name);
}
