// @ts-check
/**
 * Tries several transports for one connection. Each gets a head start before the next one is tried beside it; the
 * first that brings a frame wins ("happy eyeballs").
 * Must not know why a connection is wanted, or what happens after the race.
 */

import {LOST, OPENING_MS, lost} from "../transports/transport.js";
import {CLOSE} from "../wire/frames.js";

/** @typedef {import("../transports/transport.js").Ending} Ending */
/** @typedef {import("../transports/transport.js").Candidate} Candidate */
/** @typedef {import("../transports/transport.js").Transport} Transport */

/** Somewhat more than a good network needs for the first frame. Four transports are all tried within 3.6 s. */
export const HEAD_START_MS = 1_200;
/** The server would say the same on every transport. @type {readonly number[]} */
const FINAL = Object.freeze([CLOSE.SIGNED_OUT, CLOSE.TOO_MANY, CLOSE.RESTART]);
const NEXT = "next candidate";
const GIVE_UP = "give up";

export class Race {
  #waiting;
  #timers;
  #positions;
  #onwin;
  #onfail;
  /** @type {Set<Transport>} */
  #running = new Set();
  #ending = lost("no answer");

  /**
   * @param {{
   *   candidates: Candidate[], timers: import("./timers.js").NamedTimers, positions: import("../transports/transport.js").Positions,
   *   onwin: (candidate: Candidate, transport: Transport) => void, onfail: (ending: Ending) => void,
   * }} options `candidates`: the best first
   */
  constructor({candidates, timers, positions, onwin, onfail}) {
    this.#waiting = [...candidates];
    this.#timers = timers;
    this.#positions = positions;
    this.#onwin = onwin;
    this.#onfail = onfail;
  }

  /** Start with the first candidate. */
  begin() {
    this.#timers.set(GIVE_UP, OPENING_MS, () => this.#giveUp(this.#ending));
    this.#next();
  }

  /** Close all transports that run; none wins. */
  cancel() {
    this.#timers.clear(NEXT, GIVE_UP);
    for (const transport of this.#running) transport.close();
    this.#running.clear();
    this.#waiting = [];
  }

  #next() {
    const candidate = this.#waiting.shift();
    if (!candidate) return;
    const transport = candidate.make();
    this.#running.add(transport);
    this.#timers.set(NEXT, HEAD_START_MS, () => this.#next());
    transport.onopen = () => this.#win(candidate, transport);
    // Whoever takes the winner sets `onframe` within `onopen`, before the first frame is handed on.
    transport.onframe = () => {};
    transport.onclose = (ending) => this.#drop(transport, ending);
    transport.open(this.#positions);
  }

  /** @param {Candidate} candidate @param {Transport} transport */
  #win(candidate, transport) {
    this.#running.delete(transport);
    this.cancel();
    this.#onwin(candidate, transport);
  }

  /** @param {Transport} transport @param {Ending} ending */
  #drop(transport, ending) {
    this.#running.delete(transport);
    const retry_ms = Math.max(ending.retry_ms, this.#ending.retry_ms);
    // A reason that the server gave says more than that another transport was lost.
    this.#ending = {...(ending.code === LOST && this.#ending.code !== LOST ? this.#ending : ending), retry_ms};
    if (FINAL.includes(ending.code)) this.#giveUp(ending);
    else if (this.#waiting.length) this.#next();
    else if (this.#running.size === 0) this.#giveUp(this.#ending);
  }

  /** @param {Ending} ending */
  #giveUp(ending) {
    this.cancel();
    this.#onfail(ending);
  }
}
