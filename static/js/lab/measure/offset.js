// @ts-check
/**
 * How far the server's clock is ahead of ours, learned from questions that the server answers with its time.
 * Pure: times arrive as arguments.
 *
 * As NTP does (RFC 5905, 8 and 10): of several round trips the shortest is believed, and the server's
 * time is put in the middle of it. It is wrong by at most half that round trip.
 */

/** Clocks drift by some 20 ppm: in the 30 samples of a minute by 1 ms. */
const SAMPLES = 30;

/** @typedef {{offset_ms: number, trip_ms: number}} Sample */

export class ClockOffset {
  /** @type {Sample[]} */
  #samples = [];

  /**
   * A question left at `sent_ms`, was answered at `server_ms` and the answer arrived at `heard_ms`.
   * @param {number} sent_ms
   * @param {number} server_ms of the server's clock
   * @param {number} heard_ms
   */
  hear(sent_ms, server_ms, heard_ms) {
    this.#samples.push({offset_ms: server_ms - (sent_ms + heard_ms) / 2, trip_ms: heard_ms - sent_ms});
    if (this.#samples.length > SAMPLES) this.#samples.shift();
  }

  /** Server minus browser, in ms; 0 until something was heard. */
  get offset_ms() {
    return this.#best()?.offset_ms ?? 0;
  }

  /** How far the offset may be wrong, in ms; null until something was heard. */
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
