// @ts-check
/**
 * Asks the server for its time, over a socket of its own, so that the readers' figures stay clean.
 * Must not know what the answers are used for.
 */

import {browserTimers} from "../transports/transport.js";
import {METHOD} from "../wire/frames.js";

/** The first pings follow each other at once, the later ones after a rest. */
const HASTY = 12;
const REFRESH_MS = 10_000;
/** The method of the answer to a ping. */
const PONG = "pong";

export class Timekeeper {
  #transport;
  #now;
  #onanswer;
  #timers;
  #asked = 0;
  #asked_ms = 0;
  /** @type {number | undefined} */
  #timer;

  /**
   * @param {{
   *   transport: import("../transports/transport.js").Transport, now: () => number, timers?: import("../transports/transport.js").TimerFunctions,
   *   onanswer: (sent_ms: number, server_ms: number, heard_ms: number) => void,
   * }} options `now`: ms by our own clock
   */
  constructor({transport, now, onanswer, timers = browserTimers}) {
    this.#transport = transport;
    this.#now = now;
    this.#onanswer = onanswer;
    this.#timers = timers;
    transport.onopen = () => this.#ask();
    transport.onframe = (frame) => frame.type === "answer" && frame.method === PONG && this.#hear(frame);
    transport.onclose = () => this.close();
  }

  /** Whether the first pings were answered. */
  get isSure() {
    return this.#asked >= HASTY;
  }

  /** Connect and start asking. */
  open() {
    this.#asked = 0;
    this.#transport.open(() => ({}));
  }

  /** Stop asking. */
  close() {
    this.#timers.clearTimeout(this.#timer);
    this.#transport.close();
  }

  #ask() {
    this.#asked_ms = this.#now();
    this.#transport.send({method: METHOD.PING, params: {}, id: this.#asked + 1});
  }

  /** @param {import("../wire/frames.js").Answer} answer */
  #hear({result}) {
    const heard_ms = this.#now();
    this.#asked += 1;
    if (typeof result.ts === "number") this.#onanswer(this.#asked_ms, result.ts, heard_ms);
    this.#timer = this.#timers.setTimeout(() => this.#ask(), this.isSure ? REFRESH_MS : 0);
  }
}
