// @ts-check
/**
 * What every transport offers, in types; the rooms of link/ agree on it here.
 * Must not import a transport: a circle of imports cannot be given hashed names.
 * Called by websocket, poll, subscriptions and connection.
 */

/** The connection was lost and nobody said why. */
export const LOST = 1006;

/** @typedef {import("../wire.js").Frame} Frame */
/** @typedef {import("../wire.js").Command} Command */

/**
 * Why it ended: a close code, and the least time to wait before coming back.
 * @typedef {{code: number, reason: string, retry_ms: number}} Ending
 *
 * `onopen` says that commands may be sent; after `close()` nothing is called any more. `quiet_ms` is
 * how long silence is normal for this transport, heartbeats apart.
 * @typedef {{
 *   name: string, quiet_ms: number,
 *   onopen: () => void, onframe: (frame: Frame, bytes: number) => void, onclose: (ending: Ending) => void,
 *   open(position: string | null): void, send(command: Command): void, close(): void,
 * }} Transport
 *
 * @typedef {{
 *   setTimeout: (run: () => void, wait_ms: number) => number, clearTimeout: (timer?: number) => void,
 * }} Timers
 */

/** The browser's own; tests hand in others. @type {Timers} */
export const browserTimers = Object.freeze({
  setTimeout: (run, wait_ms) => globalThis.setTimeout(run, wait_ms),
  clearTimeout: (timer) => globalThis.clearTimeout(timer),
});
