// @ts-check
/**
 * Tries several transports for one connection: each gets a head start, then the next one is tried beside
 * it, and the first to speak wins.
 * Must not know why, or what comes after.
 */

import {LOST, OPENING_MS} from "../transports/transport.js";
import {CLOSE} from "../wire/frames.js";

/** @typedef {import("../transports/transport.js").Ending} Ending */
/** @typedef {import("../transports/transport.js").Rung} Rung */
/** @typedef {import("../transports/transport.js").Transport} Transport */

/** What a good line needs for the first frame, and some; four rungs are tried in 3.6 s. */
export const HEAD_START_MS = 1_200;
/** The server itself said this, and would say it on every transport. @type {readonly number[]} */
const FINAL = Object.freeze([CLOSE.SIGNED_OUT, CLOSE.TOO_MANY, CLOSE.RESTART]);
const NEXT = "next rung";
const GIVE_UP = "give up";

export class Race {
  #waiting;
  #alarms;
  #positions;
  #onwin;
  #onfail;
  /** @type {Set<Transport>} */
  #running = new Set();
  /** @type {Ending} */
  #ending = {code: LOST, reason: "no answer", retry_ms: 0};

  /**
   * @param {{
   *   rungs: Rung[], alarms: import("./timers.js").Alarms, positions: import("../transports/transport.js").Positions,
   *   onwin: (rung: Rung, transport: Transport) => void, onfail: (ending: Ending) => void,
   * }} options `rungs`: the best first
   */
  constructor({rungs, alarms, positions, onwin, onfail}) {
    this.#waiting = [...rungs];
    this.#alarms = alarms;
    this.#positions = positions;
    this.#onwin = onwin;
    this.#onfail = onfail;
  }

  /** Begin with the first. */
  begin() {
    this.#alarms.set(GIVE_UP, OPENING_MS, () => this.#giveUp(this.#ending));
    this.#next();
  }

  /** Close all that run; nobody wins. */
  cancel() {
    this.#alarms.clear(NEXT, GIVE_UP);
    for (const transport of this.#running) transport.close();
    this.#running.clear();
    this.#waiting = [];
  }

  #next() {
    const rung = this.#waiting.shift();
    if (!rung) return;
    const transport = rung.make();
    this.#running.add(transport);
    this.#alarms.set(NEXT, HEAD_START_MS, () => this.#next());
    transport.onopen = () => this.#win(rung, transport);
    transport.onframe = () => {};
    transport.onclose = (ending) => this.#drop(transport, ending);
    transport.open(this.#positions);
  }

  /** @param {Rung} rung @param {Transport} transport */
  #win(rung, transport) {
    this.#running.delete(transport);
    this.cancel();
    this.#onwin(rung, transport);
  }

  /** @param {Transport} transport @param {Ending} ending */
  #drop(transport, ending) {
    this.#running.delete(transport);
    const retry_ms = Math.max(ending.retry_ms, this.#ending.retry_ms);
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
