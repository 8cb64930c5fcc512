// @ts-check
/**
 * Chooses among transports: the best that works, a lesser one while it does not, and back up again,
 * tried beside the one that works. People may pin one; then there is no other.
 * Must not know what is carried, or why a transport ended.
 */

import {backoff} from "./backoff.js";
import {Race} from "./race.js";

/** @typedef {import("../transports/transport.js").Ending} Ending */
/** @typedef {import("../transports/transport.js").Rung} Rung */
/** @typedef {import("../transports/transport.js").Transport} Transport */

/** On a lesser transport the better ones are tried after about 2 s, then more and more seldom. */
const PROMOTE_ATTEMPT = 2;
/** One that spoke, but did not last, this often in a row is tried after the others. */
const SLIPS = 2;
const CLIMB = "climb";

export class Ladder {
  #rungs;
  #alarms;
  #random;
  #positions;
  #onwin;
  #onfail;
  #pinned = "";
  /** @type {Race | null} */
  #race = null;
  /** The one that works. @type {Rung | null} */
  #standing = null;
  #climbs = 0;
  /** How often each rung did not last. @type {Map<string, number>} */
  #slips = new Map();

  /**
   * @param {{
   *   rungs: Rung[], alarms: import("./timers.js").Alarms, random: () => number,
   *   positions: import("../transports/transport.js").Positions,
   *   onwin: (transport: Transport) => void, onfail: (ending: Ending) => void,
   * }} options `rungs`: the best first. `onwin`: this transport works, and is better than another that
   *   does. `onfail`: none does, or not the one that is pinned.
   */
  constructor({rungs, alarms, random, positions, onwin, onfail}) {
    this.#rungs = rungs;
    this.#alarms = alarms;
    this.#random = random;
    this.#positions = positions;
    this.#onwin = onwin;
    this.#onfail = onfail;
  }

  /** The name of the transport that people pinned; empty when it is chosen for them. */
  get pinned() {
    return this.#rungs.find(({key}) => key === this.#pinned)?.name ?? "";
  }

  /** Look for a transport that works. */
  begin() {
    this.rest();
    const lasts = (/** @type {Rung} */ {key}) => (this.#slips.get(key) ?? 0) < SLIPS;
    const rungs = this.#allowed();
    this.#run([...rungs.filter(lasts), ...rungs.filter((rung) => !lasts(rung))], this.#onfail);
  }

  /** Try nothing any more. */
  rest() {
    this.#alarms.clear(CLIMB);
    this.#race?.cancel();
    this.#race = null;
    this.#standing = null;
    this.#climbs = 0;
  }

  /**
   * Use this transport only, or choose again when the name is unknown. One that works goes on until the
   * other does.
   * @param {string} key
   */
  pin(key) {
    this.#pinned = key;
    if (this.#standing === null) return;
    this.#alarms.clear(CLIMB);
    this.#race?.cancel();
    this.#climbs = 0;
    this.#climb();
  }

  /** The transport that works has lasted. */
  steady() {
    if (this.#standing) this.#slips.delete(this.#standing.key);
  }

  /** The transport that worked did not last. */
  slip() {
    const key = this.#standing?.key ?? "";
    this.#slips.set(key, (this.#slips.get(key) ?? 0) + 1);
  }

  #allowed() {
    const pinned = this.#rungs.filter(({key}) => key === this.#pinned);
    return pinned.length ? pinned : this.#rungs.filter(({isSpare}) => !isSpare);
  }

  /** Those better than the one that works; all, when it is not allowed any more. */
  #better() {
    const rungs = this.#allowed();
    const at = this.#standing ? rungs.indexOf(this.#standing) : -1;
    return at < 0 ? rungs : rungs.slice(0, at);
  }

  /** @param {Rung[]} rungs @param {(ending: Ending) => void} onfail */
  #run(rungs, onfail) {
    const onwin = (/** @type {Rung} */ rung, /** @type {Transport} */ transport) => this.#stand(rung, transport);
    this.#race = new Race({rungs, alarms: this.#alarms, positions: this.#positions, onwin, onfail});
    this.#race.begin();
  }

  /** @param {Rung} rung @param {Transport} transport */
  #stand(rung, transport) {
    this.#race = null;
    this.#standing = rung;
    this.#climbs = 0;
    this.#climbLater();
    this.#onwin(transport);
  }

  #climbLater() {
    const [best] = this.#better();
    if (!best) return;
    const attempt = PROMOTE_ATTEMPT + this.#climbs + (this.#slips.get(best.key) ?? 0);
    this.#climbs += 1;
    this.#alarms.set(CLIMB, backoff(attempt, this.#random()), () => this.#climb());
  }

  #climb() {
    const rungs = this.#better();
    const isForced = this.#standing !== null && !this.#allowed().includes(this.#standing);
    if (rungs.length) this.#run(rungs, isForced ? this.#onfail : () => this.#climbLater());
  }
}
