// @ts-check
/**
 * What a value that came from elsewhere is.
 * Pure. Must not know frames.
 * Called by wire.js.
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
