// @ts-check
/**
 * How far the server's clock is ahead of ours, learned from pings that the server answers with its time.
 * Pure: times arrive as arguments.
 *
 * As NTP does (RFC 5905, 8 and 10), it trusts the shortest of several round trips, and puts the server's time in its
 * middle. The result is wrong by at most half of that round trip.
 */

/** How many samples count: about a minute of them. In a minute clocks drift by some 1 ms (20 ppm). */
const SAMPLES = 30;

/** @typedef {{offset_ms: number, trip_ms: number}} Sample */

export class ClockOffset {
  /** @type {Sample[]} */
  #samples = [];

  /**
   * Take a sample: a ping left at `sent_ms`, the server answered at `server_ms`, and we got that at `heard_ms`.
   * @param {number} sent_ms
   * @param {number} server_ms of the server's clock
   * @param {number} heard_ms
   */
  hear(sent_ms, server_ms, heard_ms) {
    this.#samples.push({offset_ms: server_ms - (sent_ms + heard_ms) / 2, trip_ms: heard_ms - sent_ms});
    if (this.#samples.length > SAMPLES) this.#samples.shift();
  }

  /** Server minus browser, in ms; 0 without a sample. */
  get offset_ms() {
    return this.#best()?.offset_ms ?? 0;
  }

  /** How far the offset may be wrong, in ms; null without a sample. */
  get error_ms() {
    const best = this.#best();
    return best ? best.trip_ms / 2 : null;
  }

  #best() {
    let best = this.#samples.at(0);
    for (const sample of this.#samples) if (best && sample.trip_ms < best.trip_ms) best = sample;
    return best;
  }
}
