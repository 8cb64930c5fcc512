// @ts-check
/**
 * What every transport offers, as types.
 * Must not import a transport: Django cannot give hashed names to a circle of imports.
 */

/** The close code of a connection that was lost without a word of the server (RFC 6455, 7.1.5). */
export const LOST = 1006;

/** A request or a try that brings nothing in this time has failed. */
export const OPENING_MS = 8_000;

/** @typedef {import("../wire/frames.js").Frame} Frame */
/** @typedef {import("../wire/frames.js").Command} Command */

/**
 * The position of each channel, to resume from; null for a channel that needs a snapshot.
 * @typedef {() => Record<string, string | null>} Positions
 *
 * Why a connection ended: a close code, a text, and the least time to wait before the next try.
 * @typedef {{code: number, reason: string, retry_ms: number}} Ending
 *
 * `open` reaches the server and asks for nothing yet. `onopen` says that the server has spoken: commands may be
 * sent, and what they ask for comes as frames. After `close()` no callback is called. A subscribe command carries
 * its own position; transports that ask again by themselves look `positions` up. `quiet_ms`: how long silence is
 * normal for this transport, beside heartbeats.
 * @typedef {{
 *   name: string, quiet_ms: number,
 *   onopen: () => void, onframe: (frame: Frame, bytes: number) => void, onclose: (ending: Ending) => void,
 *   open(positions: Positions): void, send(command: Command): void, close(): void,
 * }} Transport
 *
 * A transport to choose from: its key in addresses and storage, its name on the screen, and how to make it. A
 * candidate that `isSpare` is used only when somebody pins it. `leave`: another transport was pinned, so let go of
 * what was kept for the next try.
 * @typedef {{key: string, name: string, make: () => Transport, isSpare?: boolean, leave?: () => void}} Candidate
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

/** The timers of the browser; tests hand in others. @type {TimerFunctions} */
export const browserTimers = Object.freeze({
  setTimeout: (run, wait_ms) => globalThis.setTimeout(run, wait_ms),
  clearTimeout: (timer) => globalThis.clearTimeout(timer),
});
