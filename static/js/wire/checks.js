// @ts-check
/**
 * Checks values that came from the network, and the entries of frames.
 * Pure. Must not know what frames are for.
 */

/** @param {unknown} value @returns {value is Record<string, any>} */
export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @param {unknown} list @param {(entry: unknown) => boolean} isEntry */
export function isListOf(list, isEntry) {
  return Array.isArray(list) && list.every(isEntry);
}

/** @param {unknown} value */
export function isText(value) {
  return typeof value === "string";
}

/** @param {unknown} value */
export function isNumber(value) {
  return typeof value === "number" && Number.isFinite(value);
}

/** @param {unknown} value */
export function isSequence(value) {
  return Number.isSafeInteger(value) && /** @type {number} */ (value) >= 0;
}

/** @param {unknown} value */
export function isMissing(value) {
  return value === undefined || value === null;
}

const NUMBERS = Object.freeze(["p", "b", "a", "bs", "as", "o", "h", "l", "pc", "v", "ms"]);

/** @param {unknown} entry */
export function isTickerEntry(entry) {
  if (!isObject(entry) || !isText(entry.s)) return false;
  if (!isSequence(entry.n)) return false;
  if (!isMissing(entry.ph) && !isText(entry.ph)) return false;
  return NUMBERS.every((key) => isMissing(entry[key]) || isNumber(entry[key]));
}

/** @param {unknown} entry */
export function isTradeEntry(entry) {
  if (!isObject(entry) || !isText(entry.s) || !isText(entry.side)) return false;
  return isSequence(entry.i) && isNumber(entry.p) && isNumber(entry.q) && isNumber(entry.ms);
}

/** @param {unknown} entry */
export function isBarEntry(entry) {
  if (!isObject(entry) || !isText(entry.s) || !isText(entry.iv)) return false;
  return entry.none === true || ["t", "o", "h", "l", "c", "v", "n"].every((key) => isNumber(entry[key]));
}

/** @param {unknown} entry */
export function isStatusEntry(entry) {
  if (!isObject(entry)) return false;
  if (entry.gone === true) return isText(entry.s) || isText(entry.feed);
  if (isText(entry.s)) return isText(entry.name) && isSequence(entry.d) && isText(entry.ph);
  const areTexts = ["feed", "name", "state", "exchange", "zone", "ph"].every((key) => isText(entry[key]));
  return areTexts && ["t", "day", "clock", "scale"].every((key) => isNumber(entry[key]));
}

/** @param {Record<string, any>} value */
export function isNoticeFrame(value) {
  return isSequence(value.seq) && isSequence(value.unread) && isListOf(value.data, isNotice);
}

/** @param {unknown} entry */
function isNotice(entry) {
  return isObject(entry) && isSequence(entry.id) && isText(entry.title) && isNumber(entry.t);
}
