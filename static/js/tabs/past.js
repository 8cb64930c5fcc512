// @ts-check
/**
 * Which of several places on the tape lies first.
 * Pure. Must not know who stands there.
 */

import {parsePosition} from "../wire/frames.js";

/**
 * Return the earliest position, or null when there is none.
 * @param {(string | null)[]} positions
 */
export function earliestOf(positions) {
  const sequenceOf = (/** @type {string | null} */ position) => parsePosition(position)?.sequence ?? 0;
  const known = positions.filter((position) => position !== null);
  return known.sort((a, b) => sequenceOf(a) - sequenceOf(b))[0] ?? null;
}
