// @ts-check
/**
 * How often prices come, and why: by choice, to save data, or because the server slowed us down.
 * Must not know where the facts come from.
 */

import {count, price} from "../../format.js";
import {DEFAULT_RATE} from "../../wire/frames.js";

/** Updates per second for people who save data. */
const SAVING_RATE = 1;

export class Pace {
  #isSaving;
  /** The updates per second that somebody chose, or 0. */
  #chosen = 0;
  /** The rate that the server slowed us down to, and why. @type {{rate: number, reason: string} | null} */
  #limit = null;

  /** @param {{isSaving: boolean}} options */
  constructor({isSaving}) {
    this.#isSaving = isSaving;
  }

  /** The updates per second to ask for. */
  get max_rate() {
    return this.#chosen || (this.#isSaving ? SAVING_RATE : DEFAULT_RATE);
  }

  /**
   * Note the pace that somebody chose; 0 leaves it to the page.
   * @param {number} rate
   */
  choose(rate) {
    this.#chosen = rate;
  }

  /** Forget what the server said: this is a new connection. */
  forget() {
    this.#limit = null;
  }

  /**
   * Note how often the server sends. Without a reason it is as often as we asked for.
   * @param {{rate: number, reason: string}} frame
   */
  hear({rate, reason}) {
    this.#limit = reason ? {rate, reason} : null;
  }

  /**
   * Return rate and reason in words: "auto 4/s: paint 38 ms", "10/s", "paused: hidden tab".
   * @param {{pauses: string[], interval_ms: number}} facts the reasons of a pause; and the interval of a
   *   poll, or 0
   */
  text({pauses, interval_ms}) {
    if (pauses.length) return `paused: ${pauses.join(", ")}`;
    const {rate, reason} = this.#slowest(interval_ms);
    return `${this.#chosen ? "" : "auto "}${amount(rate)}/s${reason && ": "}${reason}`;
  }

  /** @param {number} interval_ms */
  #slowest(interval_ms) {
    const wanted = {rate: this.max_rate, reason: this.#isSaving && !this.#chosen ? "Save-Data" : ""};
    const poll = {rate: interval_ms ? 1000 / interval_ms : Infinity, reason: "polling"};
    return [wanted, this.#limit ?? wanted, poll].reduce((least, limit) => (limit.rate < least.rate ? limit : least));
  }
}

/** @param {number} rate */
function amount(rate) {
  return Number.isInteger(rate) ? count(rate) : price(rate, 1);
}
