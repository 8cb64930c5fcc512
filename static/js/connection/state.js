// @ts-check
/**
 * What people see of a connection, and the right name for its state.
 * Pure. Must not know timers or transports.
 */

/** @typedef {"closed" | "opening" | "up" | "waiting" | "ended"} ConnectionPhase */

/**
 * @typedef {"closed" | "connecting" | "live" | "stale" | "paused" | "reconnecting" | "offline"
 *   | "signed_out" | "stopped"} StateName
 *
 * `transport`: the name of the one in use, or the last one. `pinned`: the name of the one that somebody chose, or
 * "". `code`: the close code that ended the connection for good; LOST while it may come back. `retry_at_ms`: when
 * the next try begins. `heard_at_ms`: when the server last spoke. `market_silent_since_ms`: since when the market
 * is silent towards the server (UTC ms), or null.
 * @typedef {{
 *   name: StateName, transport: string, pinned: string, code: number, reason: string, retry_at_ms: number | null,
 *   heard_at_ms: number | null, market_silent_since_ms: number | null,
 * }} ConnectionState
 *
 * `gap_ms`: how long nothing was heard. `resumed`: true if the tape filled the gap, false if a snapshot did.
 * @typedef {{gap_ms: number, resumed: boolean}} Recovery
 */

/** The names of a connection that carries frames. @type {readonly string[]} */
const UP = Object.freeze(["live", "paused", "stale"]);

/**
 * Say whether a connection of this name carries frames.
 * @param {string} name
 */
export function isUp(name) {
  return UP.includes(name);
}

/**
 * Return the name of the state of a connection.
 * @param {{
 *   phase: ConnectionPhase, isSignedOut: boolean, isSilent: boolean, isMarketSilent: boolean,
 *   isPaused: boolean, isOnline: boolean, isFirst: boolean,
 * }} facts
 * @returns {StateName}
 */
export function nameOf({phase, isSignedOut, isSilent, isMarketSilent, isPaused, isOnline, isFirst}) {
  if (phase === "closed") return "closed";
  if (phase === "ended") return isSignedOut ? "signed_out" : "stopped";
  if (phase === "up" && isSilent) return "stale";
  if (phase === "up" && isPaused) return "paused";
  if (phase === "up") return isMarketSilent ? "stale" : "live";
  if (!isOnline) return "offline";
  return isFirst ? "connecting" : "reconnecting";
}
