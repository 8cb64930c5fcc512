// @ts-check
/**
 * What people are told of a connection, and which word for it is right.
 * Must not know timers or transports.
 */

/** @typedef {"closed" | "opening" | "up" | "waiting" | "ended"} ConnectionPhase */

/**
 * @typedef {"closed" | "connecting" | "live" | "stale" | "paused" | "reconnecting" | "offline"
 *   | "signed_out" | "stopped"} StateName
 *
 * What people are told. `pinned` is the transport that somebody chose, or nothing. `retry_at_ms` is when
 * the next try begins, `heard_at_ms` when the server last spoke; `market_silent_since_ms` when the market
 * last spoke to the server, while it does not.
 * @typedef {{
 *   name: StateName, transport: string, pinned: string, code: number, reason: string, retry_at_ms: number | null,
 *   heard_at_ms: number | null, market_silent_since_ms: number | null,
 * }} ConnectionState
 *
 * `gap_ms` is how long nothing was heard; `resumed` whether the tape filled the gap or a snapshot did.
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
 * Return the word for a connection.
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
