// @ts-check
/**
 * Asks the server what time it is, over a socket of its own: the readers' figures stay theirs.
 * Must not know what the answers are for.
 */

import {browserTimers} from "../transports/transport.js";
import {METHOD} from "../wire/frames.js";

/** The first questions come one after the other, the later ones now and then. */
const HASTY = 12;
const REST_MS = 10_000;
/** What a ping is answered with. */
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
   * }} options `now`: by our own clock
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

  /** Whether the first questions were answered. */
  get isSure() {
    return this.#asked >= HASTY;
  }

  /** Begin. */
  open() {
    this.#asked = 0;
    this.#transport.open(() => ({}));
  }

  /** Ask no more. */
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
    this.#timer = this.#timers.setTimeout(() => this.#ask(), this.isSure ? REST_MS : 0);
  }
}
