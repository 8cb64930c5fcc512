// @ts-check
/**
 * How long to wait before the next try. The wait is random ("full jitter"), so that a thousand browsers do not
 * come back at the same moment.
 * Pure. Must not know timers.
 */

/** Never more than about one try per second. */
export const BASE_MS = 500;
export const CAP_MS = 20_000;

/**
 * Return the wait before an attempt, in ms: BASE_MS plus a random part that doubles until CAP_MS is reached.
 * What the server asks for (`retry_ms`) is the least, and the random part comes on top of it.
 * @param {number} attempt failures in a row before this one, from 0
 * @param {number} random in [0, 1)
 * @param {number} [retry_ms]
 */
export function backoff(attempt, random, retry_ms = 0) {
  const least_ms = Math.max(BASE_MS, retry_ms);
  const ceiling_ms = BASE_MS * 2 ** Math.min(attempt, 16);
  const room_ms = Math.max(BASE_MS, CAP_MS - least_ms);
  return Math.round(least_ms + random * Math.min(ceiling_ms, room_ms));
}
