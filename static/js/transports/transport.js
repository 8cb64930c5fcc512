// @ts-check
/**
 * What every transport offers, in types; the rooms of link/ agree on it here.
 * Must not import a transport: a circle of imports cannot be given hashed names.
 */

/** The connection was lost and nobody said why. */
export const LOST = 1006;

/** A question, or a try, that shows nothing in this time has failed. */
export const OPENING_MS = 8_000;

/** @typedef {import("../wire/frames.js").Frame} Frame */
/** @typedef {import("../wire/frames.js").Command} Command */

/**
 * Where each channel stands, to resume from; null for a channel that needs a snapshot.
 * @typedef {() => Record<string, string | null>} Positions
 *
 * Why it ended: a close code, and the least time to wait before coming back.
 * @typedef {{code: number, reason: string, retry_ms: number}} Ending
 *
 * `open` proves the road and carries nothing yet. `onopen` says that the server has spoken: commands may
 * be sent, and what they ask for comes as frames. After `close()` nothing is called any more. A command
 * to subscribe carries its own position; transports that ask anew by themselves look `positions` up.
 * `quiet_ms` is how long silence is normal for this transport, heartbeats apart.
 * @typedef {{
 *   name: string, quiet_ms: number,
 *   onopen: () => void, onframe: (frame: Frame, bytes: number) => void, onclose: (ending: Ending) => void,
 *   open(positions: Positions): void, send(command: Command): void, close(): void,
 * }} Transport
 *
 * One way to reach the server: the name people and addresses call it by, and the one it shows. One that is
 * `isSpare` is used only when somebody pins it.
 * @typedef {{key: string, name: string, make: () => Transport, isSpare?: boolean}} Candidate
 *
 * @typedef {{
 *   setTimeout: (run: () => void, wait_ms: number) => number, clearTimeout: (timer?: number) => void,
 * }} TimerFunctions
 */

/**
 * Return the ending of a connection that was lost.
 * @param {string} reason
 * @returns {Ending}
 */
export function lost(reason) {
  return {code: LOST, reason, retry_ms: 0};
}

/** The browser's own; tests hand in others. @type {TimerFunctions} */
export const browserTimers = Object.freeze({
  setTimeout: (run, wait_ms) => globalThis.setTimeout(run, wait_ms),
  clearTimeout: (timer) => globalThis.clearTimeout(timer),
});
