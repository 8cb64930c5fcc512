// @ts-check
/**
 * Chooses among transports: the best first, a lesser one while the best fails, and back up again.
 * Must not know what is carried, or why a transport ended.
 * Called by connection.
 */

import {backoff} from "./backoff.js";

/** @typedef {import("./transport.js").Transport} Transport */

/** Failures in a row before the next transport gets a try: some proxies let no socket through. */
const FALL_BACK_AFTER = 3;
/** On a lesser transport the better one is tried after about 2 s, then more and more seldom. */
const PROMOTE_ATTEMPT = 2;
const PROMOTE = "promote";

export class Ladder {
  #makers;
  #alarms;
  #random;
  #failures = 0;
  #promotions = 0;
  /** @type {Transport | null} */
  #probe = null;

  /**
   * @param {{
   *   transports: (() => Transport)[], alarms: import("./alarms.js").Alarms, random: () => number,
   * }} options `transports`: the best first
   */
  constructor({transports, alarms, random}) {
    this.#makers = transports;
    this.#alarms = alarms;
    this.#random = random;
  }

  /** Return the best transport, and every other time the last one while the best keeps failing. */
  next() {
    const isInDoubt = this.#failures >= FALL_BACK_AFTER && this.#failures % 2 === 1;
    return this.#makers[isInDoubt ? this.#makers.length - 1 : 0]();
  }

  /** Note that a try failed. */
  fail() {
    this.#failures += 1;
  }

  /**
   * Note that a transport works; when it is not the best, the best is tried beside it.
   * @param {Transport} transport
   * @param {{position: () => string | null, onbetter: (transport: Transport) => void}} climb
   */
  hold(transport, climb) {
    this.#failures = 0;
    this.#promotions = 0;
    if (transport.name !== this.#makers[0]().name) this.#climbLater(climb);
  }

  /** Try nothing any more. */
  rest() {
    this.#alarms.clear(PROMOTE);
    this.#probe?.close();
    this.#probe = null;
  }

  /** @param {{position: () => string | null, onbetter: (transport: Transport) => void}} climb */
  #climbLater(climb) {
    const wait_ms = backoff(PROMOTE_ATTEMPT + this.#promotions, this.#random());
    this.#promotions += 1;
    this.#alarms.set(PROMOTE, wait_ms, () => this.#climb(climb));
  }

  /** @param {{position: () => string | null, onbetter: (transport: Transport) => void}} climb */
  #climb(climb) {
    this.#probe?.close();
    const probe = this.#makers[0]();
    this.#probe = probe;
    probe.onopen = () => {
      this.#probe = null;
      climb.onbetter(probe);
    };
    probe.onclose = () => this.#climbLater(climb);
    probe.open(climb.position());
  }
}
