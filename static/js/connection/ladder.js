// @ts-check
/**
 * Chooses among transports: the best that works, a lesser one while it does not, and back up again,
 * tried beside the one that works. People may pin one; then there is no other.
 * Must not know what is carried, or why a transport ended.
 */

import {backoff} from "./backoff.js";
import {Race} from "./race.js";

/** @typedef {import("../transports/transport.js").Ending} Ending */
/** @typedef {import("../transports/transport.js").Candidate} Candidate */
/** @typedef {import("../transports/transport.js").Transport} Transport */

/** On a lesser transport the better ones are tried after about 2 s, then more and more seldom. */
const PROMOTE_ATTEMPT = 2;
/** One that spoke, but did not last, this often in a row is tried after the others. */
const SLIPS = 2;
const CLIMB = "climb";

export class Ladder {
  #candidates;
  #timers;
  #random;
  #positions;
  #onwin;
  #onfail;
  #pinned = "";
  /** @type {Race | null} */
  #race = null;
  /** The one that works. @type {Candidate | null} */
  #standing = null;
  #climbs = 0;
  /** How often each candidate did not last. @type {Map<string, number>} */
  #slips = new Map();

  /**
   * @param {{
   *   candidates: Candidate[], timers: import("./timers.js").NamedTimers, random: () => number,
   *   positions: import("../transports/transport.js").Positions,
   *   onwin: (transport: Transport) => void, onfail: (ending: Ending) => void,
   * }} options `candidates`: the best first. `onwin`: this transport works, and is better than another that
   *   does. `onfail`: none does, or not the one that is pinned.
   */
  constructor({candidates, timers, random, positions, onwin, onfail}) {
    this.#candidates = candidates;
    this.#timers = timers;
    this.#random = random;
    this.#positions = positions;
    this.#onwin = onwin;
    this.#onfail = onfail;
  }

  /** The name of the transport that people pinned; empty when it is chosen for them. */
  get pinned() {
    return this.#candidates.find(({key}) => key === this.#pinned)?.name ?? "";
  }

  /** Look for a transport that works. */
  begin() {
    this.rest();
    const lasts = (/** @type {Candidate} */ {key}) => (this.#slips.get(key) ?? 0) < SLIPS;
    const candidates = this.#allowed();
    this.#run([...candidates.filter(lasts), ...candidates.filter((candidate) => !lasts(candidate))], this.#onfail);
  }

  /** Try nothing any more. */
  rest() {
    this.#timers.clear(CLIMB);
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
    this.#timers.clear(CLIMB);
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
    const pinned = this.#candidates.filter(({key}) => key === this.#pinned);
    return pinned.length ? pinned : this.#candidates.filter(({isSpare}) => !isSpare);
  }

  /** Those better than the one that works; all, when it is not allowed any more. */
  #better() {
    const candidates = this.#allowed();
    const at = this.#standing ? candidates.indexOf(this.#standing) : -1;
    return at < 0 ? candidates : candidates.slice(0, at);
  }

  /** @param {Candidate[]} candidates @param {(ending: Ending) => void} onfail */
  #run(candidates, onfail) {
    const onwin = (/** @type {Candidate} */ candidate, /** @type {Transport} */ transport) => this.#stand(candidate, transport);
    this.#race = new Race({candidates, timers: this.#timers, positions: this.#positions, onwin, onfail});
    this.#race.begin();
  }

  /** @param {Candidate} candidate @param {Transport} transport */
  #stand(candidate, transport) {
    this.#race = null;
    this.#standing = candidate;
    this.#climbs = 0;
    this.#climbLater();
    this.#onwin(transport);
  }

  #climbLater() {
    const [best] = this.#better();
    if (!best) return;
    const attempt = PROMOTE_ATTEMPT + this.#climbs + (this.#slips.get(best.key) ?? 0);
    this.#climbs += 1;
    this.#timers.set(CLIMB, backoff(attempt, this.#random()), () => this.#climb());
  }

  #climb() {
    const candidates = this.#better();
    const isForced = this.#standing !== null && !this.#allowed().includes(this.#standing);
    if (candidates.length) this.#run(candidates, isForced ? this.#onfail : () => this.#climbLater());
  }
}
