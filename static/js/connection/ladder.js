// @ts-check
/**
 * Chooses a transport: the best that works. While it uses a lesser one, it tries the better ones beside it and
 * climbs back up. People may pin one transport; then no other is used.
 * Must not know what is carried, or why a transport ended.
 */

import {backoff} from "./backoff.js";
import {Race} from "./race.js";

/** @typedef {import("../transports/transport.js").Ending} Ending */
/** @typedef {import("../transports/transport.js").Candidate} Candidate */
/** @typedef {import("../transports/transport.js").Transport} Transport */

/** The first try of a better transport comes after about 2 s, the next ones later and later. */
const PROMOTE_ATTEMPT = 2;
/** A transport that did not last this often in a row is tried after the others. */
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
  /** The transport in use. @type {Candidate | null} */
  #current = null;
  #climbs = 0;
  /** How often in a row each transport did not last. @type {Map<string, number>} */
  #slips = new Map();

  /**
   * @param {{
   *   candidates: Candidate[], timers: import("./timers.js").NamedTimers, random: () => number,
   *   positions: import("../transports/transport.js").Positions,
   *   onwin: (transport: Transport) => void, onfail: (ending: Ending) => void,
   * }} options `candidates`: the best first. `onwin`: use this transport from now on. `onfail`: no transport works,
   *   or the pinned one does not.
   */
  constructor({candidates, timers, random, positions, onwin, onfail}) {
    this.#candidates = candidates;
    this.#timers = timers;
    this.#random = random;
    this.#positions = positions;
    this.#onwin = onwin;
    this.#onfail = onfail;
  }

  /** The name of the transport that somebody pinned, or "". */
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

  /** Stop all tries. */
  rest() {
    this.#timers.clear(CLIMB);
    this.#race?.cancel();
    this.#race = null;
    this.#current = null;
    this.#climbs = 0;
  }

  /**
   * Use only the transport with this key; an unknown key lets the best be chosen again. The current transport
   * stays until the new one works.
   * @param {string} key
   */
  pin(key) {
    this.#pinned = key;
    this.#leaveOthers();
    if (this.#current === null) return;
    this.#timers.clear(CLIMB);
    this.#race?.cancel();
    this.#climbs = 0;
    this.#climb();
  }

  /** Note that the current transport has lasted. */
  steady() {
    if (this.#current) this.#slips.delete(this.#current.key);
  }

  /** Note that the current transport did not last. */
  slip() {
    const key = this.#current?.key ?? "";
    this.#slips.set(key, (this.#slips.get(key) ?? 0) + 1);
  }

  /** The current transport stays until the new one works. */
  #leaveOthers() {
    const allowed = this.#allowed();
    for (const candidate of this.#candidates) {
      if (candidate !== this.#current && !allowed.includes(candidate)) candidate.leave?.();
    }
  }

  #allowed() {
    const pinned = this.#candidates.filter(({key}) => key === this.#pinned);
    return pinned.length ? pinned : this.#candidates.filter(({isSpare}) => !isSpare);
  }

  /** Return the transports that are better than the current one; all, when that one is no longer allowed. */
  #better() {
    const candidates = this.#allowed();
    const at = this.#current ? candidates.indexOf(this.#current) : -1;
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
    this.#current = candidate;
    this.#climbs = 0;
    this.#climbLater();
    this.#onwin(transport);
  }

  #climbLater() {
    const [best] = this.#better();
    if (!best) return;
    // A better transport that did not last, or could not be reached, is tried more and more rarely.
    const attempt = PROMOTE_ATTEMPT + this.#climbs + (this.#slips.get(best.key) ?? 0);
    this.#climbs += 1;
    this.#timers.set(CLIMB, backoff(attempt, this.#random()), () => this.#climb());
  }

  #climb() {
    const candidates = this.#better();
    const isForced = this.#current !== null && !this.#allowed().includes(this.#current);
    if (candidates.length) this.#run(candidates, isForced ? this.#onfail : () => this.#climbLater());
  }
}
