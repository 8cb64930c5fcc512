// @ts-check
/**
 * Checks values that came from the network, and the entries of frames.
 * Pure. Must not know what frames are for.
 */

/**
 * An entry as it is written: `ms` is how long before its frame it happened.
 * @typedef {Omit<import("./frames.js").TickerEntry, "t"> & {ms?: number | null}} WrittenTicker
 * @typedef {Omit<import("./frames.js").Trade, "t"> & {ms: number}} WrittenTrade
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
  return isSequence(entry.i) && isNumber(entry.p) && isNumber(entry.q) && isNumber(entry.ms);
}

/** @param {unknown} entry @returns {entry is import("./frames.js").Bar} */
export function isBarEntry(entry) {
  if (!isObject(entry) || !isText(entry.s) || !isText(entry.iv)) return false;
  return ["t", "o", "h", "l", "c", "v", "n"].every((key) => isNumber(entry[key]));
}

/** @param {unknown} entry @returns {entry is import("./frames.js").NoBar} */
export function isNoBarEntry(entry) {
  return isObject(entry) && isText(entry.s) && isText(entry.iv) && entry.none === true;
}

/** @param {unknown} entry @returns {entry is import("./frames.js").StatusEntry} */
export function isStatusEntry(entry) {
  if (!isObject(entry)) return false;
  if (entry.gone === true) return isText(entry.s) || isText(entry.feed);
  if (isText(entry.s)) return isText(entry.name) && isSequence(entry.d) && isText(entry.ph);
  const areTexts = ["feed", "name", "state", "exchange", "zone", "ph"].every((key) => isText(entry[key]));
  return areTexts && ["t", "day", "clock", "scale"].every((key) => isNumber(entry[key]));
}

/** @param {Record<string, unknown>} value @returns {value is import("./frames.js").Notices} */
export function isNoticeFrame(value) {
  return isSequence(value.seq) && isSequence(value.unread) && isListOf(value.data, isNotice);
}

/** @param {unknown} entry @returns {entry is import("./frames.js").Notice} */
function isNotice(entry) {
  return isObject(entry) && isSequence(entry.id) && isText(entry.title) && isNumber(entry.t);
}
