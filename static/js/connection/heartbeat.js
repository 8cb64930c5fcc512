// @ts-check
/**
 * Watches whether the server still speaks, and whether the market still speaks to the server.
 * Must not know transports or timers.
 */

/** Silence in heartbeats: from 1.5 the server is late, from 2.5 it is gone. */
const LATE_HEARTBEATS = 1.5;
const DEAD_HEARTBEATS = 2.5;
/** Used until `welcome` says how often the server sends a heartbeat. */
const HEARTBEAT_MS = 5_000;

export class HeartbeatMonitor {
  /** When the server last spoke. @type {number | null} */
  heard_ms = null;
  /** When the market last spoke to the server (UTC ms of the server); null while it is not silent. @type {number | null} */
  market_silent_since_ms = null;
  #heartbeat_ms = HEARTBEAT_MS;

  /**
   * @param {import("../wire/frames.js").Frame} frame
   * @param {number} now_ms
   */
  hear(frame, now_ms) {
    this.heard_ms = now_ms;
    if (frame.type === "welcome") this.#heartbeat_ms = frame.heartbeat_ms;
    if (frame.type === "heartbeat") this.market_silent_since_ms = frame.stale;
    // Only an update comes from the market: snapshots and answers are made by the server alone.
    if ("from" in frame) this.market_silent_since_ms = null;
  }

  /**
   * Say whether the server is silent for longer than it should be.
   * @param {number} now_ms
   * @param {number} quiet_ms how long this transport is normally silent, beside heartbeats
   */
  isLate(now_ms, quiet_ms) {
    return this.#isSilentFor(LATE_HEARTBEATS, now_ms - quiet_ms);
  }

  /**
   * Say whether the server is silent for so long that it must be gone.
   * @param {number} now_ms
   * @param {number} quiet_ms how long this transport is normally silent, beside heartbeats
   */
  isDead(now_ms, quiet_ms) {
    return this.#isSilentFor(DEAD_HEARTBEATS, now_ms - quiet_ms);
  }

  /** @param {number} heartbeats @param {number} now_ms */
  #isSilentFor(heartbeats, now_ms) {
    return this.heard_ms !== null && now_ms - this.heard_ms > heartbeats * this.#heartbeat_ms;
  }
}
